"""Files of CIFAR-10: a Parquet file of the Hub, the original archive, its batches, or folders of these."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub import files
from hmix_hub.arrow_files import open_parquet
from hmix_hub.errors import SourceError, SourceMissingError, SourceNameError, Where, first_line
from hmix_hub.sources.picture_file import decode_picture
from hmix_hub.sources.source import is_offline

REPOSITORY = "uoft-cs/cifar10"
REVISION = "0b2714987fa478483af9968de7c934580d0bb9a2"
HUB_FILE = "plain_text/test-00000-of-00001.parquet"

ARCHIVE = "cifar-10-python.tar.gz"
ARCHIVE_FOLDER = "cifar-10-batches-py"
TEST_BATCH = "test_batch"
BATCH_SHA256 = {
    "data_batch_1": "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd",
    "data_batch_2": "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8",
    "data_batch_3": "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9",
    "data_batch_4": "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b",
    "data_batch_5": "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154",
    TEST_BATCH: "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831",
}
"""Batches of the original archive: pickles, read only if their hash is one of these."""
TRAIN_BATCHES = tuple(name for name in BATCH_SHA256 if name != TEST_BATCH)

_PARQUET = ("plain_text/test-*.parquet", "test-*.parquet", "data/test-*.parquet")
_CONTENT_LIMIT = 64 * 2**20
_PICTURES_LIMIT = 100_000
_PICTURE_BYTES_LIMIT = 64 * 1024
_UNPACKED_LIMIT = 2**30
_WHAT = f"a Parquet file of {REPOSITORY}, {ARCHIVE}, or its batches"
_NAME_HINT = f"give {_WHAT}, or a folder that holds one of them, with cifar10= or HMIX_CIFAR10"

_Set = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


def from_hub(*, downloads: bool = True) -> Path:
    """Download the test set's Parquet file at a pinned revision, or return the Hub client's cached copy.

    Raises
    ------
    SourceMissingError
        If it is not available.
    """
    where = Where(f"https://huggingface.co/datasets/{REPOSITORY}/resolve/{REVISION}/{HUB_FILE}")
    try:
        from huggingface_hub import hf_hub_download

        path = hf_hub_download(
            repo_id=REPOSITORY,
            repo_type="dataset",
            revision=REVISION,
            filename=HUB_FILE,
            local_files_only=is_offline() or not downloads,
        )
    # The client passes on errors of its libraries: its own, and those of HTTP and of the file system.
    except Exception as error:
        msg = f"CIFAR-10's test set could not be downloaded from the Hub: {first_line(error)}"
        raise SourceMissingError(msg, where=where, hint=f"check the network and try again; or {_NAME_HINT}") from None
    return Path(path)


def find_test(place: Path) -> Path:
    """Find the file of the test set at a place.

    Raises
    ------
    SourceMissingError
        If the place does not exist.
    SourceNameError
        If a folder holds no such file.
    """
    _need(place)
    if not place.is_dir():
        return place
    names = (f"{ARCHIVE_FOLDER}/{TEST_BATCH}", TEST_BATCH, ARCHIVE)
    for pattern in (*_PARQUET, *names):
        for file in sorted(place.glob(pattern)):
            if file.is_file():
                return file
    msg = f"the folder holds no test set of CIFAR-10: neither {' nor '.join((*_PARQUET, *names))}"
    raise SourceNameError(msg, where=Where(str(place)), hint=_NAME_HINT)


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file, 64 hex digits.

    Raises
    ------
    SourceMissingError
        If it cannot be read.
    """
    try:
        return files.sha256_of(file)
    except OSError as error:
        raise _unreadable(file, error) from None


