"""Arrays in the cache folder: written completely or not at all, and checked before each use."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceMissingError, Where
from hmix_hub.files import Look, look_of, whole_file

CACHE_VARIABLE = "HMIX_CACHE"
Bytes = npt.NDArray[np.uint8]

_VERIFIED: dict[tuple[Path, str], Look] = {}
"""State of cached files, by path and digest, when this process last verified them."""


def cache_root() -> Path:
    """Return the cache folder: HMIX_CACHE, or `hmix-hub` in the user's cache folder."""
    import pooch

    # Not Path.expanduser, which fails if there is no such user.
    return Path(os.path.expanduser(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("hmix-hub"))).absolute()


def cache_folder() -> Path:
    """Return the folder of cached image sets, `image-sets` in the cache folder."""
    return cache_root() / "image-sets"


def digest_of(array: Bytes) -> str:
    """Return the sha256 of an array's dtype, shape and bytes in C order, 64 hex digits."""
    content = hashlib.sha256(f"{array.dtype.str} {array.shape} ".encode())
    content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()


def cached_array(file_name: str, make: Callable[[], Bytes], *, digest: str | None = None) -> Path:
    """Return the path of a cached array, creating it if it is missing or damaged.

    Several processes may do so at once: each writes its own temporary file and moves it into place.

    Parameters
    ----------
    file_name
        Name in the cache folder, ending in ".npy". It must determine the content.
    make
        Returns the array, uint8 of any shape. If it raises an error, nothing is cached.
    digest
        `digest_of` the expected array. `None`: the digest stored beside the array when it was created.

    Raises
    ------
    SourceMissingError
        If the cache folder cannot be written.
    """
    found = find_array(file_name, digest=digest)
    if found is not None:
        return found
    array = np.ascontiguousarray(make())
    path = cache_folder() / file_name
    known = digest_of(array)
    write_whole(path, lambda file: np.save(file, array, allow_pickle=False))
    if digest is None:
        write_whole(_note_of(path), lambda file: file.write(known.encode()))
    return path


def find_array(file_name: str, *, digest: str | None = None) -> Path | None:
    """Return the path of a cached array, or `None` if it is missing or damaged.

    It is hashed once per process, and again only if the file has been touched.
    """
    path = cache_folder() / file_name
    look = look_of(path)
    try:
        digest = digest or _note_of(path).read_text("ascii")
    except (OSError, ValueError):
        return None
    if look is None:
        return None
    if _VERIFIED.get((path, digest)) != look:
        if _stored_digest(path) != digest:
            return None
        _VERIFIED[path, digest] = look
    return path


def write_whole(path: Path, write: Callable[..., object]) -> None:
    """Write a file of the cache, completely or not at all.

    Parameters
    ----------
    path
        Final path; its folder is created.
    write
        Writes the content to the binary file passed to it.

    Raises
    ------
    SourceMissingError
        If the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            write(file)
    except OSError as error:
        msg = f"the cache cannot be written: {error.strerror or error}"
        hint = f"free some space, or set {CACHE_VARIABLE} to a writable folder"
        raise SourceMissingError(msg, where=Where(str(path)), hint=hint) from None


def _note_of(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _stored_digest(path: Path) -> str | None:
    """Return the hash of a stored array; `None` if the file is not an array."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return digest_of(array) if array.dtype == np.uint8 else None
