"""Metadata of pictures: places, names, remarks and dates, read without decoding pixels."""

from __future__ import annotations

import re
import warnings
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from hmix_hub.contribute.privacy.patterns import IDENTITIES, masked, masked_name
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.rules import privacy as rules

PICTURE_LIMIT = 100_000
"""Maximum number of pictures that are checked."""
PICTURE_BYTES = 2**28
"""Size from which files are not opened, because they are too large for a stimulus."""
_TEXT_LIMIT = 2**20
_POSITION = re.compile(r"GPS(?:Latitude|Longitude|Position|Dest)", re.IGNORECASE)
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNK_LIMIT = 2**24
"""Maximum bytes that are read of an entry, also after decompression."""
_EXIF, _GPS, _MAKER_NOTE = 0x8769, 0x8825, 0x927C
# Technical entries: size, format, resolution, colours, and offsets of other entries.
_TECHNICAL_RANGES = (
    (0x0100, 0x010A),
    (0x0111, 0x0112),
    (0x0115, 0x011C),
    (0x0128, 0x0128),
    (0x013D, 0x0145),
    (0x0152, 0x0153),
    (0x0201, 0x0202),
    (0x0211, 0x0214),
    (0x9000, 0x9000),
    (0x9101, 0x9101),
    (0xA000, 0xA003),
    (0xA005, 0xA005),
)
_TECHNICAL = {_EXIF, _GPS} | {tag for first, last in _TECHNICAL_RANGES for tag in range(first, last + 1)}

_Entry = tuple[str, str]


def check_pictures(folder: Path, names: Iterable[str], report: Report) -> None:
    """Report pictures with metadata.

    Parameters
    ----------
    folder
        The folder of stimuli.
    names
        Paths of files within it; files that are not pictures are skipped.
    report
        Receives one finding for all pictures, because those of a study often come from one program.
    """
    for name, _ in zip(names, range(PICTURE_LIMIT), strict=False):
        path = folder / name
        if path.stat().st_size > PICTURE_BYTES:
            continue
        known: list[str] = []
        texts: list[str] = []
        for entry, text in _entries_of(path):
            said = _identity(entry, text[:_TEXT_LIMIT])
            if said:
                known.append(said)
            else:
                texts.append(masked_name(entry))
        for rule, notes in ((rules.PICTURE_METADATA, known), (rules.PICTURE_TEXT, texts)):
            if notes:
                report.add(rule, file=STIMULI, value=masked_name(name), note=", ".join(dict.fromkeys(notes)))


def _identity(entry: str, text: str) -> str:
    """Return what an entry certainly reveals; empty if nothing."""
    if _POSITION.search(entry) or _POSITION.search(text):
        return "where it was taken"
    written = pa.array([text.encode("utf-8", "replace").decode()], pa.string())
    for pattern in IDENTITIES:
        (found,) = pattern.finds(written)
        if found is not None:
            return f"{masked_name(entry)} contains {masked(found)}, which looks like {pattern.what}"
    return ""


def _entries_of(path: Path) -> Iterator[_Entry]:
    """Yield the entries of a picture as names and texts; nothing for other files."""
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_PNG))
        # Pillow only reads a PNG's entries after its pixels once it has decoded these.
        found = list(_of_png(path) if start == _PNG else _of_other(path))
    except Exception:
        # Untrusted files break libraries in many ways; pictures that cannot be opened are reported elsewhere.
        return
    yield from found


def _of_other(path: Path) -> Iterator[_Entry]:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path, formats=_FORMATS) as picture:
            yield from _of_exif(picture.getexif())
            for name, value in picture.info.items():
                # Photoshop's block contains captions and names, and is searched as raw text.
                is_text = str(name).lower() in {"comment", "xmp", "photoshop", "description"}
                if is_text and (text := _text(value)):
                    yield str(name), text


def _of_exif(exif: Any) -> Iterator[_Entry]:
    from PIL import ExifTags

    # A version alone is not a position.
    if set(exif.get_ifd(_GPS)) - {0}:
        yield "GPSPosition", "GPS"
    for tag, value in [*exif.items(), *exif.get_ifd(_EXIF).items()]:
        if tag not in _TECHNICAL and (text := _text(value)):
            # Maker notes are binary and can look like anything.
            yield str(ExifTags.TAGS.get(tag, tag)), "" if tag == _MAKER_NOTE else text


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(map(_text, value.values()))
    if isinstance(value, bytes):
        # Windows writes its own entries in UTF-16.
        encoding = "utf-16-le" if len(value) > 1 and not any(value[1::2]) else "utf-8"
        value = value.decode(encoding, "replace")
    return str(value).replace("\0", " ").strip()


def _of_png(path: Path) -> Iterator[_Entry]:
    from PIL import Image

    for kind, content in _chunks(path):
        if kind == b"eXIf":
            exif = Image.Exif()
            exif.load(content)
            yield from _of_exif(exif)
        elif kind == b"tIME":
            yield "tIME", "the time of its last modification"
        else:
            name, _, rest = content.partition(b"\0")
            yield from _of_text(name.decode("latin-1"), _png_text(kind, rest))


def _of_text(name: str, text: str) -> Iterator[_Entry]:
    from PIL import Image

    if name.lower() in {"raw profile type exif", "raw profile type app1"}:
        # ImageMagick writes EXIF as lines of hex digits, after two header lines.
        exif = Image.Exif()
        exif.load(bytes.fromhex("".join(text.strip().split("\n")[2:])))
        yield from _of_exif(exif)
    else:
        yield name, text


def _png_text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return rest.decode("latin-1")
    if kind == b"zTXt":
        return _inflated(rest[1:]).decode("latin-1")
    is_compressed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.split(b"\0", 2)[-1]
    return (_inflated(text) if is_compressed else text).decode("utf-8", "replace")


def _inflated(content: bytes) -> bytes:
    return zlib.decompressobj().decompress(content, _CHUNK_LIMIT)


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks of a PNG except its pixels, as type and content."""
    with path.open("rb") as stream:
        stream.seek(len(_PNG))
        while len(head := stream.read(8)) == 8:
            size, kind = int.from_bytes(head[:4]), head[4:]
            following = stream.tell() + size + 4
            if kind in {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"}:
                content = stream.read(min(size, _CHUNK_LIMIT))
                if not content:
                    return
                yield kind, content
            stream.seek(following)
