"""Studies whose files the package can read: the files, their hashes, and what their rows do not record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path

import pyarrow as pa

from hmix_hub.errors import ConfigurationError, SourceError, SourceMissingError, Where
from hmix_hub.files import known_sha256, sha256_of
from hmix_hub.schema.released import ROW_NUMBER
from hmix_hub.sources import sample
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

JUDGMENT_FILES = {
    CONSTRUCT: "hmix_construct_midpoint.csv",
    SELECT: "hmix_select_shuffled_midpoint.csv",
    INFER: "hmix_infer_mixing_factor.csv",
    CATEGORICAL: "hmix_categorical_soft_labels.csv",
}
"""File with each task's judgments."""
PROCESSED_FILES = {
    INFER: "processed_hmix_inferences.json",
    CATEGORICAL: "hmix_individ_soft_labels.json",
}
"""File with the figures that the authors computed from a task's judgments."""


def judgment_file(task: str) -> str:
    """Return the name of the file with a task's judgments.

    Raises
    ------
    ConfigurationError
        If the release has none, as for later tasks.
    """
    if task not in JUDGMENT_FILES:
        msg = f"the release has no judgments of the task {task!r}"
        raise ConfigurationError(msg, hint=f"it has {', '.join(JUDGMENT_FILES)}; load a study by its folder or name")
    return JUDGMENT_FILES[task]


@dataclass(frozen=True)
class SourceFile:
    """A file of known content.

    Parameters
    ----------
    name
        File name, without a folder.
    size
        Bytes.
    sha256
        Hash of the content, 64 hex digits.
    path
        Path below the download address; empty: its name.
    """

    name: str
    size: int
    sha256: str
    path: str = ""

    def verify(self, path: Path, *, hint: str, fate: str = "", is_touched_only: bool = False) -> Path:
        """Check that the file at `path` is this file.

        Parameters
        ----------
        path
            Its location.
        hint
            What to do about a missing or wrong file.
        fate
            What happens to a wrong file, for the message.
        is_touched_only
            Whether to hash a file again only if it was touched since this process last hashed it.

        Raises
        ------
        SourceError
            If it is missing (`SourceMissingError`), or its size or hash differs: expected and found are stated.
        """
        expected = f"expected {self.size} bytes, sha256 {self.sha256}"
        try:
            size = path.stat().st_size
            found = known_sha256(path) if is_touched_only else sha256_of(path)
        except OSError as error:
            msg = f"{self.name} cannot be read ({error.strerror}); {expected}"
            raise SourceMissingError(msg, where=Where(str(path)), hint=_of_study(path) or hint) from error
        if (size, found) != (self.size, self.sha256):
            msg = f"{self.name} is not the expected file: {expected}; found {size} bytes, sha256 {found}. {fate}"
            raise SourceError(msg.rstrip(), where=Where(str(path)), hint=hint)
        return path


def _of_study(path: Path) -> str:
    """Return what to do if a file is missing because its folder is a study; empty if it is not."""
    if (path.parent / "study.yaml").is_file():
        return f"a contributed study is a dataset, not a source: load_dataset({str(path.parent)!r}), or --dataset"
    return ""


_NAMED = 2
"""Maximum number of files named in a hint."""


