"""The channel to the serving process: who may write into the collection's folder finds its address and token there.

One process writes into a collection. A command that changes something asks that process to do it, where there is one,
and else opens the store itself; whoever calls `carry_out` need not know which.
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
"""File of the folder that holds the channel while the collection is served, readable by its owner alone."""
_TOKEN_BYTES = 32
_TIMEOUT_S = 120.0
"""A withdrawal may wait for a rewrite of the database."""
_MOST_BYTES = 48 * 1024
"""Bytes of ids in one request at most; the server takes a body of 64 KiB."""


@dataclass(frozen=True)
class Channel:
    """Where a serving process takes actions.

    Parameters
    ----------
    address
        "http://127.0.0.1:40123".
    token
        256 random bits, base64url; whoever has it may do everything.
    """

    address: str
    token: str

    @property
    def page(self) -> str:
        """Address of the dashboard. The token stands where browsers do not send it, and no log keeps it."""
        return f"{self.address}/#{self.token}"


def new_token() -> str:
    """Return a new token: 43 letters, digits, - and _."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


@contextlib.contextmanager
def announced(folder: Path, channel: Channel) -> Iterator[None]:
    """Keep the channel's file in a folder whose lock this process holds; it is removed at the end.

    Raises
    ------
    CollectionError
        If it cannot be written.
    """
    path = folder / CHANNEL_NAME
    try:
        # Left over, if the last server was killed.
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
    """Return the channel of the process that serves a collection; `None` where none is announced."""
    try:
        return Channel(**json.loads((folder / CHANNEL_NAME).read_text(encoding="ascii")))
    except (OSError, ValueError, TypeError):
        return None


def carry_out(folder: Path, action: Action) -> Told:
    """Carry out an action: in the process that serves the collection, or here, where none does.

    Raises
    ------
    CollectionError
        If it cannot be done, or the serving process does not answer.
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
    """Part recruiting ids into as many as one action takes, and its request holds."""
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
        # A proxy of the environment has no way to this computer's loopback address.
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
            msg = f"the process that serves the collection does not answer: {type(error).__name__}"
            hint = "look whether `hmix collect serve` still runs; or stop it, and try again"
            raise CollectionError(msg, where=where, hint=hint) from error
    if response.status_code != 200:
        raise CollectionError(str(told.get("message")), hint=told.get("hint"))
    return dict(told)
