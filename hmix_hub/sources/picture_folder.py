"""Folders of pictures: image sets of contributed studies, decoded once; the files are untrusted."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, SourceMissingError, Where
from hmix_hub.sources.arrays import cached_array
from hmix_hub.sources.image_set import ImageSet, size_text, with_sizes
from hmix_hub.sources.picture_file import decode_picture
from hmix_hub.sources.picture_list import IMAGES, ListForm, PictureList, read_file, read_picture_list

_FORMAT = b"picture folder 1\n"
ARRAY_LIMIT = 8 * 2**30
_MOST_TOLD = 5
"""Maximum number of differing files named in a message."""


def open_picture_folder(
    folder: str | os.PathLike[str],
    name: str,
    form: ListForm = IMAGES,
    *,
    listed: PictureList | None = None,
) -> ImageSet:
    """Open a folder of pictures as an image set.

    The folder holds `images.csv`, with the columns `file` and `label`: its rows, in order, are the set's indices.
    Pictures are PNG, JPEG, WebP, BMP, GIF or uncompressed TIFF, still, opaque and upright; their sizes may differ. They
    are decoded once and kept in the cache folder, under a name determined by the list and every picture.

    Parameters
    ----------
    folder
        The folder; pictures may be in its subfolders, but not outside.
    name
        Name that stimuli use for the set.
    form
        Name and columns of the list: `MIXTURES` for a list of mixtures, whose labels are stimulus ids.
    listed
        The list, if not the folder's own: that of a study whose pictures are not published with it.

    Returns
    -------
    ImageSet
        uint8 (M, 3, height, width), or M pictures of several sizes; its vocabulary are the labels, in order of first
        appearance.

    Raises
    ------
    SourceMissingError
        If the folder, the list or a picture is missing.
    SourceError
        If the list or a picture is not valid; the message names file and row. If the list has sizes or hashes, all
        files are compared with it first, and those that differ are named together.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    if listed is None:
        listed = read_picture_list(root, form)
    elif not root.is_dir():
        msg = "there is no such folder"
        raise SourceMissingError(msg, where=Where(str(root)), hint=f"give a folder that holds the pictures of {name}")
    elif missing := [entry for entry in dict.fromkeys(listed.names) if not (root / entry).is_file()]:
        raise _differing([f"{file!r} is missing" for file in missing], listed, root)
    paths = listed.paths(root)
    digests = _digests(listed, paths)
    _check_digests(listed, paths, digests, root)
    whole = hashlib.sha256(_FORMAT + hashlib.sha256(listed.content).digest())
    whole.update(b"".join(digests[path] for path in paths))
    fingerprint = whole.hexdigest()
    # Problems of the labels are reported before pictures are decoded.
    labels = listed.labels
    path = cached_array(f"folder-{fingerprint}.npy", lambda: _decode(listed, paths, digests, root))
    return ImageSet(name, path, labels, listed.vocabulary, fingerprint[:16])


def _content_of(listed: PictureList, paths: list[Path], row: int) -> bytes:
    hint = f"add the picture {listed.entries[row].name!r}, or remove it from the list"
    return read_file(paths[row], Where(str(paths[row]), row), hint)


def _digests(listed: PictureList, paths: list[Path]) -> dict[Path, bytes]:
    """Return the hash of every picture, reading each file once."""
    digests: dict[Path, bytes] = {}
    for row, path in enumerate(paths):
        if path not in digests:
            digests[path] = hashlib.sha256(_content_of(listed, paths, row)).digest()
    return digests


def _check_digests(listed: PictureList, paths: list[Path], digests: dict[Path, bytes], root: Path) -> None:
    """Check files against the sizes and hashes of the list."""
    faults = [
        f"{entry.name!r} has sha256 {digests[path].hex()[:8]}…, not {entry.sha256[:8]}…"
        for entry, path in zip(listed.entries, paths, strict=True)
        if entry.sha256 is not None and bytes.fromhex(entry.sha256) != digests[path]
    ]
    if faults:
        raise _differing(list(dict.fromkeys(faults)), listed, root)


