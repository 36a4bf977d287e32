"""Requests, answers and errors, as the routes see them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True)
class Request:
    """What a client asked; names of headers are in lower case."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.query_string, keep_blank_values=True)

    @property
    def token(self) -> str | None:
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and token else None

    def argument(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        return self.argument(name).lower() in {"1", "true"}

    def data(self) -> dict[str, Any]:
        """Return the body: JSON, or a form whose values are lists."""
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return dict(parse_qs(self.body.decode()))
        return json.loads(self.body) if self.body else {}


@dataclass
class Response:
    """An answer."""

    status: int = HTTPStatus.OK
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class HubError(Exception):
    """A refusal, with the headers by which the clients tell refusals apart."""

    def __init__(
        self, status: int, message: str, code: str = "", headers: dict[str, str] | None = None, **fields: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"X-Error-Message": message, **(headers or {})}
        if code:
            self.headers["X-Error-Code"] = code
        self.body = {"error": message, **fields}

    def response(self) -> Response:
        return json_response(self.body, self.status, self.headers)


def json_response(value: Any, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(value, default=str).encode()
    return Response(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


def page_response(request: Request, url: str, items: list[Any], size: int) -> Response:
    """Answer with one page of items, and the address of the next one."""
    start = int(request.argument("cursor", "0"))
    headers = {}
    if start + size < len(items):
        query = urlencode({**request.query, "cursor": [str(start + size)]}, doseq=True)
        headers["Link"] = f'<{url}{request.path}?{query}>; rel="next"'
    return json_response(items[start : start + size], headers=headers)


def content_response(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    """Answer with a file, or with the range of it that was asked for."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **headers}
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or not any(match.groups()):
        return Response(HTTPStatus.OK, content, headers)
    first, last = match.groups()
    start = int(first) if first else max(len(content) - int(last), 0)
    stop = min(int(last) + 1, len(content)) if first and last else len(content)
    if start >= len(content):
        headers["Content-Range"] = f"bytes */{len(content)}"
        return Response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", headers)
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    return Response(HTTPStatus.PARTIAL_CONTENT, content[start:stop], headers)
