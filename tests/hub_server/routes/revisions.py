"""Branches, tags and the history of a repository."""

from __future__ import annotations

from http import HTTPStatus

from hub_server.discussions import timestamp
from hub_server.messages import HubError, Request, Response, json_response, page_response
from hub_server.repository import MAIN, Repository, check_reference
from hub_server.router import Router
from hub_server.state import State

COMMITS_PER_PAGE = 50
_KINDS = {"branches": "refs/heads/", "tags": "refs/tags/", "converts": "refs/convert/", "pullRequests": "refs/pr/"}


def add(router: Router) -> None:
    router.route("GET", "/api/datasets/{repo}/refs")(_list)
    router.route("POST", "/api/datasets/{repo}/tag/{revision}")(_tag)
    router.route("DELETE", "/api/datasets/{repo}/tag/{tag}")(_delete_tag)
    router.route("POST", "/api/datasets/{repo}/branch/{branch}")(_branch)
    router.route("DELETE", "/api/datasets/{repo}/branch/{branch}")(_delete_branch)
    router.route("GET", "/api/datasets/{repo}/commits/{revision}")(_history)


def _list(state: State, request: Request, repo: str) -> Response:
    repository = state.readable(request, repo)
    listing = {
        kind: [
            {"name": name.removeprefix(prefix), "ref": name, "targetCommit": oid}
            for name, oid in repository.refs.items()
            if name.startswith(prefix)
        ]
        for kind, prefix in _KINDS.items()
    }
    if not request.flag("include_prs"):
        del listing["pullRequests"]
    return json_response(listing)


def _tag(state: State, request: Request, repo: str, revision: str) -> Response:
    repository, _ = state.writable(request, repo)
    _create(repository, "refs/tags/", request.data()["tag"], revision)
    return Response()


def _delete_tag(state: State, request: Request, repo: str, tag: str) -> Response:
    repository, _ = state.writable(request, repo)
    _delete(repository, f"refs/tags/{tag}")
    return Response()


def _branch(state: State, request: Request, repo: str, branch: str) -> Response:
    repository, _ = state.writable(request, repo)
    _create(repository, "refs/heads/", branch, request.data().get("startingPoint") or "main")
    return Response()


def _delete_branch(state: State, request: Request, repo: str, branch: str) -> Response:
    repository, _ = state.writable(request, repo)
    if f"refs/heads/{branch}" == MAIN:
        raise HubError(HTTPStatus.FORBIDDEN, "The branch main cannot be deleted")
    _delete(repository, f"refs/heads/{branch}")
    return Response()


def _create(repository: Repository, kind: str, name: str, revision: str) -> None:
    check_reference(name)
    oid = repository.commit(revision).oid
    if f"{kind}{name}" in repository.refs:
        raise HubError(HTTPStatus.CONFLICT, "Reference already exists")
    repository.refs[f"{kind}{name}"] = oid


def _delete(repository: Repository, name: str) -> None:
    if repository.refs.pop(name, None) is None:
        raise HubError(HTTPStatus.NOT_FOUND, f"Reference {name} not found", "RevisionNotFound")


def _history(state: State, request: Request, repo: str, revision: str) -> Response:
    commits = [
        {
            "id": commit.oid,
            "title": commit.title,
            "message": commit.description,
            "authors": [{"user": commit.author}],
            "date": timestamp(commit.date),
        }
        for commit in state.readable(request, repo).history(revision)
    ]
    return page_response(request, state.hub_url, commits, COMMITS_PER_PAGE)
