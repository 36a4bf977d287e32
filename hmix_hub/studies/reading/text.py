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
"""What spreadsheets on Windows write where they do not write UTF-8."""

LAST_ENCODING = "latin-1"
"""What reads every byte, some of which `FALLBACK_ENCODING` has no character for."""

_NO_WINDOWS = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_FIRST_PRINTABLE = 32
_BETWEEN_CHARACTERS = (b"", 0)
"""State of a decoder that waits for nothing."""
_SAMPLED = 4096
_DELIMITERS = (b";", b"\t", b"|")
_QUOTED = re.compile(rb'"[^"]*"')


@dataclass(frozen=True)
class TextForm:
    """How a text file is written, as far as it can be known without parsing it.

    Parameters
    ----------
    has_mark
        Whether it begins with a byte order mark.
    encoding
        "utf-8", `FALLBACK_ENCODING` or `LAST_ENCODING`.
    delimiter
        What divides its columns.
    has_returns
        Whether lines end in carriage returns alone.
    is_text
        Whether it can be parsed at all.
    end
        Its last byte that ends no line.
    """

    has_mark: bool = False
    encoding: str = "utf-8"
    delimiter: str = ","
    has_returns: bool = False
    is_text: bool = True
    end: bytes = b""

    @property
    def is_plain(self) -> bool:
        """Whether it is as it should be, but for a byte order mark."""
        return self.is_text and self.encoding == "utf-8" and self.delimiter == "," and not self.has_returns


class TableFile:
    """A file that is opened once, and read from its beginning as often as it takes.

    Raises
    ------
    OSError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw: BinaryIO = path.open("rb")

    def __enter__(self) -> TableFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.raw.close()

    def start(self) -> BinaryIO:
        """Return its bytes from the beginning, through its compression; what was returned before is read no more."""
        self.raw.seek(0)
        return io.BufferedReader(_Inflated(self.raw), CHUNK_BYTES) if self.path.suffix == ".gz" else self.raw

    def blocks(self) -> Iterator[bytes]:
        """Yield its bytes, inflated, a block at a time."""
        stream = self.start()
        while block := stream.read(CHUNK_BYTES):
            yield block


def open_bytes(path: Path) -> BinaryIO:
    """Open a file, through its compression, with a bound on what it may come to."""
    stream: BinaryIO = path.open("rb")
    return io.BufferedReader(_Inflated(stream, is_owner=True), CHUNK_BYTES) if path.suffix == ".gz" else stream


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, inflated, a block at a time."""
    with TableFile(path) as file:
        yield from file.blocks()


class _Inflated(io.RawIOBase):
    """A gzip stream that ends in an error of ours where it is damaged, cut off, or grows beyond measure."""

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
            msg = f"the compressed file is damaged or cut off: {error}"
            raise UnreadableError(msg) from None
        self._size += len(content)
        if self._size > INFLATED_LIMIT:
            msg = f"the compressed file comes to more than {INFLATED_LIMIT} bytes"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        if self._size > INFLATED_FREE + INFLATED_RATIO * self._raw.tell():
            msg = f"the compressed file grows more than {INFLATED_RATIO} times, as no table of judgments does"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        view[: len(content)] = content
        return len(content)


def look_at_text(file: TableFile, name: str, report: Report, *, has_delimiter: bool = True) -> TextForm:
    """Check the bytes of a text file, all of them, before it is parsed.

    Parameters
    ----------
    file, name
        The file, and what findings call it.
    report
        Gets what is wrong.
    has_delimiter
        Whether its columns are divided by one.

    Raises
    ------
    UnreadableError
        If its compression is damaged.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    has_mark = is_utf8 = has_feed = has_return = has_control = False
    head, end = b"", b""
    is_utf8 = True
    # A header is no data row.
    line, headers = 0, int(has_delimiter)
    for number, block in enumerate(file.blocks()):
        if number == 0:
            head = block
            if utf16_of(block):
                report.add(rules.ENCODING, file=name, note="it is UTF-16")
                return TextForm(is_text=False)
            has_mark = block.startswith(codecs.BOM_UTF8)
        control = _CONTROL.search(block) if not has_control and _has_control(block) else None
        if control is not None:
            has_control = True
            row = max(line + block.count(b"\n", 0, control.start()) - headers, 0)
            report.add(rules.CONTROL_CHARACTER, file=name, row=row, note=f"byte {control[0][0]:02X}")
        # What is ASCII need not be decoded, unless it may be the end of what a block before began.
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
        report.add(rules.ENCODING, file=name, row=max(line - headers, 0), note="it ends within a character")
    if has_mark:
        report.add(rules.BYTE_ORDER_MARK, file=name)
    has_returns = has_return and not has_feed
    if has_returns:
        report.add(rules.LINE_ENDINGS, file=name)
    delimiter = _delimiter(head, "\r" if has_returns else "\n") if has_delimiter else ","
    if delimiter != ",":
        report.add(rules.DELIMITER, file=name, note=f"they seem to be divided by {delimiter!r}")
    return TextForm(has_mark, "utf-8" if is_utf8 else _fallback(file), delimiter, has_returns, not has_control, end)


def utf16_of(start: bytes) -> str | None:
    """Return the codec of text in UTF-16, by its byte order mark or its NULs; `None` of any other text."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = start[:_SAMPLED]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    # Of ASCII in UTF-16 every second byte is NUL, and of a few other letters not.
    if min(first, second) or max(first, second) <= 0.4 * len(sample) / 2:
        return None
    return "utf-16-be" if first else "utf-16-le"


def _has_control(block: bytes) -> bool:
    """Whether a block holds a control character; counting is quicker than looking for one."""
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
    # Within quotes, a mark divides nothing.
    header = _QUOTED.sub(b"", head.split(ending.encode(), 1)[0])
    counts = {mark: header.count(mark) for mark in (b",", *_DELIMITERS)}
    best = max(counts, key=lambda mark: counts[mark])
    return best.decode() if counts[best] else ","
