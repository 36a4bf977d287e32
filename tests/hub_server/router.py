"""Which function answers which request."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from hub_server.messages import HubError, Request, Response
from hub_server.state import State

Handler = Callable[..., Response]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_PARTS = {
    "repo": r"(?:spaces/)?[^/]+/[^/]+",
    "revision": r"refs/(?:pr|convert)/[^/]+|[^/]+",
    "path": r".+",
    "number": r"\d+",
}


class Router:
    """Routes by method and path; `{repo}`, `{revision}`, `{path}` and `{number}` in a path become arguments."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def route(self, method: str, path: str) -> Callable[[Handler], Handler]:
        """Register the decorated function; of what is done with a dataset, for Spaces, too."""
        path = path.replace("/datasets/{repo}", "/(?:datasets/(?!spaces/)|(?=spaces/)){repo}")
        expression = _PLACEHOLDER.sub(
            lambda match: f"(?P<{match[1]}>{_PARTS.get(match[1], '[^/]+')})", path.replace(".", r"\.")
        )

        def register(handler: Handler) -> Handler:
            self._routes.append((method, re.compile(expression), handler))
            return handler

        return register

    def answer(self, state: State, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        for route_method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match is not None and route_method == method:
                arguments = {name: unquote(value) for name, value in match.groupdict().items()}
                try:
                    return handler(state, request, **arguments)
                except HubError as error:
                    return error.response()
        return HubError(HTTPStatus.NOT_FOUND, f"Cannot {request.method} {request.path}").response()
