"""The operator's application: the dashboard's page, what it shows, and the actions of those who run the study."""

from __future__ import annotations

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from hmix_hub.errors import HMixError
from hmix_hub.suite.operator.actions import ACTIONS
from hmix_hub.suite.server.app import as_refusal, route
from hmix_hub.suite.server.operator_access import Access
from hmix_hub.suite.server.replies import Guard, Refusal, json_reply
from hmix_hub.suite.server.requests import read_sent
from hmix_hub.suite.store.store import Store


def build_operator_app(store: Store, token: str) -> Starlette:
    """Build the application for those who run a study.

    Parameters
    ----------
    store
        The collection, open for writing; whoever opened it closes it.
    token
        What every request has to bring.
    """
    actions = ActionRoutes(store)
    routes = [route("/api/actions/{name}", POST=actions.act)]
    middleware = [Middleware(Guard), Middleware(Access, token=token)]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers={HTTPException: as_refusal})
    app.router.redirect_slashes = False
    return app


class ActionRoutes:
    """The actions by name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def act(self, request: Request) -> Response:
        """Carry out an action, off the event loop; its refusal is told as it is, since who asks runs the study."""
        kind = ACTIONS.get(request.path_params["name"])
        if kind is None:
            raise Refusal(404, "no_such_action", f"There is no such action; there are: {', '.join(ACTIONS)}.")
        action = await read_sent(request, kind)
        try:
            return json_reply(await to_thread.run_sync(action.carry_out, self._store))
        except HMixError as error:
            raise Refusal(409, "not_done", error.message, hint=error.hint, code=error.code) from error
