"""The key of pseudonyms: the file that keeps it, and what it makes of ids.

The file is made once, outside the study, readable by its owner alone, and never printed or copied. The pseudonyms are
keyed, so that nobody can try out ids, and known again, so that none is made of another.
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
    """Read a key of 32 bytes from a file that the study folder must not hold; `None` where there is no such file.

    Raises
    ------
    ConfigurationError
        If the file lies in the study folder, can be read by others, or holds no key. The message shows nothing of it.
    """
    path = _key_path(place, folder)
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
    if not _KEY.fullmatch(content.strip()):
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
    path = _key_path(place, folder)
    key = secrets.token_bytes(KEY_BYTES)
    try:
        new_file(path, key.hex().encode() + b"\n")
    except OSError as error:
        raise _cannot(path, "made", error) from None
    return key


def _key_path(place: str | os.PathLike[str], folder: Path) -> Path:
    """Return the path of a key file, once it is known to lie outside the study folder, wherever links lead."""
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


class PseudonymMaker:
    """Maker of the pseudonyms of one key.

    A pseudonym is "p", 16 hexadecimal digits of HMAC-SHA256 of the id, and 6 of HMAC-SHA256 of those, by which one made
    with this key, of 32 bytes, is known again: another text of this form passes for one in 1 of 16 million cases.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, name: str) -> str:
        """Return the pseudonym of an id."""
        body = self._digits(b"participant", name, _BODY)
        return f"p{body}{self._digits(b'check', body, _CHECK)}"

    def knows(self, name: str) -> bool:
        """Whether an id is a pseudonym that was made with this key."""
        if not _PSEUDONYM.fullmatch(name):
            return False
        body, check = name[1 : 1 + _BODY], name[1 + _BODY :]
        return hmac.compare_digest(check, self._digits(b"check", body, _CHECK))

    def replacements(self, names: Iterable[str]) -> dict[str, str]:
        """Return the pseudonym of each id that is none yet.

        Raises
        ------
        SourceError
            If an id is a pseudonym of another key, or two ids would get one pseudonym.
        """
        new: dict[str, str] = {}
        for name in names:
            if self.knows(name):
                continue
            if _PSEUDONYM.fullmatch(name):
                msg = "the study has ids that look like pseudonyms made with another key"
                hint = "name the key file of the first time; or begin again from the original ids"
                raise SourceError(msg, hint=hint)
            new[name] = self.make(name)
        if len(set(new.values())) < len(new):
            msg = "two people would get one pseudonym"
            raise SourceError(msg, hint="name another key file, which is not there yet, to make another key")
        return new

    def _digits(self, purpose: bytes, text: str, n: int) -> str:
        content = purpose + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()[:n]
