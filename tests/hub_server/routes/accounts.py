"""Who asks, and calls that are about no repository."""

from __future__ import annotations

from http import HTTPStatus

from hub_server import cards
from hub_server.messages import Request, Response, json_response
from hub_server.router import Router
from hub_server.state import State


def add(router: Router) -> None:
    router.route("GET", "/api/whoami-v2")(_whoami)
    router.route("POST", "/api/validate-yaml")(_validate_yaml)
    router.route("GET", "/api/agent-harnesses")(_harnesses)


def _whoami(state: State, request: Request) -> Response:
    user = state.logged_in(request)
    return json_response(
        {
            "type": "user",
            "id": user.name,
            "name": user.name,
            "fullname": user.name.title(),
            "orgs": [{"type": "org", "name": org, "fullname": org.title(), "roleInOrg": "write"} for org in user.orgs],
            "auth": {"type": "access_token", "accessToken": {"displayName": "tests", "role": "write"}},
        }
    )


def _validate_yaml(state: State, request: Request) -> Response:
    state.user(request)
    try:
        values = cards.metadata(request.data()["content"])
    except ValueError as error:
        return json_response({"errors": [{"message": str(error)}], "warnings": []}, HTTPStatus.BAD_REQUEST)
    warnings = [] if values else [{"message": "empty or missing yaml metadata in repo card"}]
    return json_response({"errors": [], "warnings": warnings})


def _harnesses(state: State, request: Request) -> Response:
    return json_response({"standardEnvVars": [], "harnesses": {}})
