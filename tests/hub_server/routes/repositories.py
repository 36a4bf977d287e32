"""Create, delete, describe and find repositories."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from hub_server import cards
from hub_server.discussions import timestamp
from hub_server.messages import HubError, Request, Response, json_response, page_response
from hub_server.repository import SPACES, File, Repository
from hub_server.router import Router
from hub_server.state import State


def add(router: Router) -> None:
    router.route("POST", "/api/repos/create")(_create)
    router.route("DELETE", "/api/repos/delete")(_delete)
    router.route("GET", "/api/datasets")(_find)
    router.route("GET", "/api/datasets/{repo}")(_describe)
    router.route("GET", "/api/datasets/{repo}/revision/{revision}")(_describe)
    router.route("PUT", "/api/datasets/{repo}/settings")(_change_settings)
    router.route("GET", "/api/datasets/{repo}/auth-check")(_check_read)
    router.route("GET", "/api/datasets/{repo}/auth-check/write")(_check_write)


def _repo_id(state: State, request: Request) -> str:
    values = request.data()
    if values.get("type") not in {"dataset", "space"}:
        raise HubError(HTTPStatus.BAD_REQUEST, "Only datasets and Spaces are kept here")
    prefix = SPACES if values["type"] == "space" else ""
    if prefix and values.get("sdk") != "static":
        raise HubError(HTTPStatus.BAD_REQUEST, "Only static Spaces are kept here")
    return f"{prefix}{values.get('organization') or state.logged_in(request).name}/{values['name']}"


def _create(state: State, request: Request) -> Response:
    user = state.logged_in(request)
    private = request.data().get("visibility") == "private" or bool(request.data().get("private"))
    repository = state.create(_repo_id(state, request), user, private=private)
    return json_response({"url": state.page(repository.id), "name": repository.name, "id": repository.name})


def _delete(state: State, request: Request) -> Response:
    repository, _ = state.writable(request, _repo_id(state, request))
    del state.repositories[repository.id]
    return Response()


def _change_settings(state: State, request: Request, repo: str) -> Response:
    repository, _ = state.writable(request, repo)
    values = request.data()
    if "visibility" in values or "private" in values:
        repository.private = values.get("visibility") == "private" or bool(values.get("private"))
    return json_response({"private": repository.private})


def _check_read(state: State, request: Request, repo: str) -> Response:
    state.readable(request, repo)
    return Response()


def _check_write(state: State, request: Request, repo: str) -> Response:
    state.writable(request, repo)
    return Response()


def _describe(state: State, request: Request, repo: str, revision: str = "main") -> Response:
    repository = state.readable(request, repo)
    description = _description(state, repository, revision)
    files = repository.commit(revision).files
    description["siblings"] = [
        _sibling(path, file, blobs=request.flag("blobs")) for path, file in sorted(files.items())
    ]
    return json_response(_expanded(request, description))


def _find(state: State, request: Request) -> Response:
    user = state.user(request)
    found = [
        _description(state, repository)
        for repository in state.repositories.values()
        if not repository.id.startswith(SPACES)
        and state.may_read(user, repository)
        and _matches(state, request, repository)
    ]
    sort = request.argument("sort")
    if sort in {"lastModified", "createdAt"}:
        found.sort(key=lambda description: description[sort], reverse=True)
    limit = int(request.argument("limit", str(state.page_size)))
    return page_response(
        request, state.hub_url, [_expanded(request, item) for item in found], min(limit, state.page_size)
    )


def _matches(state: State, request: Request, repository: Repository) -> bool:
    tags = cards.tags(state.card(repository))
    author = request.argument("author")
    return (
        all(tag in tags for tag in request.query.get("filter", []))
        and all(text.lower() in repository.id.lower() for text in request.query.get("search", []))
        and author in {"", repository.namespace}
    )


def _description(state: State, repository: Repository, revision: str = "main") -> dict[str, Any]:
    commit = repository.commit(revision)
    card = state.card(repository, commit.oid)
    return {
        "_id": repository.history("main")[-1].oid[:24],
        "id": repository.name,
        "author": repository.namespace,
        "sha": commit.oid,
        "createdAt": timestamp(repository.created),
        "lastModified": timestamp(commit.date),
        "private": repository.private,
        "gated": repository.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": cards.tags(card),
        "cardData": card,
    }


def _expanded(request: Request, description: dict[str, Any]) -> dict[str, Any]:
    wanted = {"_id", "id", *request.query.get("expand", [])}
    return {key: value for key, value in description.items() if key in wanted} if len(wanted) > 2 else description


def _sibling(path: str, file: File, *, blobs: bool) -> dict[str, Any]:
    sibling: dict[str, Any] = {"rfilename": path}
    if blobs:
        sibling |= {"size": len(file.content), "blobId": file.oid}
        if file.lfs:
            sibling["lfs"] = {"sha256": file.sha256, "size": len(file.content), "pointerSize": len(file.pointer)}
    return sibling
