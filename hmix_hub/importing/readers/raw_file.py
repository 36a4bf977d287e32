"""A raw file: its name, its first bytes, which determine the format, and its text from the header on."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np
import pyarrow as pa

from hmix_hub.errors import ConfigurationError, SchemaError, Where, nearest
from hmix_hub.importing.outcome import ROW
from hmix_hub.studies.findings import Finding
from hmix_hub.studies.reading.chunks import CHUNK_BYTES, CHUNK_ROWS, RAW_COLUMN_LIMIT, UnreadableError
from hmix_hub.studies.reading.text import TableFile, utf16_of
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules
from hmix_hub.studies.rules.rule import Rule

TEXT_LIMIT = 2**30
"""Maximum size of a raw file's text in memory, in bytes."""
_HEAD = 2**16
_LINE_LIMIT = 2**20


@dataclass(frozen=True)
class Layout:
    """Location of the table within a raw file.

    Parameters
    ----------
    skip
        Number of lines, or rows of a sheet, above the row with the column names.
    header
        Number of header rows, of which the first has the column names and the others are skipped.
    sheet
        Sheet of a workbook, or table of a database; defaults to the only possible one.
    """

    skip: int = 0
    header: int = 1
    sheet: str | None = None


@dataclass(frozen=True)
class RawFile:
    """A raw file, before it is read.

    Parameters
    ----------
    path
        Path of the file.
    head
        Its first bytes, after decompression, and as UTF-8 if the text is UTF-16.
    is_compressed
        Whether it is compressed with gzip.
    layout
        Location of the table within it.
    """

    path: Path
    head: bytes
    is_compressed: bool
    layout: Layout

    @classmethod
    def open(cls, path: Path, layout: Layout) -> RawFile:
        """Read a file's first bytes."""
        with path.open("rb") as stream:
            start = stream.read(_HEAD)
        is_compressed = start.startswith(b"\x1f\x8b")
        if is_compressed:
            try:
                start = zlib.decompressobj(31).decompress(start, _HEAD)
            except zlib.error:
                start = b""
        codec = utf16_of(start)
        if codec is not None:
            start = start[: len(start) // 2 * 2].decode(codec, "replace").encode()
        return cls(path, start, is_compressed, layout)

    @property
    def text(self) -> bytes:
        """Return the first bytes without a byte order mark and leading white space."""
        return self.head.removeprefix(codecs.BOM_UTF8).lstrip()

    @property
    def ending(self) -> str:
        """Return the extension in lower case, ignoring .gz, such as .csv; "" if there is none."""
        return Path(self.path.name.lower().removesuffix(".gz")).suffix

    def refuse(self, message: str, *, rule: Rule = rules.UNREADABLE, row: int | None = None) -> NoReturn:
        """Raise an error for a file that cannot be read."""
        refuse(self.path, rule, message, row)

    def part(self, whole: str, kind: str, names: Sequence[str], filled: Callable[[], Sequence[str]]) -> str:
        """Return the name of the part to read, such as a sheet: the one in `layout`, or the only one with rows.

        Parameters
        ----------
        whole, kind
            Words for the file and its parts: "workbook", "sheet".
        names
            Names of all parts.
        filled
            Function that returns the names of possible parts; called if `layout` has none.

        Raises
        ------
        ConfigurationError
            If the part does not exist, or several are possible.
        SchemaError
            If no part has rows.
        """
        named, where = self.layout.sheet, Where(str(self.path))
        if named is not None:
            if named not in names:
                msg = f"the {whole} has no {kind} {named!r}"
                raise ConfigurationError(msg, where=where, hint=nearest(named, names, label=f"{kind}s"))
            return named
        found = filled()
        if len(found) > 1:
            msg = f"{len(found)} {kind}s have rows: {', '.join(map(repr, found))}"
            hint = "write `sheet: NAME` in the column map, next to `task:`; to propose a map, use --sheet NAME"
            raise ConfigurationError(msg, where=where, hint=hint)
        if not found:
            self.refuse(f"no {kind} of the {whole} has rows", rule=rules.EMPTY)
        return found[0]


_ABOVE = "if there are lines above the column names, skip N of them with `skip: N` in the map, or --skip N"


def refuse(path: Path, rule: Rule, note: str, row: int | None = None) -> NoReturn:
    """Raise an error for a file that breaks a rule."""
    msg = f"{rule.code}: {rule.meaning}" + (f": {note}" if note else "")
    hint: str | None = rule.fix
    if rule is rules.FOREIGN:
        # The note says what to do with a file of another format.
        hint = None
    elif rule in {rules.RAGGED, rules.EMPTY}:
        hint = f"{_ABOVE}; otherwise, {rule.fix}"
    raise SchemaError(msg, where=Where(str(path), row), hint=hint) from None


def refuse_first(path: Path, errors: Sequence[Finding]) -> None:
    """Raise an error for the first finding, if there is one."""
    if errors:
        spot = errors[0].spots[0]
        refuse(path, errors[0].rule, spot.note, spot.row)


class RawText(TableFile):
    """A raw text file, read as UTF-8 from the line with the column names.

    Parameters
    ----------
    path
        The file.
    skip
        Number of lines above that line.
    stream
        Its bytes, if they are not at `path`.
    """

    def __init__(self, path: Path, skip: int = 0, stream: BinaryIO | None = None) -> None:
        if stream is None:
            super().__init__(path)
        else:
            self.path, self.raw = path, stream
        self._skip = skip

    def start(self) -> BinaryIO:
        """Return a stream of UTF-8 from that line on; earlier streams must not be used any more."""
        codec = utf16_of(super().start().read(_HEAD))
        stream = super().start()
        if codec is not None:
            stream = io.BufferedReader(_Transcoded(stream, codec), CHUNK_BYTES)
        for number in range(self._skip):
            if not stream.readline(_LINE_LIMIT):
                msg = f"`skip: {self._skip}` skips the whole file, which has {number} lines"
                raise UnreadableError(msg, rule=rules.EMPTY)
        return stream


class _Transcoded(io.RawIOBase):
    """A stream that converts UTF-16 to UTF-8."""

    def __init__(self, stream: BinaryIO, codec: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._rest:
            block = self._stream.read(len(view))
            try:
                self._rest = self._decoder.decode(block, final=not block).encode()
            except UnicodeError as error:
                msg = f"UTF-16 text that is truncated or damaged: {error}"
                raise UnreadableError(msg, rule=rules.ENCODING) from None
            if not block:
                break
        taken, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(taken)] = taken
        return len(taken)


class RowCollector:
    """Collects rows of a workbook or database as a table of text.

    Parameters
    ----------
    raw
        The file.
    names
        Names of the columns.
    """

    def __init__(self, raw: RawFile, names: Sequence[str]) -> None:
        if len(names) > RAW_COLUMN_LIMIT:
            raw.refuse(f"{len(names):,} columns", rule=column_rules.MANY)
        self._raw, self._names = raw, names
        self._rows: list[list[str]] = []
        self._parts: list[pa.RecordBatch] = []
        self._size = 0

    def add(self, row: list[str]) -> None:
        """Add a row with one text for each column."""
        self._size += sum(map(len, row)) + 8 * len(row)
        if self._size > TEXT_LIMIT:
            self._raw.refuse(f"the rows take more than {TEXT_LIMIT:,} bytes", rule=rules.TOO_LARGE)
        self._rows.append(row)
        if len(self._rows) >= CHUNK_ROWS:
            self._flush()

    def _flush(self) -> None:
        # Use positions, since names may be duplicated.
        columns = [pa.array(column, pa.string()) for column in zip(*self._rows, strict=True)]
        columns = columns or [pa.array([], pa.string()) for _ in self._names]
        self._parts.append(pa.record_batch(columns, names=list(map(str, range(len(columns))))))
        self._rows = []

    def table(self, first: int = 0) -> pa.Table:
        """Return the table of all rows, numbered from `first`."""
        self._flush()
        table = pa.Table.from_batches(self._parts).rename_columns(list(self._names))
        return numbered(table, range(first, first + table.num_rows))


def numbered(table: pa.Table, rows: Iterable[int]) -> pa.Table:
    """Return a table with its rows' numbers as the column `ROW`."""
    return table.append_column(ROW, pa.array(np.fromiter(rows, dtype=np.int64, count=table.num_rows)))
