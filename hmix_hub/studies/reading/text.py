"""Text files before they are parsed: encoding, byte order mark, line endings, delimiter, compression."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.chunks import CHUNK_BYTES, INFLATED_FREE, INFLATED_LIMIT, INFLATED_RATIO, UnreadableError
from hmix_hub.studies.rules import files as rules

FALLBACK_ENCODING = "cp1252"
"""Encoding of spreadsheets on Windows that do not write UTF-8."""

LAST_ENCODING = "latin-1"
"""Encoding that accepts every byte; `FALLBACK_ENCODING` does not define all."""

_NO_WINDOWS = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_FIRST_PRINTABLE = 32
_BETWEEN_CHARACTERS = (b"", 0)
"""State of a decoder between characters."""
_SAMPLED = 4096
_DELIMITERS = (b";", b"\t", b"|")
_QUOTED = re.compile(rb'"[^"]*"')


@dataclass(frozen=True)
class TextForm:
    """Format of a text file, as far as it can be determined without parsing it.

    Parameters
    ----------
    has_mark
        Whether the file begins with a byte order mark.
    encoding
        "utf-8", `FALLBACK_ENCODING` or `LAST_ENCODING`.
    delimiter
        Separator of columns.
    has_returns
        Whether lines end in carriage returns without line feeds.
    is_text
        Whether the file can be parsed.
    end
        Last byte that is not a line ending.
    """

    has_mark: bool = False
    encoding: str = "utf-8"
    delimiter: str = ","
    has_returns: bool = False
    is_text: bool = True
    end: bytes = b""

    @property
    def is_plain(self) -> bool:
        """Return whether the format is as expected, except for a byte order mark."""
        return self.is_text and self.encoding == "utf-8" and self.delimiter == "," and not self.has_returns


class TableFile:
    """A file that is opened once and can be read repeatedly from its beginning.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw: BinaryIO = path.open("rb")

    def __enter__(self) -> TableFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.raw.close()

    def start(self) -> BinaryIO:
        """Return a stream of the decompressed bytes from the beginning; earlier streams must not be used any more."""
        self.raw.seek(0)
        return io.BufferedReader(_Inflated(self.raw), CHUNK_BYTES) if self.path.suffix == ".gz" else self.raw

    def blocks(self) -> Iterator[bytes]:
        """Yield the decompressed bytes in blocks."""
        stream = self.start()
        while block := stream.read(CHUNK_BYTES):
            yield block


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading decompressed bytes, with a limit on their size."""
    stream: BinaryIO = path.open("rb")
    return io.BufferedReader(_Inflated(stream, is_owner=True), CHUNK_BYTES) if path.suffix == ".gz" else stream


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the decompressed bytes of a file in blocks."""
    with TableFile(path) as file:
        yield from file.blocks()


class _Inflated(io.RawIOBase):
    """A gzip stream that raises `UnreadableError` if it is damaged, truncated or too large."""

    def __init__(self, stream: BinaryIO, *, is_owner: bool = False) -> None:
        self._raw, self._is_owner = stream, is_owner
        self._stream = gzip.GzipFile(fileobj=stream)
        self._size = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()
        if self._is_owner:
            self._raw.close()
        super().close()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            content = self._stream.read(min(len(view), 2**20))
        except (OSError, EOFError, zlib.error) as error:
            msg = f"the compressed file is damaged or truncated: {error}"
            raise UnreadableError(msg) from None
        self._size += len(content)
        if self._size > INFLATED_LIMIT:
            msg = f"the file has more than {INFLATED_LIMIT} bytes after decompression"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        if self._size > INFLATED_FREE + INFLATED_RATIO * self._raw.tell():
            msg = f"the file grows more than {INFLATED_RATIO} times when decompressed, unlike any table of judgments"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        view[: len(content)] = content
        return len(content)


