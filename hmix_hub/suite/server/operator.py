"""The operators' application: the dashboard's page, its data, and the operators' actions.

Its token is compared in constant time; guesses are slowed and logged.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from functools import partial
from importlib.resources import files
from typing import Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hmix_hub.errors import HMixError
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.suite.mixtures import mixtures_of_stimulus
from hmix_hub.suite.operator.actions import ACTIONS
from hmix_hub.suite.operator.people import FLAGS, STAGES
from hmix_hub.suite.operator.watch import Watch
from hmix_hub.suite.server.app import Assets, Health, assembled, is_known, route
from hmix_hub.suite.server.error_log import SERVER_LOG, ErrorLog
from hmix_hub.suite.server.pictures import draw, encoded
from hmix_hub.suite.server.replies import HEADERS, POLICY, Guard, Refusal, json_reply, png_reply
from hmix_hub.suite.server.requests import bearer_token, read_sent
from hmix_hub.suite.store.store import Store

# Pictures are fetched with the token, which cannot be in their address, and shown from the browser's memory.
_HEADERS = HEADERS | {"Content-Security-Policy": POLICY.replace("img-src 'self'", "img-src 'self' blob:")}
SHARED_FILES = ("dom.js", "icon.svg")
"""Files that the dashboard shares with the participants' client."""
_FOLDER = "dashboard"
PEOPLE_AT_ONCE = 50
"""Number of participants on one page of the list."""
GUESS_SECONDS = 1.0
"""Delay before a wrong token is refused."""
MOST_WAITING = 16
"""Maximum number of wrong tokens that wait at a time; more are refused at once."""
_GUARDED = "/api/"
"""Prefix of the addresses that require the token; the page itself contains nothing of the study."""
_LOG = logging.getLogger(SERVER_LOG)


def build_operator_app(store: Store, watch: Watch, token: str, image_set: ImageSet, errors: ErrorLog) -> Starlette:
    """Build the application for the operators of a study.

    Parameters
    ----------
    store, watch
        The collection, open for writing, and its watch; the caller closes them.
    token
        The token that every request to the API must carry.
    image_set
        The pictures that the study's indices refer to.
    errors
        The error log of the server.
    """
    folder = files("hmix_hub.suite.client") / _FOLDER
    assets = Assets([*SHARED_FILES, *(f"{_FOLDER}/{file.name}" for file in folder.iterdir())], f"{_FOLDER}/index.html")
    looks, actions = LookRoutes(store, watch, image_set, errors), ActionRoutes(store, watch)
    routes = [
        route("/", GET=assets.page),
        route("/static/{name:path}", GET=assets.file),
        route("/api/overview", GET=looks.overview),
        route("/api/people", GET=looks.people),
        route("/api/batches/{batch:int}", GET=looks.batch),
        route("/api/pictures/{batch:int}/{stimulus:int}/{step:int}", GET=looks.picture),
        route("/api/actions/{name}", POST=actions.act),
    ]
    middleware = [Middleware(Guard, headers=_HEADERS), Middleware(Access, token=token)]
    return assembled(routes, middleware)


