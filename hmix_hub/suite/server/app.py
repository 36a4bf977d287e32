"""The application: routes for the study, its pictures, the client's files, and health."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from importlib.resources import files
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hmix_hub.sources.image_set import ImageSet
from hmix_hub.suite.server.joining import JoinRoute, NetworkLimit
from hmix_hub.suite.server.pictures import Gallery
from hmix_hub.suite.server.proxy import DIRECT, BelowPath, Proxy
from hmix_hub.suite.server.replies import Guard, Refusal, json_reply, png_reply, refusal_of
from hmix_hub.suite.server.session_routes import QuestionRoutes, SessionRoutes
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.recruiting import outcome_of
from hmix_hub.suite.study.words import words_of
from hmix_hub.suite.tasks import SUITE_TASKS

Endpoint = Callable[[Request], Awaitable[Response]]

PAGE = "index.html"
NEWS_HEADER = "Study-News"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PICTURE = re.compile(r"([0-9a-f]{40})\.png", re.ASCII)
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))", re.IGNORECASE)
TRIED_SECONDS = 5.0
"""Time for which a health check is reused, so that requests cannot keep the disk busy."""
PATIENCE_SECONDS = 2.0
"""Time after which a health check counts as failed, because participants would wait for their answers too."""


def build_app(store: Store, image_set: ImageSet, *, trial_run: bool = False, proxy: Proxy = DIRECT) -> Starlette:
    """Build the application that serves a collection.

    Parameters
    ----------
    store
        The collection, open for writing; the caller closes it.
    image_set
        The pictures that the study's indices refer to.
    trial_run
        Whether the pages say that this is a trial run.
    proxy
        The proxy between participants and the server.

    Raises
    ------
    CollectionError
        If the pictures are not those of the study.
    """
    study = StudyRoutes(store, Gallery(store.versions, store.key, image_set), trial_run=trial_run)
    session = SessionRoutes(store)
    joining = JoinRoute(store, NetworkLimit(lambda: store.frozen.study.recruiting.per_prefix, proxy))
    questions, assets = QuestionRoutes(store), assets_of_people()
    routes = [
        route("/", GET=assets.page),
        route("/static/{name:path}", GET=assets.file),
        route("/favicon.ico", GET=study.icon),
        route("/pictures/{file}", GET=study.picture),
        route("/api/health", GET=Health(store).look),
        route("/api/study", GET=study.study),
        route("/api/sessions", POST=joining.join),
        route("/api/session", GET=session.look, DELETE=session.withdraw),
        route("/api/session/finish", POST=session.finish),
        route("/api/session/quiz/{attempt}", PUT=session.quiz),
        route("/api/session/trials/{trial_index}", PUT=session.trial),
        route("/api/session/questions/{page}", PUT=questions.questions),
        route("/api/session/surroundings", PUT=questions.surroundings),
        route("/api/session/comments", PUT=session.comments),
    ]
    middleware = [
        Middleware(Guard),
        Middleware(BelowPath, root_path=proxy.root_path),
        Middleware(NewsMark, store=store),
    ]
    return assembled(routes, middleware)


def assembled(routes: list[Route], middleware: list[Middleware]) -> Starlette:
    """Build an application from routes; errors become refusals, and addresses are not corrected."""
    app = Starlette(routes=routes, middleware=middleware, exception_handlers={HTTPException: as_refusal})
    app.router.redirect_slashes = False
    return app


def route(path: str, **endpoints: Endpoint) -> Route:
    """Return a route with one endpoint per method; other methods are refused with a list of these."""

    async def endpoint(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, endpoint, methods=list(endpoints))


async def as_refusal(_request: Request, error: Exception) -> Response:
    """Return the refusal of a request that no route handles."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        return Refusal(
            405, "wrong_method", "This method is not supported at this address.", headers=error.headers
        ).reply()
    return Refusal(404, "not_found", "There is nothing at this address.").reply()


