"""What a Hub knows: users, repositories, and who may do what."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from hub_server import cards
from hub_server.messages import HubError, Request
from hub_server.repository import MAIN, SPACES, File, Repository

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class User:
    """An account."""

    name: str
    token: str
    orgs: tuple[str, ...] = ()

    @property
    def namespaces(self) -> tuple[str, ...]:
        return (self.name, *self.orgs)


@dataclass
class State:
    """Everything but the connections. Sizes are in bytes; without a part size, a file is uploaded in one part."""

    lfs_threshold: int = 10 * MEBIBYTE
    part_size: int | None = None
    page_size: int = 1000
    hub_url: str = ""
    storage_url: str = ""
    users: dict[str, User] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    parts: dict[tuple[str, int], bytes] = field(default_factory=dict)
    ticks: int = 0

    def now(self) -> datetime:
        """Return a time one second after the last: the same in every run."""
        self.ticks += 1
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.ticks)

    def user(self, request: Request) -> User | None:
        """Return who asks; a token that is nobody's is refused."""
        if request.token is None:
            return None
        for user in self.users.values():
            if user.token == request.token:
                return user
        raise HubError(HTTPStatus.UNAUTHORIZED, "Invalid credentials in Authorization header")

    def logged_in(self, request: Request) -> User:
        user = self.user(request)
        if user is None:
            raise HubError(HTTPStatus.UNAUTHORIZED, "Invalid username or password.")
        return user

    def may_read(self, user: User | None, repository: Repository) -> bool:
        return not repository.private or (user is not None and repository.namespace in user.namespaces)

    def readable(self, request: Request, repo_id: str) -> Repository:
        """Return a repository that the request may see; to others it does not exist."""
        user = self.user(request)
        repository = self.repositories.get(repo_id)
        if repository is not None and self.may_read(user, repository):
            return repository
        if user is None:
            raise HubError(HTTPStatus.UNAUTHORIZED, "Invalid username or password.", "RepoNotFound")
        raise HubError(HTTPStatus.NOT_FOUND, "Repository not found", "RepoNotFound")

    def writable(self, request: Request, repo_id: str, revision: str = "main") -> tuple[Repository, User]:
        """Return a repository that the request may change: its owners may, and authors their pull requests."""
        repository = self.readable(request, repo_id)
        user = self.logged_in(request)
        authors = [
            discussion.author
            for discussion in repository.discussions.values()
            if discussion.is_pull_request and discussion.reference == revision
        ]
        if repository.namespace not in user.namespaces and user.name not in authors:
            raise HubError(
                HTTPStatus.FORBIDDEN,
                "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request",
            )
        return repository, user

    def create(self, repo_id: str, user: User, *, private: bool) -> Repository:
        namespace = repo_id.removeprefix(SPACES).split("/", maxsplit=1)[0]
        if namespace not in user.namespaces:
            message = f'You don\'t have the rights to create a dataset under the namespace "{namespace}"'
            raise HubError(HTTPStatus.FORBIDDEN, message)
        if repo_id in self.repositories:
            message = "You already created this dataset repo"
            raise HubError(HTTPStatus.CONFLICT, message, url=self.page(repo_id))
        self.repositories[repo_id] = Repository(repo_id, user.name, private, self.now)
        return self.repositories[repo_id]

    def page(self, repo_id: str) -> str:
        return f"{self.hub_url}/{'' if repo_id.startswith(SPACES) else 'datasets/'}{repo_id}"

    def is_large(self, repository: Repository, revision: str, path: str, size: int, sample: bytes) -> bool:
        attributes = repository.commit(revision).files.get(".gitattributes", File(b"")).content.decode()
        return cards.is_large(path, size, sample, attributes, self.lfs_threshold)

    def card(self, repository: Repository, revision: str = MAIN) -> dict[str, object]:
        """Return the metadata of a card; a broken card has none."""
        content = repository.commit(revision).files.get("README.md", File(b"")).content
        try:
            return cards.metadata(content.decode())
        except ValueError:
            return {}

    def storage_link(self, path: str) -> str:
        """Return a link to the storage that needs no token, because it is signed."""
        return f"{self.storage_url}{path}?X-Amz-Signature={self.signature(path)}"

    def signature(self, path: str) -> str:
        return hashlib.sha256(f"signed {path}".encode()).hexdigest()[:32]