class LookRoutes:
    """The dashboard's data, computed off the event loop and sent only if changed."""

    def __init__(self, store: Store, watch: Watch, image_set: ImageSet, errors: ErrorLog) -> None:
        self._store, self._watch, self._image_set, self._errors = store, watch, image_set, errors
        self._health = Health(store)

    async def overview(self, request: Request) -> Response:
        """Send participants, batches, answers, figures and the state of the server."""
        fault = await self._health.fault()
        moment = await to_thread.run_sync(self._watch.moment)
        server = {
            "fault": None if fault is None else fault.content["message"],
            "errors": self._errors.told(),
        }
        return _tagged_json(request, moment.overview | server)

    async def people(self, request: Request) -> Response:
        """Send participants, latest first, optionally of one stage or with a flag, from a position on."""
        asked = request.query_params
        stage, flag, start = asked.get("stage", ""), asked.get("flag", ""), asked.get("start", "0")
        is_known = stage in {"", *STAGES} and flag in {"", "any", *FLAGS}
        if not is_known or not (start.isascii() and start.isdigit() and len(start) < 9):
            raise Refusal(400, "malformed", "Unknown stage, flag or position.")
        moment = await to_thread.run_sync(self._watch.moment)
        found = [
            person
            for person in moment.people
            if stage in {"", person.stage} and (not flag or flag in person.flags or (flag == "any" and person.flags))
        ]
        shown = [person.told(moment.now_ms) for person in found[int(start) : int(start) + PEOPLE_AT_ONCE]]
        return _tagged_json(request, {"people": shown, "start": int(start), "of": len(found), "most": PEOPLE_AT_ONCE})

    async def batch(self, request: Request) -> Response:
        """Send the stimuli of a batch with their answers so far."""
        number = request.path_params["batch"]
        if number >= len(self._store.frozen.batches):
            raise Refusal(404, "no_such_batch", "The study has no such batch.")
        return _tagged_json(request, await to_thread.run_sync(self._watch.stimuli, number))

    async def picture(self, request: Request) -> Response:
        """Send a picture of a stimulus; for stimuli with eleven mixtures, that of a step."""
        asked = request.path_params
        try:
            batch = self._store.frozen.batches[asked["batch"]]
            mixture = mixtures_of_stimulus(batch.task, batch.stimuli[asked["stimulus"]])[asked["step"]]
        except IndexError:
            raise Refusal(404, "no_such_picture", "This picture does not exist.") from None
        png = await to_thread.run_sync(lambda: encoded(draw(self._image_set, mixture)))
        return png_reply(png)


class ActionRoutes:
    """The actions by name."""

    def __init__(self, store: Store, watch: Watch) -> None:
        self._store, self._watch = store, watch
        # Actions read what they then change: two at the same time would undo each other.
        self._turn = asyncio.Lock()

    async def act(self, request: Request) -> Response:
        """Carry out an action, off the event loop; operators see the full error message if it is refused."""
        kind = ACTIONS.get(request.path_params["name"])
        if kind is None:
            raise Refusal(404, "no_such_action", f"Unknown action; the actions are: {', '.join(ACTIONS)}.")
        action = await read_sent(request, kind)
        try:
            async with self._turn:
                told = await to_thread.run_sync(action.carry_out, self._store)
        except HMixError as error:
            raise Refusal(409, "not_done", error.message, hint=error.hint, code=error.code) from error
        # Operators should see the result at once.
        await to_thread.run_sync(partial(self._watch.moment, now=True))
        return json_reply(told)


def _tagged_json(request: Request, content: Any) -> Response:
    reply = json_reply(content)
    tag = f'"{hashlib.sha256(reply.body).hexdigest()[:32]}"'
    if is_known(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    reply.headers["ETag"] = tag
    return reply


class Access:
    """Lets requests with the token pass. A correct token never waits, however many guesses there are."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app, self._token = app, token.encode()
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and scope["path"].startswith(_GUARDED):
            given = bearer_token(Request(scope)) or ""
            if not hmac.compare_digest(given.encode(), self._token):
                await self._refuse()
        await self._app(scope, receive, send)

    async def _refuse(self) -> None:
        # The error log writes it once a minute, with a count.
        _LOG.warning("the dashboard received a request without its token")
        if self._waiting >= MOST_WAITING:
            wait = {"Retry-After": "60", "Connection": "close"}
            raise Refusal(429, "too_many_guesses", "Too many requests without the token.", headers=wait)
        self._waiting += 1
        try:
            await asyncio.sleep(GUESS_SECONDS)
        finally:
            self._waiting -= 1
        wanted = {"WWW-Authenticate": "Bearer"}
        raise Refusal(401, "wrong_token", "Open the address that `hmix collect serve` printed.", headers=wanted)
