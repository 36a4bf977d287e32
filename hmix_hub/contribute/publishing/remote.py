"""Remote: what a repository of the Hub holds already."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hmix_hub.studies.built_tables import CHECKSUMS, read_checksums
from hmix_hub.studies.findings import shown
from hmix_hub.studies.folder import RECORD

if TYPE_CHECKING:
    from huggingface_hub import HfApi

DATASET = "dataset"
KEPT = (".gitattributes",)
"""Files of a repository that publishing leaves alone."""

Record = dict[str, Any]

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,59}")


def plain(text: object) -> str:
    """Give what stands in a repository, where anybody may have written it, so that it can stand in a message."""
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
    """Look at a repository."""
    from huggingface_hub.errors import RepositoryNotFoundError

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
    from huggingface_hub.errors import EntryNotFoundError

    try:
        path = api.hf_hub_download(repository, RECORD, repo_type=DATASET, revision=revision)
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except (EntryNotFoundError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def read_sums(api: HfApi, repository: str, revision: str | None) -> dict[str, str]:
    """Read the checksums that an earlier publish wrote: sha256 by path; empty where there are none."""
    from huggingface_hub.errors import EntryNotFoundError

    try:
        path = api.hf_hub_download(repository, CHECKSUMS, repo_type=DATASET, revision=revision)
        return read_checksums(Path(path).read_text(encoding="utf-8"))
    except (EntryNotFoundError, ValueError):
        return {}


@dataclass(frozen=True)
class OpenRequest:
    """An open pull request for a version of a study.

    Parameters
    ----------
    number
        Its number.
    url
        Its page.
    record
        What it was built from.
    """

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
