"""Studies on the Hugging Face Hub, opened by repository."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from huggingface_hub import (
    HfApi,
    HfFileSystem,
    hf_hub_download,
    scan_cache_dir,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import CacheNotFound

from hmix_hub.arrow_files import open_parquet
from hmix_hub.builders.row_groups import BuiltFile, RowGroup
from hmix_hub.errors import CacheWarning, SourceError, SourceMissingError, Where
from hmix_hub.files import known_sha256
from hmix_hub.loading.hub_client import explained, first_line, has_no_such_file, is_away, stripped
from hmix_hub.loading.studies import FILES_AT_ONCE, StudyOfTables, manifest_of, open_local
from hmix_hub.sources.arrays import cache_folder
from hmix_hub.sources.source import PROBE_TIMEOUT_S, is_offline
from hmix_hub.studies.built_tables import CHECKSUMS, check_file, open_checksums, table_files
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.manifest import MANIFEST

_PATIENCE_S = 10
"""Seconds to wait for the Hub's first response if nothing is cached."""


@dataclass(frozen=True)
class HubStudy(StudyOfTables):
    """A study in a repository of the Hub, at one commit: manifest, tables and pictures."""

    repository: str
    commit: str
    token: str | bool | None = field(default=None, repr=False)
    hint = "load another revision=, or ask the authors to publish it again with `hmix contribute publish`"

    @property
    def description(self) -> str:
        """The repository."""
        return f"{self.repository} (Hugging Face Hub)"

    @property
    def address(self) -> tuple[str, ...]:
        """The repository and its commit."""
        return self.repository, self.commit

    def file_names(self, name: str) -> list[str]:
        """Return the paths of the files, so that edits of the card on the Hub have no effect."""
        return table_files(self._sums(), name)

    def files(self, name: str, *, in_parts: bool) -> list[BuiltFile]:
        """Return the files of a table; downloads are checked against the checksums of the commit.

        Files read in part are not, unless downloaded before: parts have no hash, so only their values and page
        checksums are checked.
        """
        sums = self._sums()
        names = table_files(sums, name)
        with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
            paths = list(pool.map(lambda file: self._cached(file) if in_parts else self._checked(file, sums), names))
        return [
            BuiltFile(
                f"{self.repository}/{file} (Hugging Face Hub)",
                sums[file],
                partial(_open_remote, f"datasets/{self.repository}@{self.commit}/{file}", self.token)
                if path is None
                else partial(open_local, path),
                self.hint,
                partial(self._checked, file, {file: sums[file]}) if in_parts and path is not None else None,
            )
            for file, path in zip(names, paths, strict=True)
        ]

    def _cached(self, name: str) -> Path | None:
        """Return the client's cached copy of a file, if any."""
        found = try_to_load_from_cache(self.repository, name, repo_type="dataset", revision=self.commit)
        return Path(found) if isinstance(found, str) else None

    def _sums(self) -> dict[str, str]:
        where = f"{self.repository}/{CHECKSUMS} (Hugging Face Hub)"
        return open_checksums(self._download(CHECKSUMS), where, self.hint)

    def _checked(self, name: str, sums: dict[str, str]) -> Path:
        """Download a file or use the client's cached copy; a damaged copy is downloaded again."""
        path = self._download(name)
        if known_sha256(path) != sums[name]:
            path = self._download(name, anew=True)
        if known_sha256(path) != sums[name]:
            msg = f"the file was changed after the study was published: {CHECKSUMS} lists sha256 {sums[name]}"
            where = Where(f"{self.repository}/{name} (Hugging Face Hub)")
            raise SourceError(msg, where=where, hint=self.hint)
        return path

    def _download(self, name: str, *, anew: bool = False) -> Path:
        try:
            return Path(
                hf_hub_download(
                    self.repository,
                    name,
                    repo_type="dataset",
                    revision=self.commit,
                    token=self.token,
                    force_download=anew,
                    local_files_only=is_offline(),
                )
            )
        except Exception as error:
            if has_no_such_file(error):
                msg = f"the repository has no {name}, so its tables cannot be verified"
                hint = f"{self.hint}; datasets.load_dataset loads it unchecked"
                raise SourceMissingError(msg, where=Where(self.description), hint=hint) from None
            raise explained(error, self.repository, self.commit) from None

    def picture_root(self) -> Path:
        """Download the study's own pictures, if it has any, and return the folder that holds them."""
        sums = self._sums()
        names = [name for name in sums if name.startswith(f"{STIMULI}/")]

        # Into a separate folder, since the client's cache holds links, and pictures must not lead out of their folder.
        folder = cache_folder() / "studies" / self.repository.replace("/", "--") / self.commit
        if not all((folder / name).is_file() for name in names):
            if is_offline():
                msg = "offline mode is on, and the study's pictures are not cached on this machine"
                raise SourceMissingError(msg, where=Where(self.description), hint="go online and load them once")
            try:
                snapshot_download(
                    self.repository,
                    repo_type="dataset",
                    revision=self.commit,
                    token=self.token,
                    allow_patterns=[f"{STIMULI}/**"],
                    local_dir=folder,
                )
            except Exception as error:
                raise explained(error, self.repository) from None
        for name in names:
            check_file(folder, name, sums, f"delete the folder {folder} and load again; or {self.hint}")
        return folder


