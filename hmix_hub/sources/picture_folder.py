"""Folders of pictures: the image set of a contributed study, which anybody may have made."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, SourceMissingError, Where
from hmix_hub.schema.vocabulary import Vocabulary
from hmix_hub.sources.arrays import cached_array
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.picture_file import decode_picture

LIST = "images.csv"
COLUMNS = ("file", "label")
FILE_LIMIT = 64 * 2**20
ARRAY_LIMIT = 8 * 2**30

_FORMAT = b"picture folder 1\n"
_LIST_HINT = f"{LIST} has the columns file,label, and one row per picture, in the order of their indices"


@dataclass(frozen=True)
class _Entry:
    """A row of the list: the file's name in it, the file it stands for, and its label."""

    name: str
    path: Path
    label: str


def open_picture_folder(folder: str | os.PathLike[str], name: str) -> ImageSet:
    """Open a folder of pictures as an image set.

    The folder holds `images.csv`, with the columns `file` and `label`: its rows, in order, are the set's indices.
    Pictures are PNG, JPEG, WebP or BMP, opaque, upright, and all of one size. They are decoded once, and kept in the
    cache folder under a name that the list and every picture decide.

    Parameters
    ----------
    folder
        The folder; pictures may lie in folders within it, and nowhere else.
    name
        The name that stimuli call the set by.

    Returns
    -------
    ImageSet
        uint8 (M, 3, height, width); its vocabulary are the labels, in the order of their first appearance.

    Raises
    ------
    SourceMissingError
        If the folder, the list or a picture is missing.
    SourceError
        If the list or a picture is not what it should be; the message names file and row.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    content = _read_list(root)
    entries = list(_entries(content, root))
    fingerprint = _fingerprint(content, entries)
    vocabulary = _vocabulary(entries, root)
    path = cached_array(f"folder-{fingerprint}.npy", lambda: _decode(content, entries, fingerprint))
    labels = np.array([vocabulary.code(entry.label) for entry in entries], dtype=np.int64)
    return ImageSet(name, path, labels, vocabulary, fingerprint[:16])


def files_of(folder: str | os.PathLike[str]) -> list[str]:
    """Give the files that make a folder of pictures: its list, and each picture that the list names, once.

    Raises
    ------
    SourceMissingError, SourceError
        As `open_picture_folder` does, of the list.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    return [LIST, *dict.fromkeys(entry.name for entry in _entries(_read_list(root), root))]


def _read_list(root: Path) -> bytes:
    if not root.is_dir():
        msg = "there is no such folder"
        raise SourceMissingError(msg, where=Where(str(root)), hint=f"name a folder that holds {LIST} and its pictures")
    return _read(root / LIST, Where(str(root / LIST)), _LIST_HINT)


def _read(path: Path, where: Where, hint: str) -> bytes:
    """Read a file of at most `FILE_LIMIT` bytes."""
    # Opening a pipe would wait for ever.
    if not path.is_file():
        msg = "this is not a file" if path.exists() else "the file is missing"
        raise SourceMissingError(msg, where=where, hint=hint)
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError as error:
        msg = f"the file cannot be read: {error.strerror or error}"
        raise SourceMissingError(msg, where=where, hint=hint) from None
    if len(content) > FILE_LIMIT:
        msg = f"the file is larger than {FILE_LIMIT} bytes"
        raise SourceError(msg, where=where, hint=hint)
    return content


def _entries(content: bytes, root: Path) -> Iterator[_Entry]:
    file = str(root / LIST)
    row = -1
    for row, (name, label) in enumerate(_cells(content, file)):
        for column, cell in zip(COLUMNS, (name, label), strict=True):
            if not cell.strip():
                msg = f"no {column} is given"
                raise SourceError(msg, where=Where(file, row, column), hint=_LIST_HINT)
        yield _Entry(name, _inside(name, root, Where(file, row, "file")), label.strip())
    if row < 0:
        msg = "the list names no picture"
        raise SourceError(msg, where=Where(file), hint=_LIST_HINT)


