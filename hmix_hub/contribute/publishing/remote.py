"""Remote: what a repository of the Hub holds already, and which of its commits hold a version as it was published."""

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
"""How far back a commit is looked for that holds a version as it was published."""

_LONGEST_VERSION = 200
_NO_VERSION: Precedence = ((), 0, ())
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,59}")


def plain(text: object) -> str:
    """Return what stands in a repository, where anybody may have written it, so that it can stand in a message."""
    return text if isinstance(text, str) and _PLAIN.fullmatch(text) else str(shown(text))


@dataclass(frozen=True)
class Remote:
    """State of a repository.

    Parameters
    ----------
    exists
        Whether there is one.
    head
        Commit of its main branch.
    files
        Paths of its main branch.
    record
        What its main branch was built from; `None`: it holds no study.
    tags
        Commit by tag.
    sums
        sha256 by path of what was published last, as its checksums on the main branch say; empty: there are none.
    private
        Whether members alone see it.
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
        """Whether it holds something that is no study."""
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
    """Read what a revision was built from; `None` where it holds no study."""
    try:
        record = json.loads(_text_of(api, repository, RECORD, revision))
    except (EntryNotFoundError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def read_sums(api: HfApi, repository: str, revision: str | None) -> dict[str, str]:
    """Read the checksums that an earlier publish wrote: sha256 by path; empty where there are none."""
    try:
        return read_checksums(_text_of(api, repository, CHECKSUMS, revision))
    except (EntryNotFoundError, ValueError):
        return {}


def _text_of(api: HfApi, repository: str, name: str, revision: str | None) -> str:
    path = api.hf_hub_download(repository, name, repo_type=DATASET, revision=revision)
    return Path(path).read_text(encoding="utf-8")


@dataclass(frozen=True)
class OpenRequest:
    """An open pull request for a version of a study: its number, its page, and what it was built from."""

    number: int
    url: str
    record: Record | None


def open_request(api: HfApi, repository: str, title: str, author: str) -> OpenRequest | None:
    """Find the open pull request of a title and an author; `None`: there is none."""
    for found in api.get_repo_discussions(
        repository, repo_type=DATASET, author=author, discussion_type="pull_request", discussion_status="open"
    ):
        if found.title == title and found.is_pull_request:
            record = read_record(api, repository, f"refs/pr/{found.num}")
            return OpenRequest(found.num, found.url, record)
    return None


def is_version(text: object) -> bool:
    """Whether a text that somebody wrote is a version, and can be a tag."""
    return (
        isinstance(text, str)
        and len(text) <= _LONGEST_VERSION
        and re.fullmatch(SEMVER, text) is not None
        and not text.endswith(".lock")
    )


def precedence(version: object) -> Precedence:
    """Return what versions are compared by, as semver.org 2.0.0 says; what is no version comes before all."""
    if not (isinstance(version, str) and is_version(version)):
        return _NO_VERSION
    core, _, before = version.partition("-")
    numbers = tuple(map(int, core.split(".")))
    return (numbers, 0, tuple(map(_field, before.split(".")))) if before else (numbers, 1, ())


def _field(text: str) -> tuple[int, int, str]:
    """Return what fields of a pre-release are compared by: numbers by size, and before words."""
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def _altered(api: HfApi, repository: str, commit: str, sums: Mapping[str, str]) -> list[str]:
    """Return the paths whose content on a commit is not what checksums say."""
    info = api.dataset_info(repository, revision=commit, files_metadata=True)
    there = {sibling.rfilename: sibling for sibling in info.siblings or []}
    return [
        name
        for name, digest in sums.items()
        if name not in there or _sha256(api, repository, commit, there[name]) != digest
    ]


def _sha256(api: HfApi, repository: str, commit: str, file: RepoSibling) -> str:
    """Return the sha256 of a file: the Hub tells that of a large one, and a small one is quickly read."""
    if file.lfs is not None:
        return str(file.lfs.sha256)
    path = api.hf_hub_download(repository, file.rfilename, repo_type=DATASET, revision=commit)
    return sha256_of(Path(path))


def commit_as_published(
    api: HfApi, repository: str, head: str, sums: Mapping[str, str]
) -> tuple[str | None, list[str]]:
    """Find the newest commit that holds a version as it was published, with the main branch's head and its checksums.

    Returns
    -------
    commit : str or None
        The commit; before the head where the card alone was edited since, as on the Hub's own pages.
    differing : list of str
        Paths of the head that differ; some where there is no such commit.
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
