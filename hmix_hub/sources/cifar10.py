"""CIFAR-10: the pictures from which H-Mix was mixed, in their original order, from any kind of file."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, SourceMissingError, SourceNameError, Where, nearest
from hmix_hub.schema.vocabulary import CIFAR10
from hmix_hub.sources import cifar10_files as files
from hmix_hub.sources.arrays import cache_folder, cached_array, find_array, write_whole
from hmix_hub.sources.image_set import ImageSet

ENVIRONMENT_VARIABLE = "HMIX_CIFAR10"

PICTURES_SHA256 = "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04"
"""Hash of the test set's pixels, uint8 (10000, 32, 32, 3), in the original order."""
LABELS_SHA256 = "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5"
"""Hash of the test set's labels, uint8 (10000,)."""
CACHED_DIGEST = "34aac9bb05e4b0412a6073ce890495b43c61dc547b85858f2e71ac16dfed5302"
"""`hmix_hub.sources.arrays.digest_of` the same pixels as they are cached, uint8 (10000, 3, 32, 32)."""
TEST_PICTURES = 10_000

TRAIN_FINGERPRINT = "809e51b761abf95a"
"""Hash of the training set's pixels and labels, determined by `cifar10_files.BATCH_SHA256`."""
TRAIN_LABELS_SHA256 = "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253"
"""Hash of the training set's labels, uint8 (50000,), batch by batch in the original order."""

_TEST_FILE = f"cifar10-test-{PICTURES_SHA256[:16]}.npy"
_DIGESTS = Path(__file__).with_name("cifar10_test.digests")
_TRAIN_LABELS = Path(__file__).with_name("cifar10_train.labels")
_DIGEST_SIZE = 4
_HINT = (
    "give the original test set: the folder or Parquet file of uoft-cs/cifar10, cifar-10-python.tar.gz, or test_batch"
)


def open_cifar10(split: str, place: str | os.PathLike[str] | None = None, *, downloads: bool = True) -> ImageSet:
    """Open CIFAR-10's test or training set.

    The pixels are verified against the original, decoded once, and kept in the cache folder.

    Parameters
    ----------
    split
        "test" or "train".
    place
        For the test set: a Parquet file of the Hub's uoft-cs/cifar10, `cifar-10-python.tar.gz`, `test_batch`, or a
        folder that holds one of them. For the training set: `cifar-10-python.tar.gz`, or a folder that holds it or
        `data_batch_1` to `data_batch_5`. `None`: the environment variable HMIX_CIFAR10 if set; otherwise, for the test
        set, the cache, then the Hub.
    downloads
        Whether the test set may be fetched from the Hub, where it is not on this machine.

    Returns
    -------
    ImageSet
        uint8 (10000, 3, 32, 32) or (50000, 3, 32, 32), in the original order.

    Raises
    ------
    SourceNameError
        If there is no such split, or the place holds no such file.
    SourceMissingError
        If the place does not exist, the Hub cannot be reached, or no place is given for the training set.
    SourceError
        If the files are damaged or not the original set; the message describes the difference.
    """
    if split not in {"test", "train"}:
        msg = f"CIFAR-10 has no split {split!r}"
        raise SourceNameError(msg, hint=nearest(split, ("test", "train"), label="splits"))
    place = place or os.environ.get(ENVIRONMENT_VARIABLE) or None
    # Not Path.expanduser, which fails where there is no such user.
    found = None if place is None else Path(os.path.expanduser(place)).absolute()
    return _open_test(found, downloads=downloads) if split == "test" else _open_train(found)


def digests_of(pictures: npt.NDArray[np.uint8]) -> bytes:
    """Return short digests that identify pictures: blake2b of each, 4 bytes, concatenated.

    The package's `cifar10_test.digests` holds those of the test set, uint8 (10000, 32, 32, 3), followed by its labels,
    one byte each.
    """
    rows = np.ascontiguousarray(pictures)
    return b"".join(hashlib.blake2b(row.data, digest_size=_DIGEST_SIZE).digest() for row in rows)


def known_labels(split: str = "test") -> npt.NDArray[np.int64]:
    """Return the labels of a split from the package's own file, without pictures.

    Parameters
    ----------
    split
        "test" or "train".

    Returns
    -------
    numpy.ndarray
        int64 (10000,) or (50000,), 0 to 9, in the original order.

    Raises
    ------
    SourceError
        If the package's own file is damaged.

    Notes
    -----
    `cifar10_train.labels` packs two labels into a byte, the first into its upper half. They are the `labels` of
    `data_batch_1` to `data_batch_5` (those of `BATCH_SHA256`), one after the other.
    """
    return (_original().labels if split == "test" else _train_labels()).astype(np.int64)


def _train_labels() -> npt.NDArray[np.uint8]:
    packed = np.frombuffer(_TRAIN_LABELS.read_bytes(), dtype=np.uint8)
    return _verified(np.stack([packed >> 4, packed & 15], axis=1).reshape(-1), TRAIN_LABELS_SHA256, _TRAIN_LABELS)


