"""Files at any address supported by fsspec, such as s3://… or hf://datasets/…: copied, or opened in place."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

from hmix_hub.errors import SourceError, SourceMissingError, Where, first_line
from hmix_hub.files import is_plain_path

_BLOCK_BYTES = 2**24
"""Bytes per request: columns of a row group are adjacent, and even small requests take long."""
_ADDRESS = "://"
_HINT = (
    "check the address and your access; stores other than the Hub require their fsspec package, such as s3fs or gcsfs"
)


def is_address(place: object) -> bool:
    """Whether a location is an address rather than a path."""
    return isinstance(place, str) and _ADDRESS in place


_SystemPath: Any = type(Path())
"""Path class of this system: before Python 3.12, `Path` itself cannot be subclassed."""


class RemoteFile(_SystemPath):
    """Path of a file in a copy of its folder, whose content is still read from its address.

    Opening it through the system by this path, rather than with its `open`, is an error.
    """

    address: str

    @classmethod
    def at(cls, path: str | Path, address: str) -> RemoteFile:
        """Return the file at an address."""
        file = cls(path)
        file.address = address
        return file

    def __reduce__(self) -> tuple[Any, ...]:
        return RemoteFile.at, (os.path.join(*self.parts), self.address)

    def __str__(self) -> str:
        return self.address

    def __fspath__(self) -> str:
        msg = f"{self.address} can only be read in place"
        raise TypeError(msg)

    def open(self, mode: str = "rb", **_: Any) -> BinaryIO:
        """Open the file for reading.

        Raises
        ------
        OSError
            If it cannot be read.
        """
        system, path = _system(self.address)
        try:
            stream: BinaryIO = system.open(path, mode, block_size=_BLOCK_BYTES)
        except OSError:
            raise
        except Exception as error:
            raise OSError(None, first_line(error), self.address) from error
        return stream

    def stat(self, **_: Any) -> os.stat_result:
        """Return the size of the file, and values that change when it is written."""
        system, path = _system(self.address)
        system.invalidate_cache()
        info = system.info(path)
        mark = int(system.ukey(path)[:15], 16)
        found: Any = SimpleNamespace(st_size=info["size"], st_mtime_ns=mark, st_ctime_ns=mark, st_ino=0)
        return found

    def is_file(self) -> bool:
        """Whether it exists."""
        system, path = _system(self.address)
        return bool(system.isfile(path))


def _system(address: str) -> tuple[Any, str]:
    """Return the file system and path of an address.

    Raises
    ------
    SourceError
        If fsspec does not support it, or lacks a package for it.
    """
    from fsspec.core import url_to_fs

    try:
        system, path = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise SourceError(first_line(error), where=Where(address), hint=_HINT) from None
    return system, path


def mirror(address: str, folder: Path, stays: Callable[[str], bool]) -> dict[str, str]:
    """Copy the files of a folder at an address.

    Parameters
    ----------
    address
        Address of the folder.
    folder
        An empty folder for the copies; files below folders whose names begin with a dot are skipped.
    stays
        Whether a file, given by its path in the folder, is not copied but represented by an empty file.

    Returns
    -------
    dict
        Addresses of the files that were not copied, by path.

    Raises
    ------
    SourceMissingError
        If there is no such folder, or it is empty.
    SourceError
        If it cannot be read.
    """
    system, root = _system(address)
    try:
        sizes = system.find(root, detail=True)
        names = {path: path.removeprefix(root).lstrip("/") for path in sizes}
        files = {path: name for path, name in names.items() if name and is_plain_path(name) and name[0] != "."}
        stayed = {name: f"{address.rstrip('/')}/{name}" for name in files.values() if stays(name)}
        for path, name in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if name in stayed:
                place.touch()
            else:
                system.get_file(path, str(place))
    except Exception as error:
        msg = f"it cannot be read: {first_line(error)}"
        raise SourceError(msg, where=Where(address), hint=_HINT) from error
    if not files:
        msg = "there is no such folder, or it has no files"
        raise SourceMissingError(msg, where=Where(address), hint=_HINT)
    return stayed


def put(address: str, content: bytes) -> None:
    """Write a file at an address.

    Raises
    ------
    SourceError
        If it cannot be written.
    """
    system, path = _system(address)
    try:
        system.pipe_file(path, content)
    except Exception as error:
        msg = f"it cannot be written: {first_line(error)}"
        raise SourceError(msg, where=Where(address), hint=_HINT) from error
