"""CSV files: every cell as text, a piece at a time, each row with its number; ragged rows are findings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.reading.pieces import COLUMN_LIMIT, PIECE_BYTES, Piece, UnreadableError
from hmix_hub.studies.reading.text import TextForm, blocks, look_at_text, open_bytes
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules

if TYPE_CHECKING:
    import pyarrow as pa

HEADER_LIMIT = 2**20
_NO_ROWS = ("Empty CSV file", "no more data", "either file is too short")
RAGGED_LIMIT = 100_000
"""Rows with too few or too many cells from which on a file is not read any further."""


def read_csv(path: Path, name: str, report: Report, *, is_tolerant: bool = False) -> Iterator[Piece]:
    """Read a CSV file.

    Parameters
    ----------
    path, name, report
        See `hmix_hub.studies.reading.files.read_pieces`.
    is_tolerant
        Whether to read on where its encoding, delimiter or line endings are not as they should be.

    Raises
    ------
    UnreadableError
        If it cannot be read (any further).
    """
    form = look_at_text(path, name, report)
    if form.is_plain or (is_tolerant and form.is_text):
        yield from _parse(path, name, report, form)


def header_of(path: Path, form: TextForm | None = None) -> list[str]:
    """Give the names of a CSV file's columns as they stand in it.

    Raises
    ------
    UnreadableError
        If it has no header.
    """
    form = form or TextForm()
    start = next(blocks(path), b"")[:HEADER_LIMIT].removeprefix(b"\xef\xbb\xbf").decode(form.encoding, "replace")
    if form.has_returns:
        start = start.replace("\r", "\n")
    try:
        names = next(csv.reader(io.StringIO(start), delimiter=form.delimiter, strict=True), [])
    except csv.Error as error:
        msg = f"the header cannot be read: {error}"
        raise UnreadableError(msg) from None
    if not any(names):
        msg = "the file is empty: it has no header"
        raise UnreadableError(msg)
    if any("\n" in name for name in names):
        msg = "a column's name runs over two lines: a quote may be missing in the header"
        raise UnreadableError(msg)
    if len(names) > COLUMN_LIMIT:
        msg = f"{len(names)} columns"
        raise UnreadableError(msg, rule=column_rules.MANY)
    return names


def _parse(path: Path, name: str, report: Report, form: TextForm) -> Iterator[Piece]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header = header_of(path, form)
    # Names that stand twice would overwrite each other.
    names = [f"{number}:{column}" for number, column in enumerate(header)]
    ragged = _Ragged()
    start, last = 0, ""
    with open_bytes(path) as stream:
        try:
            reader = arrow_csv.open_csv(
                stream,
                read_options=arrow_csv.ReadOptions(
                    use_threads=False,
                    block_size=PIECE_BYTES,
                    skip_rows=1,
                    column_names=names,
                    encoding=form.encoding,
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=form.delimiter, newlines_in_values=True, invalid_row_handler=ragged
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
            for batch in reader:
                rows = ragged.number(start, batch.num_rows)
                start = int(rows[-1]) + 1 if len(rows) else start
                last = batch.column(len(header) - 1)[-1].as_py() if len(rows) else last
                yield Piece(_by_name(header, batch), rows, header)
        except pa.ArrowInvalid as error:
            ragged.tell(name, report)
            if any(said in str(error) for said in _NO_ROWS) or ragged.are_too_many:
                return
            raise _unreadable(error, start) from None
    ragged.tell(name, report)
    # The parser would take the rest of a file for a cell, and not tell.
    if ("\n" in last or "\r" in last) and form.end != b'"':
        msg = "a quote is opened and never closed: what follows it was taken for one cell"
        raise UnreadableError(msg, row=start - 1)


def _by_name(header: list[str], batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """Give the columns by name; of those with one name, the first."""
    columns: dict[str, pa.Array] = {}
    for number, column in enumerate(header):
        columns.setdefault(column, batch.column(number))
    return columns


def _unreadable(error: Exception, row: int) -> UnreadableError:
    text = str(error)
    is_size = "straddling" in text or "larger than" in text or "overflow" in text.lower()
    said = f"a row is longer than {PIECE_BYTES} bytes: a quote may be missing" if is_size else text.splitlines()[0]
    return UnreadableError(said, row=row, rule=rules.TOO_LARGE if is_size else rules.UNREADABLE)


class _Ragged:
    """Rows with another number of cells than the header: they are left out, told, and still counted."""

    def __init__(self) -> None:
        self._first: list[int] = []
        self._notes: list[str] = []
        self._count = 0
        self._pending: list[int] = []

    def __call__(self, row: Any) -> str:
        # Row 1 of a file without its header is data row 0.
        number = row.number - 2
        if self.are_too_many:
            return "error"
        self._count += 1
        self._pending.append(number)
        if len(self._notes) < MOST_PLACES:
            self._first.append(number)
            self._notes.append(f"{row.actual_columns} cells under {row.expected_columns} columns")
        return "skip"

    @property
    def are_too_many(self) -> bool:
        """Whether there are so many that the file is none of judgments, and reading on would take for ever."""
        return self._count >= RAGGED_LIMIT

    def number(self, start: int, n: int) -> np.ndarray:
        """Give the numbers of the n rows of a piece, the first of which is `start` or later, past the rows left out."""
        if not self._pending:
            return np.arange(start, start + n, dtype=np.int64)
        out = np.array(self._pending, dtype=np.int64)
        candidates = np.arange(start, start + n + len(out), dtype=np.int64)
        kept = candidates[~np.isin(candidates, out)][:n]
        if len(kept):
            self._pending = out[out > kept[-1]].tolist()
        return kept

    def tell(self, name: str, report: Report) -> None:
        """Report the rows that were left out."""
        nothing = [None] * len(self._first)
        report.add_rows(rules.RAGGED, self._first, nothing, file=name, notes=self._notes, count=self._count)
