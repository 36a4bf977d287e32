"""Uploading: the files of a folder to a repository of the Hub, in one commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, HfApi

from hmix_hub.contribute.building import FileMark

FILES_AT_ONCE = 50
"""Number of files per batch of uploads, after which progress is reported."""


def upload(
    api: HfApi,
    repository: str,
    folder: Path,
    files: Mapping[str, FileMark],
    gone: Iterable[str],
    *,
    title: str,
    description: str,
    tell: Callable[[str], None],
    parent: str | None = None,
    **options: Any,
) -> CommitInfo:
    """Upload files, and delete others, in one commit.

    Parameters
    ----------
    api, repository
        The Hub, and the repository there.
    folder, files
        The folder with the files, and their marks by path.
    gone
        Paths to delete.
    title, description
        Of the commit.
    tell
        Called with the progress, as text.
    parent
        Commit that it must follow; `None`: any.
    options
        `repo_type` and, optionally, `revision` and `create_pr`, as in `huggingface_hub`.
    """
    additions = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=folder / name) for name in files]
    megabytes = [0.0, *accumulate(mark.size / 1e6 for mark in files.values())]
    # Large files stay uploaded until a commit uses them, so an interrupted upload continues after them.
    for start in range(0, len(files), FILES_AT_ONCE):
        tell(f"uploading: {start} of {len(files)} files, {megabytes[start]:.1f} of {megabytes[-1]:.1f} MB")
        batch = additions[start : start + FILES_AT_ONCE]
        api.preupload_lfs_files(repository, batch, free_memory=False, **options)
    return api.create_commit(
        repository,
        [*additions, *(CommitOperationDelete(name) for name in gone)],
        commit_message=title,
        commit_description=f"{description}\n\nWritten by `hmix contribute publish`.",
        parent_commit=parent,
        **options,
    )
