"""The route with which participants join: with a recruiting id, a personal link, or neither.

The limit per network is kept only in memory: no address is stored, and a restart forgets them all.
"""

from __future__ import annotations

import time
from asyncio import wrap_future
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from math import ceil

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from hmix_hub.suite.server.proxy import Network, Proxy
from hmix_hub.suite.server.replies import Refusal
from hmix_hub.suite.server.requests import Sent, read_sent, token_hash
from hmix_hub.suite.server.session_routes import view_reply
from hmix_hub.suite.store.store import Store

_LONGEST_ID = 200
"""Maximum length of a recruiting id or a link."""
MOST_NETWORKS = 50_000
"""Maximum number of remembered networks; beyond it, those that have been quiet for longest are forgotten."""
_PREFIX = {4: 24, 6: 48}
_HOUR = 3600.0


@dataclass
class _Bucket:
    """The number of sessions a network can still begin, as of a time on the clock, seconds."""

    left: float
    at: float


class NetworkLimit:
    """Limits how many participants can start per hour from one network: the first 24 bits of IPv4, 48 of IPv6.

    A network that was quiet for an hour can start a full hour's number at once. Loopback addresses are never limited:
    they belong to a proxy that does not forward its clients' addresses.

    Parameters
    ----------
    per_hour
        Returns the limit; `None`: no limit.
    proxy
        The proxy between participants and the server.
    elapsed
        Clock in seconds; only differences matter.
    """

    def __init__(
        self, per_hour: Callable[[], int | None], proxy: Proxy, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_hour, self._proxy, self._elapsed = per_hour, proxy, elapsed
        # Quiet for longest first.
        self._buckets: dict[Network, _Bucket] = {}

    def take(self, scope: Scope) -> None:
        """Count a session that is about to begin.

        Raises
        ------
        Refusal
            429 with the time to wait, if too many began from the network.
        """
        per_hour = self._per_hour()
        address = None if per_hour is None else self._proxy.person_of(scope)
        if per_hour is None or address is None or address.is_loopback:
            return
        network = ip_network((address, _PREFIX[address.version]), strict=False)
        now = self._elapsed()
        bucket = self._buckets.pop(network, None) or _Bucket(per_hour, now)
        left = min(per_hour, bucket.left + (now - bucket.at) * per_hour / _HOUR)
        is_allowed = left >= 1
        self._buckets[network] = _Bucket(left - is_allowed, now)
        while len(self._buckets) > MOST_NETWORKS:
            del self._buckets[next(iter(self._buckets))]
        if not is_allowed:
            wait = {"Retry-After": str(ceil((1 - left) * _HOUR / per_hour))}
            raise Refusal(429, "crowded", "Many people have just started from this network.", headers=wait)


class Join(Sent):
    """The body of a request to begin or continue a session."""

    consent_sha256: str
    recruiting_id: str | None = None
    task: str | None = None
    link: str | None = None
    takes_over: bool = False
    another: bool = False


class JoinRoute:
    """The beginning of sessions."""

    def __init__(self, store: Store, limit: NetworkLimit) -> None:
        self._store, self._limit = store, limit

    async def join(self, request: Request) -> Response:
        """Begin a session, or continue the one of the token or the personal link."""
        token = token_hash(request)
        sent = await read_sent(request, Join)
        frozen = self._store.frozen
        if sent.consent_sha256 != frozen.consent_sha256:
            raise Refusal(409, "consent_changed", "The consent form has changed. Load the page again.")
        if sent.task is not None and sent.task not in frozen.study.tasks:
            raise Refusal(400, "no_such_task", "The study has no such task.")
        if self._store.is_moved(token):
            raise Refusal(401, "moved", "The session continues in another browser.")
        link = self._link(sent.link)
        recruiting_hash = self._recruiting(sent.recruiting_id, has_link=link is not None)
        if link is None and self._store.session(token) is None:
            self._limit.take(request.scope)
        joining = self._store.join(
            token,
            recruiting_hash=recruiting_hash,
            task=sent.task,
            link=link,
            takes_over=sent.takes_over,
            another=sent.another,
        )
        return view_reply(self._store, await wrap_future(joining))

    def _link(self, text: str | None) -> int | None:
        links = self._store.frozen.study.recruiting.links
        if links == "off" or not (text or links == "required"):
            return None
        if not text:
            raise Refusal(403, "link_missing", "This study requires a personal link.")
        number = self._store.key.read_link(text) if len(text) <= _LONGEST_ID else None
        if number is None:
            raise Refusal(403, "bad_link", "This link does not belong to this study.")
        return number

    def _recruiting(self, given: str | None, *, has_link: bool) -> str | None:
        """Return the hash of a recruiting id; `None` without one, or if it is a placeholder."""
        text = given or ""
        if not text.isprintable() or len(text.strip()) > _LONGEST_ID:
            said = f"A recruiting id consists of at most {_LONGEST_ID} printable characters."
            raise Refusal(400, "bad_recruiting_id", said)
        recruiting = self._store.frozen.study.recruiting
        recruiting_id = recruiting.id_of(text)
        if recruiting_id is None and recruiting.required and not has_link:
            raise Refusal(403, "recruiting_id_missing", "The address lacks the id of the recruiting platform.")
        return self._store.key.recruiting(recruiting_id) if recruiting_id else None
