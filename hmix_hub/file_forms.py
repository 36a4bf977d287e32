"""Detection of files that are not text tables, by their first bytes: what a file is, and what to do with it."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import BinaryIO

_HEAD = 2**16


@dataclass(frozen=True)
class FileForm:
    """File format.

    Parameters
    ----------
    what
        Name, with its article.
    advice
        What to do with it.
    """

    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.what}: {self.advice}"


def _exported(what: str, by: str) -> FileForm:
    return FileForm(what, f"export the table as CSV in UTF-8 with {by}")


_SHEET = "open it and save the sheet with the rows as CSV UTF-8"
_UNPACK = "unpack it, and give the files in it"
_NO_TABLE = "it holds no table: export the data as CSV"
_EXCEL, _EXCEL_97 = FileForm("an Excel workbook", _SHEET), FileForm("an Excel workbook from before 2007", _SHEET)
_R = FileForm("an R file", "write the data frame with write.csv(x, file, row.names = FALSE, fileEncoding = 'UTF-8')")
_SAS = _exported("a SAS file", "PROC EXPORT, R's haven, or pandas.read_sas")
_SPSS = _exported("an SPSS file", "SPSS (File, Export), R's haven, or pandas.read_spss")
_STATA = _exported("a Stata file", "`export delimited`, R's haven, or pandas.read_stata")
_GZIP = FileForm("a gzip-compressed file", "rename it to end in .csv.gz or .jsonl.gz")
_ZIP = FileForm("a ZIP archive", _UNPACK)
_TAR = FileForm("a tar archive", _UNPACK)
_JSON = FileForm(
    "JSON", "rename it to end in .json and import it, or write one object per line and rename it to end in .jsonl"
)
_LINES = "a JSON array, not JSON lines"
_ARRAY = FileForm(_LINES, "rename it to end in .json and import it, or write one object per line")

_STARTS: tuple[tuple[bytes, FileForm], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _EXCEL_97),
    (b"$FL2@(#)", _SPSS),
    (b"$FL3@(#)", _SPSS),
    (b"<stata_dta>", _STATA),
    (b"\0" * 12 + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92", _SAS),
    (b"HEADER RECORD*******LIB", _SAS),
    (b"RDX2\n", _R),
    (b"RDX3\n", _R),
    (b"RDA3\n", _R),
    (b"X\n\0\0\0", _R),
    (b"SQLite format 3\0", FileForm("an SQLite database", "export its table with `sqlite3 -header -csv FILE`")),
    (b"PAR1\x15", FileForm("a Parquet file", "rename it to end in .parquet")),
    (b"ARROW1\0", _exported("an Arrow (Feather) file", "pandas.read_feather")),
    (b"FEA1\0", _exported("a Feather file", "pandas.read_feather")),
    (b"\x89HDF\r\n\x1a\n", _exported("an HDF5 file", "h5py, pandas.read_hdf, or MATLAB's writetable")),
    (b"MATLAB 5.0 MAT-file", _exported("a MATLAB file", "writetable, or scipy.io.loadmat and pandas")),
    (b"MATLAB 7.3 MAT-file", _exported("a MATLAB file", "writetable, or h5py and pandas")),
    (b"\x93NUMPY", FileForm("a NumPy array", "rename it to end in .npy and import it")),
    (b"%PDF-", FileForm("a PDF document", _NO_TABLE)),
    (b"{\\rtf", FileForm("an RTF document", _NO_TABLE)),
    (b"\x89PNG\r\n", FileForm("a PNG picture", _NO_TABLE)),
    (b"\xff\xd8\xff", FileForm("a JPEG picture", _NO_TABLE)),
    (b"BZh91AY&SY", FileForm("a bzip2-compressed file", _UNPACK)),
    (b"\xfd7zXZ\0", FileForm("an xz-compressed file", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", FileForm("a Zstandard-compressed file", _UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", FileForm("a 7z archive", _UNPACK)),
    (b"Rar!\x1a\x07", FileForm("a RAR archive", _UNPACK)),
)
_IN_ZIP: tuple[tuple[bytes, FileForm], ...] = (
    (b"xl/", _EXCEL),
    (b"opendocument.spreadsheet", FileForm("a LibreOffice (OpenDocument) spreadsheet", _SHEET)),
    (b"Index/Document.iwa", FileForm("an Apple Numbers spreadsheet", _SHEET)),
    (b"word/", FileForm("a Word document", _NO_TABLE)),
    (b"opendocument.text", FileForm("an OpenDocument text", _NO_TABLE)),
    (b".npy", _exported("a NumPy archive", "numpy.load and pandas")),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05](?:\x95|[c}\]q(])")
_OLD_STATA = re.compile(rb"[\x69-\x73][\x01\x02]\x01\x00", re.DOTALL)
_BEGINS_JSON = re.compile(rb'\s*(?:\[\s*(?:[\[{"\d]|\Z|\]\s*(?:[\[{]|\Z))|\{\s*")')
_MARKUP: tuple[tuple[bytes, FileForm], ...] = (
    (b"<!doctype html", FileForm("a web page (HTML)", "download the data again; this may be a login page")),
    (b"<html", FileForm("a web page (HTML)", "download the data again; this may be a login page")),
    (b"<?xml", _exported("an XML file", "the program that wrote it")),
)


def foreign_form(stream: BinaryIO, name: str) -> FileForm | None:
    """Return the format of a file if it contradicts the file's name; `None` if it does not.

    Parameters
    ----------
    stream
        The file, from its beginning.
    name
        Its name, ending in .csv, .jsonl or another extension for text, .json or .parquet, optionally followed by .gz.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    head = stream.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        stream.seek(max(stream.seek(0, io.SEEK_END) - _HEAD, 0))
        return _zipped(head + stream.read(_HEAD))
    endings = name.lower()
    is_compressed = head.startswith(b"\x1f\x8b")
    inner = _inflated(head) if is_compressed else head
    form = _binary(inner) or _text(inner, endings.removesuffix(".gz"))
    if is_compressed and form not in {_R, _TAR} and not endings.endswith(".gz"):
        return _GZIP
    is_parquet = endings.endswith(".parquet") and head.startswith(b"PAR1")
    return None if is_parquet else form


def begins_json(start: bytes) -> bool:
    """Whether the beginning of a text looks like JSON: a non-empty array, or an object."""
    return _BEGINS_JSON.match(start) is not None


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(head, 1024)
    except zlib.error:
        return b""


def _zipped(content: bytes) -> FileForm:
    return next((form for mark, form in _IN_ZIP if mark in content), _ZIP)


def _binary(head: bytes) -> FileForm | None:
    known = next((form for start, form in _STARTS if head.startswith(start)), None)
    if known is not None:
        return known
    if _PICKLE.match(head):
        return _exported("a Python pickle, which can run code and is never opened", "the program that wrote it")
    if head[257:262] == b"ustar":
        return _TAR
    return _STATA if _OLD_STATA.match(head) else None


def _text(head: bytes, endings: str) -> FileForm | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    markup = next((form for mark, form in _MARKUP if start[: len(mark)].lower() == mark), None)
    if markup is not None or endings.endswith((".json", ".parquet")) or not begins_json(start):
        return markup
    if endings.endswith(".jsonl"):
        return _ARRAY if start.startswith(b"[") else None
    return _JSON
