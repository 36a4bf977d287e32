"""Mixtures: the distinct pictures of rows, and ready-made mixtures of studies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.schema import TOLERANCE, Vocabulary, has_flag
from hmix_hub.schema.arrays import Ints, codes, encode
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.stimuli.identifiers import parse_stimulus_id
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.construct_midpoint import ENDPOINT_NOT_SHOWN
from hmix_hub.tasks.midpoint import WALK

ENDPOINT_COLUMNS = ("image_set", "image_1_label", "image_2_label", "image_1_index", "image_2_index")
DECIMALS = 9
"""Number of decimals for comparing coefficients: 0.30000000000000004 is 0.3."""
Key = tuple[int, int, float]


@dataclass(frozen=True, eq=False)
class Mixtures:
    """The D distinct mixtures of N rows.

    Parameters
    ----------
    set_names
        Names of the image sets.
    set_number
        int64 (D,): image set of each mixture, as a position in `set_names`.
    first, second
        int64 (D,): indices of its pictures; -1 for no second one.
    coefficient
        float64 (D,): share of the first picture, as it was drawn.
    row
        int64 (D,): first row with it.
    of_row
        int64 (N,): mixture of each row.
    """

    set_names: Sequence[str]
    set_number: Ints
    first: Ints
    second: Ints
    coefficient: npt.NDArray[np.float64]
    row: Ints
    of_row: Ints

    def __len__(self) -> int:
        return len(self.first)


def mixtures_of(table: pa.Table, task: str, *, on_screen: bool = False) -> Mixtures:
    """Find the mixtures of the rows of a table.

    Parameters
    ----------
    table
        Judgments or stimuli, N rows: image_set, the four image columns, and the coefficient; `flags` for `on_screen`.
    task, on_screen
        See `drawn_coefficients`.

    Raises
    ------
    ConfigurationError
        If the table does not identify the mixture of each row.
    SchemaError
        If a coefficient is missing or outside 0 to 1.
    """
    drawn = drawn_coefficients(table, task, on_screen=on_screen)
    bad = np.flatnonzero(~((drawn >= 0) & (drawn <= 1)))
    if len(bad):
        name = TASKS[task].coefficient_column
        msg = f"{name} is {drawn[bad[0]]:g}, which is not a mixing coefficient"
        raise SchemaError(msg, where=Where(row=int(bad[0]), column=name), hint="coefficients are from 0 to 1")
    return _distinct(table, drawn)


def pairs_of(table: pa.Table) -> Mixtures:
    """Find the pairs of pictures of the rows of a table, whatever their mixture; coefficients are 1."""
    return _distinct(table, np.ones(table.num_rows))


def walk_between(mixtures: Mixtures) -> Mixtures:
    """Return the eleven mixtures of each pair drawn in the midpoint tasks, from 0 to 1, pair by pair."""
    every = np.repeat(np.arange(len(mixtures)), len(WALK))
    return Mixtures(
        mixtures.set_names,
        mixtures.set_number[every],
        mixtures.first[every],
        mixtures.second[every],
        np.tile(WALK, len(mixtures)),
        mixtures.row[every],
        np.arange(len(every)),
    )


def _distinct(table: pa.Table, drawn: npt.NDArray[np.float64]) -> Mixtures:
    first, second = (codes(table[f"image_{i}_index"]) for i in (1, 2))
    set_number, sets = encode(table["image_set"])
    levels = np.unique(drawn, return_inverse=True)[1].astype(np.int64)
    groups = Groups(encode_key([set_number, first, second + 1, levels]))
    rows = groups.first
    return Mixtures(sets.to_pylist(), set_number[rows], first[rows], second[rows], drawn[rows], rows, groups.codes)


def check_endpoints(table: pa.Table, vocabulary: Vocabulary, image_sets: Mapping[str, ImageSet]) -> None:
    """Check that the pictures of every row exist and have the row's labels.

    Parameters
    ----------
    table
        N rows with the columns `ENDPOINT_COLUMNS`.
    vocabulary
        Class names that its labels refer to.
    image_sets
        The image sets that it names.

    Raises
    ------
    SchemaError
        For the first row whose index is outside its image set, or whose label is not that picture's.
    """
    start = 0
    for part in table.select(ENDPOINT_COLUMNS).to_batches(max_chunksize=_CHECKED_AT_ONCE):
        for image_set in image_sets.values():
            _check_part(part, start, vocabulary, image_set)
        start += part.num_rows


_CHECKED_AT_ONCE = 65_536
"""Number of rows checked at a time, so that a table in a mapped file is not copied to memory."""


def _check_part(part: pa.RecordBatch, start: int, vocabulary: Vocabulary, image_set: ImageSet) -> None:
    """Check rows, the first of which is number `start` of the table."""
    rows = np.flatnonzero(pc.equal(part["image_set"], image_set.name).to_numpy(zero_copy_only=False))
    as_set = np.array(vocabulary.codes_in(image_set.vocabulary), dtype=np.int64)
    for i in (1, 2):
        columns = (pa.chunked_array([part[f"image_{i}_{name}"]]) for name in ("index", "label"))
        index, label = (codes(column)[rows] for column in columns)
        present = index >= 0
        _refuse_first(rows + start, present & (index >= len(image_set)), i, index, image_set)
        expected = np.where(present, image_set.labels[np.where(present, index, 0)], -1)
        wrong = np.flatnonzero(present & ((label < 0) | (as_set[label] != expected)))
        if len(wrong):
            said = vocabulary.names[label[wrong[0]]] if label[wrong[0]] >= 0 else "missing"
            really = image_set.vocabulary.names[expected[wrong[0]]]
            msg = f"image_{i}_label is {said}, but picture {index[wrong[0]]} of {image_set.name} has class {really}"
            where = Where(row=int(rows[wrong[0]]) + start, column=f"image_{i}_label")
            raise SchemaError(msg, where=where, hint="indices count from 0, in the order of the image set")


def _refuse_first(
    rows: Ints, bad: npt.NDArray[np.bool_], i: int, index: npt.NDArray[np.int64], image_set: ImageSet
) -> None:
    found = np.flatnonzero(bad)
    if len(found):
        msg = f"image_{i}_index is {index[found[0]]}, but {image_set.name} has pictures 0 to {len(image_set) - 1}"
        raise SchemaError(msg, where=Where(row=int(rows[found[0]]), column=f"image_{i}_index"))


def drawn_coefficients(table: pa.Table, task: str, *, on_screen: bool = False) -> npt.NDArray[np.float64]:
    """Return the coefficient that each row's picture was drawn with.

    Parameters
    ----------
    table
        Judgments or stimuli, N rows.
    task
        Their task.
    on_screen
        For rows with the flag endpoint_not_shown, whether to return the coefficient of the picture that was actually on
        the screen, rather than of the one named by the answer.

    Returns
    -------
    numpy.ndarray
        float64 (N,): the stored number; in the midpoint tasks the value of `WALK` that equals it within `TOLERANCE`, if
        any; NaN if null.

    Raises
    ------
    ConfigurationError
        If the table does not identify mixtures, like by-stimulus tables of the midpoint tasks.
    """
    name = TASKS[task].coefficient_column
    if name not in table.column_names:
        msg = f"the rows have no {name}, so each is about a pair of pictures, not about one mixture of them"
        raise ConfigurationError(msg, hint='use images="endpoints", or judgments instead of stimuli')
    stored = table[name].to_numpy().astype(np.float64)
    if TASKS[task].shows != "pair":
        return stored
    drawn = walked(stored)
    if on_screen and ENDPOINT_NOT_SHOWN in TASKS[task].flags:
        drawn = np.where(_flagged(table), WALK[steps_on_screen(steps_of(stored))], drawn)
    return drawn


def walked(coefficients: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the coefficients for drawing pairs, float64: the value of `WALK` within `TOLERANCE`, if any."""
    given = np.asarray(coefficients, dtype=np.float64)
    nearest = WALK[steps_of(given)]
    return np.where(np.abs(nearest - given) <= TOLERANCE, nearest, given)


