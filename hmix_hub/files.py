"""Files: written whole or not at all, kept inside their folder, and known by their hashes."""

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
"""How names of files begin that are not in their place yet; what has no place in a study is never published."""


@contextmanager
def whole_file(path: Path, *, follows_links: bool = False) -> Iterator[BinaryIO]:
    """Open a new file beside a path, which takes its place when all is written; a failure leaves what was there.

    Parameters
    ----------
    path
        The file; where one is there, the new one gets its mode.
    follows_links
        Whether a link is followed, as for a file that a user named; else it is replaced. What is no plain file, such
        as a pipe or /dev/stdout, is then written to as it is.

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
    """Write a file whole, or not at all; its folder is made, and a link there is replaced, not followed.

    Raises
    ------
    OSError
        If it cannot be written; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as stream:
        stream.write(content)


def new_file(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write a file that must not be there yet, whole, or not at all.

    Raises
    ------
    FileExistsError
        If something is there.
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
    """Return the text of a JSON file, indented: always the same bytes for the same content.

    Raises
    ------
    ValueError
        If it holds NaN or infinity, which JSON has no words for.
    """
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def take_place(made: Path, place: Path) -> None:
    """Move a file to a place where nothing is.

    Raises
    ------
    FileExistsError
        If something is there.
    """
    try:
        # Unlike a rename, a link never takes the place of a file.
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
    """Let a file stand in a second place: as the same file where that can be, else as a copy."""
    try:
        os.link(made, place)
    except OSError:
        # Another file system, or one without hard links.
        try:
            shutil.copyfile(made, place)
        except OSError as error:
            # It names the file that is copied, as if that had no room.
            raise OSError(error.errno, error.strerror, str(place)) from error


def new_name(place: Path) -> Path:
    """Return a name in the same folder that no file has."""
    # Not the tempfile module's, whose files nobody else may read: caches are shared.
    return place.with_name(f"{PREFIX}{uuid.uuid4().hex}")


@contextmanager
def write_beside(made: Path, place: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a new file with the mode of the one whose place it will take, and bring it down to the disk at the end.

    Parameters
    ----------
    made
        The new file, from `new_name`.
    place
        The place that it will take.
    mode
        Its permissions where nothing is there yet, less those that the process withholds.
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
    """Yield an empty folder to fill; it replaces the old one once all is written, and a failure leaves that untouched.

    Parameters
    ----------
    target
        The place; folders above it are made.
    replaces
        Whether a folder that is there makes room.
    mode
        Its permissions.

    Raises
    ------
    OSError
        If it cannot be written, or something is there that is not to be replaced; the error names the path.
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
    """Replace an old folder by a new one; the old one is deleted only once the new one is there."""
    old = target.with_name(f".{target.name}-{uuid.uuid4().hex}")
    # Another process may make room at the same moment.
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
    """Move a folder to a place where nothing is; a `FileExistsError`, too, if another process comes first."""
    is_there = FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    if os.path.lexists(target):
        raise is_there
    try:
        made.rename(target)
    except OSError as error:
        raise (is_there if os.path.lexists(target) else error) from None


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Raise errors of the disk with the path that was asked for; they name the temporary file, or none."""
    try:
        yield
    except OSError as error:
        if error.filename is None or PREFIX in str(error.filename):
            number = error.errno or (errno.ENOSPC if "No space left" in str(error) else errno.EIO)
            raise OSError(number, error.strerror or str(error), str(path)) from error
        raise


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def local_path(place: object) -> Path | None:
    """Return the absolute path that a user named, ~ replaced; `None` where it can be no path at all."""
    if not isinstance(place, str | os.PathLike):
        return None
    text = os.fspath(place)
    try:
        # Not Path.expanduser, which fails where there is no such user.
        path = Path(os.path.expanduser(text)).absolute()
        os.fsencode(path)
    except (TypeError, ValueError):
        return None
    return path if text and "\0" not in text else None


def is_plain_inside(path: Path, root: Path) -> bool:
    """Whether a path is a file that lies in a folder once all links are followed; a pipe is none."""
    try:
        return path.is_file() and path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def is_plain_path(text: str) -> bool:
    """Whether a text names a place within a folder, on every system: `pairs/infer.csv`."""
    path = PureWindowsPath(text)
    return not path.anchor and ".." not in path.parts and "\\" not in text


Look = tuple[int, int, int, int]


def natural_order(name: str) -> list[tuple[int, int | str]]:
    """Return what names are sorted by: numbers within them by their value, so that 2.png comes before 10.png."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", name.lower())]


def look_of(path: Path) -> Look | None:
    """Return what changes when a file is touched; `None` where there is none."""
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
    """Return `sha256_of` a file, computed again only if it was touched since this process hashed it last."""
    look = look_of(path)
    known = _HASHED.get(path)
    if look is None or known is None or known[0] != look:
        digest = sha256_of(path)
        if look is not None:
            # The look from before, so that what is touched meanwhile is hashed again.
            _HASHED[path] = (look, digest)
        return digest
    return known[1]


_FAR = 1 << 30
"""Windows lets nobody read what is locked: a place is locked that the file does not reach."""


def try_lock(handle: int) -> bool:
    """Acquire the lock of an open file, freed when it is closed; return whether nobody held it.

    Raises
    ------
    OSError
        If the file system knows no locks.
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
