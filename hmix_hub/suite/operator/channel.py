"""The channel to the serving process: its address and token are in a file of the collection's folder.

Only one process writes to a collection. A command that changes something asks the serving process to do it if there is
one, and otherwise opens the store itself; callers of `carry_out` need not know which.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hmix_hub.errors import CollectionError, Where
from hmix_hub.files import new_file
from hmix_hub.suite.operator.actions import MOST_IDS, Action, Told
from hmix_hub.suite.store.database import FolderLockedError
from hmix_hub.suite.store.keys import folder_lock
from hmix_hub.suite.store.store import Store

CHANNEL_NAME = "collection.operator"
"""File in the folder with the channel while the collection is served, readable only by its owner."""
_TOKEN_BYTES = 32
_TIMEOUT_S = 120.0
"""Long, because a withdrawal may wait until the database has been rewritten."""
_MOST_BYTES = 48 * 1024
"""Maximum bytes of ids in one request; the server accepts a body of 64 KiB."""


@dataclass(frozen=True)
class Channel:
    """Where a serving process accepts actions.

    Parameters
    ----------
    address
        "http://127.0.0.1:40123".
    token
        256 random bits, base64url; it grants full access.
    """

    address: str
    token: str

    @property
    def page(self) -> str:
        """Address of the dashboard. The token is in the fragment, which browsers do not send and logs never contain."""
        return f"{self.address}/#{self.token}"


def new_token() -> str:
    """Return a new token: 43 letters, digits, - and _."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


@contextlib.contextmanager
def announced(folder: Path, channel: Channel) -> Iterator[None]:
    """Keep the channel's file in a folder whose lock this process holds; remove it at the end.

    Raises
    ------
    CollectionError
        If it cannot be written.
    """
    path = folder / CHANNEL_NAME
    try:
        # Left over if the last server was killed.
        path.unlink(missing_ok=True)
        new_file(path, json.dumps(asdict(channel)).encode() + b"\n")
    except OSError as error:
        msg = f"the address of the dashboard cannot be written: {error.strerror or error}"
        raise CollectionError(msg, where=Where(str(path)), hint="make the folder writable") from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def read_channel(folder: Path) -> Channel | None:
    """Return the channel of the process that serves a collection; `None` if none is announced."""
    try:
        return Channel(**json.loads((folder / CHANNEL_NAME).read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return None


def carry_out(folder: Path, action: Action) -> Told:
    """Carry out an action: in the process that serves the collection, or in this one if there is none.

    Raises
    ------
    CollectionError
        If it cannot be done, or the serving process does not respond.
    """
    try:
        with folder_lock(folder), Store.open(folder) as store:
            return action.carry_out(store)
    except FolderLockedError:
        channel = read_channel(folder)
        if channel is None:
            raise
        return _ask(channel, action)


def portions_of(ids: Iterable[str]) -> Iterator[list[str]]:
    """Split recruiting ids into portions that fit into one action and its request."""
    portion: list[str] = []
    size = 0
    for given in ids:
        more = len(json.dumps(given)) + 2
        if portion and (len(portion) == MOST_IDS or size + more > _MOST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(given)
        size += more
    if portion:
        yield portion


def _ask(channel: Channel, action: Action) -> Told:
    import requests

    where = Where(channel.address)
    with requests.Session() as session:
        # Ignore proxies set in the environment: they cannot reach this computer's loopback address.
        session.trust_env = False
        try:
            response = session.post(
                f"{channel.address}/api/actions/{action.name}",
                json=action.model_dump(mode="json"),
                headers={"Authorization": f"Bearer {channel.token}"},
                timeout=_TIMEOUT_S,
            )
            told: Any = response.json()
        except requests.RequestException as error:
            msg = f"the process that serves the collection does not respond: {type(error).__name__}"
            hint = "check whether `hmix collect serve` is still running, or stop it and try again"
            raise CollectionError(msg, where=where, hint=hint) from error
    if response.status_code != 200:
        raise CollectionError(str(told.get("message")), hint=told.get("hint"))
    return dict(told)
