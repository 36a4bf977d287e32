"""CSV files: cells as text, chunk by chunk, with row numbers; ragged rows are findings."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.arrow_files import parse_csv
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.reading.chunks import CHUNK_BYTES, COLUMN_LIMIT, RAW_COLUMN_LIMIT, Chunk, UnreadableError
from hmix_hub.studies.reading.text import TableFile, TextForm, look_at_text
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules

HEADER_LIMIT = 2**20
_QUOTE = ord('"')
RAGGED_LIMIT = 100_000
"""Number of rows with too few or too many cells after which reading stops."""


def read_csv(
    file: TableFile, name: str, report: Report, *, is_tolerant: bool = False, is_raw: bool = False
) -> Iterator[Chunk]:
    """Read a CSV file; see `hmix_hub.studies.reading.read_chunks`. Raise `UnreadableError` where reading must stop.

    A raw file may have many more columns; if several have no name, they are named "column 7" and so on.
    """
    form = look_at_text(file, name, report)
    if form.is_plain or (is_tolerant and form.is_text):
        yield from _parse(file, name, report, form, is_raw=is_raw)


def header_of(file: TableFile, form: TextForm | None = None, most_columns: int = COLUMN_LIMIT) -> list[str]:
    """Return the column names of a CSV file as written; raise `UnreadableError` if it has no header."""
    form = form or TextForm()
    start = next(file.blocks(), b"")[:HEADER_LIMIT].removeprefix(b"\xef\xbb\xbf").decode(form.encoding, "replace")
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
        msg = "a column name spans two lines: a quote may be missing in the header"
        raise UnreadableError(msg)
    if len(names) > most_columns:
        msg = f"{len(names)} columns"
        raise UnreadableError(msg, rule=column_rules.MANY)
    return names


def _parse(file: TableFile, name: str, report: Report, form: TextForm, *, is_raw: bool) -> Iterator[Chunk]:
    header = header_of(file, form, RAW_COLUMN_LIMIT if is_raw else COLUMN_LIMIT)
    if is_raw and header.count("") > 1:
        header = [column or f"column {number}" for number, column in enumerate(header, start=1)]
    # Make names unique, since duplicates would overwrite each other.
    names = [f"{number}:{column}" for number, column in enumerate(header)]
    ragged = _Ragged()
    start, last = 0, ""
    try:
        for text in _whole_rows(file, form):
            ragged.begin(start)
            batch = parse_csv(text, names, form.delimiter, ragged)
            rows = ragged.numbers(batch.num_rows)
            start += batch.num_rows + ragged.in_chunk
            if len(rows):
                last = batch.column(len(header) - 1)[-1].as_py()
                # Of columns with the same name, use the first.
                yield Chunk({column: batch.column(header.index(column)) for column in header}, rows, header)
    except _LongRowError:
        ragged.tell(name, report)
        msg = f"a row is longer than {CHUNK_BYTES} bytes: a quote may be missing"
        raise UnreadableError(msg, row=start, rule=rules.TOO_LARGE) from None
    except pa.ArrowInvalid as error:
        ragged.tell(name, report)
        if ragged.are_too_many:
            return
        raise UnreadableError(str(error).splitlines()[0], row=start) from None
    ragged.tell(name, report)
    # The parser would silently read the rest of the file as one cell.
    if ("\n" in last or "\r" in last) and form.end != b'"':
        msg = "a quote is never closed: everything after it was read as one cell"
        raise UnreadableError(msg, row=start - 1)


class _LongRowError(Exception):
    """A row is too long."""


def _whole_rows(file: TableFile, form: TextForm) -> Iterator[bytes]:
    """Yield the rows below the header as UTF-8, in blocks that end at the end of a row."""
    end = b"\r" if form.has_returns else b"\n"
    rest, has_header = b"", True
    stream = file.start()
    while block := stream.read(CHUNK_BYTES):
        rest += block
        if has_header:
            _, found, rest = rest.partition(end) if end in rest else (b"", b"", rest)
            has_header = not found
        if not has_header:
            cut = _last_row_end(rest, end, form.delimiter.encode())
            yield _as_utf8(rest[:cut], form)
            rest = rest[cut:]
        if len(rest) > max(CHUNK_BYTES, HEADER_LIMIT if has_header else 0):
            raise _LongRowError
    if not has_header:
        yield _as_utf8(rest, form)


def _as_utf8(text: bytes, form: TextForm) -> bytes:
    return text if form.encoding == "utf-8" else text.decode(form.encoding).encode()


def _last_row_end(text: bytes, end: bytes, delimiter: bytes) -> int:
    """Return where the last complete row of a text ends; 0 if there is none."""
    opens, closes = _quoted(text, delimiter)
    at = text.rfind(end)
    while at >= 0:
        cell = int(np.searchsorted(opens, at)) - 1
        if cell < 0 or at > closes[cell]:
            break
        at = text.rfind(end, 0, int(opens[cell]))
    return at + 1


def _quoted(text: bytes, delimiter: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of opening and closing quotes of cells, int64 (N,) each, as the parser sees them."""
    codes = np.frombuffer(text, np.uint8)
    quotes = np.flatnonzero(codes == _QUOTE)
    opens = quotes[::2]
    # A doubled quote closes a cell and opens it again, which has the same effect.
    may_open = np.frombuffer(b'\r\n"' + delimiter, np.uint8)
    if not np.isin(codes[opens[opens > 0] - 1], may_open).all():
        # Quotes that are not at the beginning of a cell are ordinary characters.
        cell = rb"(?:\A|(?<=[\r\n" + re.escape(delimiter) + rb']))"(?:[^"]++|"")*+"?'
        spans = [found.span() for found in re.finditer(cell, text)]
        opens = np.array([start for start, _ in spans], dtype=np.int64)
        return opens, np.array([stop - 1 for _, stop in spans], dtype=np.int64)
    return opens, np.append(quotes[1::2], len(text))[: len(opens)]


class _Ragged:
    """Rows with more or fewer cells than the header: skipped, reported, and still counted."""

    def __init__(self) -> None:
        self._first: list[int] = []
        self._notes: list[str] = []
        self._count = 0
        self._start = 0
        self._left_out: list[int] = []

    def begin(self, start: int) -> None:
        """Begin a chunk whose first row is number `start`."""
        self._start, self._left_out = start, []

    def __call__(self, row: Any) -> str:
        # Arrow counts the rows of a chunk from 1.
        number = self._start + row.number - 1
        if self.are_too_many:
            return "error"
        self._count += 1
        self._left_out.append(number)
        if len(self._notes) < MOST_PLACES:
            self._first.append(number)
            self._notes.append(f"{row.actual_columns} cells under {row.expected_columns} columns")
        return "skip"

    @property
    def are_too_many(self) -> bool:
        """Return whether there are so many that reading stops."""
        return self._count >= RAGGED_LIMIT

    @property
    def in_chunk(self) -> int:
        """Return the number of skipped rows in the chunk."""
        return len(self._left_out)

    def numbers(self, n: int) -> np.ndarray:
        """Return the numbers of the chunk's n other rows; int64 (n,)."""
        numbers = np.arange(self._start, self._start + n + self.in_chunk, dtype=np.int64)
        return np.delete(numbers, np.array(self._left_out, dtype=np.int64) - self._start)

    def tell(self, name: str, report: Report) -> None:
        """Report the skipped rows."""
        nothing = [None] * len(self._first)
        report.add_rows(rules.RAGGED, self._first, nothing, file=name, notes=self._notes, count=self._count)
