"""The key of a collection: made once, readable by its owner alone, never logged or served; names are drawn from it."""

from __future__ import annotations

import hmac
import re
import secrets
import string
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.files import new_file
from hmix_hub.suite.store.errors import StoreError

KEY_NAME = "collection.key"
_KEY_BYTES = 32
_FORM = re.compile(r"[0-9a-f]{64}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_PARTICIPANT_CHARACTERS = 12


class StudyKey:
    """Names and codes that only who has the key can derive; each purpose has names of its own.

    Parameters
    ----------
    secret
        32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "StudyKey(...)"

    def _digest(self, purpose: str, text: str) -> bytes:
        message = purpose.encode() + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256")

    def recruiting(self, recruiting_id: str) -> str:
        """Give what is stored in place of a recruiting id, 64 hex digits."""
        return self._digest("recruiting", recruiting_id).hex()

    def picture_name(self, text: str) -> str:
        """Give the name that a picture is served under, 32 hex digits.

        Parameters
        ----------
        text
            What the picture is, the same text for the same picture.
        """
        return self._digest("picture", text).hex()[:32]

    def fallback_code(self, session_id: str) -> str:
        """Give the code of a session that cannot finish because the server stays away, "F-7K2M-9QXD"."""
        return f"F-{self._code('fallback', session_id)}"

    def completion_code(self, session_id: str) -> str:
        """Give the code of a finished session, "7K2M-9QXD"; digits and letters without I, L, O and U."""
        return self._code("completion", session_id)

    def _code(self, purpose: str, text: str) -> str:
        letters = _spell(self._digest(purpose, text), _CROCKFORD, 8)
        return f"{letters[:4]}-{letters[4:]}"

    def participant(self, session_id: str) -> str:
        """Give the participant's id in exports: 12 letters and digits, a letter first."""
        digest = self._digest("participant", session_id)
        first = _spell(digest[:8], string.ascii_lowercase, 1)
        return first + _spell(digest[8:], string.ascii_lowercase + string.digits, _PARTICIPANT_CHARACTERS - 1)

    def mark(self, text: str) -> str:
        """Give what tells that this key belongs to a database, 64 hex digits."""
        return self._digest("mark", text).hex()


def _spell(digest: bytes, alphabet: str, length: int) -> str:
    number = int.from_bytes(digest, "big")
    letters = []
    for _ in range(length):
        number, place = divmod(number, len(alphabet))
        letters.append(alphabet[place])
    return "".join(letters)


def plain_code(code: str) -> str:
    """Return a code as it is compared: misreadings (O for 0, lower case, missing hyphens) corrected."""
    return code.strip().upper().translate(_LOOKALIKES)


def make_key(folder: Path) -> StudyKey:
    """Make the key file of a collection, or take the one that is there.

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
        msg = f"the key cannot be made: {error.strerror}"
        raise StoreError(msg, where=Where(str(path)), hint="make the folder writable") from error
    return StudyKey(secret)


def read_key(folder: Path) -> StudyKey:
    """Read the key of a collection.

    Raises
    ------
    StoreError
        If it is not there, or is no key.
    """
    path = folder / KEY_NAME
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        msg = "the key of this collection is not there"
        hint = "bring it back from a backup; without it, codes and recruiting ids cannot be told any more"
        raise StoreError(msg, where=Where(str(path)), hint=hint) from None
    except (OSError, UnicodeDecodeError) as error:
        msg = "the key of this collection cannot be read"
        raise StoreError(msg, where=Where(str(path)), hint="bring it back from a backup") from error
    if not _FORM.fullmatch(text):
        msg = "the file holds no key: 64 hexadecimal digits, and nothing else"
        raise StoreError(msg, where=Where(str(path)), hint="bring it back from a backup")
    return StudyKey(bytes.fromhex(text))
