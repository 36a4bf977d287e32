"""The application: which address is served by what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hmix_hub.sources.image_sets import ImageSet
from hmix_hub.suite.server.answer_routes import AnswerRoutes
from hmix_hub.suite.server.assets import Assets
from hmix_hub.suite.server.guard import Guard
from hmix_hub.suite.server.pictures import Gallery
from hmix_hub.suite.server.replies import Refusal
from hmix_hub.suite.server.session_routes import SessionRoutes
from hmix_hub.suite.server.study_routes import StudyRoutes
from hmix_hub.suite.store.store import Store

Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(store: Store, image_set: ImageSet, *, trial_run: bool = False) -> Starlette:
    """Build the application that serves a collection.

    Parameters
    ----------
    store
        The collection, open for writing; whoever opened it closes it.
    image_set
        The pictures that the study's indices count in.
    trial_run
        Whether the pages say that this is a trial run.

    Raises
    ------
    CollectionError
        If the pictures are not those of the study.
    """
    study = StudyRoutes(store, Gallery(store.frozen, store.key, image_set), trial_run=trial_run)
    session, answers, assets = SessionRoutes(store), AnswerRoutes(store), Assets()
    routes = [
        _route("/", GET=assets.page),
        _route("/static/{name}", GET=assets.file),
        _route("/favicon.ico", GET=study.icon),
        _route("/pictures/{file}", GET=study.picture),
        _route("/api/health", GET=study.health),
        _route("/api/study", GET=study.study),
        _route("/api/sessions", POST=session.join),
        _route("/api/session", GET=session.look, DELETE=session.withdraw),
        _route("/api/session/finish", POST=session.finish),
        _route("/api/session/quiz/{attempt}", PUT=answers.quiz),
        _route("/api/session/trials/{trial_index}", PUT=answers.trial),
        _route("/api/session/comments", PUT=answers.comments),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard)], exception_handlers={HTTPException: _as_refusal})
    app.router.redirect_slashes = False
    return app


def _route(path: str, **endpoints: Endpoint) -> Route:
    """Serve an address by its method; other methods are refused with those that there are."""

    async def endpoint(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, endpoint, methods=list(endpoints))


async def _as_refusal(_request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        return Refusal(405, "wrong_method", "This address is not used so.", headers=error.headers).reply()
    return Refusal(404, "not_found", "There is nothing at this address.").reply()
