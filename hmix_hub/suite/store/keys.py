"""The key of a collection, and the lock on it.

The key is made once, readable only by its owner, and never logged or served; names are derived from it. It is also the
file that is locked: since a collection cannot be served without it, nobody will delete it like a stale lock file and
thereby allow a second server.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
import string
import time
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.files import new_file, try_lock
from hmix_hub.suite.store.database import DATABASE_NAME, FolderLockedError, StoreError

KEY_NAME = "collection.key"
_KEY_BYTES = 32
_FORM = re.compile(r"[0-9a-f]{64}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_PARTICIPANT_CHARACTERS = 12
_LINK_CHARACTERS = 20
"""36 possible characters each: 103 bits."""
_LINK = re.compile(rf"([1-9][0-9]{{0,8}})-[a-z0-9]{{{_LINK_CHARACTERS}}}", re.ASCII)
_MARK_BYTES, _PAGE_BYTES = 7, 5


class StudyKey:
    """Names and codes derived from the secret key, 32 bytes, separately for each purpose."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "StudyKey(...)"

    def _digest(self, purpose: str, text: str | bytes) -> bytes:
        content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        return hmac.digest(self._secret, purpose.encode() + b"\0" + content, "sha256")

    def recruiting(self, recruiting_id: str) -> str:
        """Return what is stored instead of a recruiting id, 64 hex digits."""
        return self._digest("recruiting", recruiting_id).hex()

    def seal(self, contents: Iterable[bytes], page: str) -> list[str]:
        """Return encrypted names, 40 hex digits each, for contents of 8 bytes each; only this key can decrypt them.

        Names differ on every page. The first bytes are a digest of the rest, which is masked with a digest of those
        bytes: equal contents on two pages have nothing in common, and a modified name is invalid.
        """
        salt = self._short("page", page.encode(), _PAGE_BYTES)
        plains = [salt + content for content in contents]
        marks = [self._short("seal", plain, _MARK_BYTES) for plain in plains]
        return [(mark + self._masked(plain, mark)).hex() for mark, plain in zip(marks, plains, strict=True)]

    def unseal(self, name: str) -> bytes | None:
        """Return the content of a name; `None` if it was not made by `seal` with this key."""
        sealed = bytes.fromhex(name)
        mark = sealed[:_MARK_BYTES]
        plain = self._masked(sealed[_MARK_BYTES:], mark)
        is_own = hmac.compare_digest(mark, self._short("seal", plain, _MARK_BYTES))
        return plain[_PAGE_BYTES:] if is_own else None

    def _masked(self, content: bytes, mark: bytes) -> bytes:
        mask = self._short("mask", mark, len(content))
        return (int.from_bytes(content) ^ int.from_bytes(mask)).to_bytes(len(content))

    def _short(self, purpose: str, content: bytes, size: int) -> bytes:
        """Return a digest of some bytes with the fastest function, because a session names a thousand pictures."""
        return blake2b(content, digest_size=size, key=self._secret, person=purpose.encode()).digest()

    def picture_name(self, text: str) -> str:
        """Return a picture's name, 32 hex digits, from before names differed by page."""
        return self._digest("picture", text).hex()[:32]

    def link(self, number: int) -> str:
        """Return the text of a personal link: its number and a signature, "17-k3v9x2m4q8r7t5w6z1y0"."""
        signature = _spell(self._digest("link", str(number)), string.ascii_lowercase + string.digits, _LINK_CHARACTERS)
        return f"{number}-{signature}"

    def read_link(self, text: str) -> int | None:
        """Return the number of a personal link; `None` if it was not signed with this key."""
        found = _LINK.fullmatch(text)
        if found is None:
            return None
        number = int(found[1])
        return number if hmac.compare_digest(self.link(number), text) else None

    def fallback_code(self, session_id: str) -> str:
        """Return the code of a session that cannot finish because the server is unreachable, "F-7K2M-9QXD"."""
        return f"F-{self._code('fallback', session_id)}"

    def completion_code(self, session_id: str) -> str:
        """Return the code of a finished session, "7K2M-9QXD"; digits and letters without I, L, O and U."""
        return self._code("completion", session_id)

    def _code(self, purpose: str, text: str) -> str:
        letters = _spell(self._digest(purpose, text), _CROCKFORD, 8)
        return f"{letters[:4]}-{letters[4:]}"

    def participant(self, session_id: str) -> str:
        """Return the participant's id in exports: 12 letters and digits, starting with a letter."""
        digest = self._digest("participant", session_id)
        first = _spell(digest[:8], string.ascii_lowercase, 1)
        return first + _spell(digest[8:], string.ascii_lowercase + string.digits, _PARTICIPANT_CHARACTERS - 1)

    def mark(self, text: str) -> str:
        """Return the mark by which a database recognizes this key, 64 hex digits."""
        return self._digest("mark", text).hex()


