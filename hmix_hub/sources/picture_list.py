"""Lists of pictures: the files of an image set, their labels, sizes and hashes; from untrusted sources."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, SourceMissingError, Where
from hmix_hub.file_forms import foreign_form
from hmix_hub.schema.vocabulary import Vocabulary

FILE_LIMIT = 64 * 2**20
"""Maximum number of bytes of a picture."""
LIST_LIMIT = 256 * 2**20
"""Maximum number of bytes of a list."""
PICTURES_LIMIT = 1_000_000
"""Maximum number of pictures in a list."""
KNOWN = ("width", "height", "sha256")
"""Optional columns with the size and hash of each file."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SIDE = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True)
class ListForm:
    """Form of a list.

    Parameters
    ----------
    file
        Name of the list in its folder.
    label
        Column with the label of a picture, in addition to the column `file`.
    """

    file: str
    label: str

    @property
    def columns(self) -> tuple[str, str]:
        """Required columns."""
        return "file", self.label

    @property
    def hint(self) -> str:
        """Description of the required form."""
        return f"{self.file} has the columns file,{self.label}, and one row per picture, in the order of their indices"


IMAGES = ListForm("images.csv", "label")
"""List of an image set: its rows, in order, are the indices."""
MIXTURES = ListForm("mixtures.csv", "stimulus_id")
"""List of mixtures as people saw them."""


class Entry(NamedTuple):
    """A row of a list: the file's name, its label, size and hash; `None` if unknown."""

    name: str
    label: str
    size: tuple[int, int] | None = None
    """Width and height."""
    sha256: str | None = None


@dataclass(frozen=True)
class PictureList:
    """A list of M pictures in a folder.

    Parameters
    ----------
    root
        The folder.
    form
        Name and columns.
    content
        Bytes of the list.
    entries
        Its rows.
    """

    root: Path
    form: ListForm
    content: bytes
    entries: list[Entry]

    def __len__(self) -> int:
        return len(self.entries)

    def where(self, row: int | None = None, column: str | None = None) -> Where:
        """Return the place of a row."""
        return Where(str(self.root / self.form.file), row, column)

    @property
    def names(self) -> list[str]:
        """Names of the M files."""
        return [entry.name for entry in self.entries]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The labels, in order of first appearance.

        Raises
        ------
        SourceError
            If a label is written in two ways.
        """
        first: dict[str, tuple[str, int]] = {}
        for row, entry in enumerate(self.entries):
            label, before = first.setdefault(entry.label.lower(), (entry.label, row))
            if label != entry.label:
                msg = f"the label {entry.label!r} is written {label!r} in row {before}"
                raise SourceError(msg, where=self.where(row, self.form.label), hint="write each label in only one way")
        return Vocabulary(tuple(label for label, _ in first.values()))

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """int64 (M,): positions in `vocabulary`."""
        codes = {name: code for code, name in enumerate(self.vocabulary.names)}
        return np.array([codes[entry.label] for entry in self.entries], dtype=np.int64)

    @property
    def sizes(self) -> npt.NDArray[np.int64] | None:
        """int64 (M, 2): height and width; `None` if not all are listed."""
        sizes = [entry.size for entry in self.entries if entry.size is not None]
        return np.array(sizes, dtype=np.int64)[:, ::-1] if len(sizes) == len(self.entries) else None

    def paths(self, folder: Path | None = None) -> list[Path]:
        """Return the paths of the M files, which must all be in a folder after following links.

        Parameters
        ----------
        folder
            The folder; `None`: that of the list.

        Raises
        ------
        SourceMissingError
            If one does not exist.
        SourceError
            If one leads out of the folder.
        """
        # A list may name one picture many times; its path is looked up once.
        root = folder or self.root
        paths: dict[str, Path] = {}
        for row, entry in enumerate(self.entries):
            if entry.name not in paths:
                paths[entry.name] = _inside(entry.name, root, self.where(row, "file"), self.form)
        return [paths[entry.name] for entry in self.entries]

    def path_of(self, row: int) -> Path:
        """Return the path of one file, like `paths`."""
        return _inside(self.entries[row].name, self.root, self.where(row, "file"), self.form)


def read_picture_list(folder: str | os.PathLike[str], form: ListForm = IMAGES) -> PictureList:
    """Read the list of a folder of pictures; the pictures are not opened and need not exist.

    Raises
    ------
    SourceMissingError
        If the folder or the list is missing.
    SourceError
        If the list is not valid; the message names row and column.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    if not root.is_dir():
        msg = "there is no such folder"
        hint = f"give a folder that holds {form.file} and its pictures"
        raise SourceMissingError(msg, where=Where(str(root)), hint=hint)
    content = read_file(root / form.file, Where(str(root / form.file)), form.hint, limit=LIST_LIMIT)
    return PictureList(root, form, content, list(_entries_of(content, str(root / form.file), form)))


def files_of(folder: str | os.PathLike[str], form: ListForm = IMAGES) -> list[str]:
    """Return the files of a folder of pictures: its list, and each picture in the list, once.

    Raises
    ------
    SourceMissingError, SourceError
        As `read_picture_list`; also if a picture does not exist or is outside the folder.
    """
    listed = read_picture_list(folder, form)
    listed.paths()
    return [form.file, *dict.fromkeys(listed.names)]


