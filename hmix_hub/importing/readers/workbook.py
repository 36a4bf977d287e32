"""Excel workbooks (.xlsx), read with openpyxl: values of cells within size limits, without evaluating formulas."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from hmix_hub.errors import ConfigurationError, HMixError, Where, first_line
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.readers.raw_file import RawFile, RowCollector
from hmix_hub.studies.reading.chunks import UnreadableError
from hmix_hub.studies.rules import files as rules

_ENDINGS = (".xlsx", ".xlsm")
_PART_LIMIT = 2**24
"""Maximum size in bytes of a part that is held in memory, such as the list of sheets."""
_ROW_BYTES = 2**22
"""Maximum number of bytes between the ends of two rows, or of two texts."""
_INFLATED_LIMIT = 2**30
_RATIO, _FREE = 200, 2**24
"""Maximum ratio of decompressed to compressed size of a part, beyond the first bytes; sheets reach twenty."""
_ROWS, _CELLS = 2**20, 10**8
"""Maximum number of rows of a sheet, as in Excel, and of cells, including empty ones."""
_ENDS = (b"row>", b"si>")


def is_workbook(raw: RawFile) -> bool:
    """Return whether a file is a workbook, from the content of its archive."""
    if not raw.head.startswith(b"PK\x03\x04") or raw.is_compressed:
        return False
    try:
        with zipfile.ZipFile(raw.path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def read_workbook(raw: RawFile, outcome: Outcome) -> pa.Table:
    """Read the sheet of a workbook given by `layout`, or the only one with rows."""
    if raw.ending not in _ENDINGS:
        raw.refuse("an Excel workbook: rename it to end in .xlsx", rule=rules.FOREIGN)
    try:
        from openpyxl.reader.excel import ExcelReader
    except ImportError:
        msg = "reading an Excel workbook needs openpyxl"
        hint = 'install it: pip install "hmix-hub[xlsx]"; or save the sheet with the rows as CSV UTF-8'
        raise ConfigurationError(msg, where=Where(str(raw.path)), hint=hint) from None
    try:
        # Ignore warnings about pictures, styles and validations, which are not needed.
        with warnings.catch_warnings(), raw.path.open("rb") as stream:
            warnings.simplefilter("ignore")
            reader = ExcelReader(stream, read_only=True, data_only=True, keep_links=False)
            reader.archive = _Parts(stream)
            reader.read()
            sheet = _sheet(raw, reader.wb)
            table = _read_sheet(raw, sheet)
    except HMixError:
        raise
    except UnreadableError as error:
        raw.refuse(str(error), rule=error.rule)
    except Exception as error:  # openpyxl raises any type for damaged files
        raw.refuse(f"not a complete Excel workbook: {first_line(error)}")
    if len(reader.wb.sheetnames) > 1:
        outcome.remark(raw.path, f"its sheet {sheet.title!r} was read")
    return table


class _Parts(zipfile.ZipFile):
    """The archive of a workbook, whose parts are read within size limits."""

    def open(self, name: Any, *args: Any, **options: Any) -> Any:
        info = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        size = info.file_size
        if size > min(_INFLATED_LIMIT, _FREE + _RATIO * info.compress_size):
            msg = f"{info.filename} in it grows from {info.compress_size:,} to {size:,} bytes, unlike any table"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        return _Part(super().open(name, *args, **options), info)


class _Part(io.RawIOBase):
    """A part of a workbook: either small, or with small rows."""

    def __init__(self, stream: Any, info: zipfile.ZipInfo) -> None:
        self._stream, self._info = stream, info
        self._since_end = 0
        self._last = b""

    def read(self, size: int | None = -1) -> bytes:
        if (size is None or size < 0) and self._info.file_size > _PART_LIMIT:
            msg = f"{self._info.filename} in it has {self._info.file_size:,} bytes"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        block: bytes = self._stream.read(size)
        # A row is held in memory.
        found = max((self._last + block).rfind(end) for end in _ENDS)
        self._since_end = 0 if found >= 0 else self._since_end + len(block)
        self._last = block[-4:]
        if self._since_end > max(_ROW_BYTES, _PART_LIMIT if self._info.file_size <= _PART_LIMIT else 0):
            msg = f"{self._info.filename} in it has a row or text of more than {_ROW_BYTES:,} bytes"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        return block

    def close(self) -> None:
        self._stream.close()
        super().close()


def _sheet(raw: RawFile, workbook: Any) -> Any:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets if hasattr(sheet, "iter_rows")}
    for sheet in sheets.values():
        sheet.reset_dimensions()

    def filled() -> list[str]:
        return [name for name, sheet in sheets.items() if sheet.sheet_state == "visible" and _has_rows(sheet)]

    return sheets[raw.part("workbook", "sheet", list(sheets), filled)]


def _has_rows(sheet: Any) -> bool:
    """Return whether at least two rows are not empty."""
    filled = (row for row in _rows(sheet) if any(map(_text, row)))
    return next(filled, None) is not None and next(filled, None) is not None


def _rows(sheet: Any) -> Iterator[Sequence[Any]]:
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        cells += len(row)
        if number >= _ROWS or cells > _CELLS:
            msg = f"the sheet {sheet.title!r} has more than {_ROWS:,} rows or {_CELLS:,} cells"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        yield row


def _read_sheet(raw: RawFile, sheet: Any) -> pa.Table:
    rows = _rows(sheet)
    for _ in range(raw.layout.skip):
        next(rows, None)
    names = [_text(value) for value in next(rows, ())]
    while names and not names[-1]:
        names.pop()
    if not any(names):
        raw.refuse(f"the first row of the sheet {sheet.title!r} has no column names", rule=rules.EMPTY)
    collector = RowCollector(raw, names)
    left_out = max(raw.layout.header - 1, 0)
    for number, row in enumerate(rows):
        texts = list(map(_text, row))
        if any(texts[len(names) :]):
            raw.refuse(f"{len(texts)} cells under {len(names)} columns", rule=rules.RAGGED, row=number)
        texts = texts[: len(names)]
        if number >= left_out:
            collector.add(texts + [""] * (len(names) - len(texts)))
    return collector.table(left_out)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        # Write integers without a decimal point, even if computed.
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