class StudyRoutes:
    """The public part of the study."""

    def __init__(self, store: Store, gallery: Gallery, *, trial_run: bool) -> None:
        self._store, self._gallery, self._trial_run = store, gallery, trial_run
        self._version, self._told = store.frozen.version, self._tell()

    def _tell(self) -> dict[str, Any]:
        frozen, study = self._store.frozen, self._store.frozen.study
        return {
            # Browsers store their data under this name, which amendments do not change.
            "place": self._store.versions.begun.consent_sha256[:16],
            "title": study.title,
            "contact": study.about.contact,
            "language": study.language,
            "consent": {"text": study.consent.text, "version": study.consent.version, "sha256": frozen.consent_sha256},
            "words": words_of(study),
            "recruiting": study.recruiting.model_dump(include={"parameter", "required", "links"}),
            "redirect": study.completion.redirect,
            "outcomes": {name: outcome_of(name, study.completion) for name in ("declined", "full")},
            "trial_run": self._trial_run,
        }

    async def study(self, _request: Request) -> Response:
        """Send the study, and whether participants can start."""
        store, news = self._store, self._store.news
        if self._version != store.frozen.version:
            self._version, self._told = store.frozen.version, self._tell()
        is_open = "paused" if news.is_paused else "open"
        state = "closed" if store.is_closed() else "full" if store.is_full() else is_open
        return json_reply({**self._told, "state": state, "is_paused": news.is_paused, "message": news.message})

    async def picture(self, request: Request) -> Response:
        """Send a picture."""
        named = _PICTURE.fullmatch(request.path_params["file"])
        mixture = named and self._gallery.find(named[1])
        if mixture is None:
            raise Refusal(404, "no_such_picture", "This picture does not exist.")
        png = self._gallery.cached(mixture)
        if png is None:
            png = await to_thread.run_sync(self._gallery.png, mixture)
        return png_reply(png)

    async def icon(self, _request: Request) -> Response:
        """Send no icon, without an error in the browser's console."""
        return Response(status_code=204)


class NewsMark:
    """Marks the API's replies with the current news, so that open pages notice changes."""

    def __init__(self, app: ASGIApp, *, store: Store) -> None:
        self._app, self._store = app, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start" and (mark := self._store.news.mark):
                MutableHeaders(scope=message)[NEWS_HEADER] = mark
            await send(message)

        await self._app(scope, receive, send_marked if scope["path"].startswith("/api/") else send)


class Assets:
    """Files of `hmix_hub.suite.client`, by path: a page, and what it loads.

    Parameters
    ----------
    names
        The files.
    page
        The page among them.
    """

    def __init__(self, names: Iterable[str], page: str) -> None:
        self._files: dict[str, tuple[bytes, bytes, str, str]] = {}
        self._page = page
        client = files("hmix_hub.suite.client")
        for name in names:
            if (kind := _TYPES.get("." + name.rpartition(".")[2])) is not None:
                content = client.joinpath(*name.split("/")).read_bytes()
                tag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
                self._files[name] = content, gzip.compress(content, mtime=0), kind, tag

    async def page(self, request: Request) -> Response:
        """Send the page."""
        return self._send(self._page, request)

    async def file(self, request: Request) -> Response:
        """Send a module, a style sheet or the icon."""
        name = request.path_params["name"]
        return self._send("" if name == self._page else name, request)

    def _send(self, name: str, request: Request) -> Response:
        if name not in self._files:
            raise Refusal(404, "not_found", "This file does not exist.")
        content, compressed, kind, tag = self._files[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if is_known(request, tag):
            return Response(status_code=304, headers=headers)
        if _GZIP.search(request.headers.get("accept-encoding", "")):
            return Response(compressed, headers=headers | {"Content-Encoding": "gzip"}, media_type=kind)
        return Response(content, headers=headers, media_type=kind)


def assets_of_people() -> Assets:
    """Return the files for participants: the client's, and the pages of its tasks."""
    client = [file.name for file in files("hmix_hub.suite.client").iterdir() if file.is_file()]
    return Assets([*client, *(f"tasks/{task}.js" for task in SUITE_TASKS)], PAGE)


def is_known(request: Request, tag: str) -> bool:
    """Return whether the browser already has the version with this ETag."""
    asked = request.headers.get("if-none-match", "")
    return tag.removeprefix("W/") in {part.strip().removeprefix("W/") for part in asked.split(",")}


class Health:
    """Checks whether the server can store answers.

    Parameters
    ----------
    store
        The collection, open for writing.
    elapsed
        Clock in seconds; only differences matter.
    """

    def __init__(self, store: Store, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._store, self._elapsed = store, elapsed
        self._tried: Future[None] | None = None
        self._since = 0.0

    async def fault(self) -> Refusal | None:
        """Return why answers cannot be stored; `None` if they can."""
        tried = asyncio.wrap_future(self._try_out())
        # It may fail after the request was answered, and asyncio would log an exception that was never retrieved.
        tried.add_done_callback(asyncio.Future.exception)
        done, _ = await asyncio.wait([tried], timeout=PATIENCE_SECONDS)
        if not done:
            return Refusal(503, "store_slow", "The server has not stored anything for some seconds.")
        try:
            tried.result()
        except Exception as error:
            if (refused := refusal_of(error)) is None:
                raise
            return refused
        return None

    async def look(self, _request: Request) -> Response:
        """Reply with 200 if answers can be stored, or 503 with the reason."""
        fault = await self.fault()
        return json_reply({"ok": True}) if fault is None else json_reply({"ok": False, **fault.content}, 503)

    def _try_out(self) -> Future[None]:
        is_old = self._elapsed() - self._since >= TRIED_SECONDS
        if self._tried is None or (is_old and self._tried.done()):
            self._tried, self._since = self._store.try_out(), self._elapsed()
        return self._tried
