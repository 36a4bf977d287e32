"""Discussions and pull requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


def timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class Discussion:
    """A discussion; with a `base`, the commit that it starts from, a pull request."""

    repository: str
    number: int
    title: str
    description: str
    author: str
    created: datetime
    status: str
    base: str | None
    merge_commit: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.comment(self.description, self.author, self.created)

    @property
    def is_pull_request(self) -> bool:
        return self.base is not None

    @property
    def reference(self) -> str:
        return f"refs/pr/{self.number}"

    def comment(self, text: str, author: str, moment: datetime) -> dict[str, Any]:
        latest = {"raw": text, "html": text, "updatedAt": timestamp(moment), "author": {"name": author}}
        data = {"edited": False, "hidden": False, "latest": latest, "history": []}
        return self._record("comment", author, moment, data)

    def change_status(self, status: str, author: str, moment: datetime) -> dict[str, Any]:
        self.status = status
        return self._record("status-change", author, moment, {"status": status})

    def rename(self, title: str, author: str, moment: datetime) -> dict[str, Any]:
        data = {"from": self.title, "to": title}
        self.title = title
        return self._record("title-change", author, moment, data)

    def record_commit(self, oid: str, title: str, author: str, moment: datetime) -> None:
        self._record("commit", author, moment, {"oid": oid, "subject": title})

    def summary(self) -> dict[str, Any]:
        """Return the entry of a list of discussions."""
        return {
            "num": self.number,
            "title": self.title,
            "status": self.status,
            "author": {"name": self.author},
            "createdAt": timestamp(self.created),
            "isPullRequest": self.is_pull_request,
            "repo": {"name": self.repository, "type": "dataset"},
        }

    def details(self, conflicts: list[str]) -> dict[str, Any]:
        details = {**self.summary(), "events": self.events}
        if self.is_pull_request:
            details["changes"] = {"base": "refs/heads/main", "mergeCommitId": self.merge_commit}
            details["filesWithConflicts"] = conflicts
        return details

    def _record(self, kind: str, author: str, moment: datetime, data: dict[str, Any]) -> dict[str, Any]:
        event = {
            "id": f"{self.number:012x}{len(self.events):012x}",
            "type": kind,
            "createdAt": timestamp(moment),
            "author": {"name": author},
            "data": data,
        }
        self.events.append(event)
        return event
