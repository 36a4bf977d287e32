"""Behind a proxy: the path below which the study is served, and the addresses of clients."""

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
    """A proxy between participants and the server.

    Parameters
    ----------
    root_path
        Path below which the study is served, "/pilot"; "": at the root of its host.
    trusted
        Networks of proxies whose forwarded client addresses are trusted.
    """

    root_path: str = ""
    trusted: frozenset[Network] = field(default_factory=frozenset)

    @classmethod
    def of(cls, root_path: str = "", trusted: Iterable[str] = ()) -> Proxy:
        """Return a proxy from its path and networks as text.

        Raises
        ------
        CollectionError
            If one of them is invalid.
        """
        path = root_path.rstrip("/")
        first, *segments = path.split("/")
        if first or not all(_SEGMENT.fullmatch(segment) and segment not in _DOTS for segment in segments):
            msg = f"a study cannot be served below the path {root_path!r}"
            raise CollectionError(msg, hint="write it as --root-path /pilot: letters, digits, - . _ ~, and no ..")
        networks = set()
        for text in trusted:
            try:
                networks.add(ip_network(text))
            except ValueError:
                msg = f"{text!r} is not the address of a proxy"
                hint = "write --trusted-proxy 127.0.0.1, or a network of them: 10.0.0.0/8"
                raise CollectionError(msg, hint=hint) from None
        return cls(path, frozenset(networks))

    def person_of(self, scope: Scope) -> Address | None:
        """Return the client's address, which is never stored or logged; `None` if it is unknown.

        The forwarded list is read from its end, because everything before the last address that is not a proxy's could
        have been written by the client.
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
"""No proxy: participants reach the server directly."""


class BelowPath:
    """Serves below the proxy's path, whether or not the proxy removes it from addresses."""

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self._app, self._root = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on as one for the root of the host."""
        path = scope["path"]
        if not _DOTS.isdisjoint(path.split("/")):
            raise Refusal(404, "not_found", "There is nothing at this address.")
        if self._root and path == self._root:
            # The page's links are relative, so its address must end with a slash.
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(f"{self._root}/{'?' if query else ''}{query}", 308)(scope, receive, send)
            return
        if self._root and path.startswith(f"{self._root}/"):
            scope = {**scope, "path": path.removeprefix(self._root)}
        await self._app(scope, receive, send)


def _address(text: str) -> Address | None:
    """Read an address, with or without a port; an IPv4 address in IPv6 form becomes IPv4."""
    with_port = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address(with_port[with_port.lastindex or 0] if with_port else text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
