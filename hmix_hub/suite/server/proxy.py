"""Behind a proxy: the path of its host that the study stands below, and the address of whoever asks it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from hmix_hub.errors import CollectionError
from hmix_hub.suite.server.replies import Refusal

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)
_DOTS = {".", ".."}
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+", re.ASCII)
_FORWARDED = b"x-forwarded-for"


@dataclass(frozen=True)
class Proxy:
    """What stands between people and the server.

    Parameters
    ----------
    root_path
        Path that the study stands below, "/pilot"; "": at the top of its host.
    trusted
        Networks of proxies, whose word on who asks them is taken.
    """

    root_path: str = ""
    trusted: frozenset[Network] = field(default_factory=frozenset)

    @classmethod
    def of(cls, root_path: str = "", trusted: Iterable[str] = ()) -> Proxy:
        """Read both as people write them.

        Raises
        ------
        CollectionError
            If one of them is none.
        """
        path = root_path.rstrip("/")
        first, *segments = path.split("/")
        if first or not all(_SEGMENT.fullmatch(segment) and segment not in _DOTS for segment in segments):
            msg = f"{root_path!r} is no path that a study can stand below"
            raise CollectionError(msg, hint="write it as --root-path /pilot: letters, digits, - . _ ~, and no ..")
        networks = set()
        for text in trusted:
            try:
                networks.add(ip_network(text))
            except ValueError:
                msg = f"{text!r} is no address of a proxy"
                hint = "write --trusted-proxy 127.0.0.1, or a network of them: 10.0.0.0/8"
                raise CollectionError(msg, hint=hint) from None
        return cls(path, frozenset(networks))

    def person_of(self, scope: Scope) -> Address | None:
        """Return the address of who asks, which is stored and logged nowhere; `None` where it is not known.

        What a proxy forwards is read from its end: whatever stands before the last address that is no proxy's was
        written by whoever asked.
        """
        address = _address((scope.get("client") or ("",))[0])
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED]
        forwarded = [part.strip() for line in lines for part in line.split(",")]
        while address is not None and forwarded and self._is_trusted(address):
            address = _address(forwarded.pop())
        return address

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self.trusted if network.version == address.version)


DIRECT = Proxy()
"""No proxy: people reach the server itself."""


class BelowPath:
    """Serves below the proxy's path, whether the proxy leaves it in addresses or takes it out."""

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self._app, self._root = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on as one for the top of the host."""
        path = scope["path"]
        if not _DOTS.isdisjoint(path.split("/")):
            raise Refusal(404, "not_found", "There is nothing at this address.")
        if self._root and path == self._root:
            # The page's own addresses are relative, so its address has to end with a slash.
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(f"{self._root}/{'?' if query else ''}{query}", 308)(scope, receive, send)
            return
        if self._root and path.startswith(f"{self._root}/"):
            scope = {**scope, "path": path.removeprefix(self._root)}
        await self._app(scope, receive, send)


def _address(text: str) -> Address | None:
    """Read an address, which some proxies write with a port; one of IPv4 in IPv6's form is that of IPv4."""
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address(with_port[with_port.lastindex or 0] if with_port else text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
