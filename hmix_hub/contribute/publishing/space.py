"""Space: the explorer of a published study, as a static Space beside the dataset."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError

from hmix_hub.contribute.building import FileMark, marks
from hmix_hub.contribute.publishing.faults import persist
from hmix_hub.contribute.publishing.publisher import Published
from hmix_hub.contribute.publishing.remote import KEPT
from hmix_hub.contribute.publishing.uploading import upload
from hmix_hub.datasets_by_name import REPOSITORY
from hmix_hub.errors import ConfigurationError, PublishError, Where
from hmix_hub.explorer.writing import METADATA, write_explorer
from hmix_hub.studies.folder import CARD
from hmix_hub.studies.study import Study
from hmix_hub.yaml_file import plain_yaml

SPACE = "space"
_STORES = "https://*.hf.co https://*.huggingface.co"
"""Hosts that large files of a Space are served from."""
_NEW = {*KEPT, CARD, "index.html", "style.css"}
"""Files of a newly created static Space."""


def check_space(space: str) -> str:
    """Check that a text can be the name of a Space.

    Raises
    ------
    ConfigurationError
        If it cannot.
    """
    if not REPOSITORY.fullmatch(space):
        msg = f"{space!r} is not the name of a repository on the Hub"
        raise ConfigurationError(msg, hint="write --space ORG/NAME, or --space alone at the end of the command")
    return space


def publish_space(
    study: Study,
    repository: str,
    space: str,
    *,
    private: bool = False,
    dry_run: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Published:
    """Publish the explorer of a study on the Hub, as a static Space.

    The study is not checked here: publish it first, at least as a dry run. The Space of a private dataset is private.
    Calling it again uploads what has changed.

    Parameters
    ----------
    study
        The study.
    repository
        Repository of the dataset, which the page's code loads.
    space
        Repository of the Space; created if missing.
    private, dry_run, tell
        See `hmix_hub.contribute.publishing.publisher.publish`.

    Returns
    -------
    Published
        "dry run", or "pushed", with the files.

    Raises
    ------
    ConfigurationError
        If this cannot be the name of a Space.
    PublishError
        If the dataset is not published or is gated, if the Space contains something else or is public although the
        dataset is private or `private` is given, or if the Hub refuses.
    """
    check_space(space)
    with tempfile.TemporaryDirectory(prefix="hmix-space-") as scratch:
        folder = Path(scratch) / "explorer"
        write_explorer(study.path, folder, repository=repository, for_disk=False, tell=tell)
        (folder / CARD).write_text(_card(study, repository), encoding="utf-8")
        _open_to_stores(folder / "index.html")
        files, version = marks(folder), study.manifest.version
        if dry_run:
            return Published("dry run", "", version, files)
        api = HfApi()

        def attempt() -> Published:
            is_private = _is_private(api, repository) or private
            _push(api, study, space, folder, files, private=is_private, tell=tell)
            return Published("pushed", f"{api.endpoint}/spaces/{space}", version, files)

        return persist(attempt, space, tell)


def _is_private(api: HfApi, repository: str) -> bool:
    """Whether a published dataset is private; one with restricted access is refused, since Spaces cannot be gated."""
    where = Where(f"{repository} (Hugging Face Hub)")
    try:
        info = api.dataset_info(repository)
    except RepositoryNotFoundError:
        msg = "the dataset is not published, or you have no access to it"
        raise PublishError(msg, where=where, hint="publish the dataset first; its explorer follows it") from None
    if info.gated:
        msg = "the dataset is gated, but its explorer would be open to everybody"
        raise PublishError(msg, where=where, hint="`hmix explore -o DIR` writes a folder for those who have access")
    return bool(info.private)


def _push(
    api: HfApi,
    study: Study,
    space: str,
    folder: Path,
    files: dict[str, FileMark],
    *,
    private: bool,
    tell: Callable[[str], None],
) -> None:
    tell(f"checking the Space {space}")
    where = Where(f"{space} (Hugging Face Hub)")
    try:
        info = api.space_info(space)
    except RepositoryNotFoundError:
        api.create_repo(space, repo_type=SPACE, space_sdk="static", private=private, exist_ok=True)
        info = api.space_info(space)
    if private and not info.private:
        msg = "the Space is public, but the dataset is private or --private was given"
        raise PublishError(msg, where=where, hint="make it private in its settings, or name another: --space ORG/NAME")
    there = {sibling.rfilename for sibling in info.siblings or []}
    if METADATA not in there and there - _NEW:
        msg = "the Space contains something other than an explorer"
        raise PublishError(msg, where=where, hint="name another: --space ORG/NAME")
    gone = sorted(there - files.keys() - set(KEPT))
    title = f"Explorer of {study.manifest.id} {study.manifest.version}"
    with warnings.catch_warnings():
        # The client assumes that tables were meant for a dataset.
        warnings.filterwarnings("ignore", message="It seems that you are about to commit a data file")
        options = {"title": title, "description": study.manifest.title, "repo_type": SPACE}
        upload(api, space, folder, files, gone, tell=tell, **options)


def _open_to_stores(page: Path) -> None:
    """Allow the page to load large files, which the Hub redirects to other hosts."""
    text = page.read_text(encoding="utf-8")
    for directive in ("connect-src 'self'", "img-src 'self'"):
        text = text.replace(directive, f"{directive} {_STORES}")
    page.write_text(text, encoding="utf-8")


def _card(study: Study, repository: str) -> str:
    """Return the README.md of the Space, whose metadata tell the Hub what to serve."""
    manifest = study.manifest
    head = {
        "title": manifest.title,
        "sdk": "static",
        "app_file": "index.html",
        "pinned": False,
        "datasets": [repository],
        "tags": ["h-mix-explorer", *(["synthetic"] if manifest.synthetic else [])],
    }
    mark = (
        "The judgments are synthetic: they were simulated, and no person took part.\n\n" if manifest.synthetic else ""
    )
    return (
        f"---\n{plain_yaml(head, width=10**6)}---\n\n"
        f"Explorer of the dataset [{repository}](https://huggingface.co/datasets/{repository}), version "
        f"{manifest.version}: every stimulus with the answers to it.\n\n{mark}"
        "Written by `hmix contribute publish --space`.\n"
    )