def _differing(faults: list[str], listed: PictureList, root: Path) -> SourceError:
    """Return the error for files that differ from the list; a few are named."""
    more = f", and {len(faults) - _MOST_TOLD:,} more" if len(faults) > _MOST_TOLD else ""
    of_all = f"{len(faults):,} of {len(set(listed.names)):,} pictures"
    msg = f"{of_all} are not those listed in {listed.form.file}: {'; '.join(faults[:_MOST_TOLD])}{more}"
    hint = f"get the files from the study's source; {listed.root / listed.form.file} lists them"
    return SourceError(msg, where=Where(str(root)), hint=hint)


def _decode(listed: PictureList, paths: list[Path], digests: dict[Path, bytes], root: Path) -> npt.NDArray[np.uint8]:
    """Decode all pictures, if their hashes are unchanged; uint8 (M, 3, height, width), or see `with_sizes`."""
    room = _Room(len(paths))
    first: dict[Path, int] = {}
    faults = []
    for row, (entry, path) in enumerate(zip(listed.entries, paths, strict=True)):
        if path in first:
            room.repeat(row, first[path])
            continue
        content, where = _content_of(listed, paths, row), Where(str(path), row)
        if hashlib.sha256(content).digest() != digests[path]:
            msg = "the pictures changed while they were read"
            raise SourceError(msg, where=where, hint="open the folder again once nothing writes to it")
        picture = decode_picture(content, where).transpose(2, 0, 1)
        if entry.size is not None and entry.size != (picture.shape[2], picture.shape[1]):
            faults.append(f"{entry.name!r} is {size_text(picture.shape[1:])}, not {entry.size[0]} x {entry.size[1]}")
        room.put(row, picture, where)
        first[path] = row
    if faults:
        raise _differing(faults, listed, root)
    return room.array()


class _Room:
    """Storage for M pictures: a table as long as all have one size, otherwise concatenated bytes."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._table = np.empty((0, 3, 0, 0), dtype=np.uint8)
        self._flat: bytearray | None = None
        self._rows: list[int] = []
        # Offset, height and width of each picture; for a duplicate, its row, and no size.
        self._places = np.zeros((number, 3), dtype=np.int64)

    def put(self, row: int, picture: npt.NDArray[np.uint8], where: Where) -> None:
        """Store a picture, uint8 (3, H, W)."""
        if not self._rows:
            self._check(
                self._number * picture.size, f"{self._number} pictures of {size_text(picture.shape[1:])}", where
            )
            self._table = np.empty((self._number, *picture.shape), dtype=np.uint8)
        self._rows.append(row)
        if self._flat is None and picture.shape == self._table.shape[1:]:
            self._table[row] = picture
            return
        if self._flat is None:
            self._flat = bytearray()
            for before in self._rows[:-1]:
                self._append(self._flat, before, self._table[before])
            self._table = self._table[:0].copy()
        self._check(len(self._flat) + picture.size, f"{row + 1} of {self._number} pictures", where)
        self._append(self._flat, row, picture)

    def repeat(self, row: int, first: int) -> None:
        """Store a duplicate of a picture."""
        if self._flat is None:
            self._table[row] = self._table[first]
        self._places[row] = first, 0, 0

    def array(self) -> npt.NDArray[np.uint8]:
        """Return all pictures."""
        if self._flat is None:
            return self._table
        again = np.flatnonzero(self._places[:, 1] == 0)
        self._places[again] = self._places[self._places[again, 0]]
        return with_sizes(self._flat, self._places)

    def _append(self, flat: bytearray, row: int, picture: npt.NDArray[np.uint8]) -> None:
        self._places[row] = len(flat), *picture.shape[1:]
        flat += picture.tobytes()

    @staticmethod
    def _check(size: int, what: str, where: Where) -> None:
        if size > ARRAY_LIMIT:
            msg = f"{what} take more than {ARRAY_LIMIT} bytes"
            raise SourceError(msg, where=where, hint="reduce the pictures, or split the set")
