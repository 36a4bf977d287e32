"""A dataset repository: files, commits and the references to them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from pathlib import PurePosixPath

from hub_server import cards
from hub_server.discussions import Discussion
from hub_server.messages import HubError

MAIN = "refs/heads/main"
SPACES = "spaces/"
"""How ids of Spaces begin here; those of datasets have nothing before them."""
_OID = re.compile(r"[0-9a-f]{4,40}")
# What `git check-ref-format` refuses in a name.
_NO_REFERENCE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.$|(?:^|/)\.|\.lock(?:/|$)|^-|^@$|^$")


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def check_reference(name: str) -> None:
    """Refuse what Git takes as no name of a branch or a tag."""
    if _NO_REFERENCE.search(name):
        raise HubError(HTTPStatus.BAD_REQUEST, f"Invalid reference name: {name!r}")


@dataclass(frozen=True)
class File:
    """The content at a path, kept in git or as a large file (LFS)."""

    content: bytes
    lfs: bool = False

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def pointer(self) -> bytes:
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n"
        return text.encode()

    @cached_property
    def oid(self) -> str:
        return git_oid(self.pointer if self.lfs else self.content)

    @property
    def upload_oid(self) -> str:
        """What a client compares its own file with, and the entity tag."""
        return self.sha256 if self.lfs else self.oid


@dataclass(frozen=True)
class Commit:
    """All files at one moment."""

    oid: str
    parent: str | None
    files: Mapping[str, File]
    title: str
    description: str
    author: str
    date: datetime


@dataclass
class Repository:
    """Commits, references (by full name: `refs/heads/main`), discussions and stored large files."""

    id: str
    creator: str
    private: bool
    clock: Callable[[], datetime]
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    discussions: dict[int, Discussion] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    gated: bool | str = False
    created: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.created = self.clock()
        files = {".gitattributes": File(cards.GIT_ATTRIBUTES.encode())}
        self.refs[MAIN] = self._write(None, files, "initial commit", "", self.creator).oid

    @property
    def namespace(self) -> str:
        return self.name.split("/")[0]

    @property
    def name(self) -> str:
        return self.id.removeprefix(SPACES)

    def reference(self, revision: str) -> str | None:
        """Return the full name of a branch, tag or other reference."""
        names = (f"refs/heads/{revision}", f"refs/tags/{revision}", revision)
        return next((name for name in names if name in self.refs), None)

    def commit(self, revision: str) -> Commit:
        """Return the commit of a reference, or of the beginning of its oid."""
        reference = self.reference(revision)
        if reference is not None:
            return self.commits[self.refs[reference]]
        found = [oid for oid in self.commits if oid.startswith(revision)] if _OID.fullmatch(revision) else []
        if len(found) != 1:
            raise HubError(HTTPStatus.NOT_FOUND, f"Invalid rev id: {revision}", "RevisionNotFound")
        return self.commits[found[0]]

    def history(self, revision: str) -> list[Commit]:
        """Return a commit and those before it, newest first."""
        commits = [self.commit(revision)]
        while commits[-1].parent is not None:
            commits.append(self.commits[commits[-1].parent])
        return commits

    def add_commit(
        self, reference: str, files: Mapping[str, File], title: str, description: str, author: str
    ) -> Commit:
        """Put a commit on top of a reference."""
        commit = self._write(self.refs[reference], files, title, description, author)
        self.refs[reference] = commit.oid
        for discussion in self.discussions.values():
            if discussion.is_pull_request and discussion.reference == reference:
                discussion.record_commit(commit.oid, title, author, commit.date)
        for file in files.values():
            if file.lfs:
                self.objects[file.sha256] = file.content
        return commit

    def store(self, oid: str, content: bytes) -> None:
        """Keep a large file, if it is the one that was announced."""
        if hashlib.sha256(content).hexdigest() != oid:
            raise HubError(HTTPStatus.BAD_REQUEST, "The content is not that of the announced object")
        self.objects[oid] = content

    def open_discussion(self, title: str, description: str, author: str, base: str | None, status: str) -> Discussion:
        """Open a discussion or, from the commit `base`, a pull request."""
        number = len(self.discussions) + 1
        discussion = Discussion(self.id, number, title, description, author, self.clock(), status, base)
        self.discussions[number] = discussion
        if base is not None:
            self.refs[discussion.reference] = base
        return discussion

    def discussion(self, number: int) -> Discussion:
        if number not in self.discussions:
            raise HubError(HTTPStatus.NOT_FOUND, "Discussion not found")
        return self.discussions[number]

    def conflicts(self, discussion: Discussion) -> list[str]:
        """Return the paths that a pull request and main changed in different ways."""
        base, ours, theirs = self._sides(discussion)
        return sorted(
            path
            for path in {*base, *ours, *theirs}
            if base.get(path) != theirs.get(path)
            and base.get(path) != ours.get(path)
            and ours.get(path) != theirs.get(path)
        )

    def merge(self, discussion: Discussion, author: str) -> Commit:
        """Put the changes of a pull request onto main, as one commit."""
        if discussion.status != "open":
            raise HubError(HTTPStatus.BAD_REQUEST, f"This pull request is not open, it is {discussion.status}")
        if self.conflicts(discussion):
            raise HubError(HTTPStatus.CONFLICT, "This pull request has conflicts with the branch main")
        base, ours, theirs = self._sides(discussion)
        files = {path: file for path, file in ours.items() if path in theirs or path not in base}
        files |= {path: file for path, file in theirs.items() if base.get(path) != file}
        commit = self.add_commit(MAIN, files, f"{discussion.title} (#{discussion.number})", "", author)
        discussion.merge_commit = commit.oid
        discussion.change_status("merged", author, self.clock())
        return commit

    def _sides(self, discussion: Discussion) -> tuple[Mapping[str, File], Mapping[str, File], Mapping[str, File]]:
        if discussion.base is None:
            raise HubError(HTTPStatus.BAD_REQUEST, "This discussion is not a pull request")
        oids = (discussion.base, self.refs[MAIN], self.refs[discussion.reference])
        base, ours, theirs = (self.commits[oid].files for oid in oids)
        return base, ours, theirs

    def _write(
        self, parent: str | None, files: Mapping[str, File], title: str, description: str, author: str
    ) -> Commit:
        tree = [f"{path} {file.oid}" for path, file in sorted(files.items())]
        text = "\n".join([str(len(self.commits)), self.id, parent or "", title, description, author, *tree])
        oid = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.commits[oid] = Commit(oid, parent, dict(files), title, description, author, self.clock())
        return self.commits[oid]


def folder_oids(files: Mapping[str, File]) -> dict[str, str]:
    """Return each folder that the files are in, with an identifier of what it holds."""
    listings: dict[str, list[str]] = {}
    for path, file in sorted(files.items()):
        for parent in PurePosixPath(path).parents:
            if str(parent) != ".":
                listings.setdefault(str(parent), []).append(f"{path} {file.oid}")
    return {folder: git_oid("\n".join(listing).encode()) for folder, listing in sorted(listings.items())}
