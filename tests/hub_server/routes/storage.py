"""The store of large files: another place than the Hub, reached by signed links."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from hub_server.messages import HubError, Request, Response, content_response
from hub_server.repository import Repository
from hub_server.router import Router
from hub_server.state import State


def add(router: Router) -> None:
    router.route("PUT", "/lfs/{repo}/{oid}")(_put)
    router.route("PUT", "/lfs/{repo}/{oid}/part/{number}")(_put_part)
    router.route("GET", "/lfs/{repo}/{oid}")(_get)


def _repository(state: State, request: Request, repo: str) -> Repository:
    if request.argument("X-Amz-Signature") != state.signature(request.path):
        raise HubError(HTTPStatus.FORBIDDEN, "Wrong signature")
    return state.repositories[repo]


def _put(state: State, request: Request, repo: str, oid: str) -> Response:
    _repository(state, request, repo).store(oid, request.body)
    return Response(headers={"ETag": f'"{oid}"'})


def _put_part(state: State, request: Request, repo: str, oid: str, number: str) -> Response:
    _repository(state, request, repo)
    state.parts[f"/lfs/{repo}/{oid}", int(number)] = request.body
    return Response(headers={"ETag": f'"{hashlib.sha256(request.body).hexdigest()}"'})


def _get(state: State, request: Request, repo: str, oid: str) -> Response:
    objects = _repository(state, request, repo).objects
    if oid not in objects:
        raise HubError(HTTPStatus.NOT_FOUND, "No such object")
    return content_response(request, objects[oid], {"ETag": f'"{oid}"'})
