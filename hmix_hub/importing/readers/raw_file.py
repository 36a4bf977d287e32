"""Raw file: its beginning, which says what it is, its name, and its text from the row that names the columns."""

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
"""Most bytes of text of a raw file that is held in memory as a whole."""
_HEAD = 2**16
_LINE_LIMIT = 2**20


@dataclass(frozen=True)
class Layout:
    """Where the table stands within a raw file.

    Parameters
    ----------
    skip
        Lines, or rows of a sheet, above the row that names the columns.
    header
        Rows from the one that names the columns to the first row of data; the others are left out.
    sheet
        Sheet of a workbook, or table of a database; `None`: the only one that can be meant.
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
        Where it lies.
    head
        Its first bytes, through gzip, in UTF-8 where it is text in UTF-16.
    is_compressed
        Whether it is compressed with gzip.
    layout
        Where the table stands within it.
    """

    path: Path
    head: bytes
    is_compressed: bool
    layout: Layout

    @classmethod
    def open(cls, path: Path, layout: Layout) -> RawFile:
        """Look at a file's first bytes."""
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
        """Its beginning without a byte order mark and white space."""
        return self.head.removeprefix(codecs.BOM_UTF8).lstrip()

    @property
    def ending(self) -> str:
        """Its ending in small letters, without .gz: .csv; "" where it has none."""
        return Path(self.path.name.lower().removesuffix(".gz")).suffix

    def refuse(self, message: str, *, rule: Rule = rules.UNREADABLE, row: int | None = None) -> NoReturn:
        """Raise the error of a file that cannot be read."""
        refuse(self.path, rule, message, row)

    def part(self, whole: str, kind: str, names: Sequence[str], filled: Callable[[], Sequence[str]]) -> str:
        """Return the name of the part to read, such as a sheet: that which `layout` names, or the only one with rows.

        Parameters
        ----------
        whole, kind
            What the file is called, and a part of it: "workbook", "sheet".
        names
            Names of all parts.
        filled
            Returns the names of those that may be meant; called where none is named.

        Raises
        ------
        ConfigurationError
            If there is no such part, or several may be meant.
        SchemaError
            If none has a row.
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
            hint = "write `sheet: NAME` in the column map, beside `task:`; to have a map proposed, --sheet NAME"
            raise ConfigurationError(msg, where=where, hint=hint)
        if not found:
            self.refuse(f"no {kind} of the {whole} has a row", rule=rules.EMPTY)
        return found[0]


_ABOVE = "where lines stand above the names of the columns, `skip: N` in the map, or --skip N, leaves out N of them"


def refuse(path: Path, rule: Rule, note: str, row: int | None = None) -> NoReturn:
    """Raise the error of a file that breaks a rule of files."""
    msg = f"{rule.code}: {rule.meaning}" + (f": {note}" if note else "")
    hint: str | None = rule.fix
    if rule is rules.FOREIGN:
        # What to do with a file of another form is in the note.
        hint = None
    elif rule in {rules.RAGGED, rules.EMPTY}:
        hint = f"{_ABOVE}; else {rule.fix}"
    raise SchemaError(msg, where=Where(str(path), row), hint=hint) from None


def refuse_first(path: Path, errors: Sequence[Finding]) -> None:
    """Raise the error of the first finding, if there is any."""
    if errors:
        spot = errors[0].spots[0]
        refuse(path, errors[0].rule, spot.note, spot.row)


class RawText(TableFile):
    """A raw text file: read as UTF-8, from the line that names the columns.

    Parameters
    ----------
    path
        The file.
    skip
        Lines above that line.
    stream
        Its bytes, where they lie elsewhere than at `path`.
    """

    def __init__(self, path: Path, skip: int = 0, stream: BinaryIO | None = None) -> None:
        if stream is None:
            super().__init__(path)
        else:
            self.path, self.raw = path, stream
        self._skip = skip

    def start(self) -> BinaryIO:
        """Return its bytes in UTF-8 from that line; what was returned before is read no more."""
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
    """Text in UTF-16 as bytes of UTF-8."""

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
                msg = f"it begins as UTF-16, and is cut off or damaged: {error}"
                raise UnreadableError(msg, rule=rules.ENCODING) from None
            if not block:
                break
        taken, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(taken)] = taken
        return len(taken)


class RowCollector:
    """Rows of cells, as a workbook or a database gives them, collected as a table of text.

    Parameters
    ----------
    raw
        The file that they are of.
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
        """Add a row of as many texts as there are columns."""
        self._size += sum(map(len, row)) + 8 * len(row)
        if self._size > TEXT_LIMIT:
            self._raw.refuse(f"its rows come to more than {TEXT_LIMIT:,} bytes", rule=rules.TOO_LARGE)
        self._rows.append(row)
        if len(self._rows) >= CHUNK_ROWS:
            self._flush()

    def _flush(self) -> None:
        # Not by way of names, one of which may stand twice.
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
    """Return a table with the numbers of its rows as the column `ROW`."""
    return table.append_column(ROW, pa.array(np.fromiter(rows, dtype=np.int64, count=table.num_rows)))
