"""Files: written atomically, kept inside their folder, and identified by hashes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath
from typing import Any, BinaryIO

PREFIX = ".hmix-new-"
"""Prefix of unfinished files; unknown files of a study are never published."""


@contextmanager
def whole_file(path: Path, *, follows_links: bool = False) -> Iterator[BinaryIO]:
    """Open a new file that replaces a path when completely written; a failure leaves the old file unchanged.

    Parameters
    ----------
    path
        The file; an existing file's mode is kept.
    follows_links
        Whether to follow a link, as for a file named by a user, rather than replace it. If so, a pipe or a device such
        as /dev/stdout is written to directly.

    Raises
    ------
    OSError
        If it cannot be written; the error names the path.
    """
    with _named(path):
        place = path.resolve() if follows_links else path
        if follows_links and place.exists():
            if not place.is_file():
                with place.open("wb") as stream:
                    yield stream
                return
            if not os.access(place, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        made = new_name(place)
        try:
            with write_beside(made, place) as stream:
                yield stream
            os.replace(made, place)
        finally:
            made.unlink(missing_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file atomically, creating its folder; a link is replaced, not followed.

    Raises
    ------
    OSError
        If it cannot be written; an existing file is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as stream:
        stream.write(content)


def new_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file that must not exist yet, atomically.

    Raises
    ------
    FileExistsError
        If something exists there.
    OSError
        If it cannot be written.
    """
    made = new_name(path)
    try:
        with _named(path), write_beside(made, path, mode=mode) as stream:
            stream.write(content)
        take_place(made, path)
    finally:
        made.unlink(missing_ok=True)


def json_text(content: Any) -> str:
    """Return the text of an indented JSON file: the same bytes for the same content.

    Raises
    ------
    ValueError
        If it holds NaN or infinity, which JSON does not support.
    """
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def take_place(made: Path, place: Path) -> None:
    """Move a file to a path that must not exist.

    Raises
    ------
    FileExistsError
        If something exists there.
    """
    try:
        # Unlike a rename, a link never replaces a file.
        os.link(made, place)
    except FileExistsError:
        raise
    except OSError:
        # A file system without hard links.
        if os.path.lexists(place):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(place)) from None
        made.replace(place)
    else:
        made.unlink()


def link_or_copy(made: Path, place: Path) -> None:
    """Link a file to a second path; copy it if linking is not possible."""
    try:
        os.link(made, place)
    except OSError:
        # Another file system, or one without hard links.
        try:
            shutil.copyfile(made, place)
        except OSError as error:
            # The error names the copied file, as if that had no space.
            raise OSError(error.errno, error.strerror, str(place)) from error


def new_name(place: Path) -> Path:
    """Return an unused name in the same folder."""
    # Not from the tempfile module, whose files are private: caches are shared.
    return place.with_name(f"{PREFIX}{uuid.uuid4().hex}")


@contextmanager
def write_beside(made: Path, place: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a new file with the mode of the file it will replace, and flush it to disk at the end.

    Parameters
    ----------
    made
        The new file, from `new_name`.
    place
        Its final path.
    mode
        Its permissions if nothing exists yet, restricted by the process's umask.
    """
    is_there = place.is_file() and not place.is_symlink()
    with open(made, "xb", opener=lambda name, flags: os.open(name, flags, 0o600 if is_there else mode)) as stream:
        if is_there:
            made.chmod(stat.S_IMODE(place.stat().st_mode))
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def whole_folder(target: Path, *, replaces: bool = False, mode: int = 0o755) -> Iterator[Path]:
    """Yield an empty folder to fill, which then replaces the old one; a failure leaves the old one unchanged.

    Parameters
    ----------
    target
        Its final path; parent folders are created.
    replaces
        Whether to replace an existing folder.
    mode
        Its permissions.

    Raises
    ------
    OSError
        If it cannot be written, or something exists that must not be replaced; the error names the path.
    """
    with _named(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            yield made
            made.chmod(mode)
            if replaces and target.is_dir():
                _exchange(made, target)
            else:
                _move_folder(made, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)


def _exchange(made: Path, target: Path) -> None:
    """Replace an old folder by a new one; the old one is deleted only after the new one is in place."""
    old = target.with_name(f".{target.name}-{uuid.uuid4().hex}")
    # Another process may do the same at this moment.
    with suppress(FileNotFoundError):
        target.rename(old)
    try:
        _move_folder(made, target)
    except FileExistsError:
        shutil.rmtree(old, ignore_errors=True)
        raise
    except OSError:
        if old.is_dir():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _move_folder(made: Path, target: Path) -> None:
    """Move a folder to a path that must not exist; also a `FileExistsError` if another process comes first."""
    is_there = FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    if os.path.lexists(target):
        raise is_there
    try:
        made.rename(target)
    except OSError as error:
        raise (is_there if os.path.lexists(target) else error) from None


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Re-raise disk errors with the requested path; they name the temporary file, or none."""
    try:
        yield
    except OSError as error:
        if error.filename is None or PREFIX in str(error.filename):
            number = error.errno or (errno.ENOSPC if "No space left" in str(error) else errno.EIO)
            raise OSError(number, error.strerror or str(error), str(path)) from error
        raise


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def local_path(place: object) -> Path | None:
    """Return the absolute path given by a user, with ~ expanded; `None` if it is not a valid path."""
    if not isinstance(place, str | os.PathLike):
        return None
    text = os.fspath(place)
    try:
        # Not Path.expanduser, which fails if there is no such user.
        path = Path(os.path.expanduser(text)).absolute()
        os.fsencode(path)
    except (TypeError, ValueError):
        return None
    return path if text and "\0" not in text else None


def is_plain_inside(path: Path, root: Path) -> bool:
    """Whether a path is a regular file inside a folder after following all links."""
    try:
        return path.is_file() and path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def is_plain_path(text: str) -> bool:
    """Whether a text is a path within a folder on every system: `pairs/infer.csv`."""
    path = PureWindowsPath(text)
    return not path.anchor and ".." not in path.parts and "\\" not in text


Look = tuple[int, int, int, int]


def natural_order(name: str) -> list[tuple[int, int | str]]:
    """Return a sort key for names with numbers by value, so that 2.png comes before 10.png."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name.lower())]


def look_of(path: Path) -> Look | None:
    """Return values that change when a file is touched; `None` if there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, 64 hex digits.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


_HASHED: dict[Path, tuple[Look, str]] = {}


def known_sha256(path: Path) -> str:
    """Return `sha256_of` a file, computed again only if it was touched since this process last hashed it."""
    look = look_of(path)
    known = _HASHED.get(path)
    if look is None or known is None or known[0] != look:
        digest = sha256_of(path)
        if look is not None:
            # The earlier state, so that a file touched meanwhile is hashed again.
            _HASHED[path] = (look, digest)
        return digest
    return known[1]


_FAR = 1 << 30
"""Windows prevents reading locked bytes, so a position beyond the end of the file is locked."""


def try_lock(handle: int) -> bool:
    """Acquire the lock of an open file, released when it is closed; return whether it was free.

    Raises
    ------
    OSError
        If the file system does not support locks.
    """
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        import msvcrt

        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