def look_at_text(file: TableFile, name: str, report: Report, *, has_delimiter: bool = True) -> TextForm:
    """Check all bytes of a text file before it is parsed.

    Parameters
    ----------
    file, name
        The file, and its name in findings.
    report
        Receives the findings.
    has_delimiter
        Whether a delimiter separates columns.

    Raises
    ------
    UnreadableError
        If the compressed data are damaged.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    has_mark = is_utf8 = has_feed = has_return = has_control = False
    head, end = b"", b""
    is_utf8 = True
    # The header is not a data row.
    line, headers = 0, int(has_delimiter)
    for number, block in enumerate(file.blocks()):
        if number == 0:
            head = block
            if utf16_of(block):
                report.add(rules.ENCODING, file=name, note="the file is UTF-16")
                return TextForm(is_text=False)
            has_mark = block.startswith(codecs.BOM_UTF8)
        control = _CONTROL.search(block) if not has_control and _has_control(block) else None
        if control is not None:
            has_control = True
            row = max(line + block.count(b"\n", 0, control.start()) - headers, 0)
            report.add(rules.CONTROL_CHARACTER, file=name, row=row, note=f"byte {control[0][0]:02X}")
        # ASCII need not be decoded, unless the previous block ended within a character.
        if is_utf8 and not (block.isascii() and decoder.getstate() == _BETWEEN_CHARACTERS):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                is_utf8 = False
                bad = error.object[error.start]
                row = max(line + error.object.count(b"\n", 0, error.start) - headers, 0)
                report.add(rules.ENCODING, file=name, row=row, note=f"byte {bad:02X}")
        line += block.count(b"\n")
        end = block.rstrip(b"\r\n")[-1:] or end
        has_feed = has_feed or b"\n" in block
        has_return = has_return or b"\r" in block
    if is_utf8 and _is_cut(decoder):
        is_utf8 = False
        report.add(rules.ENCODING, file=name, row=max(line - headers, 0), note="the file ends within a character")
    if has_mark:
        report.add(rules.BYTE_ORDER_MARK, file=name)
    has_returns = has_return and not has_feed
    if has_returns:
        report.add(rules.LINE_ENDINGS, file=name)
    delimiter = _delimiter(head, "\r" if has_returns else "\n") if has_delimiter else ","
    if delimiter != ",":
        report.add(rules.DELIMITER, file=name, note=f"the separator seems to be {delimiter!r}")
    return TextForm(has_mark, "utf-8" if is_utf8 else _fallback(file), delimiter, has_returns, not has_control, end)


def utf16_of(start: bytes) -> str | None:
    """Return the codec of UTF-16 text, detected by its byte order mark or NULs; `None` for other text."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = start[:_SAMPLED]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    # Every second byte of ASCII in UTF-16 is NUL; a few other letters may occur.
    if min(first, second) or max(first, second) <= 0.4 * len(sample) / 2:
        return None
    return "utf-16-be" if first else "utf-16-le"


def _has_control(block: bytes) -> bool:
    """Return whether a block contains a control character; counting is faster than searching."""
    codes = np.frombuffer(block, np.uint8)
    allowed = sum(np.count_nonzero(codes == code) for code in b"\t\n\r")
    return bool(np.count_nonzero(codes < _FIRST_PRINTABLE) > allowed) or b"\x7f" in block


def _fallback(file: TableFile) -> str:
    is_windows = all(len(block.translate(None, _NO_WINDOWS)) == len(block) for block in file.blocks())
    return FALLBACK_ENCODING if is_windows else LAST_ENCODING


def _is_cut(decoder: codecs.IncrementalDecoder) -> bool:
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return True
    return False


def _delimiter(head: bytes, ending: str) -> str:
    # Ignore separators within quotes.
    header = _QUOTED.sub(b"", head.split(ending.encode(), 1)[0])
    counts = {mark: header.count(mark) for mark in (b",", *_DELIMITERS)}
    best = max(counts, key=lambda mark: counts[mark])
    return best.decode() if counts[best] else ","
