"""Entries of registered studies: where the files of another lab are, what they mean, and what must come of them."""

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
"""Names a folder that holds a folder of files for each registered study, by its name."""

_ADDRESS = "https://raw.githubusercontent.com/{repository}/{commit}/"
_OPEN = {"collected": {"first": PLACEHOLDER, "last": PLACEHOLDER}}
"""What a release may not say, so that an entry leaves it open as a draft does."""


class PinnedFile(Strict):
    """A file of a repository, known by its bytes."""

    path: Annotated[str, StringConstraints(pattern=r"^[\w-][\w.-]*(/[\w-][\w.-]*)*$")]
    size: Annotated[int, Field(gt=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @property
    def name(self) -> str:
        """File name, without folders."""
        return self.path.rpartition("/")[2]


class PinnedSource(Strict):
    """Where the files are, at a commit that never changes.

    `keep` is whether downloaded files stay in the cache: false where they hold what must not, such as free text.
    """

    repository: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")]
    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    files: Annotated[list[PinnedFile], Field(min_length=1)]
    keep: bool = True

    @model_validator(mode="after")
    def _check_names(self) -> PinnedSource:
        names = [file.name for file in self.files]
        if len(set(names)) < len(names):
            msg = "two files have one name, and a folder of copies holds them by their names"
            raise ValueError(msg)
        return self


class Expected(Strict):
    """Counts of a task: rows, how many of them are left out by default, and the distinct people and stimuli in them."""

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
        Column map of the files; `None`: they are exports of the original Suite.
    leave_out
        Flags whose rows are left out unless they are asked for.
    expected
        By task, what the import must come to.
    manifest
        What the study is.
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
            msg = f"counts are expected of {told[0]}, and the tasks are {told[1]}"
            raise ValueError(msg)
        if self.manifest.stimuli.source in LISTED_PICTURES:
            known = ", ".join(IMAGE_SETS)
            msg = f"a registered study is about pictures of {known}; publish one about others, and load it from the Hub"
            raise ValueError(msg)
        return self

    @property
    def name(self) -> str:
        """Its name, which is the study's id, too."""
        return self.manifest.id

    @property
    def pinned(self) -> Study:
        """Its files as a source takes them."""
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
        """Address that its files are below."""
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
        If it is no entry; every field that is wrong is named.
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
    msg = f"this is no entry of a registered study: {said}"
    raise SourceError(msg, where=Where(str(path)), hint=f"{ENTRIES}/cifar10h.yaml shows the form")


def fingerprint_of(entry: Entry, code: str) -> str:
    """Return a hash, 16 digits, of all that decides an entry's tables: the entry, its files' hashes, and the code."""
    return hashlib.sha256(f"{code} {entry.model_dump_json()}".encode()).hexdigest()[:16]


def place_of(entry: Entry, source: str | os.PathLike[str] | Source | None) -> Source:
    """Return where the files of a registered study come from; no file is touched yet.

    Parameters
    ----------
    entry
        The study.
    source
        A folder that holds its files by their names, or holds such a folder called as the study is; an address that
        their paths are below; "release": the pinned repository. `None`: what HMIX_REGISTERED names, a folder with a
        folder of each study, where there is one of this study; else the repository.

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
        hint = f"name a folder with {', '.join(study.files)}; or leave it out, and {entry.source.repository} is asked"
        raise SourceNameError(msg, where=Where(None if folder is None else str(folder)), hint=hint)
    return Folder(study, folder / entry.name if (folder / entry.name).is_dir() else folder)


def check_counts(entry: Entry, counts: Mapping[str, Expected]) -> None:
    """Check that an import came to what the entry expects.

    Raises
    ------
    SourceError
        If it did not; the counts that differ are named.
    """
    differing: list[Any] = [
        f"{task}: {name} {getattr(counts[task], name)}, not {number}"
        for task, expected in entry.expected.items()
        for name, number in expected.model_dump().items()
        if getattr(counts[task], name) != number
    ]
    if differing:
        msg = f"the files of {entry.name} came to other counts than its entry expects: {'; '.join(differing)}"
        raise SourceError(msg, where=Where(str(entry_file(entry.name))), hint="correct the entry's map, or its counts")