@dataclass(frozen=True)
class Study:
    """A study with pinned files, in the layout of the release or its own.

    Parameters
    ----------
    study_id
        Name in the column `study_id`.
    title
        Title for messages.
    image_set
        The image set that its image ids refer to.
    files
        Its files by name.
    rounds_by_condition
        For each task, the collection round of each condition.
    rounds_by_row
        For each task, consecutive blocks of rows of its file: round, number of rows.
    synthetic
        Whether it was made by a generator rather than people.
    variable
        Environment variable with the location of its files.
    stand_in
        Alternative to its files for hints; empty: none.
    """

    study_id: str
    title: str
    image_set: str
    files: Mapping[str, SourceFile]
    rounds_by_condition: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    rounds_by_row: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    synthetic: bool = False
    variable: str = "HMIX_SOURCE"
    stand_in: str = 'source="sample" needs no files'

    @property
    def folder_hint(self) -> str:
        """What to do about a missing or wrong file of a folder."""
        again = (
            f"get the file again from its source, or give another folder that holds it with source= or {self.variable}"
        )
        return "; ".join(filter(None, [again, self.stand_in]))

    @property
    def download_hint(self) -> str:
        """What to do about a file that cannot be downloaded."""
        named = ", ".join(self.files) if len(self.files) <= _NAMED else f"its {len(self.files)} files"
        copied = f"check the network and try again; or put a copy of {named} in a folder and give that with source= or "
        return "; ".join(filter(None, [copied + self.variable, self.stand_in]))

    @property
    def fingerprint(self) -> str:
        """Hash of everything that determines the tables: names and hashes of the files, and what rows do not record."""
        rounds = [_sorted(self.rounds_by_condition), _sorted(self.rounds_by_row)]
        unsaid = [self.study_id, self.image_set, *rounds, self.synthetic]
        files = [[file.name, file.sha256] for file in self.files.values()]
        return hashlib.sha256(json.dumps([unsaid, sorted(files)]).encode()).hexdigest()[:16]

    def collection_rounds(self, task: str, released: pa.Table) -> list[str] | None:
        """Return the collection round of each judgment of a task's file, in the released layout, if known.

        Returns
        -------
        list of str or None
            `None` if there was only one round.
        """
        by_condition = self.rounds_by_condition.get(task)
        if by_condition is not None:
            return [by_condition[condition] for condition in released["condition"].to_pylist()]
        by_row = self.rounds_by_row.get(task)
        if by_row is not None:
            of_row = list(chain.from_iterable(repeat(name, rows) for name, rows in by_row))
            return [of_row[row] for row in released[ROW_NUMBER].to_pylist()]
        return None


def _sorted(value: object) -> object:
    """Return nested mappings as sorted lists of items, so that their order does not matter."""
    if isinstance(value, Mapping):
        return sorted([str(key), _sorted(item)] for key, item in value.items())
    return value


def _files(rows: Mapping[str, tuple[int, str]]) -> dict[str, SourceFile]:
    return {name: SourceFile(name, size, sha256) for name, (size, sha256) in rows.items()}


RELEASE_FILES = {
    "hmix_construct_midpoint.csv": (225751, "0b07e7acadf4b3c9f62b8a61e3f4a09114ec6cf4b515936410903f2e4085f452"),
    "hmix_select_shuffled_midpoint.csv": (133879, "866a1b015aad28ef00a9811c23c4d5b8b042eb4a1b12d055a84d5a503eb8a89e"),
    "hmix_infer_mixing_factor.csv": (1268629, "9f8aa49c85e9879453a032ea43abf7764425fe1a452c8fdd5f3c9b7c9fd35eeb"),
    "hmix_categorical_soft_labels.csv": (117228, "c9dec5d338399b6152db3b8389a98e98dc264bb6e07e5b4e07746a046f020584"),
    "processed_hmix_inferences.json": (779101, "0cec610ca92a493a8551b923dec5fdfedfcca0fe199f55aa2447db16621bcea7"),
    "hmix_individ_soft_labels.json": (23785, "1433a745204f798c5fc3c1c029b37a8a29e2e4c558320a9443a8d1dd93b0db6b"),
}
"""Bytes and sha256 of each file."""
RELEASE = Study(
    study_id="collins2023",
    title="H-Mix (Collins et al., UAI 2023)",
    image_set="cifar10/test",
    files=_files(RELEASE_FILES),
    rounds_by_condition={CONSTRUCT: {**dict.fromkeys(range(7), "1"), 7: "2", 8: "2"}},
    rounds_by_row={INFER: (("B", 1240), ("A", 1974), ("C", 1736))},
)
"""The release: GitHub `cambridge-mlg/hill-mixup`, folder `h_mix`, at the commit in `RELEASE_URL`."""

RELEASE_URL = (
    "https://raw.githubusercontent.com/cambridge-mlg/hill-mixup/5a022730a270b6785355f9e57b6d2620075bfbab/h_mix/"
)

SAMPLE = Study(
    study_id=sample.STUDY_ID,
    title="the built-in sample study (synthetic: made by a generator, not by people)",
    image_set=sample.IMAGE_SET,
    files=_files(sample.SAMPLE_FILES),
    rounds_by_condition=sample.ROUNDS_BY_CONDITION,
    rounds_by_row=sample.ROUNDS_BY_ROW,
    synthetic=True,
)