def _spell(digest: bytes, alphabet: str, length: int) -> str:
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(alphabet))
        letters.append(alphabet[place])
    return "".join(letters)


def plain_code(code: str) -> str:
    """Return a code in the form that is compared, with misreadings (O for 0, lower case, missing hyphens) corrected."""
    return code.strip().upper().translate(_LOOKALIKES)


def make_key(folder: Path) -> StudyKey:
    """Make the key file of a collection, or read the existing one.

    Raises
    ------
    StoreError
        If it can be neither made nor read.
    """
    path = folder / KEY_NAME
    secret = secrets.token_bytes(_KEY_BYTES)
    try:
        new_file(path, secret.hex().encode() + b"\n")
    except FileExistsError:
        return read_key(folder)
    except OSError as error:
        msg = f"the key cannot be created: {error.strerror}"
        raise StoreError(msg, where=Where(str(path)), hint="make the folder writable") from error
    return StudyKey(secret)


def read_key(folder: Path) -> StudyKey:
    """Read the key of a collection.

    Raises
    ------
    StoreError
        If it is missing, or is not a key.
    """
    path = folder / KEY_NAME
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        msg = "the key of this collection is missing"
        hint = "restore it from a backup; without it, codes and recruiting ids cannot be verified any more"
        raise StoreError(msg, where=Where(str(path)), hint=hint) from None
    except (OSError, UnicodeDecodeError) as error:
        msg = "the key of this collection cannot be read"
        raise StoreError(msg, where=Where(str(path)), hint="restore it from a backup") from error
    if not _FORM.fullmatch(text):
        msg = "the file is not a key, which would be 64 hexadecimal digits and nothing else"
        raise StoreError(msg, where=Where(str(path)), hint="restore it from a backup")
    return StudyKey(bytes.fromhex(text))


_ATTEMPTS = 5
_PAUSE_SECONDS = 0.05


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Lock a collection against a second server, whatever path is used; released when the process ends.

    A key is made if there is neither a key nor a database yet, and removed if no collection was started.

    Raises
    ------
    FolderLockedError
        If this or another process already serves the collection.
    StoreError
        If the folder is not writable, or the key of the collection is missing.
    """
    path = folder / KEY_NAME
    is_new = not path.exists() and not (folder / DATABASE_NAME).exists()
    (make_key if is_new else read_key)(folder)
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        msg = f"the collection cannot be locked: {error.strerror}"
        raise StoreError(msg, where=Where(str(path)), hint="make the folder and the key writable") from error
    try:
        if not _take_soon(handle):
            msg = "this collection is already being served"
            hint = "use the running server, or stop it first (Ctrl+C where it was started)"
            raise FolderLockedError(msg, where=Where(str(folder)), hint=hint)
        try:
            yield
        finally:
            if is_new and not (folder / DATABASE_NAME).exists():
                path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def is_served(folder: Path) -> bool:
    """Return whether a process is serving the collection."""
    try:
        handle = os.open(folder / KEY_NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _take(handle)
    finally:
        os.close(handle)


def _take_soon(handle: int) -> bool:
    """Acquire the lock, with retries, because a process that checks `is_served` holds it for a moment."""
    for _ in range(_ATTEMPTS):
        if _take(handle):
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _take(handle: int) -> bool:
    """Acquire the lock of an open file; return whether nobody held it."""
    try:
        return try_lock(handle)
    except OSError as error:  # pragma: no cover - network folders
        msg = f"the collection cannot be locked: {error.strerror}"
        raise StoreError(msg, hint="move it to a local disk; network folders do not support this") from error
