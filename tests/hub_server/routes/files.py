"""Read the files of a repository."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from hub_server.discussions import timestamp
from hub_server.messages import HubError, Request, Response, content_response, json_response, page_response
from hub_server.repository import Commit, File, folder_oids
from hub_server.router import Router
from hub_server.state import State


def add(router: Router) -> None:
    router.route("GET", "/api/datasets/{repo}/tree/{revision}")(_tree)
    router.route("GET", "/api/datasets/{repo}/tree/{revision}/{path}")(_tree)
    router.route("POST", "/api/datasets/{repo}/paths-info/{revision}")(_paths_info)
    router.route("GET", "/datasets/{repo}/resolve/{revision}/{path}")(_resolve)


def _tree(state: State, request: Request, repo: str, revision: str, path: str = "") -> Response:
    commit = state.readable(request, repo).commit(revision)
    entries = _entries(commit, expand=request.flag("expand"))
    path = path.strip("/")
    if path and entries.get(path, {}).get("type") != "directory":
        raise _missing(path, commit)
    prefix = f"{path}/" if path else ""
    chosen = [
        entry
        for name, entry in sorted(entries.items())
        if name.startswith(prefix) and (request.flag("recursive") or "/" not in name.removeprefix(prefix))
    ]
    return page_response(request, state.hub_url, chosen, state.page_size)


def _paths_info(state: State, request: Request, repo: str, revision: str) -> Response:
    commit = state.readable(request, repo).commit(revision)
    values = request.data()
    entries = _entries(commit, expand=values.get("expand", [""])[0].lower() == "true")
    paths = [path.strip("/") for path in values.get("paths", [])]
    return json_response([entries[path] for path in paths if path in entries])


def _resolve(state: State, request: Request, repo: str, revision: str, path: str) -> Response:
    repository = state.readable(request, repo)
    commit = repository.commit(revision)
    if path not in commit.files:
        raise _missing(path, commit)
    file = commit.files[path]
    headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{file.upload_oid}"'}
    if not file.lfs:
        return content_response(request, file.content, headers)
    headers |= {
        "X-Linked-Etag": f'"{file.sha256}"',
        "X-Linked-Size": str(len(file.content)),
        "Location": state.storage_link(f"/lfs/{repo}/{file.sha256}"),
    }
    return Response(HTTPStatus.FOUND, b"", headers)


def _missing(path: str, commit: Commit) -> HubError:
    message = f"{path} does not exist on the revision {commit.oid}"
    return HubError(HTTPStatus.NOT_FOUND, message, "EntryNotFound", {"X-Repo-Commit": commit.oid})


def _entries(commit: Commit, *, expand: bool) -> dict[str, dict[str, Any]]:
    """Return all files and folders by their path."""
    entries = {path: _file_entry(path, file) for path, file in commit.files.items()}
    for path, oid in folder_oids(commit.files).items():
        entries[path] = {"type": "directory", "oid": oid, "size": 0, "path": path}
    if expand:
        last = {"id": commit.oid, "title": commit.title, "date": timestamp(commit.date)}
        for entry in entries.values():
            entry["lastCommit"] = last
    return entries


def _file_entry(path: str, file: File) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "oid": file.oid, "size": len(file.content), "path": path}
    if file.lfs:
        entry["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": len(file.pointer)}
    return entry
