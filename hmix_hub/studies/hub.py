"""Studies on the Hugging Face Hub: opened by repository, and found by their tag."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hmix_hub.errors import ConfigurationError, SourceError, SourceMissingError, Where
from hmix_hub.redaction import redacted
from hmix_hub.schema import Configuration
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.people import PARTICIPANTS_CONFIGURATION
from hmix_hub.studies.places import StudyPlace, manifest_of, no_participants

TAG = "h-mix-study"
"""Tag of every published study, in its card."""


@dataclass(frozen=True)
class HubStudy(StudyPlace):
    """A study in a repository of the Hub.

    Parameters
    ----------
    repository
        `org/name`.
    commit
        The commit that is loaded, 40 hex digits: manifest, tables and pictures are of one.
    token
        As in `datasets.load_dataset`; `None`: that of the machine, if it has one.
    """

    repository: str
    commit: str
    token: str | bool | None = field(default=None, repr=False)

    @property
    def description(self) -> str:
        """The repository."""
        return f"{self.repository} (Hugging Face Hub)"

    def dataset(self, configuration: Configuration, *, streaming: bool, options: Mapping[str, Any]) -> Any:
        """Load a configuration; see `StudyPlace.dataset`."""
        return self._load(configuration.name, streaming=streaming, options=options)

    def participants(self, *, options: Mapping[str, Any]) -> Any:
        """Load what is known of each person; see `StudyPlace.participants`."""
        try:
            return self._load(PARTICIPANTS_CONFIGURATION, streaming=False, options=options)
        except FileNotFoundError:
            raise no_participants(self) from None

    def _load(self, name: str, *, streaming: bool, options: Mapping[str, Any]) -> Any:
        """Load Parquet by its path, so that an edit of the card on the Hub changes nothing."""
        from datasets import load_dataset

        return load_dataset(
            self.repository,
            data_files={"train": f"{name}/train-*.parquet"},
            split="train",
            revision=self.commit,
            token=self.token,
            streaming=streaming,
            verification_mode="no_checks",
            **{key: value for key, value in options.items() if key != "verification_mode"},
        )

    def picture_root(self) -> Path:
        """Download the study's own pictures, if it has any, and give the folder that holds them."""
        from huggingface_hub import snapshot_download

        from hmix_hub.sources.arrays import cache_folder

        # Into a folder of its own, since the client's cache holds links, and pictures may not lead out of their folder.
        folder = cache_folder() / "studies" / self.repository.replace("/", "--") / self.commit
        try:
            return Path(
                snapshot_download(
                    self.repository,
                    repo_type="dataset",
                    revision=self.commit,
                    token=self.token,
                    allow_patterns=[f"{STIMULI}/**"],
                    local_dir=folder,
                )
            )
        except Exception as error:
            raise told(error, self.repository) from None


def open_repository(repository: str, *, revision: str | None = None, token: str | bool | None = None) -> HubStudy:
    """Open a study of the Hub.

    Parameters
    ----------
    repository
        `org/name`.
    revision
        Version tag, branch or commit; `None` is what is newest on the main branch.
    token
        See `HubStudy`.

    Raises
    ------
    ConfigurationError
        If there is no such repository or revision, or it is private.
    SourceMissingError
        If the Hub cannot be reached, or the repository holds no study.
    SchemaVersionError
        If the study follows a newer schema.
    """
    from huggingface_hub import hf_hub_download

    # A token that was read from a file often ends in a line break, which no header may hold.
    token = token.strip() if isinstance(token, str) else token
    try:
        path = Path(hf_hub_download(repository, MANIFEST, repo_type="dataset", revision=revision, token=token))
    except Exception as error:
        raise told(error, repository, revision) from None
    with tempfile.TemporaryDirectory(prefix="hmix-study-") as folder:
        # The client's cache holds links, which a study folder may not.
        (Path(folder) / MANIFEST).write_bytes(path.read_bytes())
        manifest = manifest_of(Path(folder), repository)
    return HubStudy(manifest, repository, path.parent.name, token)


def first_line(error: Exception) -> str:
    """Give the first line of what the Hub's client says, no secret in it."""
    said = redacted(str(error).strip()).splitlines()
    return said[0] if said else type(error).__name__


def told(error: Exception, repository: str, revision: str | None = None) -> SourceError | ConfigurationError:
    """Give our error for one of the Hub's client: what happened, and what to do next."""
    from huggingface_hub import errors

    where = Where(f"{repository} (Hugging Face Hub)")
    if isinstance(error, errors.RevisionNotFoundError):
        msg = f"there is no revision {revision!r}"
        return ConfigurationError(
            msg, where=where, hint="a published version is a tag, as 1.0.0; leave it out for main"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        msg = "there is no such dataset, or it is private"
        return ConfigurationError(msg, where=where, hint="check the name; for a private one, `hf auth login` first")
    if isinstance(error, errors.EntryNotFoundError) and not isinstance(error, errors.LocalEntryNotFoundError):
        msg = f"this is no study: it has no {MANIFEST}"
        return SourceMissingError(msg, where=where, hint="plain datasets.load_dataset loads other datasets")
    msg = f"the Hub could not give the study: {first_line(error)}"
    return SourceMissingError(msg, where=where, hint="check the network, and try again")
