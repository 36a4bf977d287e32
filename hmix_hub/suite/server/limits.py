"""Limits of new sessions from one network, in memory alone: no address is stored, and a restart forgets them all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from math import ceil

from starlette.types import Scope

from hmix_hub.suite.server.proxy import Network, Proxy
from hmix_hub.suite.server.replies import Refusal

MOST_NETWORKS = 50_000
"""Networks that are remembered; of more, those that have been quiet for longest are forgotten."""
_PREFIX = {4: 24, 6: 48}
_HOUR = 3600.0


@dataclass
class _Bucket:
    """What a network may still begin, as of a time of the clock, seconds."""

    left: float
    at: float


class NetworkLimit:
    """Lets so many people an hour begin from one network: the first 24 bits of an address of IPv4, 48 of IPv6.

    A network that was quiet for an hour may begin as many at once. Addresses of this computer are never limited: they
    are those of a proxy that says nothing of who asks it.

    Parameters
    ----------
    per_hour
        Return how many; `None`: any number.
    proxy
        What stands between people and the server.
    elapsed
        Clock, seconds; only differences count.
    """

    def __init__(
        self, per_hour: Callable[[], int | None], proxy: Proxy, *, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_hour, self._proxy, self._elapsed = per_hour, proxy, elapsed
        # Those that were quiet for longest come first.
        self._buckets: dict[Network, _Bucket] = {}

    def take(self, scope: Scope) -> None:
        """Count a session that is about to begin.

        Raises
        ------
        Refusal
            429, if too many began from the network; with how long to wait.
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
            raise Refusal(429, "crowded", "Many people have just begun from this network.", headers=wait)
