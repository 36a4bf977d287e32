"""Folders of pictures: the image set of a contributed study, which anybody may have made."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, Where
from hmix_hub.schema.vocabulary import Vocabulary
from hmix_hub.sources.arrays import cached_array
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.picture_file import decode_picture
from hmix_hub.sources.picture_list import IMAGES, Entry, ListForm, entries_of, read_file, read_list

ARRAY_LIMIT = 8 * 2**30

_FORMAT = b"picture folder 1\n"


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
    fingerprint = _fingerprint(content, entries)
    vocabulary = _vocabulary(entries, root, form)
    path = cached_array(f"folder-{fingerprint}.npy", lambda: _decode(content, entries, fingerprint))
    labels = np.array([vocabulary.code(entry.label) for entry in entries], dtype=np.int64)
    return ImageSet(name, path, labels, vocabulary, fingerprint[:16])


def _vocabulary(entries: list[Entry], root: Path, form: ListForm) -> Vocabulary:
    first: dict[str, tuple[str, int]] = {}
    for row, entry in enumerate(entries):
        label, before = first.setdefault(entry.label.lower(), (entry.label, row))
        if label != entry.label:
            msg = f"the label {entry.label!r} is written {label!r} in row {before}"
            raise SourceError(
                msg, where=Where(str(root / form.file), row, form.label), hint="write each label in one way"
            )
    return Vocabulary(tuple(label for label, _ in first.values()))


def _where(entry: Entry, row: int) -> Where:
    return Where(str(entry.path), row)


def _content_of(entry: Entry, row: int) -> bytes:
    return read_file(
        entry.path, _where(entry, row), f"put the picture {entry.name!r} there, or take it out of the list"
    )


def _fingerprint(content: bytes, entries: list[Entry]) -> str:
    """Hash the list and every picture, 64 hex digits."""
    whole = hashlib.sha256(_FORMAT + hashlib.sha256(content).digest())
    digests: dict[Path, bytes] = {}
    for row, entry in enumerate(entries):
        if entry.path not in digests:
            digests[entry.path] = hashlib.sha256(_content_of(entry, row)).digest()
        whole.update(digests[entry.path])
    return whole.hexdigest()


def _decode(content: bytes, entries: list[Entry], fingerprint: str) -> npt.NDArray[np.uint8]:
    """Decode all pictures, uint8 (M, 3, height, width), if they still are what was hashed."""
    whole = hashlib.sha256(_FORMAT + hashlib.sha256(content).digest())
    pictures: npt.NDArray[np.uint8] | None = None
    first: dict[Path, tuple[int, bytes]] = {}
    for row, entry in enumerate(entries):
        if pictures is not None and entry.path in first:
            before, digest = first[entry.path]
            whole.update(digest)
            pictures[row] = pictures[before]
            continue
        picture_file = _content_of(entry, row)
        first[entry.path] = row, hashlib.sha256(picture_file).digest()
        whole.update(first[entry.path][1])
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