def read_test(file: Path) -> _Set:
    """Read the test set from a file of any kind, without verifying it.

    Returns
    -------
    tuple of numpy.ndarray
        uint8 (n, 32, 32, 3), red, green, blue; and the labels, int64 (n,).

    Raises
    ------
    SourceNameError
        If the kind of file is unknown.
    SourceError
        If it is damaged.
    """
    match _kind(file):
        case "parquet":
            return _read_parquet(file)
        case "archive":
            return read_batch(TEST_BATCH, _members(file, (TEST_BATCH,))[TEST_BATCH], file)
        case _:
            return read_batch(TEST_BATCH, _content(file), file)


def check_batch(name: str, content: bytes, file: Path) -> None:
    """Check that the content of a batch, found in a file, is the original one.

    Raises
    ------
    SourceError
        If its sha256 is not the one in `BATCH_SHA256`.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != BATCH_SHA256[name]:
        msg = f"{name} is damaged or not the original one: expected sha256 {BATCH_SHA256[name]}, found {found}"
        raise SourceError(
            msg, where=Where(str(file)), hint=f"take it from the original {ARCHIVE}: nothing else is unpickled"
        )


def read_batch(name: str, content: bytes, file: Path) -> _Set:
    """Read a batch after verifying its sha256.

    Returns
    -------
    tuple of numpy.ndarray
        uint8 (n, 32, 32, 3), red, green, blue; and the labels, int64 (n,).

    Raises
    ------
    SourceError
        As `check_batch`; nothing is unpickled then.
    """
    check_batch(name, content, file)
    batch = BatchUnpickler(io.BytesIO(content), encoding="bytes").load()
    pictures = batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(pictures), np.array(batch[b"labels"], dtype=np.int64)


_NAMED_BY_BATCHES = {
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class BatchUnpickler(pickle.Unpickler):
    """Unpickler that knows only the three names needed for an array."""

    def find_class(self, module: str, name: str, /) -> object:
        """Return the object of an allowed name; refuse all others."""
        if (module, name) not in _NAMED_BY_BATCHES:
            msg = f"{module}.{name} is not part of a batch of CIFAR-10"
            raise pickle.UnpicklingError(msg)
        return _NAMED_BY_BATCHES[module, name]


def read_members(place: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Read files of the original archive, from it or from a folder that holds them, without verifying them.

    Raises
    ------
    SourceMissingError
        If the place or one of the files is missing.
    SourceError
        If the archive is damaged.
    """
    _need(place)
    if place.is_dir():
        for folder in (place / ARCHIVE_FOLDER, place):
            if (folder / names[0]).is_file():
                return {name: _content(folder / name) for name in names}
        place = place / ARCHIVE
    if not place.is_file() or _kind(place) != "archive":
        msg = f"{names[0]} to {names[-1]} are not here, and no {ARCHIVE}"
        reason = "the training set's Parquet file on the Hub is not pinned to the original order"
        hint = f"{reason}: give {ARCHIVE} or a folder that holds it, with cifar10= or HMIX_CIFAR10"
        raise SourceMissingError(msg, where=Where(str(place)), hint=hint)
    return _members(place, names)


def _need(place: Path) -> None:
    if not place.exists():
        msg = "there is no such file or folder"
        raise SourceMissingError(msg, where=Where(str(place)), hint=_NAME_HINT)


def _unreadable(file: Path, error: OSError) -> SourceMissingError:
    msg = f"the file cannot be read: {error.strerror or error}"
    return SourceMissingError(msg, where=Where(str(file)), hint=_NAME_HINT)


def _kind(file: Path) -> str:
    """Return a file's kind by its first bytes: "parquet", "archive" or "batch"."""
    try:
        with file.open("rb") as content:
            start = content.read(4)
    except OSError as error:
        raise _unreadable(file, error) from None
    for kind, mark in (("parquet", b"PAR1"), ("archive", b"\x1f\x8b"), ("batch", b"\x80")):
        if start.startswith(mark):
            return kind
    msg = f"the file is not {_WHAT}"
    raise SourceNameError(msg, where=Where(str(file)), hint=_NAME_HINT)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as content:
            return content.read(_CONTENT_LIMIT + 1)
    except OSError as error:
        raise _unreadable(file, error) from None


