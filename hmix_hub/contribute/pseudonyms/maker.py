"""Maker of pseudonyms: keyed, so that nobody can try out ids; known again, so that none is made of another."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from hmix_hub.errors import SourceError

_BODY, _CHECK = 16, 6
_FORM = re.compile(rf"p[0-9a-f]{{{_BODY + _CHECK}}}")


class PseudonymMaker:
    """Maker of the pseudonyms of one key.

    A pseudonym is "p", 16 hexadecimal digits of HMAC-SHA256 of the id, and 6 of HMAC-SHA256 of those, by which one made
    with this key is known again: another text of this form passes for one in 1 of 16 million cases.

    Parameters
    ----------
    key
        32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, name: str) -> str:
        """Make the pseudonym of an id."""
        body = self._digits(b"participant", name, _BODY)
        return f"p{body}{self._digits(b'check', body, _CHECK)}"

    def knows(self, name: str) -> bool:
        """Say whether an id is a pseudonym that was made with this key."""
        if not has_form(name):
            return False
        body, check = name[1 : 1 + _BODY], name[1 + _BODY :]
        return hmac.compare_digest(check, self._digits(b"check", body, _CHECK))

    def replacements(self, names: Iterable[str]) -> dict[str, str]:
        """Give the pseudonym of each id that is none yet.

        Raises
        ------
        SourceError
            If an id is a pseudonym of another key, or two ids would get one pseudonym.
        """
        new: dict[str, str] = {}
        for name in names:
            if self.knows(name):
                continue
            if has_form(name):
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


def has_form(name: str) -> bool:
    """Say whether an id has the form of a pseudonym, of whatever key."""
    return _FORM.fullmatch(name) is not None
