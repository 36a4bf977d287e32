"""Write the files of a repository: large ones to the storage first, then all of them in a commit."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Any

from hub_server import cards
from hub_server.messages import HubError, Request, Response, json_response
from hub_server.repository import Commit, File, Repository
from hub_server.router import Router
from hub_server.state import State, User


def add(router: Router) -> None:
    router.route("POST", "/api/datasets/{repo}/preupload/{revision}")(_preupload)
    router.route("POST", "/datasets/{repo}.git/info/lfs/objects/batch")(_batch)
    router.route("POST", "/datasets/{repo}.git/info/lfs/complete/{oid}")(_complete)
    router.route("POST", "/datasets/{repo}.git/info/lfs/objects/verify")(_verify)
    router.route("POST", "/api/datasets/{repo}/commit/{revision}")(_commit)


def _target(state: State, request: Request, repo: str, revision: str) -> tuple[Repository, User]:
    """Return the repository to write to; for a new pull request, it is enough to be logged in."""
    if not request.flag("create_pr"):
        return state.writable(request, repo, revision)
    return state.readable(request, repo), state.logged_in(request)


def _preupload(state: State, request: Request, repo: str, revision: str) -> Response:
    repository, _ = _target(state, request, repo, revision)
    files = repository.commit(revision).files
    values = request.data()
    rules = values.get("gitIgnore") or files.get(".gitignore", File(b"")).content.decode()
    answers: list[dict[str, Any]] = []
    for item in values["files"]:
        path, sample = item["path"], base64.b64decode(item["sample"])
        large = state.is_large(repository, revision, path, item["size"], sample)
        answer = {
            "path": path,
            "uploadMode": "lfs" if large else "regular",
            "shouldIgnore": cards.is_ignored(path, rules),
        }
        if path in files:
            answer["oid"] = files[path].upload_oid
        answers.append(answer)
    return json_response({"files": answers})


def _batch(state: State, request: Request, repo: str) -> Response:
    values = request.data()
    if "ref" in values:
        repository, _ = state.writable(request, repo, values["ref"]["name"])
    else:
        repository = state.readable(request, repo)
        state.logged_in(request)
    objects = [_object(state, repository, item["oid"], item["size"]) for item in values["objects"]]
    return json_response({"transfer": "multipart" if state.part_size else "basic", "objects": objects})


def _object(state: State, repository: Repository, oid: str, size: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"oid": oid, "size": size, "authenticated": True}
    if oid in repository.objects:
        return answer
    path = f"/lfs/{repository.id}/{oid}"
    upload: dict[str, Any] = {"href": state.storage_link(path)}
    git = f"{state.page(repository.id)}.git/info/lfs"
    if state.part_size and size > state.part_size:
        numbers = range(1, -(-size // state.part_size) + 1)
        upload["header"] = {str(number): state.storage_link(f"{path}/part/{number}") for number in numbers}
        upload["header"]["chunk_size"] = str(state.part_size)
        upload["href"] = f"{git}/complete/{oid}?signature={state.signature(path)}"
    answer["actions"] = {"upload": upload, "verify": {"href": f"{git}/objects/verify"}}
    return answer


def _complete(state: State, request: Request, repo: str, oid: str) -> Response:
    path = f"/lfs/{repo}/{oid}"
    if request.argument("signature") != state.signature(path):
        raise HubError(HTTPStatus.FORBIDDEN, "Wrong signature")
    numbers = [part["partNumber"] for part in request.data()["parts"]]
    content = b"".join(state.parts.pop((path, number)) for number in sorted(numbers))
    state.repositories[repo].store(oid, content)
    return json_response({"success": True})


def _verify(state: State, request: Request, repo: str) -> Response:
    repository = state.readable(request, repo)
    state.logged_in(request)
    values = request.data()
    content = repository.objects.get(values["oid"])
    if content is None or len(content) != values["size"]:
        raise HubError(HTTPStatus.NOT_FOUND, "The uploaded object is missing or has another size")
    return json_response({"success": True})


def _commit(state: State, request: Request, repo: str, revision: str) -> Response:
    repository, user = _target(state, request, repo, revision)
    header, *operations = (json.loads(line) for line in request.body.splitlines() if line.strip())
    values = header["value"]
    base = repository.commit(revision)
    parent = values.get("parentCommit")
    create_pr = request.flag("create_pr")
    if parent and create_pr:
        base = repository.commit(parent)
    elif parent and not base.oid.startswith(parent):
        message = "A commit has happened since. Please refresh and try again."
        raise HubError(HTTPStatus.PRECONDITION_FAILED, message)
    files = dict(base.files)
    for operation in operations:
        _apply(repository, files, operation["key"], operation["value"], base)

    title, description = values["summary"], values.get("description", "")
    answer: dict[str, Any] = {"success": True, "hookOutput": ""}
    if create_pr:
        discussion = repository.open_discussion(title, description, user.name, base.oid, "open")
        reference: str | None = discussion.reference
        answer["pullRequestUrl"] = f"{state.page(repo)}/discussions/{discussion.number}"
    else:
        reference = repository.reference(revision)
    if reference is None or reference.startswith("refs/tags/"):
        raise HubError(HTTPStatus.BAD_REQUEST, f"{revision} is not a branch")
    commit = repository.add_commit(reference, files, title, description, user.name)
    return json_response({**answer, "commitOid": commit.oid, "commitUrl": f"{state.page(repo)}/commit/{commit.oid}"})


def _apply(repository: Repository, files: dict[str, File], key: str, value: dict[str, Any], base: Commit) -> None:
    """Change the files by one line of a commit."""
    path = value["path"]
    if key == "file":
        files[path] = File(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        if value["oid"] not in repository.objects:
            message = f"The large file {path} has not been uploaded: there is no object {value['oid']}"
            raise HubError(HTTPStatus.BAD_REQUEST, message)
        files[path] = File(repository.objects[value["oid"]], lfs=True)
    elif key in {"deletedFile", "deletedFolder"}:
        folder = f"{path.rstrip('/')}/"
        gone = [name for name in base.files if (name == path if key == "deletedFile" else name.startswith(folder))]
        if not gone:
            raise HubError(HTTPStatus.NOT_FOUND, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        for name in gone:
            files.pop(name, None)
    else:
        raise HubError(HTTPStatus.BAD_REQUEST, f"Unknown operation: {key}")