def read_file(path: Path, where: Where, hint: str, *, limit: int = FILE_LIMIT) -> bytes:
    """Read a file of at most `limit` bytes."""
    # Opening a pipe would wait forever.
    if not path.is_file():
        msg = "this is not a file" if path.exists() else "the file is missing"
        raise SourceMissingError(msg, where=where, hint=hint)
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        msg = f"the file cannot be read: {error.strerror or error}"
        raise SourceMissingError(msg, where=where, hint=hint) from None
    if len(content) > limit:
        msg = f"the file is larger than {limit} bytes"
        raise SourceError(msg, where=where, hint=hint)
    return content


def _entries_of(content: bytes, file: str, form: ListForm) -> Iterator[Entry]:
    foreign = foreign_form(io.BytesIO(content), form.file)
    if foreign is not None:
        msg = f"this is {foreign}"
        raise SourceError(msg, where=Where(file), hint=form.hint)
    if max(content.count(b"\n"), content.count(b"\r")) > PICTURES_LIMIT + 1:
        msg = f"the list has more than {PICTURES_LIMIT:,} rows"
        raise SourceError(msg, where=Where(file), hint="list only pictures that were shown")
    row = -1
    for row, cells in enumerate(_cells(content, file, form)):
        name, label, width, height, sha256 = cells
        for column, cell in zip(form.columns, (name, label), strict=True):
            if not cell.strip():
                msg = f"{column} is missing"
                raise SourceError(msg, where=Where(file, row, column), hint=form.hint)
        check_name(name, Where(file, row, "file"))
        yield Entry(name, label.strip(), _size(width, height, file, row), _digest(sha256, file, row))
    if row < 0:
        msg = "the list names no picture"
        raise SourceError(msg, where=Where(file), hint=form.hint)


def _cells(content: bytes, file: str, form: ListForm) -> Iterator[tuple[str, ...]]:
    """Return file, label, size and hash of each row; "" if a row is too short or the list lacks the column."""
    row = -1
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        for column in (*form.columns, *KNOWN):
            found = header.count(column)
            if found != 1 and (found or column in form.columns):
                msg = f"expected one column {column}, found {found} in the header {','.join(header)!r}"
                raise SourceError(msg, where=Where(file, column=column), hint=form.hint)
        # The cell after the last one is the value of missing columns.
        places = [header.index(name) if name in header else len(header) for name in (*form.columns, *KNOWN)]
        # Empty lines are not rows.
        for row, cells in enumerate(filter(None, rows)):
            if len(cells) > len(header):
                msg = f"{len(cells)} cells under {len(header)} columns"
                raise SourceError(msg, where=Where(file, row), hint="quote cells that hold a comma")
            whole = cells + [""] * (len(header) + 1 - len(cells))
            yield tuple(whole[place] for place in places)
    except (csv.Error, UnicodeDecodeError) as error:
        msg = f"not a CSV file in UTF-8: {error}"
        raise SourceError(msg, where=Where(file, row + 1), hint=form.hint) from None


def _size(width: str, height: str, file: str, row: int) -> tuple[int, int] | None:
    if not width and not height:
        return None
    for column, side in (("width", width), ("height", height)):
        if not _SIDE.fullmatch(side):
            msg = f"{side[:20]!r} is not a number of pixels"
            raise SourceError(msg, where=Where(file, row, column), hint="write both sides, or leave both empty")
    return int(width), int(height)


def _digest(sha256: str, file: str, row: int) -> str | None:
    sha256 = sha256.lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        msg = f"{sha256[:20]!r} is not a sha256"
        raise SourceError(msg, where=Where(file, row, "sha256"), hint="write 64 hex digits, or leave the cell empty")
    return sha256 or None


def check_name(name: str, where: Where) -> None:
    """Check that a name is a plain path, with / between its parts, that stays within its folder.

    Raises
    ------
    SourceError
        If it is not.
    """
    # In few operations, since a list may be long; this includes drives of Windows.
    is_absolute = name.startswith("/") or name[1:2] == ":"
    if is_absolute or "\\" in name or "\0" in name or (".." in name and ".." in name.split("/")):
        msg = f"{name!r} is not a plain path within the folder"
        raise SourceError(msg, where=where, hint=_INSIDE)


_INSIDE = "give paths within the folder, with / between their parts, and copy files from elsewhere into it"


def _inside(name: str, root: Path, where: Where, form: ListForm) -> Path:
    """Return the path of a file, which must be in the folder after following all links."""
    try:
        path = (root / name).resolve(strict=True)
    except (OSError, RuntimeError):
        msg = f"{name!r} is missing"
        raise SourceMissingError(msg, where=where, hint=f"add it beside {form.file}, or remove the row") from None
    if not path.is_relative_to(root.resolve()):
        msg = f"{name!r} leads out of the folder"
        raise SourceError(msg, where=where, hint=_INSIDE)
    return path
