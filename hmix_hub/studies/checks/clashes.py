"""Clashes: judgments that have the person and the trial of another one, as copies of it or with other cells."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmix_hub.schema.judgment import COMPUTED
from hmix_hub.studies.checks.columns import tidied
from hmix_hub.studies.checks.ledger import Hashes, Ledger, hash_columns, later_ones, rows_that_share
from hmix_hub.studies.checks.place import Ints, Mask, Place
from hmix_hub.studies.checks.values import as_text
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.reading.files import read_pieces
from hmix_hub.studies.reading.plain import plain_array
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule

if TYPE_CHECKING:
    from hmix_hub.studies.reading.pieces import Piece

_ORIGIN = frozenset({"source_file", "source_row"})


def telling_columns(names: Iterable[str]) -> list[str]:
    """Return the columns in which a row must differ from another one to be no copy of it.

    Where a row came from is none of them: it differs between two copies of one session in an export. What is computed
    from the other cells tells nothing beyond them.
    """
    return [name for name in names if tidied(name) not in _ORIGIN | COMPUTED]


def check_clashes(ledger: Ledger, path: Path, place: Place) -> Mask:
    """Report judgments whose person and trial an earlier row has.

    Parameters
    ----------
    ledger
        The rows of a file; those whose stimulus is not good are looked at, too.
    path
        The file, whose cells are read once more where there is a clash.
    place
        Its name.

    Returns
    -------
    numpy.ndarray
        bool (N,): the rows of the ledger that clash with an earlier one.
    """
    rows, person, trial = ledger.judgments()
    keys = (person.astype(np.int64) << 32) | trial
    shared = rows_that_share(keys)
    if not len(shared):
        return np.zeros(len(ledger), dtype=bool)
    contents = _contents(path, place.file, rows[shared])
    is_copy = np.zeros(len(rows), dtype=bool)
    is_copy[shared[later_ones(hash_columns([keys[shared], contents]))]] = True
    found = shared[later_ones(keys[shared])]
    names = np.array(ledger.names, dtype=object)
    for rule, column, chosen in (
        (rules.ROW_TWICE, "", found[is_copy[found]]),
        (rules.TWICE, "trial_index", found[~is_copy[found]]),
    ):
        _tell(place.of(column), rule, rows[chosen], names[person[chosen][:MOST_PLACES]].tolist())
    return np.isin(ledger["row"], rows[found])


def _tell(place: Place, rule: Rule, rows: Ints, names: list[str]) -> None:
    first = rows[:MOST_PLACES].tolist()
    notes = [f"participant {name}" for name in names]
    nothing = [None] * len(first)
    place.report.add_rows(rule, first, nothing, file=place.file, column=place.column, notes=notes, count=len(rows))


def _contents(path: Path, name: str, rows: Ints) -> Hashes:
    """Return a hash of what stands in each of N rows, rising; uint64 (N,)."""
    found = np.zeros(len(rows), dtype=np.uint64)
    for piece in read_pieces(path, name, Report()):
        first, last = np.searchsorted(rows, [piece.rows[0], piece.rows[-1] + 1]) if len(piece) else (0, 0)
        if last > first:
            found[first:last] = _hashes(piece, np.searchsorted(piece.rows, rows[first:last]))
        if last == len(rows):
            break
    return found


def _hashes(piece: Piece, positions: Ints) -> Hashes:
    return hash_columns([_hashed(piece.columns[name].take(positions)) for name in telling_columns(piece.columns)])


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
