"""Remote: the content of a repository on the Hub, and which of its commits contain a version as it was published."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoSibling

from hmix_hub.files import sha256_of
from hmix_hub.studies.built_tables import CHECKSUMS, read_checksums
from hmix_hub.studies.findings import shown
from hmix_hub.studies.folder import CARD, RECORD
from hmix_hub.studies.manifest import SEMVER

DATASET = "dataset"
KEPT = (".gitattributes",)
"""Files of a repository that publishing leaves alone."""

Record = dict[str, Any]
Precedence = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]

MOST_COMMITS = 50
"""Number of commits searched for one that contains a version as it was published."""

_LONGEST_VERSION = 200
_NO_VERSION: Precedence = ((), 0, ())
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,59}")


def plain(text: object) -> str:
    """Return untrusted text from a repository in a form that is safe in a message."""
    return text if isinstance(text, str) and _PLAIN.fullmatch(text) else str(shown(text))


@dataclass(frozen=True)
class Remote:
    """State of a repository.

    Parameters
    ----------
    exists
        Whether it exists.
    head
        Commit of its main branch.
    files
        Paths on its main branch.
    record
        Record of the sources of its main branch; `None`: it contains no study.
    tags
        Commits by tag.
    sums
        SHA-256 by path in the checksums on the main branch, which describe the last publish; empty: there are none.
    private
        Whether it is only visible to members.
    """

    exists: bool
    head: str | None = None
    files: list[str] = field(default_factory=list)
    record: Record | None = None
    tags: dict[str, str] = field(default_factory=dict)
    sums: dict[str, str] = field(default_factory=dict)
    private: bool = False

    @property
    def is_foreign(self) -> bool:
        """Whether it contains something other than a study."""
        return self.record is None and any(name not in {*KEPT, "README.md"} for name in self.files)


def look(api: HfApi, repository: str) -> Remote:
    """Read the state of a repository."""
    try:
        info = api.dataset_info(repository, files_metadata=False)
    except RepositoryNotFoundError:
        return Remote(exists=False)
    files = [sibling.rfilename for sibling in info.siblings or []]
    refs = api.list_repo_refs(repository, repo_type=DATASET)
    tags = {tag.name: tag.target_commit for tag in refs.tags}
    record = read_record(api, repository, info.sha) if RECORD in files else None
    sums = read_sums(api, repository, info.sha) if CHECKSUMS in files else {}
    return Remote(True, info.sha, files, record, tags, sums, bool(info.private))


def read_record(api: HfApi, repository: str, revision: str | None) -> Record | None:
    """Read the record of a revision's sources; `None` if it contains no study."""
    try:
        record = json.loads(_text_of(api, repository, RECORD, revision))
    except (EntryNotFoundError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def read_sums(api: HfApi, repository: str, revision: str | None) -> dict[str, str]:
    """Read the checksums from an earlier publish: SHA-256 by path; empty if there are none."""
    try:
        return read_checksums(_text_of(api, repository, CHECKSUMS, revision))
    except (EntryNotFoundError, ValueError):
        return {}


def _text_of(api: HfApi, repository: str, name: str, revision: str | None) -> str:
    path = api.hf_hub_download(repository, name, repo_type=DATASET, revision=revision)
    return Path(path).read_text(encoding="utf-8")


@dataclass(frozen=True)
class OpenRequest:
    """An open pull request for a version of a study: its number, its page, and the record of its sources."""

    number: int
    url: str
    record: Record | None


def open_request(api: HfApi, repository: str, title: str, author: str) -> OpenRequest | None:
    """Return the open pull request with a title and an author; `None` if there is none."""
    for found in api.get_repo_discussions(
        repository, repo_type=DATASET, author=author, discussion_type="pull_request", discussion_status="open"
    ):
        if found.title == title and found.is_pull_request:
            record = read_record(api, repository, f"refs/pr/{found.num}")
            return OpenRequest(found.num, found.url, record)
    return None


def is_version(text: object) -> bool:
    """Return whether an untrusted text is a version and can be a tag."""
    return (
        isinstance(text, str)
        and len(text) <= _LONGEST_VERSION
        and re.fullmatch(SEMVER, text) is not None
        and not text.endswith(".lock")
    )


def precedence(version: object) -> Precedence:
    """Return the sorting key of a version according to semver.org 2.0.0; invalid versions come first."""
    if not (isinstance(version, str) and is_version(version)):
        return _NO_VERSION
    core, _, before = version.partition("-")
    numbers = tuple(map(int, core.split(".")))
    return (numbers, 0, tuple(map(_field, before.split(".")))) if before else (numbers, 1, ())


def _field(text: str) -> tuple[int, int, str]:
    """Return the sorting key of a pre-release field: numbers by size, before words."""
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def _altered(api: HfApi, repository: str, commit: str, sums: Mapping[str, str]) -> list[str]:
    """Return the paths whose content in a commit does not match the checksums."""
    info = api.dataset_info(repository, revision=commit, files_metadata=True)
    there = {sibling.rfilename: sibling for sibling in info.siblings or []}
    return [
        name
        for name, digest in sums.items()
        if name not in there or _sha256(api, repository, commit, there[name]) != digest
    ]


def _sha256(api: HfApi, repository: str, commit: str, file: RepoSibling) -> str:
    """Return the SHA-256 of a file: from the Hub for a large file, by reading a small one."""
    if file.lfs is not None:
        return str(file.lfs.sha256)
    path = api.hf_hub_download(repository, file.rfilename, repo_type=DATASET, revision=commit)
    return sha256_of(Path(path))


def commit_as_published(
    api: HfApi, repository: str, head: str, sums: Mapping[str, str]
) -> tuple[str | None, list[str]]:
    """Return the newest commit that contains a version as it was published, given the main branch's head and checksums.

    Returns
    -------
    commit : str or None
        The commit; earlier than the head if only the card was edited since, as on the Hub's web pages.
    differing : list of str
        Paths in the head that differ; not empty if there is no such commit.
    """
    differing = _altered(api, repository, head, sums) if sums else [CHECKSUMS]
    if not differing:
        return head, []
    if differing == [CARD]:
        for commit in islice(api.list_repo_commits(repository, repo_type=DATASET, revision=head), MOST_COMMITS):
            name = commit.commit_id
            if name != head and read_sums(api, repository, name) == sums and not _altered(api, repository, name, sums):
                return name, differing
    return None, differing
