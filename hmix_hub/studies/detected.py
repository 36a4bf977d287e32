"""Properties of a study detected from its judgment files: class names, pairs of pictures, questions, scales."""

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
"""Maximum number of distinct ratings that are collected; with more, a scale is continuous."""
_MISSPELT = 0.75
"""Similarity above which a name is taken as a misspelt name of CIFAR-10's."""


@dataclass
class Detected:
    """Collects properties of a study from its judgments.

    Parameters
    ----------
    names
        Class names as first written, by lower-case name.
    has_pairs
        Whether any row has a second picture.
    asked
        Questions of the categorical task that any row answers.
    scales
        Names of scales as first written, by lower-case name.
        places
        Distinct ratings, at most `MOST_PLACES`, by lower-case name of the scale; the name is empty if a file has none.
    """

    names: dict[str, str] = field(default_factory=dict)
    has_pairs: bool = False
    asked: set[Question] = field(default_factory=set)
    scales: dict[str, str] = field(default_factory=dict)
    places: dict[str, set[str]] = field(default_factory=dict)

    def add(self, task: str, columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> None:
        """Add rows of a judgment file.

        Parameters
        ----------
        task
            Task of the file.
        columns
            N values by column, as in the file.
        """
        if SCALE in TASKS[task].facets:
            self._add_scales(columns.get(SCALE), columns.get(TASKS[task].answered))
        asked = TASKS[task].asked_columns
        for column in contributed_columns(task):
            is_label = column.kind in {Kind.LABEL, Kind.LABELS}
            if column.name not in columns or not (is_label or column.name in asked or column.name in _SECOND):
                continue
            values = _values(columns[column.name], is_list=column.kind is Kind.LABELS)
            # Integers are labels, whose names are elsewhere.
            for name in (value for value in values if is_label and isinstance(value, str)):
                self.names.setdefault(name.lower(), name)
            self.has_pairs |= column.name in _SECOND and bool(values)
            if column.name in asked and not all(_is_nothing(value, asked[column.name].nothing) for value in values):
                self.asked.add(asked[column.name].questions[0])

    def add_pictures(self, folder: StudyFolder) -> None:
        """Add the labels in the study's list of pictures, if it is readable."""
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
            # Lists, structs or bytes, which the columns' readers report.
            return
        for row in pairs.group_by([SCALE, "rating"]).aggregate([]).to_pylist():
            places = self.places.setdefault(row[SCALE].strip().lower(), set())
            if row["rating"] and len(places) < MOST_PLACES:
                places.add(row["rating"].strip())

    @property
    def vocabulary(self) -> Vocabulary | None:
        """Return the class names in alphabetical order, if they are valid in study.yaml.

        `None` if they are CIFAR-10's, including misspellings: a typing error is more likely than a class "aeroplane".
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
        """Return the questions that were answered, in the order of the schema."""
        return tuple(question for question in QUESTIONS if question in self.asked)


def detect(folder: StudyFolder) -> Detected:
    """Detect properties from the judgment files of a study folder, ignoring what cannot be read."""
    found = Detected()
    for task, name in folder.judgments.items():
        for chunk in read_chunks(folder.file(name), name, Report()):
            found.add(task, {tidied(column): array for column, array in chunk.columns.items()})
    found.add_pictures(folder)
    return found


def provisional(manifest: Manifest, folder: StudyFolder) -> Manifest:
    """Return a draft's manifest with the class names detected in its files, if it leaves them open.

    Labels can then be checked before the classes are written. A manifest with classes is returned unchanged.
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
    """Return whether a value, as written in a file, is the number that means that nothing was asked."""
    try:
        return isinstance(nothing, float) and float(str(value)) == nothing
    except ValueError:
        return False


def _values(array: pa.Array | pa.ChunkedArray, *, is_list: bool) -> list[object]:
    """Return the distinct values (or items of lists), trimmed and without words for missing values."""
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
