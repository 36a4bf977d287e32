"""Screen of a small file: whether rules across its rows can find anything, so that most need not be asked at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.schema.arrays import Ints, Mask, as_mask
from hmix_hub.studies.checks.rows import answer_of, stimulus_of
from hmix_hub.studies.checks.trials import FASTEST_MS, SLOWEST_MS
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.class_votes import TASK as VOTES
from hmix_hub.tasks.flags import STRAIGHTLINING_TENTHS

Keys = npt.NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


def nothing_across(rows: pa.Table, task: str, *, is_symmetric: bool) -> bool:
    """Whether it is certain that no rule across the rows of a file finds anything.

    Parameters
    ----------
    rows
        All of them, as `narrow_rows` gives them.
    task, is_symmetric
        See `check_across`.
    """
    # What is not understood looks alike.
    if not as_mask(rows["is_read"]).all():
        return False
    times = rows["time"].drop_null().to_numpy()
    stimulus = [_bits(rows[name]) for name in stimulus_of(task).split(", ")]
    return bool(
        rows["elapsed"].null_count == len(rows)
        and (not len(times) or (times.min() >= FASTEST_MS and times.max() <= SLOWEST_MS))
        and not (is_symmetric and _are_in_both_orders(rows["first"].to_numpy(), rows["second"].to_numpy()))
        and not (task == VOTES.name and _is_any_twice(_mixed(stimulus)))
        and not (TASKS[task].has_participants and _is_anybody_odd(rows, task, stimulus))
    )


def _is_anybody_odd(rows: pa.Table, task: str, stimulus: list[Keys]) -> bool:
    person = _bits(rows["participant"])
    answer = _mixed([_bits(rows[name]) for name in answer_of(task).split(", ")])
    of_people = np.bincount(person.view(np.int64))
    # Of a hash of the answers, each bit is the same where most answers are.
    set_ = np.bincount(person.view(np.int64), weights=(answer >> _HALF) & np.uint64(1))
    alike = 10 * np.maximum(set_, of_people - set_) >= STRAIGHTLINING_TENTHS * of_people
    return bool(
        2 * of_people.min() < np.median(of_people)
        or alike.any()
        or _is_any_twice(_mixed([person, _bits(rows["trial"])]))
        or _is_any_repeat_odd(_mixed([person, *stimulus]), rows["trial"].to_numpy(), as_mask(rows["is_repeat"]))
        or _is_any_twice(_mixed([*stimulus, answer, _bits(rows["time"])]))
    )


def _bits(column: pa.ChunkedArray) -> Keys:
    """Return numbers that are the same where values are; uint64 (N,)."""
    if pa.types.is_string(column.type):
        column = column.combine_chunks().dictionary_encode().indices
    values: Any = column.to_numpy()
    # Adding 0.0 makes -0.0 and 0.0 one.
    return (values + 0.0).view(np.uint64) if values.dtype == np.float64 else values.astype(np.int64).view(np.uint64)


def _mixed(columns: list[Keys]) -> Keys:
    """Return one number for each row, the same where all columns are, and else hardly ever."""
    keys = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        keys = (keys ^ (keys >> _HALF) ^ column) * _ODD
    return keys


def _is_any_twice(keys: Keys) -> bool:
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())


def _is_any_repeat_odd(shown: Keys, trial: Ints, is_repeat: Mask) -> bool:
    """Whether a row that is no repeat is not the first of its person and stimulus, or one that is a repeat is."""
    first = np.flatnonzero(~is_repeat)
    first = first[np.argsort(shown[first])]
    again = np.flatnonzero(is_repeat)
    places = np.searchsorted(shown[first], shown[again])
    if (shown[first][1:] == shown[first][:-1]).any() or (places == len(first)).any():
        return True
    its_first = first[places]
    return bool((shown[its_first] != shown[again]).any() or (trial[its_first] >= trial[again]).any())


def _are_in_both_orders(first: Ints, second: Ints) -> bool:
    pairs = (np.minimum(first, second).astype(np.int64) << 32) | np.maximum(first, second)
    is_turned = (first > second) & (second >= 0)
    return len(np.intersect1d(pairs[is_turned], pairs[~is_turned])) > 0
