"""Entries of registered studies: where another lab's files are, what they mean, and the expected counts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from hmix_hub.datasets_by_name import ENTRIES, entry_file
from hmix_hub.errors import SourceError, SourceNameError, Where, nearest
from hmix_hub.files import local_path
from hmix_hub.importing.column_map import ColumnMap
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.sources.source import Folder, Source, Web
from hmix_hub.sources.study import SourceFile, Study
from hmix_hub.studies.manifest import LISTED_PICTURES, Manifest
from hmix_hub.studies.manifest_fields import PLACEHOLDER, WITH_PLACEHOLDERS, Strict
from hmix_hub.tasks import FLAGS
from hmix_hub.yaml_file import BadFileError, faults_text, read_yaml

ENVIRONMENT_VARIABLE = "HMIX_REGISTERED"
"""Environment variable with a folder that holds one folder of files per registered study, named after it."""

_ADDRESS = "https://raw.githubusercontent.com/{repository}/{commit}/"
_OPEN = {"collected": {"first": PLACEHOLDER, "last": PLACEHOLDER}}
"""Fields that a release may not provide, which an entry may leave open like a draft."""


class PinnedFile(Strict):
    """A file of a repository, identified by its hash."""

    path: Annotated[str, StringConstraints(pattern=r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$")]
    size: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @property
    def name(self) -> str:
        """File name without folders."""
        return self.path.rpartition("/")[2]


class PinnedSource(Strict):
    """Repository of the files, at a fixed commit.

    `keep` is whether downloaded files stay in the cache: false if they hold what must not, such as free text.
    """

    repository: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    files: Annotated[list[PinnedFile], Field(min_length=1)]
    keep: bool = True

    @model_validator(mode="after")
    def _check_names(self) -> PinnedSource:
        names = [file.name for file in self.files]
        if len(set(names)) < len(names):
            msg = "two files share a name, so they cannot be in the same folder"
            raise ValueError(msg)
        return self


class Expected(Strict):
    """Counts of a task: rows, rows excluded by default, and distinct participants and stimuli."""

    rows: int
    left_out: int = 0
    participants: int | None = None
    stimuli: int


class Entry(Strict):
    """A registered study.

    Parameters
    ----------
    source
        Its files.
    map
        Column map of the files; `None`: exports of the original Suite.
    leave_out
        Flags whose rows are excluded by default.
    expected
        Expected counts of the import, by task.
    manifest
        Description of the study.
    """

    source: PinnedSource
    map: ColumnMap | None = None
    leave_out: list[str] = Field(default_factory=list)
    expected: dict[str, Expected]
    manifest: Manifest

    @field_validator("leave_out")
    @classmethod
    def _check_flags(cls, flags: list[str]) -> list[str]:
        for flag in flags:
            if flag not in FLAGS:
                msg = f"there is no flag {flag!r}; {nearest(flag, FLAGS, label='flags')}"
                raise ValueError(msg)
        return flags

    @model_validator(mode="after")
    def _check_tasks(self) -> Entry:
        if list(self.expected) != self.manifest.tasks:
            told = [", ".join(names) for names in (self.expected, self.manifest.tasks)]
            msg = f"expected counts are given for {told[0]}, but the tasks are {told[1]}"
            raise ValueError(msg)
        if self.manifest.stimuli.source in LISTED_PICTURES:
            known = ", ".join(IMAGE_SETS)
            msg = f"registered studies use pictures of {known}; publish others on the Hub and load them from there"
            raise ValueError(msg)
        return self

    @property
    def name(self) -> str:
        """Its name, which is also the study's id."""
        return self.manifest.id

    @property
    def pinned(self) -> Study:
        """Its files as a source expects them."""
        return Study(
            study_id=self.name,
            title=self.manifest.title,
            image_set=self.manifest.image_set,
            files={file.name: SourceFile(file.name, file.size, file.sha256, file.path) for file in self.source.files},
            variable=ENVIRONMENT_VARIABLE,
            stand_in="",
        )

    @property
    def address(self) -> str:
        """Base address of its files."""
        return _ADDRESS.format(repository=self.source.repository, commit=self.source.commit)


def read_entry(name: str) -> Entry:
    """Read the entry of a registered study.

    Parameters
    ----------
    name
        One of `hmix_hub.datasets_by_name.registered_names`.

    Raises
    ------
    SourceError
        If it is not a valid entry; all invalid fields are listed.
    """
    path = entry_file(name)
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, _written: int) -> Entry:
    try:
        content = read_yaml(path).content
        manifest = content.get("manifest")
        if isinstance(manifest, dict):
            content["manifest"] = {"id": path.stem, **_OPEN, **manifest}
        return Entry.model_validate(content, context=WITH_PLACEHOLDERS)
    except ValidationError as error:
        said = faults_text(error, Entry)
    except BadFileError as error:
        said = str(error)
    msg = f"this is not a valid entry of a registered study: {said}"
    raise SourceError(msg, where=Where(str(path)), hint=f"see {ENTRIES}/cifar10h.yaml for an example")


def fingerprint_of(entry: Entry, code: str) -> str:
    """Return a hash, 16 digits, of everything that determines an entry's tables: entry, file hashes and code."""
    return hashlib.sha256(f"{code} {entry.model_dump_json()}".encode()).hexdigest()[:16]


def place_of(entry: Entry, source: str | os.PathLike[str] | Source | None) -> Source:
    """Return where the files of a registered study come from, without accessing them.

    Parameters
    ----------
    entry
        The study.
    source
        A folder with its files, or with a folder of them named after the study; a base address of their paths; or
        "release": the pinned repository. `None`: the study's folder in HMIX_REGISTERED, if it exists; otherwise the
        repository.

    Raises
    ------
    SourceNameError
        If it is none of these.
    """
    if isinstance(source, Source):
        return source
    study = entry.pinned
    if source is None:
        named = os.environ.get(ENVIRONMENT_VARIABLE)
        folder = local_path(named) if named else None
        is_there = folder is not None and (folder / entry.name).is_dir()
        source = folder / entry.name if folder is not None and is_there else "release"
    if source == "release":
        return Web(study, entry.address)
    if isinstance(source, str) and source.startswith(("https://", "http://")):
        return Web(study, source.rstrip("/") + "/")
    folder = local_path(source)
    if folder is None or not folder.is_dir():
        msg = f"source {source!r} of {entry.name} is neither a folder nor an address"
        hint = f"name a folder with {', '.join(study.files)}; or leave it out to use {entry.source.repository}"
        raise SourceNameError(msg, where=Where(None if folder is None else str(folder)), hint=hint)
    return Folder(study, folder / entry.name if (folder / entry.name).is_dir() else folder)


def check_counts(entry: Entry, counts: Mapping[str, Expected]) -> None:
    """Check the counts of an import against those that the entry expects.

    Raises
    ------
    SourceError
        If counts differ; they are listed.
    """
    differing: list[Any] = [
        f"{task}: {name} {getattr(counts[task], name)}, not {number}"
        for task, expected in entry.expected.items()
        for name, number in expected.model_dump().items()
        if getattr(counts[task], name) != number
    ]
    if differing:
        msg = f"the counts of {entry.name} differ from those in its entry: {'; '.join(differing)}"
        raise SourceError(
            msg, where=Where(str(entry_file(entry.name))), hint="correct the map or the counts of the entry"
        )
