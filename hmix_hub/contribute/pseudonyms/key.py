"""The key of pseudonyms: its file, and the pseudonyms it generates.

The file is created once, outside the study, readable only by its owner, and never printed or copied. Pseudonyms are
keyed, so that nobody can try out ids, and recognizable, so that none is replaced twice.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from hmix_hub.errors import ConfigurationError, SourceError, Where
from hmix_hub.files import new_file

KEY_BYTES = 32
_KEY = re.compile(rb"[0-9a-fA-F]{64}")
_MOST_BYTES = 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BODY, _CHECK = 16, 6
_PSEUDONYM = re.compile(rf"p[0-9a-f]{{{_BODY + _CHECK}}}")


def read_key(place: str | os.PathLike[str], folder: Path) -> bytes | None:
    """Read a key of 32 bytes from a file outside the study folder; `None` if the file does not exist.

    Raises
    ------
    ConfigurationError
        If the file is in the study folder, is readable by others, or is not a key. The message quotes nothing from it.
    """
    path = _key_path(place, folder)
    try:
        # Non-blocking, because opening a pipe would wait forever.
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
    if not _KEY.fullmatch(content.strip()):
        msg = "the file is not a key, which would be 64 hexadecimal digits and nothing else"
        hint = "name the key file with which the study's ids were replaced, or a new file to create one"
        raise ConfigurationError(msg, where=Where(str(path)), hint=hint)
    return bytes.fromhex(content.strip().decode())


def make_key(place: str | os.PathLike[str], folder: Path) -> bytes:
    """Create a key of 32 random bytes and its file, which only its owner can read.

    Raises
    ------
    ConfigurationError
        If the file is in the study folder, already exists, or cannot be written.
    """
    path = _key_path(place, folder)
    key = secrets.token_bytes(KEY_BYTES)
    try:
        new_file(path, key.hex().encode() + b"\n")
    except OSError as error:
        raise _cannot(path, "made", error) from None
    return key


def _key_path(place: str | os.PathLike[str], folder: Path) -> Path:
    """Return the path of a key file after checking that it is outside the study folder, following links."""
    # Not Path.expanduser, which fails for unknown users.
    path = Path(os.path.expanduser(place)).absolute()
    try:
        is_inside = any(_is_same(parent, folder) for way in (path, path.resolve()) for parent in way.parents)
    except (OSError, RuntimeError) as error:
        raise _cannot(path, "found", error) from None
    if is_inside:
        msg = "the key file would be in the study folder and be published with it"
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
        msg = "the key file is not a regular file"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name an existing or new file")
    if os.name == "posix" and status.st_mode & _OTHERS:
        msg = f"other users can access the key file: its mode is {stat.S_IMODE(status.st_mode):04o}"
        hint = f"chmod 600 {path}; if others may have read it, start over from the original ids with a new key"
        raise ConfigurationError(msg, where=Where(str(path)), hint=hint)


def _cannot(path: Path, done: str, error: Exception) -> ConfigurationError:
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)
    msg = f"the key file cannot be {done}: {said}"
    return ConfigurationError(msg, where=Where(str(path)), hint="name a file in a folder of yours, outside the study")


class PseudonymMaker:
    """Generates the pseudonyms of one key of 32 bytes.

    A pseudonym is "p", 16 hexadecimal digits of the id's HMAC-SHA256, and 6 digits of the HMAC-SHA256 of those, by
    which it is recognized: another text in this form passes the check with a probability of 1 in 16 million.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, name: str) -> str:
        """Return the pseudonym of an id."""
        body = self._digits(b"participant", name, _BODY)
        return f"p{body}{self._digits(b'check', body, _CHECK)}"

    def knows(self, name: str) -> bool:
        """Return whether an id is a pseudonym made with this key."""
        if not _PSEUDONYM.fullmatch(name):
            return False
        body, check = name[1 : 1 + _BODY], name[1 + _BODY :]
        return hmac.compare_digest(check, self._digits(b"check", body, _CHECK))

    def replacements(self, names: Iterable[str]) -> dict[str, str]:
        """Return the pseudonym of each id that is not a pseudonym yet.

        Raises
        ------
        SourceError
            If an id is a pseudonym of another key, or two ids would get the same pseudonym.
        """
        new: dict[str, str] = {}
        for name in names:
            if self.knows(name):
                continue
            if _PSEUDONYM.fullmatch(name):
                msg = "the study has ids that look like pseudonyms made with another key"
                hint = "name the key file that was used before, or start over from the original ids"
                raise SourceError(msg, hint=hint)
            new[name] = self.make(name)
        if len(set(new.values())) < len(new):
            msg = "two participants would get the same pseudonym"
            raise SourceError(msg, hint="name a new key file to create another key")
        return new

    def _digits(self, purpose: bytes, text: str, n: int) -> str:
        content = purpose + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()[:n]
