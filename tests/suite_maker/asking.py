"""Asking an application without a network: any bytes, in any pieces, as a server hands them over."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import unquote

from suite_maker.answers import answer_to, chance

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asker:
    """Calls an ASGI application, one request after the other.

    The loop has a thread of its own: another one may run in the test's thread, as that of a browser does.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self._thread = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def ask(
        self,
        method: str,
        path: str,
        sent: Any = None,
        *,
        token: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        pieces: list[bytes] | None = None,
        ends: str = "whole",
    ) -> Reply:
        """Ask; `sent` becomes JSON, `pieces` go as they are; a body `ends` "whole", "open" or with "disconnect"."""
        given = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        if token is not None:
            given.append((b"authorization", f"Bearer {token}".encode()))
        if sent is not None and pieces is None:
            pieces = [json.dumps(sent).encode()]
        if pieces is not None and not any(name == b"content-type" for name, _ in given):
            given.append((b"content-type", b"application/json"))
        call = self._call(method, path, given, pieces or [], ends)
        return self._thread.submit(self._runner.run, call).result()

    async def _call(
        self, method: str, address: str, headers: list[tuple[bytes, bytes]], pieces: list[bytes], ends: str
    ) -> Reply:
        path, _, query = address.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
            "client": ("203.0.113.7", 4711),
            "server": ("127.0.0.1", 80),
        }
        waiting = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        if ends == "whole":
            waiting.append({"type": "http.request", "body": b"", "more_body": False})
        came: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop(0)
            if ends == "open":
                await asyncio.sleep(3600)
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            came.append(message)

        await self.app(scope, receive, send)
        if not came:
            return Reply(0, {}, b"")
        told = {name.decode().lower(): value.decode() for name, value in came[0]["headers"]}
        return Reply(came[0]["status"], told, b"".join(message.get("body", b"") for message in came[1:]))


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own, for in this one a browser's event loop may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


class Person:
    """Somebody who takes part."""

    def __init__(self, asker: Asker, consent: str, *, seed: int = 0) -> None:
        self.asker, self.consent = asker, consent
        self.token = secrets.token_urlsafe(32)
        self.rng = chance(seed)
        self.replies: list[Reply] = []

    @property
    def token_hash(self) -> bytes:
        return hashlib.sha256(self.token.encode()).digest()

    def ask(self, method: str, path: str, sent: Any = None, **how: Any) -> Reply:
        reply = self.asker.ask(method, path, sent, token=self.token, **how)
        self.replies.append(reply)
        return reply

    def join(self, task: str | None = None, recruiting_id: str | None = None) -> Reply:
        sent = {"recruiting_id": recruiting_id, "task": task, "consent_sha256": self.consent}
        return self.ask("POST", "/api/sessions", sent)

    def view(self) -> Any:
        return self.ask("GET", "/api/session").json

    def quiz(self, *answers: int, attempt: int = 1) -> Reply:
        return self.ask("PUT", f"/api/session/quiz/{attempt}", {"answers": list(answers)})

    def pages(self, kind: str = "trial") -> list[dict[str, Any]]:
        return [page for page in self.view()["pages"] if page["kind"] == kind]

    def answer(self, page: dict[str, Any], sent: Any = None, **how: Any) -> Reply:
        """Answer a trial's page, with a good answer if none is given."""
        if sent is None and "pieces" not in how:
            sent = answer_to(page, task_of(page), self.rng)
        return self.ask("PUT", f"/api/session/trials/{page['index']}", sent, **how)

    def begin(self, task: str) -> list[dict[str, Any]]:
        """Join and pass the quiz; gives the pages of the trials."""
        assert self.join(task).status == 200
        assert self.quiz(2, 1).json["passed"]
        return self.pages()

    def take_part(self, task: str) -> Reply:
        """Go through the whole of a session."""
        for page in self.begin(task):
            assert self.answer(page).json == {"outcome": "stored"}
        assert self.ask("PUT", "/api/session/comments", {"text": "Nice pictures."}).status == 200
        return self.ask("POST", "/api/session/finish", {})


def task_of(page: dict[str, Any]) -> str:
    """Name the task of a trial's page by what it holds."""
    if "start" in page:
        return "construct_midpoint"
    if "scales" in page:
        return "scale_rating"
    if "confidence" in page:
        return "class_choice"
    if "must_touch" in page:
        return "infer_mixing_factor"
    return "categorical_soft_labels" if "class_order" in page else "select_shuffled_midpoint"