def _open_remote(
    address: str, token: str | bool | None, group: RowGroup | None = None, columns: Sequence[str] | None = None
) -> Any:
    """Open a Parquet file on the Hub, downloading the requested columns of a row group in one go."""
    # With blocks of one byte, only what is read stays in memory, without read-ahead.
    remote = HfFileSystem(token=token).open(address, "rb", cache_type="readahead", block_size=1)
    if group is None:
        return open_parquet(remote)
    start, stop = group.byte_range(columns)
    remote.seek(start)
    remote.read(stop - start)
    return open_parquet(remote, metadata=group.footer, page_checksum_verification=True)


def open_repository(repository: str, *, revision: str | None = None, token: str | bool | None = None) -> HubStudy:
    """Open a study on the Hub; see `open_study`. A revision of `None` is the newest on the main branch.

    Raises
    ------
    ConfigurationError
        If there is no such repository or revision, or it is private.
    SourceMissingError
        If the Hub cannot be reached, or the repository is not a study.
    """
    token = stripped(token)
    path = _find_manifest(repository, revision, token)
    with tempfile.TemporaryDirectory(prefix="hmix-study-") as folder:
        # The client's cache holds links, which are not allowed in study folders.
        (Path(folder) / MANIFEST).write_bytes(path.read_bytes())
        manifest = manifest_of(Path(folder), repository)
    return HubStudy(manifest, repository, path.parent.name, token)


_FIXED = re.compile(r"[0-9a-f]{40}|\d+\.\d+\.\d+\S*")
"""A commit, or the tag of a version, which never changes once published."""


def _find_manifest(repository: str, revision: str | None, token: str | bool | None) -> Path:
    """Return the client's cached copy of the manifest, in the folder of its commit.

    Commits and versions never change, so their copies are used. For a branch, the Hub is asked; if it cannot be
    reached, the commit last loaded for this branch is used, never another revision.
    """
    found = try_to_load_from_cache(repository, MANIFEST, repo_type="dataset", revision=revision)
    cached = Path(found) if isinstance(found, str) else None
    if cached is not None and (is_offline() or _FIXED.fullmatch(revision or "")):
        return cached
    where = Where(f"{repository} (Hugging Face Hub)")
    not_cached = f"{revision or 'main'} is not cached on this machine"
    if is_offline():
        msg = f"offline mode is on (HF_HUB_OFFLINE or HF_DATASETS_OFFLINE), and {not_cached}"
        raise SourceMissingError(msg, where=where, hint=_what_is_cached(repository))
    try:
        # One quick request, since the client's download would retry for minutes.
        HfApi(token=token).dataset_info(
            repository, revision=revision, timeout=PROBE_TIMEOUT_S if cached else _PATIENCE_S
        )
        return Path(hf_hub_download(repository, MANIFEST, repo_type="dataset", revision=revision, token=token))
    except Exception as error:
        if not is_away(error):
            raise explained(error, repository, revision) from None
        if cached is None:
            msg = f"the study could not be loaded from the Hub ({first_line(error)}), and {not_cached}"
            raise SourceMissingError(msg, where=where, hint=_what_is_cached(repository)) from None
        said = f"the Hub cannot be reached ({first_line(error)}): using {repository} as last loaded"
        warnings.warn(f"{said}, {revision or 'main'} at commit {cached.parent.name[:12]}", CacheWarning, stacklevel=2)
        return cached


def _what_is_cached(repository: str) -> str:
    """Return a hint about which revisions of a repository can be loaded without the network."""
    try:
        repositories = [found for found in scan_cache_dir().repos if found.repo_id == repository]
    except (CacheNotFound, OSError, ValueError):
        repositories = []
    names = sorted({name for found in repositories for name in found.refs if found.repo_type == "dataset"})
    return f"go online and try again; revisions that are cached for revision=: {', '.join(names) if names else 'none'}"
