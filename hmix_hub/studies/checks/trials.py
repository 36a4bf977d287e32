"""Checks of trials across rows: each judgment once, repeats marked, one order of a pair, plausible times."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.studies.checks.rows import FileRows
from hmix_hub.studies.columns.names import tidied
from hmix_hub.studies.findings import MOST_PLACES, Ints, Mask, Report, Reporter
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.reading.arrays import as_text, plain_array
from hmix_hub.studies.row_hashes import Hashes, hash_columns, later_ones, rows_that_share
from hmix_hub.studies.rules import stimuli as stimulus_rules
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import COMPUTED, TASKS

FASTEST_MS, SLOWEST_MS = 100.0, 3_600_000.0
"""Response times that nobody is below or above."""
_MEDIAN_SECONDS = 90.0
"""A median response time below it is of seconds: milliseconds would be faster than nerves are."""
_MOST_MEDIANS = 200
"""Times the median that no answer takes: what is above it, among seconds, is in milliseconds."""
_SHARE_OF_SECONDS = 0.1
"""Share of answers below `_MEDIAN_SECONDS`, among milliseconds, from which they are seconds rather than accidents."""


def check_trials(ledger: FileRows, reporter: Reporter, *, clashes: Mask, is_symmetric: bool) -> None:
    """Check the rows of a file against each other.

    Clashes, bool (N,), have the person and the trial of an earlier row. Where a mixture of A and B is one of B and A,
    `is_symmetric`, both orders would name one picture twice.
    """
    if not len(ledger):
        return
    if TASKS[ledger.task].has_participants:
        _check_repeats(ledger, reporter, skip=clashes)
    if is_symmetric:
        turned = rows_in_rarer_order(ledger["first"], ledger["second"])
        _tell(reporter.of("image_1_index"), stimulus_rules.PAIR_ORDER, ledger, turned)
    _check_times(ledger, reporter)


def _tell(reporter: Reporter, rule: Rule, ledger: FileRows, found: Ints) -> None:
    first = np.sort(found)[:MOST_PLACES]
    notes = [f"participant {name}" for name in ledger.person_names(first)] if ledger.names else None
    reporter.add_rows(rule, ledger["row"][first].tolist(), notes=notes, count=len(found))


def _check_repeats(ledger: FileRows, reporter: Reporter, *, skip: Mask) -> None:
    """Report repeats that are not marked, and marks on what is none; of people whose rows are all understood."""
    participant, is_repeat = ledger["person"], ledger["is_repeat"]
    is_first = np.ones(len(ledger), dtype=bool)
    shown: Hashes = hash_columns([participant, ledger["stimulus"]])
    shared = rows_that_share(shown)
    candidates = shared[~skip[shared]]
    order = candidates[np.lexsort((ledger["trial"][candidates], shown[candidates]))]
    is_first[order[1:][shown[order[1:]] == shown[order[:-1]]]] = False
    whole = ~np.isin(participant, list(ledger.broken)) if ledger.broken else np.ones(len(ledger), dtype=bool)
    checked = whole & ~skip
    _tell(reporter.of("is_repeat"), rules.REPEAT_UNMARKED, ledger, np.flatnonzero(checked & ~is_first & ~is_repeat))
    _tell(reporter.of("is_repeat"), rules.REPEAT_OF_NOTHING, ledger, np.flatnonzero(checked & is_first & is_repeat))


def rows_in_rarer_order(first: npt.NDArray[np.integer], second: npt.NDArray[np.integer]) -> Ints:
    """Find the rows of pairs that stand in both orders, in the order that is rarer, or on a par, that comes second.

    The indices of the two pictures are integers (N,), -1: no second one; positions are int64, rising.
    """
    low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second).astype(np.int64)
    pair = (low << 32) | high
    is_turned = (first > second) & (second >= 0)
    if not is_turned.any():
        return np.zeros(0, dtype=np.int64)
    # The last bit says which order it is, so that the two orders of a pair are neighbours.
    ordered = np.sort((pair.view(np.uint64) << np.uint64(1)) | is_turned)
    is_second = (ordered[1:] - ordered[:-1] == 1) & (ordered[1:] % 2 == 1)
    both = (ordered[1:][is_second] >> np.uint64(1)).view(np.int64)
    if not len(both):
        return np.zeros(0, dtype=np.int64)
    rows = np.flatnonzero(np.isin(pair, both))
    number = np.searchsorted(both, pair[rows])
    turned = is_turned[rows]
    n_turned = np.bincount(number, weights=turned, minlength=len(both))
    n_straight = np.bincount(number, weights=~turned, minlength=len(both))
    first_turned = np.zeros(len(both), dtype=bool)
    first_turned[number[::-1]] = turned[::-1]
    rarer_is_turned = np.where(n_turned == n_straight, ~first_turned, n_turned < n_straight)
    return np.asarray(rows[turned == rarer_is_turned[number]], dtype=np.int64)


def _in_other_unit(times: npt.NDArray[np.float64], median: float) -> int:
    """Count the times that are of another unit than most: seconds among milliseconds, or milliseconds among seconds."""
    if median < _MEDIAN_SECONDS:
        return int((times > _MOST_MEDIANS * median).sum())
    few = int((times < _MEDIAN_SECONDS).sum())
    return few if few > 1 and few >= _SHARE_OF_SECONDS * len(times) else 0


def _check_times(ledger: FileRows, reporter: Reporter) -> None:
    times = ledger["time"]
    known = times[~np.isnan(times)]
    if not len(known):
        return
    here = reporter.of("response_time_ms")
    median = float(np.median(known))
    mixed = _in_other_unit(known, median)
    if mixed:
        note = f"{mixed:,} of {len(known):,} values are of another unit than the others, whose median is {median:g}"
        here.add(rules.UNITS, note=note)
        return
    if median < _MEDIAN_SECONDS:
        here.add(rules.SECONDS, value=median, note="the median")
        return
    implausible = np.flatnonzero((times < FASTEST_MS) | (times > SLOWEST_MS))
    first = implausible[:MOST_PLACES]
    shown = [f"{value:g} ms" for value in times[first].tolist()]
    here.add_rows(rules.TOO_FAST, ledger["row"][first].tolist(), shown, count=len(implausible))


_ORIGIN = frozenset({"source_file", "source_row"})


def telling_columns(names: Iterable[str]) -> list[str]:
    """Return the columns in which a row must differ from another one to be no copy of it.

    Where a row came from is none of them: it differs between two copies of one session in an export. What is computed
    from the other cells tells nothing beyond them.
    """
    return [name for name in names if tidied(name) not in _ORIGIN | COMPUTED]


def check_clashes(ledger: FileRows, path: Path, reporter: Reporter) -> Mask:
    """Report judgments whose person and trial an earlier row has, and return which rows they are, bool (N,).

    Rows whose stimulus is not good are looked at, too; where there is a clash, the file's cells are read once more.
    """
    rows, participant, trial = ledger.judgments()
    keys = (participant.astype(np.int64) << 32) | trial
    shared = rows_that_share(keys)
    if not len(shared):
        return np.zeros(len(ledger), dtype=bool)
    contents = _contents(path, reporter.file, rows[shared])
    is_copy = np.zeros(len(rows), dtype=bool)
    is_copy[shared[later_ones(hash_columns([keys[shared], contents]))]] = True
    found = shared[later_ones(keys[shared])]
    for rule, column, chosen in (
        (rules.ROW_TWICE, "", found[is_copy[found]]),
        (rules.TWICE, "trial_index", found[~is_copy[found]]),
    ):
        first = chosen[:MOST_PLACES]
        notes = [f"participant {ledger.names[code]}" for code in participant[first].tolist()]
        reporter.of(column).add_rows(rule, rows[first].tolist(), notes=notes, count=len(chosen))
    return np.isin(ledger["row"], rows[found])


def _contents(path: Path, name: str, rows: Ints) -> Hashes:
    """Return a hash of what stands in each of N rows, rising; uint64 (N,)."""
    found = np.zeros(len(rows), dtype=np.uint64)
    for chunk in read_chunks(path, name, Report()):
        first, last = np.searchsorted(rows, [chunk.rows[0], chunk.rows[-1] + 1]) if len(chunk) else (0, 0)
        if last > first:
            places, names = np.searchsorted(chunk.rows, rows[first:last]), telling_columns(chunk.columns)
            found[first:last] = hash_columns([_hashed(chunk.columns[name].take(places)) for name in names])
        if last == len(rows):
            break
    return found


def _hashed(values: pa.Array) -> Ints:
    """Return a hash of each of N cells, by what is written there; int64 (N,)."""
    text = as_text(values)
    if text is None and pa.types.is_nested(values.type):
        return np.array([hash(repr(value)) for value in values.to_pylist()], dtype=np.int64)
    # By bytes, since a text of Parquet may be no UTF-8.
    encoded = plain_array(values if text is None else text.cast(pa.binary())).dictionary_encode()
    hashes = [hash(repr(cell)) for cell in encoded.dictionary.to_pylist()]
    places = encoded.indices.fill_null(len(hashes)).to_numpy(zero_copy_only=False)
    return np.array([*hashes, 0], dtype=np.int64)[places]