def _verified(labels: npt.NDArray[np.uint8], sha256: str, file: Path) -> npt.NDArray[np.uint8]:
    if hashlib.sha256(labels.tobytes()).hexdigest() != sha256:
        msg = "the package's own list of CIFAR-10's labels is damaged"
        raise SourceError(msg, where=Where(str(file)), hint="install hmix-hub again")
    return labels


class _Original(NamedTuple):
    """The package's data about the test set."""

    digests: npt.NDArray[np.uint32]
    labels: npt.NDArray[np.uint8]


def _original() -> _Original:
    content = _DIGESTS.read_bytes()
    labels = np.frombuffer(content[_DIGEST_SIZE * TEST_PICTURES :], dtype=np.uint8)
    digests = np.frombuffer(content, dtype="<u4", count=TEST_PICTURES)
    return _Original(digests.astype(np.uint32), _verified(labels, LABELS_SHA256, _DIGESTS))


def _open_test(place: Path | None, *, downloads: bool) -> ImageSet:
    path = find_array(_TEST_FILE, digest=CACHED_DIGEST) if place is None else None
    if path is None:
        path = _test_from(files.from_hub(downloads=downloads) if place is None else files.find_test(place))
    fingerprint = hashlib.sha256(f"{PICTURES_SHA256} {LABELS_SHA256}".encode()).hexdigest()[:16]
    return ImageSet("cifar10/test", path, known_labels(), CIFAR10, fingerprint)


def _test_from(file: Path) -> Path:
    """Return the cached pictures after verifying the file; a file verified before is only hashed."""
    mark = cache_folder() / f"{_TEST_FILE.removesuffix('.npy')}.from-{files.sha256_of(file)}"
    if mark.is_file():
        found = find_array(_TEST_FILE, digest=CACHED_DIGEST)
        if found is not None:
            return found
    pictures, labels = files.read_test(file)
    _verify(pictures, labels, Where(str(file)))
    path = cached_array(_TEST_FILE, lambda: pictures.transpose(0, 3, 1, 2), digest=CACHED_DIGEST)
    write_whole(mark, lambda _: None)
    return path


def _verify(pictures: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64], where: Where) -> None:
    """Check that this is the original test set.

    Raises
    ------
    SourceError
        If it is not; the message describes the first difference: number, order, pictures or labels.
    """
    if pictures.shape != (TEST_PICTURES, 32, 32, 3):
        number, height, width, _ = pictures.shape
        reason = f"expected {TEST_PICTURES} pictures of 32 x 32, found {number} of {width} x {height}"
        raise _other(reason, where)
    original = _original()
    if hashlib.sha256(np.ascontiguousarray(pictures).data).hexdigest() != PICTURES_SHA256:
        _tell_pictures(pictures, original.digests, where)
    rows = np.flatnonzero(labels != original.labels)
    if len(rows):
        row = int(rows[0])
        others = f", and {len(rows) - 1} more labels differ" if len(rows) > 1 else ""
        msg = f"labels differ at row {row}: {labels[row]}, not {original.labels[row]}{others}"
        raise _other(msg, Where(where.file, row, "label"))


def _tell_pictures(pictures: npt.NDArray[np.uint8], expected: npt.NDArray[np.uint32], where: Where) -> NoReturn:
    found = np.frombuffer(digests_of(pictures), dtype="<u4").astype(np.uint32)
    rows = np.flatnonzero(found != expected)
    if not len(rows):
        msg = f"expected pixels of sha256 {PICTURES_SHA256}"
    elif np.array_equal(np.sort(found), np.sort(expected)):
        row = int(rows[0])
        whose = int(np.flatnonzero(expected == found[row])[0])
        msg = f"the same pictures in another order (row {row} is picture {whose})"
    else:
        first = ", ".join(str(row) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
        msg = "1 picture differs: row " if len(rows) == 1 else f"{len(rows)} pictures differ: rows "
        msg += first
    raise _other(msg, Where(where.file, int(rows[0]) if len(rows) else None))


def _other(difference: str, where: Where) -> SourceError:
    return SourceError(f"not CIFAR-10's test set: {difference}", where=where, hint=_HINT)


def _open_train(place: Path | None) -> ImageSet:
    if place is None:
        msg = "CIFAR-10's training set is only read from the original archive, and none is given"
        reason = "the Parquet file on the Hub is not pinned to the original order"
        hint = f"{reason}: give cifar-10-python.tar.gz, or its folder, with cifar10= or {ENVIRONMENT_VARIABLE}"
        raise SourceMissingError(msg, hint=hint)
    batches = files.read_members(place, files.TRAIN_BATCHES)
    for name, content in batches.items():
        files.check_batch(name, content, place)

    @cache
    def read() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        parts = [files.read_batch(name, content, place) for name, content in batches.items()]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    path = cached_array(f"cifar10-train-{TRAIN_FINGERPRINT}.npy", lambda: read()[0].transpose(0, 3, 1, 2))
    labels = cached_array(f"cifar10-train-labels-{TRAIN_FINGERPRINT}.npy", lambda: read()[1].astype(np.uint8))
    return ImageSet("cifar10/train", path, np.load(labels), CIFAR10, TRAIN_FINGERPRINT)
