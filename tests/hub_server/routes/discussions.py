"""Discussions and pull requests."""

from __future__ import annotations

from http import HTTPStatus

from hub_server.discussions import Discussion
from hub_server.messages import HubError, Request, Response, json_response
from hub_server.repository import Repository
from hub_server.router import Router
from hub_server.state import State, User

DISCUSSIONS_PER_PAGE = 50


def add(router: Router) -> None:
    path = "/api/datasets/{repo}/discussions"
    router.route("GET", path)(_list)
    router.route("POST", path)(_open)
    router.route("GET", path + "/{number}")(_details)
    router.route("POST", path + "/{number}/comment")(_comment)
    router.route("POST", path + "/{number}/title")(_rename)
    router.route("POST", path + "/{number}/status")(_change_status)
    router.route("POST", path + "/{number}/merge")(_merge)


def _list(state: State, request: Request, repo: str) -> Response:
    kind, status, author = (request.argument(name) for name in ("type", "status", "author"))
    found = [
        discussion.summary()
        for discussion in reversed(state.readable(request, repo).discussions.values())
        if kind in {"", "all", "pull_request" if discussion.is_pull_request else "discussion"}
        and status in {"", "all", "open" if discussion.status in {"open", "draft"} else "closed"}
        and author in {"", discussion.author}
    ]
    start = int(request.argument("p", "0")) * DISCUSSIONS_PER_PAGE
    page = found[start : start + DISCUSSIONS_PER_PAGE]
    return json_response({"discussions": page, "count": len(found), "start": start})


def _open(state: State, request: Request, repo: str) -> Response:
    repository = state.readable(request, repo)
    user = state.logged_in(request)
    values = request.data()
    pull_request = bool(values.get("pullRequest"))
    base = repository.commit("main").oid if pull_request else None
    status = "draft" if pull_request else "open"
    discussion = repository.open_discussion(values["title"], values["description"], user.name, base, status)
    return json_response({"num": discussion.number, "pullRequest": pull_request})


def _details(state: State, request: Request, repo: str, number: str) -> Response:
    repository = state.readable(request, repo)
    discussion = repository.discussion(int(number))
    unmerged = discussion.is_pull_request and discussion.status != "merged"
    return json_response(discussion.details(repository.conflicts(discussion) if unmerged else []))


def _comment(state: State, request: Request, repo: str, number: str) -> Response:
    discussion = state.readable(request, repo).discussion(int(number))
    user = state.logged_in(request)
    return json_response({"newMessage": discussion.comment(request.data()["comment"], user.name, state.now())})


def _rename(state: State, request: Request, repo: str, number: str) -> Response:
    _, discussion, user = _own(state, request, repo, number)
    return json_response({"newTitle": discussion.rename(request.data()["title"], user.name, state.now())})


def _change_status(state: State, request: Request, repo: str, number: str) -> Response:
    _, discussion, user = _own(state, request, repo, number)
    if discussion.status == "merged":
        raise HubError(HTTPStatus.BAD_REQUEST, "This pull request is merged")
    values = request.data()
    if "comment" in values:
        discussion.comment(values["comment"], user.name, state.now())
    return json_response({"newStatus": discussion.change_status(values["status"], user.name, state.now())})


def _merge(state: State, request: Request, repo: str, number: str) -> Response:
    repository, user = state.writable(request, repo)
    discussion = repository.discussion(int(number))
    if "comment" in request.data():
        discussion.comment(request.data()["comment"], user.name, state.now())
    return json_response({"commitOid": repository.merge(discussion, user.name).oid})


def _own(state: State, request: Request, repo: str, number: str) -> tuple[Repository, Discussion, User]:
    """Return a discussion that the request may change: its author and the owners of the repository may."""
    repository = state.readable(request, repo)
    discussion = repository.discussion(int(number))
    user = state.logged_in(request)
    if user.name != discussion.author:
        state.writable(request, repo)
    return repository, discussion, user