def steps_of(coefficients: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the index (0-10) of the nearest step for each coefficient, int64; NaN maps to 0."""
    tenths = np.nan_to_num(np.asarray(coefficients, dtype=np.float64)) * 10
    return np.clip(np.rint(tenths), 0, len(WALK) - 1).astype(np.int64)


def steps_on_screen(steps: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the step whose picture was on the screen of construct_midpoint when another was stored.

    Source: the released interface could not draw the two ends; at 0 and 10 the pictures of 1 and 9 stayed.
    """
    return np.clip(np.asarray(steps), 1, len(WALK) - 2)


def _flagged(table: pa.Table) -> npt.NDArray[np.bool_]:
    if "flags" not in table.column_names:
        msg = "the dataset lacks the column 'flags', which marks pictures that were not on the screen"
        raise ConfigurationError(msg, hint="render first, then choose columns")
    return has_flag(table["flags"], ENDPOINT_NOT_SHOWN.name)


def ready_of(image_set: ImageSet) -> ImageSet:
    """Return the pictures of an image set's mixtures.

    Raises
    ------
    SchemaError
        If the study does not provide them.
    """
    if image_set.mixtures is None:
        msg = f"the pictures of {image_set.name} are mixed by another method, and the study does not provide mixtures"
        raise SchemaError(msg, hint='use images="endpoints" for the pictures from which they were mixed')
    return image_set.mixtures


def rows_of_mixtures(mixtures: Mixtures, image_set: ImageSet, chosen: Ints) -> Ints:
    """Return the row of each of some mixtures, int64 (B,), among those that the study provides.

    Raises
    ------
    SchemaError
        If the study has no pictures of its mixtures, or not of one of these.
    """
    places = _rows_of(ready_of(image_set))
    found = np.empty(len(chosen), dtype=np.int64)
    for number, row in enumerate(chosen.tolist()):
        key = _key(int(mixtures.first[row]), int(mixtures.second[row]), float(mixtures.coefficient[row]))
        if key not in places:
            msg = f"stimuli/mixtures.csv has no mixture of pictures {key[0]} and {key[1]} at {key[2]:g}"
            raise SchemaError(msg, hint="the study lacks this picture; remove such rows")
        found[number] = places[key]
    return found


def listed_mixtures(ready: ImageSet) -> list[Key]:
    """Return the indices of the two pictures (-1: no second), and the coefficient, of each listed mixture.

    Raises
    ------
    SchemaError
        If the label of one is not a stimulus id.
    """
    keys = []
    for code in ready.labels.tolist():
        name = parse_stimulus_id(ready.vocabulary.names[code])
        second = name.indices[1] if len(name.indices) > 1 else -1
        keys.append(_key(name.indices[0], second, name.coefficient))
    return keys


def _key(first: int, second: int, coefficient: float) -> Key:
    return first, second, round(coefficient, DECIMALS)


@lru_cache(maxsize=16)
def _rows_of(ready: ImageSet) -> dict[Key, int]:
    """Return the row of each listed mixture."""
    return {key: row for row, key in enumerate(listed_mixtures(ready))}
