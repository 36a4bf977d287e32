"""What judgment files show of a study: class names, whether pictures stand in pairs, which questions are answered."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import HMixError
from hmix_hub.schema import CIFAR10, Kind, Vocabulary
from hmix_hub.sources.picture_list import read_picture_list
from hmix_hub.studies.columns.names import tidied
from hmix_hub.studies.columns.numbers import NULL_WORDS
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import STIMULI, StudyFolder
from hmix_hub.studies.manifest import Manifest, Stimuli
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.reading.arrays import as_text, listed
from hmix_hub.tasks import TASKS, contributed_columns
from hmix_hub.tasks.scale_rating import SCALE
from hmix_hub.tasks.soft_labels import QUESTIONS, Question

MOST_PLACES = 102
"""Most different ratings that are counted: of more, nobody would call the scale one of steps."""
_MISSPELT = 0.75
"""Likeness to a name of CIFAR-10's from which another name is taken for a misspelling of it."""


@dataclass
class Detected:
    """Collector of what judgments show, row by row, of whatever file and format.

    Parameters
    ----------
    names
        Class names, as first written, by their small letters.
    has_pairs
        Whether a row has a second picture.
    asked
        Questions of the categorical task that a row answers.
    scales
        Names of scales, as first written, by their small letters.
    places
        By the name of a scale in small letters, empty where a file names none, the ratings on it, at most `MOST_PLACES`
        different ones.
    """

    names: dict[str, str] = field(default_factory=dict)
    has_pairs: bool = False
    asked: set[Question] = field(default_factory=set)
    scales: dict[str, str] = field(default_factory=dict)
    places: dict[str, set[str]] = field(default_factory=dict)

    def add(self, task: str, columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> None:
        """Read rows of a judgment file.

        Parameters
        ----------
        task
            Its task.
        columns
            N values by column, as the file has them.
        """
        if SCALE in TASKS[task].facets:
            self._add_scales(columns.get(SCALE), columns.get(TASKS[task].answered))
        asked = TASKS[task].asked_columns
        for column in contributed_columns(task):
            is_label = column.kind in {Kind.LABEL, Kind.LABELS}
            if column.name not in columns or not (is_label or column.name in asked or column.name in _SECOND):
                continue
            values = _values(columns[column.name], is_list=column.kind is Kind.LABELS)
            # Whole numbers are labels of classes that have their names elsewhere.
            for name in (value for value in values if is_label and isinstance(value, str)):
                self.names.setdefault(name.lower(), name)
            self.has_pairs |= column.name in _SECOND and bool(values)
            if column.name in asked and not all(_is_nothing(value, asked[column.name].nothing) for value in values):
                self.asked.add(asked[column.name].questions[0])

    def add_pictures(self, folder: StudyFolder) -> None:
        """Read the labels of the study's list of pictures, if it has one that can be read."""
        if not folder.has_pictures:
            return
        try:
            names = read_picture_list(folder.file(STIMULI)).vocabulary.names
        except HMixError:
            return
        for name in names:
            self.names.setdefault(name.lower(), name)

    def _add_scales(self, named: Any, rated: Any) -> None:
        try:
            for name in () if named is None else _values(named, is_list=False):
                if isinstance(name, str):
                    self.scales.setdefault(name.lower(), name)
            if rated is None:
                return
            names = pa.repeat("", len(rated)) if named is None else pc.cast(named, pa.string()).fill_null("")
            pairs = pa.table({SCALE: names, "rating": pc.cast(rated, pa.string())})
        except pa.ArrowException:
            # Lists, records or bytes, which the columns' own readers report.
            return
        for row in pairs.group_by([SCALE, "rating"]).aggregate([]).to_pylist():
            places = self.places.setdefault(row[SCALE].strip().lower(), set())
            if row["rating"] and len(places) < MOST_PLACES:
                places.add(row["rating"].strip())

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The class names in alphabetical order, where they are a list that study.yaml may hold.

        `None` where they are CIFAR-10's, misspellings included: a study of its classes has a typing error sooner than
        a class called aeroplane.
        """
        others = [name for name in self.names if name not in CIFAR10.names]
        if len(others) < max(1, len(self.names) / 2) and all(map(_is_misspelt, others)):
            return None
        names = [self.names[name] for name in sorted(self.names, key=_by_number)]
        try:
            Stimuli.model_validate({"source": "own", "mixing": "none", "classes": names})
        except ValueError:
            return None
        return Vocabulary(tuple(names))

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions that were answered, in the order of the schema."""
        return tuple(question for question in QUESTIONS if question in self.asked)


def detect(folder: StudyFolder) -> Detected:
    """Read the judgment files of a study folder; what cannot be read is passed over."""
    found = Detected()
    for task, name in folder.judgments.items():
        for chunk in read_chunks(folder.file(name), name, Report()):
            found.add(task, {tidied(column): array for column, array in chunk.columns.items()})
    found.add_pictures(folder)
    return found


def provisional(manifest: Manifest, folder: StudyFolder) -> Manifest:
    """Return a draft's manifest with the class names that its files hold, where it leaves them open.

    Labels can so be read and checked before the classes are written; of a manifest that names them, nothing changes.
    """
    if not is_placeholder(manifest.stimuli.classes):
        return manifest
    vocabulary = detect(folder).vocabulary
    if vocabulary is None:
        return manifest
    stimuli = manifest.stimuli.model_copy(update={"classes": list(vocabulary.names)})
    return manifest.model_copy(update={"stimuli": stimuli})


_SECOND = ("image_2_label", "image_2_index", "image_2_file")


def _is_nothing(value: object, nothing: object) -> bool:
    """Whether a value, as a file has it, is the number that stands where nothing was asked."""
    try:
        return isinstance(nothing, float) and float(str(value)) == nothing
    except ValueError:
        return False


def _values(array: pa.Array | pa.ChunkedArray, *, is_list: bool) -> list[object]:
    """Return the distinct values, of lists their items; text is trimmed, and words for nothing are left out."""
    found: dict[object, None] = {}
    for chunk in array.chunks if isinstance(array, pa.ChunkedArray) else [array]:
        if is_list:
            values = [item for value in listed(chunk) for item in value or ()]
        else:
            text = as_text(chunk)
            values = (chunk if text is None else text).unique().to_pylist()
        found.update(dict.fromkeys(value.strip() if isinstance(value, str) else value for value in values))
    return [value for value in found if value is not None and str(value).lower() not in {"", *NULL_WORDS}]


def _by_number(name: str) -> tuple[bool, int, str]:
    return not name.isdecimal(), int(name) if name.isdecimal() else 0, name


def _is_misspelt(name: str) -> bool:
    return bool(difflib.get_close_matches(name, CIFAR10.names, n=1, cutoff=_MISSPELT))
