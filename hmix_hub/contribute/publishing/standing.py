"""Standing: whether a commit of a repository holds what its checksums say, so that it may be tagged."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hmix_hub.contribute.building import Built
from hmix_hub.contribute.publishing.remote import DATASET, Record, read_sums
from hmix_hub.files import sha256_of
from hmix_hub.studies.built_tables import CHECKSUMS
from hmix_hub.studies.folder import CARD

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoSibling

MOST_COMMITS = 50
"""How far back a commit is looked for that holds a version as it was published."""


def strange(sums: Mapping[str, str], built: Built, record: Record) -> list[str]:
    """Give the paths in which the checksums of a repository are not those of what was built.

    Tables, pictures and what tells their hashes may have other bytes, written by other versions of libraries; the files
    of a study that are published as they are may not.
    """
    ours = {name: mark.sha256 for name, mark in built.files.items() if name != CHECKSUMS}
    copied = {name: digest for name, digest in ours.items() if name in record["inputs"]}
    return [
        *sorted(sums.keys() ^ ours.keys()),
        *(name for name, digest in copied.items() if name in sums and sums[name] != digest),
    ]


def altered(api: HfApi, repository: str, commit: str, sums: Mapping[str, str]) -> list[str]:
    """Give the paths whose content on a commit is not what checksums say."""
    info = api.dataset_info(repository, revision=commit, files_metadata=True)
    there = {sibling.rfilename: sibling for sibling in info.siblings or []}
    return [
        name
        for name, digest in sums.items()
        if name not in there or _sha256(api, repository, commit, there[name]) != digest
    ]


def _sha256(api: HfApi, repository: str, commit: str, file: RepoSibling) -> str:
    """Give the sha256 of a file: the Hub tells that of a large one, and a small one is quickly read."""
    if file.lfs is not None:
        return str(file.lfs.sha256)
    path = api.hf_hub_download(repository, file.rfilename, repo_type=DATASET, revision=commit)
    return sha256_of(Path(path))


def commit_as_published(
    api: HfApi, repository: str, head: str, sums: Mapping[str, str]
) -> tuple[str | None, list[str]]:
    """Find the newest commit that holds a version as it was published.

    Parameters
    ----------
    api, repository
        Where.
    head
        Commit of the main branch.
    sums
        Checksums on it.

    Returns
    -------
    commit : str or None
        The commit; before the head where the card alone was edited since, as on the Hub's own pages.
    differing : list of str
        Paths of the head that differ; some where there is no such commit.
    """
    differing = altered(api, repository, head, sums) if sums else [CHECKSUMS]
    if not differing:
        return head, []
    if differing == [CARD]:
        for commit in islice(api.list_repo_commits(repository, repo_type=DATASET, revision=head), MOST_COMMITS):
            name = commit.commit_id
            if name != head and read_sums(api, repository, name) == sums and not altered(api, repository, name, sums):
                return name, differing
    return None, differing