def _cells(content: bytes, file: str) -> Iterator[tuple[str, str]]:
    """Give file and label of each row, "" where a row is too short."""
    row = -1
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        for column in COLUMNS:
            if header.count(column) != 1:
                msg = f"expected one column {column}, found {header.count(column)} in the header {','.join(header)!r}"
                raise SourceError(msg, where=Where(file, column=column), hint=_LIST_HINT)
        at, of = (header.index(column) for column in COLUMNS)
        # A line that is empty is no row.
        for row, cells in enumerate(filter(None, rows)):
            if len(cells) > len(header):
                msg = f"{len(cells)} cells under {len(header)} columns"
                raise SourceError(msg, where=Where(file, row), hint="quote cells that hold a comma")
            whole = cells + [""] * (len(header) - len(cells))
            yield whole[at], whole[of]
    except (csv.Error, UnicodeDecodeError) as error:
        msg = f"not a CSV file in UTF-8: {error}"
        raise SourceError(msg, where=Where(file, row + 1), hint=_LIST_HINT) from None


def _inside(name: str, root: Path, where: Where) -> Path:
    """Give the path of a file, which must lie in the folder once all links are followed."""
    hint = "name files by their path within the folder, with / between its parts, and copy there what lies elsewhere"
    is_absolute = PurePosixPath(name).is_absolute() or bool(PureWindowsPath(name).anchor)
    if is_absolute or "\\" in name or "\0" in name or ".." in PurePosixPath(name).parts:
        msg = f"{name!r} is not a plain path within the folder"
        raise SourceError(msg, where=where, hint=hint)
    try:
        path = (root / name).resolve(strict=True)
    except (OSError, RuntimeError):
        msg = f"{name!r} is missing"
        raise SourceMissingError(msg, where=where, hint=f"put it beside {LIST}, or take the row out") from None
    if not path.is_relative_to(root.resolve()):
        msg = f"{name!r} leads out of the folder"
        raise SourceError(msg, where=where, hint=hint)
    return path


def _vocabulary(entries: list[_Entry], root: Path) -> Vocabulary:
    first: dict[str, tuple[str, int]] = {}
    for row, entry in enumerate(entries):
        label, before = first.setdefault(entry.label.lower(), (entry.label, row))
        if label != entry.label:
            msg = f"the label {entry.label!r} is written {label!r} in row {before}"
            raise SourceError(msg, where=Where(str(root / LIST), row, "label"), hint="write each label in one way")
    return Vocabulary(tuple(label for label, _ in first.values()))


def _where(entry: _Entry, row: int) -> Where:
    return Where(str(entry.path), row)


def _content_of(entry: _Entry, row: int) -> bytes:
    return _read(entry.path, _where(entry, row), f"put the picture {entry.name!r} there, or take it out of {LIST}")


def _fingerprint(content: bytes, entries: list[_Entry]) -> str:
    """Hash the list and every picture, 64 hex digits."""
    whole = hashlib.sha256(_FORMAT + hashlib.sha256(content).digest())
    for row, entry in enumerate(entries):
        whole.update(hashlib.sha256(_content_of(entry, row)).digest())
    return whole.hexdigest()


def _decode(content: bytes, entries: list[_Entry], fingerprint: str) -> npt.NDArray[np.uint8]:
    """Decode all pictures, uint8 (M, 3, height, width), if they still are what was hashed."""
    whole = hashlib.sha256(_FORMAT + hashlib.sha256(content).digest())
    pictures: npt.NDArray[np.uint8] | None = None
    for row, entry in enumerate(entries):
        picture_file = _content_of(entry, row)
        whole.update(hashlib.sha256(picture_file).digest())
        picture = decode_picture(picture_file, _where(entry, row)).transpose(2, 0, 1)
        if pictures is None:
            pictures = _room(len(entries), picture.shape, _where(entry, row))
        if picture.shape != pictures.shape[1:]:
            msg = f"{_size(picture.shape)}, but row 0 is {_size(pictures.shape[1:])}"
            raise SourceError(msg, where=_where(entry, row), hint="pictures that are mixed are all of one size")
        pictures[row] = picture
    if pictures is None or whole.hexdigest() != fingerprint:
        msg = "the pictures changed while they were read"
        raise SourceError(msg, hint="open the folder again once nothing writes to it")
    return pictures


def _room(number: int, shape: tuple[int, ...], where: Where) -> npt.NDArray[np.uint8]:
    """Make an empty array for pictures, unless it would be larger than `ARRAY_LIMIT` bytes."""
    if number * int(np.prod(shape)) > ARRAY_LIMIT:
        msg = f"{number} pictures of {_size(shape)} take more than {ARRAY_LIMIT} bytes"
        raise SourceError(msg, where=where, hint="make the pictures smaller, or split the set")
    return np.empty((number, *shape), dtype=np.uint8)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[2]} x {shape[1]}"
