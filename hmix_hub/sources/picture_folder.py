"""Folders of pictures: the image set of a contributed study, and the list in it; anybody may have made them."""

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
from hmix_hub.file_forms import foreign_form
from hmix_hub.schema.vocabulary import Vocabulary
from hmix_hub.sources.arrays import cached_array
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.picture_file import decode_picture

_FORMAT = b"picture folder 1\n"
FILE_LIMIT = 64 * 2**20
ARRAY_LIMIT = 8 * 2**30
PICTURES_LIMIT = 1_000_000
"""Most pictures that a list may name."""


@dataclass(frozen=True)
class ListForm:
    """Form of a list.

    Parameters
    ----------
    file
        Name of the list in its folder.
    label
        Column of what a picture is called, beside the column `file`.
    """

    file: str
    label: str

    @property
    def columns(self) -> tuple[str, str]:
        """The columns that it has, among others."""
        return "file", self.label

    @property
    def hint(self) -> str:
        """What it should be."""
        return f"{self.file} has the columns file,{self.label}, and one row per picture, in the order of their indices"


IMAGES = ListForm("images.csv", "label")
"""List of an image set: its rows, in order, are the indices."""
MIXTURES = ListForm("mixtures.csv", "stimulus_id")
"""List of mixtures as people saw them."""


@dataclass(frozen=True)
class Entry:
    """A row of a list: the file's name in it, the file it stands for, and its label."""

    name: str
    path: Path
    label: str


def open_picture_folder(folder: str | os.PathLike[str], name: str, form: ListForm = IMAGES) -> ImageSet:
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
    form
        Name and columns of the list: `MIXTURES` for a list of mixtures, whose labels are stimulus ids.

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
    content = read_list(root, form)
    entries = list(entries_of(content, root, form))
    digests = _digests(entries)
    whole = hashlib.sha256(_FORMAT + hashlib.sha256(content).digest())
    whole.update(b"".join(digests[entry.path] for entry in entries))
    fingerprint = whole.hexdigest()
    vocabulary = _vocabulary(entries, root, form)
    path = cached_array(f"folder-{fingerprint}.npy", lambda: _decode(entries, digests))
    return ImageSet(name, path, _labels(entries, vocabulary), vocabulary, fingerprint[:16])


def _vocabulary(entries: list[Entry], root: Path, form: ListForm) -> Vocabulary:
    first: dict[str, tuple[str, int]] = {}
    for row, entry in enumerate(entries):
        label, before = first.setdefault(entry.label.lower(), (entry.label, row))
        if label != entry.label:
            msg = f"the label {entry.label!r} is written {label!r} in row {before}"
            where = Where(str(root / form.file), row, form.label)
            raise SourceError(msg, where=where, hint="write each label in one way")
    return Vocabulary(tuple(label for label, _ in first.values()))


def _content_of(entry: Entry, row: int) -> bytes:
    hint = f"put the picture {entry.name!r} there, or take it out of the list"
    return read_file(entry.path, Where(str(entry.path), row), hint)


def _digests(entries: list[Entry]) -> dict[Path, bytes]:
    """Return the hash of every picture; each file is read once."""
    digests: dict[Path, bytes] = {}
    for row, entry in enumerate(entries):
        if entry.path not in digests:
            digests[entry.path] = hashlib.sha256(_content_of(entry, row)).digest()
    return digests


def _decode(entries: list[Entry], digests: dict[Path, bytes]) -> npt.NDArray[np.uint8]:
    """Decode all pictures, uint8 (M, 3, height, width), if they still are what was hashed."""
    pictures = np.empty((0, 3, 0, 0), dtype=np.uint8)
    first: dict[Path, int] = {}
    for row, entry in enumerate(entries):
        if entry.path in first:
            pictures[row] = pictures[first[entry.path]]
            continue
        content, where = _content_of(entry, row), Where(str(entry.path), row)
        if hashlib.sha256(content).digest() != digests[entry.path]:
            msg = "the pictures changed while they were read"
            raise SourceError(msg, where=where, hint="open the folder again once nothing writes to it")
        picture = decode_picture(content, where).transpose(2, 0, 1)
        if not first:
            pictures = _room(len(entries), picture.shape, where)
        if picture.shape != pictures.shape[1:]:
            msg = f"{_size(picture.shape)}, but row 0 is {_size(pictures.shape[1:])}"
            raise SourceError(msg, where=where, hint="pictures that are mixed are all of one size")
        pictures[row], first[entry.path] = picture, row
    return pictures


def _room(number: int, shape: tuple[int, ...], where: Where) -> npt.NDArray[np.uint8]:
    """Return an empty array for pictures, unless it would be larger than `ARRAY_LIMIT` bytes."""
    if number * int(np.prod(shape)) > ARRAY_LIMIT:
        msg = f"{number} pictures of {_size(shape)} take more than {ARRAY_LIMIT} bytes"
        raise SourceError(msg, where=where, hint="make the pictures smaller, or split the set")
    return np.empty((number, *shape), dtype=np.uint8)


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[2]} x {shape[1]}"