def _members(archive: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Read members of the archive by name, without unpacking to disk."""
    found: dict[str, bytes] = {}
    unpacked = 0
    try:
        with gzip.open(archive) as content, tarfile.open(fileobj=content, mode="r:") as members:
            for member in members:
                unpacked += member.size
                # Sizes are checked before anything is unpacked.
                if unpacked > _UNPACKED_LIMIT:
                    msg = f"the archive unpacks to more than {_UNPACKED_LIMIT} bytes"
                    raise SourceError(msg, where=Where(str(archive)), hint=f"give the original {ARCHIVE}")
                name = member.name.removeprefix("./").removeprefix(f"{ARCHIVE_FOLDER}/")
                file = members.extractfile(member) if member.isfile() and name in names else None
                if file is not None:
                    found[name] = file.read(_CONTENT_LIMIT + 1)
                if len(found) == len(names):
                    # The archive has its own order.
                    return {name: found[name] for name in names}
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        msg = f"the archive is truncated or damaged: {error}"
        raise SourceError(msg, where=Where(str(archive)), hint=f"download {ARCHIVE} again") from None
    missing = [name for name in names if name not in found]
    msg = f"the archive does not hold {ARCHIVE_FOLDER}/{missing[0]}"
    raise SourceMissingError(msg, where=Where(str(archive)), hint=f"give the original {ARCHIVE}")


def _read_parquet(file: Path) -> _Set:
    try:
        pictures, labels = zip(*_rows(file), strict=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        msg = f"the Parquet file is truncated or damaged: {first_line(error)}"
        raise SourceError(msg, where=Where(str(file)), hint=f"download it again from {REPOSITORY}") from None
    return np.stack(pictures), np.array(labels, dtype=np.int64)


def _rows(file: Path) -> Iterator[tuple[npt.NDArray[np.uint8], int]]:
    """Return picture and label row by row; pictures as embedded, never from the path beside them."""
    with open_parquet(file) as table:
        schema = table.schema_arrow
        _check_schema(schema, pa.struct([("bytes", pa.binary()), ("path", pa.string())]), pa.int64(), file)
        if not 0 < table.metadata.num_rows <= _PICTURES_LIMIT:
            msg = f"not CIFAR-10's test set: {table.metadata.num_rows} rows"
            raise SourceError(msg, where=Where(str(file)), hint=_NAME_HINT)
        row = 0
        for batch in table.iter_batches(batch_size=500, columns=["img", "label"]):
            contents = batch.column("img").field("bytes").to_pylist()
            for content, label in zip(contents, batch.column("label").to_pylist(), strict=True):
                yield _picture(content, Where(str(file), row, "img")), _label(label, Where(str(file), row, "label"))
                row += 1


def _check_schema(schema: pa.Schema, img: pa.DataType, label: pa.DataType, file: Path) -> None:
    found = {field.name: field.type for field in schema}
    for name, expected in (("img", img), ("label", label)):
        if found.get(name) != expected:
            msg = f"expected {name} of type {expected}, found {found.get(name, 'no such column')}"
            raise SourceError(msg, where=Where(str(file), column=name), hint=_NAME_HINT)


def _picture(content: bytes | None, where: Where) -> npt.NDArray[np.uint8]:
    if content is None or len(content) > _PICTURE_BYTES_LIMIT:
        msg = "no picture" if content is None else f"{len(content)} bytes, too many for a 32 x 32 picture"
        raise SourceError(msg, where=where, hint=f"download the file again from {REPOSITORY}")
    return decode_picture(content, where, formats=("PNG",), size=(32, 32), modes=("RGB",))


def _label(label: int | None, where: Where) -> int:
    if label is None or not 0 <= label <= 9:
        msg = f"the label {label} is not a number from 0 to 9"
        raise SourceError(msg, where=where, hint=f"download the file again from {REPOSITORY}")
    return label
