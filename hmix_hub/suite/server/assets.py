"""The client's files: read once, sent as they are."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from hmix_hub.suite.server.replies import Refusal

PAGE = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Assets:
    """The files of `hmix_hub.suite.client`, by name."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, str, str]] = {}
        for file in files("hmix_hub.suite.client").iterdir():
            kind = _TYPES.get("." + file.name.rpartition(".")[2])
            if kind is not None and file.is_file():
                content = file.read_bytes()
                self._files[file.name] = content, kind, f'"{hashlib.sha256(content).hexdigest()[:32]}"'

    async def page(self, request: Request) -> Response:
        """Send the page."""
        return self._send(PAGE, request)

    async def file(self, request: Request) -> Response:
        """Send a module, a style sheet or the icon."""
        name = request.path_params["name"]
        return self._send("" if name == PAGE else name, request)

    def _send(self, name: str, request: Request) -> Response:
        if name not in self._files:
            raise Refusal(404, "not_found", "There is no such file.")
        content, kind, tag = self._files[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        asked = request.headers.get("if-none-match", "")
        if tag in {part.strip().removeprefix("W/") for part in asked.split(",")}:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=kind)