def files_of(folder: str | os.PathLike[str], form: ListForm = IMAGES) -> list[str]:
    """Return the files that make a folder of pictures: its list, and each picture that the list names, once.

    Raises
    ------
    SourceMissingError, SourceError
        As `open_picture_folder` does, of the list.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    return [form.file, *dict.fromkeys(entry.name for entry in entries_of(read_list(root, form), root, form))]


@dataclass(frozen=True)
class PictureList:
    """A list of M pictures: names of their files and labels, int64 (M,), in a vocabulary."""

    names: list[str]
    labels: npt.NDArray[np.int64]
    vocabulary: Vocabulary


def read_picture_list(folder: str | os.PathLike[str], form: ListForm = IMAGES) -> PictureList:
    """Read the list of a folder of pictures, none of which is opened.

    Raises
    ------
    SourceMissingError, SourceError
        As `open_picture_folder` does, of the list.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    entries = list(entries_of(read_list(root, form), root, form))
    vocabulary = _vocabulary(entries, root, form)
    return PictureList([entry.name for entry in entries], _labels(entries, vocabulary), vocabulary)


def _labels(entries: list[Entry], vocabulary: Vocabulary) -> npt.NDArray[np.int64]:
    codes = {name: code for code, name in enumerate(vocabulary.names)}
    return np.array([codes[entry.label] for entry in entries], dtype=np.int64)


def read_list(root: Path, form: ListForm) -> bytes:
    """Read the list of a folder; at most `FILE_LIMIT` bytes."""
    if not root.is_dir():
        msg = "there is no such folder"
        hint = f"name a folder that holds {form.file} and its pictures"
        raise SourceMissingError(msg, where=Where(str(root)), hint=hint)
    return read_file(root / form.file, Where(str(root / form.file)), form.hint)


def read_file(path: Path, where: Where, hint: str) -> bytes:
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


def entries_of(content: bytes, root: Path, form: ListForm) -> Iterator[Entry]:
    """Yield the rows of a list, each with a file that lies in the folder."""
    file = str(root / form.file)
    with (root / form.file).open("rb") as stream:
        foreign = foreign_form(stream, form.file)
    if foreign is not None:
        msg = f"this is {foreign}"
        raise SourceError(msg, where=Where(file), hint=form.hint)
    if max(content.count(b"\n"), content.count(b"\r")) > PICTURES_LIMIT + 1:
        msg = f"the list has more than {PICTURES_LIMIT:,} rows"
        raise SourceError(msg, where=Where(file), hint="list only pictures that were shown")
    # A list may name one picture very often; where it lies is looked up once.
    paths: dict[str, Path] = {}
    row = -1
    for row, (name, label) in enumerate(_cells(content, file, form)):
        for column, cell in zip(form.columns, (name, label), strict=True):
            if not cell.strip():
                msg = f"no {column} is given"
                raise SourceError(msg, where=Where(file, row, column), hint=form.hint)
        if name not in paths:
            paths[name] = _inside(name, root, Where(file, row, "file"), form)
        yield Entry(name, paths[name], label.strip())
    if row < 0:
        msg = "the list names no picture"
        raise SourceError(msg, where=Where(file), hint=form.hint)


def _cells(content: bytes, file: str, form: ListForm) -> Iterator[tuple[str, str]]:
    """Return file and label of each row, "" where a row is too short."""
    row = -1
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        for column in form.columns:
            if header.count(column) != 1:
                msg = f"expected one column {column}, found {header.count(column)} in the header {','.join(header)!r}"
                raise SourceError(msg, where=Where(file, column=column), hint=form.hint)
        at, of = (header.index(column) for column in form.columns)
        # A line that is empty is no row.
        for row, cells in enumerate(filter(None, rows)):
            if len(cells) > len(header):
                msg = f"{len(cells)} cells under {len(header)} columns"
                raise SourceError(msg, where=Where(file, row), hint="quote cells that hold a comma")
            whole = cells + [""] * (len(header) - len(cells))
            yield whole[at], whole[of]
    except (csv.Error, UnicodeDecodeError) as error:
        msg = f"not a CSV file in UTF-8: {error}"
        raise SourceError(msg, where=Where(file, row + 1), hint=form.hint) from None


def _inside(name: str, root: Path, where: Where, form: ListForm) -> Path:
    """Return the path of a file, which must lie in the folder once all links are followed."""
    hint = "name files by their path within the folder, with / between its parts, and copy there what lies elsewhere"
    is_absolute = PurePosixPath(name).is_absolute() or bool(PureWindowsPath(name).anchor)
    if is_absolute or "\\" in name or "\0" in name or ".." in PurePosixPath(name).parts:
        msg = f"{name!r} is not a plain path within the folder"
        raise SourceError(msg, where=where, hint=hint)
    try:
        path = (root / name).resolve(strict=True)
    except (OSError, RuntimeError):
        msg = f"{name!r} is missing"
        raise SourceMissingError(msg, where=where, hint=f"put it beside {form.file}, or take the row out") from None
    if not path.is_relative_to(root.resolve()):
        msg = f"{name!r} leads out of the folder"
        raise SourceError(msg, where=where, hint=hint)
    return path
