"""The key file of pseudonyms: made once, outside the study, readable by its owner alone; never printed or copied."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.files import new_file

KEY_BYTES = 32
_FORM = re.compile(rb"[0-9a-fA-F]{64}")
_MOST_BYTES = 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_key(place: str | os.PathLike[str], folder: Path) -> bytes | None:
    """Read a key.

    Parameters
    ----------
    place
        The key file.
    folder
        The study folder, which must not hold it.

    Returns
    -------
    bytes or None
        32 bytes; `None` where there is no such file.

    Raises
    ------
    ConfigurationError
        If the file lies in the study folder, can be read by others, or holds no key. The message shows nothing of it.
    """
    path = key_path(place, folder)
    try:
        # Not blocking, since opening a pipe would wait for ever.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _cannot(path, "read", error) from None
    try:
        _check_owner_alone(os.fstat(handle), path)
        content = os.read(handle, _MOST_BYTES)
    except OSError as error:
        raise _cannot(path, "read", error) from None
    finally:
        os.close(handle)
    if not _FORM.fullmatch(content.strip()):
        msg = "the file holds no key: 64 hexadecimal digits, and nothing else"
        hint = "name the key file that the study's ids were replaced with, or a file that is not there yet, to make one"
        raise ConfigurationError(msg, where=Where(str(path)), hint=hint)
    return bytes.fromhex(content.strip().decode())


def make_key(place: str | os.PathLike[str], folder: Path) -> bytes:
    """Make a key of 32 random bytes, and the file that keeps it, which only its owner can read.

    Raises
    ------
    ConfigurationError
        If the file lies in the study folder, is there already, or cannot be written.
    """
    path = key_path(place, folder)
    key = secrets.token_bytes(KEY_BYTES)
    try:
        new_file(path, key.hex().encode() + b"\n")
    except OSError as error:
        raise _cannot(path, "made", error) from None
    return key


def key_path(place: str | os.PathLike[str], folder: Path) -> Path:
    """Give the path of a key file, once it is known to lie outside the study folder, wherever links lead.

    Raises
    ------
    ConfigurationError
        If it lies in the folder.
    """
    # Not Path.expanduser, which fails where there is no such user.
    path = Path(os.path.expanduser(place)).absolute()
    try:
        is_inside = any(_is_same(parent, folder) for way in (path, path.resolve()) for parent in way.parents)
    except (OSError, RuntimeError) as error:
        raise _cannot(path, "found", error) from None
    if is_inside:
        msg = "the key file would lie in the study folder, and be published with it"
        raise ConfigurationError(
            msg, where=Where(str(path)), hint="keep it elsewhere, such as ~/hmix-keys/my-study.key"
        )
    return path


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()


def _check_owner_alone(status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        msg = "the key file is no plain file"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a file, or one that is not there yet")
    if os.name == "posix" and status.st_mode & _OTHERS:
        msg = f"others may use the key file: its mode is {stat.S_IMODE(status.st_mode):04o}"
        hint = f"chmod 600 {path}; if others may have read it, begin again from the original ids with a new key"
        raise ConfigurationError(msg, where=Where(str(path)), hint=hint)


def _cannot(path: Path, done: str, error: Exception) -> ConfigurationError:
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    msg = f"the key file cannot be {done}: {said}"
    return ConfigurationError(msg, where=Where(str(path)), hint="name a file in a folder of yours, outside the study")
