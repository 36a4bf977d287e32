"""A Hub to run in tests."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from hub_server import routes
from hub_server.discussions import Discussion
from hub_server.faults import Call, Fault
from hub_server.repository import Commit, File, Repository
from hub_server.server import Journal, Server
from hub_server.state import State, User

# Nobody listens there: what goes to another host than this one fails at once.
_NOWHERE = "http://127.0.0.1:9"
_SAMPLE = 512


class Hub:
    """A stand-in for the Hugging Face Hub and, on another port, for the storage of its large files.

    It keeps datasets and static Spaces, in memory; the id of a Space begins with `spaces/`. `settings` (of
    hub_server.state.State) can be changed while it runs: `hub.settings.part_size = 100`.
    """

    def __init__(self) -> None:
        self.settings = State()
        self._journal = Journal(self.settings)
        self._servers = (
            Server("hub", self._journal, routes.hub),
            Server("storage", self._journal, routes.large_files),
        )
        self.url, self.storage_url = (server.url for server in self._servers)
        self.settings.hub_url, self.settings.storage_url = self.url, self.storage_url
        self.user = self.add_user("tester", orgs=["lab"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop; a mistake of the Hub itself comes out here."""
        for server in self._servers:
            server.close()
        if self._journal.crashes:
            raise ExceptionGroup("the Hub failed", self._journal.crashes)

    def environment(self, folder: Path | str | None = None, user: str | None = "tester") -> dict[str, str]:
        """Return the variables that let another process use this Hub, as a user or (None) as nobody.

        With a folder, its caches are in there.
        """
        variables = {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": self.settings.users[user].token if user else "",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "HF_UPDATE_DOWNLOAD_COUNTS": "0",
            "HF_HUB_OFFLINE": "0",
            "HF_DATASETS_OFFLINE": "0",
            "HUGGING_FACE_HUB_TOKEN": "",
            "HF_OIDC_RESOURCE": "",
        }
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            variables |= {name: _NOWHERE, name.upper(): _NOWHERE}
        variables |= {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
        if folder is not None:
            home = Path(folder)
            variables |= {
                "HF_HOME": str(home),
                "HF_HUB_CACHE": str(home / "hub"),
                "HUGGINGFACE_HUB_CACHE": str(home / "hub"),
                "HF_ASSETS_CACHE": str(home / "assets"),
                "HF_XET_CACHE": str(home / "xet"),
                "HF_TOKEN_PATH": str(home / "token"),
                "HF_DATASETS_CACHE": str(home / "datasets"),
                "HF_MODULES_CACHE": str(home / "modules"),
                "HF_DATASETS_DOWNLOADED_DATASETS_PATH": str(home / "datasets" / "downloads"),
                "HF_DATASETS_EXTRACTED_DATASETS_PATH": str(home / "datasets" / "downloads" / "extracted"),
            }
        return variables

    def add_user(self, name: str, *, token: str | None = None, orgs: list[str] | None = None) -> User:
        """Add an account; by default, its token is its name after `hf_`."""
        self.settings.users[name] = User(name, token or f"hf_{name}", tuple(orgs or ()))
        return self.settings.users[name]

    def create(
        self, repo_id: str, files: Mapping[str, bytes] | None = None, *, private: bool = False, user: str = "tester"
    ) -> None:
        """Create a repository, without a request; with files, in one commit."""
        self.settings.create(repo_id, self.settings.users[user], private=private)
        if files:
            self.commit(repo_id, files, user=user)

    def commit(
        self,
        repo_id: str,
        files: Mapping[str, bytes | None],
        *,
        revision: str = "main",
        title: str = "Change files",
        user: str = "tester",
    ) -> str:
        """Change files as if somebody else did it, without a request; None deletes one. Return the commit's oid."""
        repository = self.repository(repo_id)
        reference = repository.reference(revision)
        if reference is None:
            raise ValueError(f"{revision} is not a reference of {repo_id}")
        content = dict(repository.commit(revision).files)
        for path, data in files.items():
            if data is None:
                del content[path]
            else:
                large = self.settings.is_large(repository, revision, path, len(data), data[:_SAMPLE])
                content[path] = File(data, large)
        return repository.add_commit(reference, content, title, "", user).oid

    def tag(self, repo_id: str, name: str, revision: str = "main") -> None:
        """Tag a revision, without a request."""
        repository = self.repository(repo_id)
        repository.refs[f"refs/tags/{name}"] = repository.commit(revision).oid

    def merge(self, repo_id: str, number: int, *, user: str = "tester") -> str:
        """Merge a pull request as its reviewer would, without a request. Return the commit's oid."""
        repository = self.repository(repo_id)
        return repository.merge(repository.discussion(number), user).oid

    def repository(self, repo_id: str) -> Repository:
        return self.settings.repositories[repo_id]

    def exists(self, repo_id: str) -> bool:
        return repo_id in self.settings.repositories

    def files(self, repo_id: str, revision: str = "main") -> dict[str, bytes]:
        """Return the files by their path; `.gitattributes`, which each repository begins with, is one of them."""
        return {path: file.content for path, file in self.repository(repo_id).commit(revision).files.items()}

    def large_files(self, repo_id: str, revision: str = "main") -> set[str]:
        """Return the paths of the files that are kept as large ones."""
        return {path for path, file in self.repository(repo_id).commit(revision).files.items() if file.lfs}

    def commits(self, repo_id: str, revision: str = "main") -> list[Commit]:
        """Return the history, newest first."""
        return self.repository(repo_id).history(revision)

    def tags(self, repo_id: str) -> dict[str, str]:
        """Return the oids of the tagged commits, by tag."""
        prefix = "refs/tags/"
        refs = self.repository(repo_id).refs
        return {name.removeprefix(prefix): oid for name, oid in refs.items() if name.startswith(prefix)}

    def pull_requests(self, repo_id: str) -> list[Discussion]:
        """Return the pull requests, oldest first."""
        return [item for item in self.repository(repo_id).discussions.values() if item.is_pull_request]

    def fail(
        self,
        *,
        method: str | None = None,
        path: str = "",
        status: int | None = None,
        times: int | None = 1,
        after: int = 0,
        headers: dict[str, str] | None = None,
        message: str = "",
        code: str = "",
        cut: bool = False,
        applied: bool = False,
    ) -> Fault:
        """Let calls fail whose address (path and query) the expression `path` is found in.

        Such a call is answered with the status, headers, message and error code given here (`X-Error-Code`, by which
        the clients tell a missing file, revision and repository apart), and nothing else happens. With `cut`, or
        without a status, the connection ends instead: in the middle of the request's body or, in a download, of the
        answer's. With `applied`, the call is carried out first, and only its answer is lost.

        The first `after` calls that match go well; then `times` fail (None: all).
        """
        if cut and status is not None:
            raise ValueError("a cut connection has no status")
        if not (cut or applied) and status is None:
            raise ValueError("say what fails: a status, cut=True or applied=True")
        pattern = re.compile(path)
        fault = Fault(method, pattern, status, times, after, headers or {}, message, code, cut, applied)
        self._journal.faults.append(fault)
        return fault

    def heal(self) -> None:
        """Let nothing fail any more."""
        self._journal.faults.clear()

    @property
    def calls(self) -> list[Call]:
        """All requests so far, those to the storage included."""
        return list(self._journal.calls)

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """The method, path and status of all requests so far."""
        return [(call.method, call.path, call.status) for call in self.calls]

    @property
    def request_headers(self) -> list[dict[str, str]]:
        """The headers of all requests so far, with names in lower case."""
        return [call.headers for call in self.calls]

    def forget_calls(self) -> None:
        """Begin the log anew."""
        self._journal.calls.clear()
