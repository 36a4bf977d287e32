"""Publisher: uploads what was built, as a pull request or a push, and tags its version."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hmix_hub.contribute.building import Built, build
from hmix_hub.contribute.layout import RECORD, FileMark
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.contribute.publishing.faults import persist
from hmix_hub.contribute.publishing.remote import DATASET, KEPT, Record, Remote, look, open_request, read_record
from hmix_hub.errors import ConfigurationError, PublishError, Where

if TYPE_CHECKING:
    from huggingface_hub import HfApi

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


@dataclass(frozen=True)
class Published:
    """What publishing did.

    Parameters
    ----------
    action
        "dry run", "nothing" (the version was there), "tagged", "pushed", "requested" (a pull request was opened or
        changed), or "open" (the pull request stands already).
    url
        Page of the repository, or of the pull request; empty for a dry run.
    version
        Version of the study, and its tag once it stands on the main branch.
    files
        Size and sha256 of each file by path.
    """

    action: str
    url: str
    version: str
    files: dict[str, FileMark] = field(default_factory=dict)


def publish(
    folder: str | os.PathLike[str],
    repository: str,
    *,
    push: bool = False,
    private: bool = False,
    dry_run: bool = False,
    k: int = 5,
    tell: Callable[[str], None] = lambda _: None,
) -> Published:
    """Publish a study on the Hub.

    It may be called again at any time: what is uploaded is not sent again, a version that is published is left alone,
    and one whose pull request was merged since gets its tag.

    Parameters
    ----------
    folder
        The study folder.
    repository
        `org/name`; made if it is not there and you may.
    push
        Whether to commit to the main branch; else a pull request is opened.
    private
        Whether a repository that is made is private.
    dry_run
        Whether to build and check alone, and upload nothing; the Hub is not asked.
    k
        See `hmix_hub.contribute.privacy.scan_privacy`.
    tell
        Called with what is being done, for people.

    Returns
    -------
    Published
        What was done.

    Raises
    ------
    StudyError
        If the study breaks a rule.
    ConfigurationError
        If the repository's name is none.
    PublishError
        If something in it would give people away, the version stands with other content, the repository holds something
        else, or the Hub refuses.
    """
    if not _REPOSITORY.fullmatch(repository):
        msg = f"{repository!r} is no repository of the Hub"
        raise ConfigurationError(msg, hint="write ORG/NAME, as my-lab/my-study, and no address")
    tell("looking for what would give people away")
    _refuse_private(folder, k)
    with tempfile.TemporaryDirectory(prefix="hmix-publish-") as scratch:
        built = build(folder, Path(scratch) / "study", tell=tell)
        version = built.content.manifest.version
        if dry_run:
            return Published("dry run", "", version, built.files)
        from huggingface_hub import HfApi

        publisher = _Publisher(HfApi(), repository, built, push=push, private=private, tell=tell)
        return persist(publisher.attempt, repository, tell)


def _refuse_private(folder: str | os.PathLike[str], k: int) -> None:
    found = scan_privacy(folder, k=k).errors
    if found:
        first = found[0]
        place = Where(first.file, first.spots[0].row, first.column or None)
        more = f", and {len(found) - 1} more findings" if len(found) > 1 else ""
        msg = f"nothing was published, since it would give people away: {first.rule.code}: {first.rule.meaning}{more}"
        raise PublishError(msg, where=place, hint=f"`hmix contribute privacy {os.fspath(folder)}` tells all of them")


class _Publisher:
    """One version of a study on its way to one repository."""

    def __init__(
        self,
        api: HfApi,
        repository: str,
        built: Built,
        *,
        push: bool,
        private: bool,
        tell: Callable[[str], None],
    ) -> None:
        self.api, self.repository, self.built = api, repository, built
        self.push, self.private, self.tell = push, private, tell
        self.manifest = built.content.manifest
        self.record: Record = json.loads((built.path / RECORD).read_text(encoding="utf-8"))
        self.title = f"{self.manifest.id} {self.manifest.version}"

    def attempt(self) -> Published:
        """Do what is left to do, as the repository stands now."""
        self.tell("looking at the repository")
        # First, since it is the quickest way to learn that nobody is logged in.
        user = self.api.whoami()["name"]
        remote = look(self.api, self.repository)
        self._refuse(remote)
        if self.manifest.version in remote.tags:
            return self._done("nothing")
        if self._is_ours(remote.record):
            self.tell(f"tagging {self.manifest.version}")
            self._tag(remote.head)
            return self._done("tagged")
        if not remote.exists:
            self.api.create_repo(self.repository, repo_type=DATASET, private=self.private, exist_ok=True)
            remote = look(self.api, self.repository)
        return self._push(remote) if self.push else self._request(remote, user)

    def _refuse(self, remote: Remote) -> None:
        version = self.manifest.version
        if remote.is_foreign:
            self._fail("the repository holds something that is no study", "publish to a repository of its own")
        record = remote.record
        if record is not None and record.get("study") != self.manifest.id:
            self._fail(f"the repository holds the study {record.get('study')!r}", "publish to another one")
        if version in remote.tags:
            record = read_record(self.api, self.repository, version)
        if record is not None and record.get("version") == version and not self._is_ours(record):
            self._fail(
                f"version {version} is published already, with other content",
                "raise `version:` in study.yaml: what was cited as a version never changes",
            )
        if remote.record is not None and _order(str(remote.record.get("version"))) > _order(version):
            newer = remote.record.get("version")
            self._fail(f"the repository stands at version {newer}, newer than {version}", "raise `version:` above it")

    def _fail(self, said: str, hint: str) -> None:
        raise PublishError(said, where=Where(f"{self.repository} (Hugging Face Hub)"), hint=hint)

    def _is_ours(self, record: Record | None) -> bool:
        """Say whether a revision was built from the same files."""
        return record is not None and all(record.get(key) == self.record[key] for key in ("study", "version", "inputs"))

    def _push(self, remote: Remote) -> Published:
        self.tell(f"uploading {len(self.built.files)} files")
        commit = self._commit(remote.files, revision=None, parent=remote.head, as_request=False)
        self.tell(f"tagging {self.manifest.version}")
        self._tag(commit.oid)
        return self._done("pushed")

    def _request(self, remote: Remote, user: str) -> Published:
        found = open_request(self.api, self.repository, self.title, user)
        if found is not None and self._is_ours(found.record):
            return self._done("open", found.url)
        self.tell(f"uploading {len(self.built.files)} files")
        if found is not None:
            revision = f"refs/pr/{found.number}"
            files = self.api.list_repo_files(self.repository, repo_type=DATASET, revision=revision)
            self._commit(files, revision=revision, parent=None, as_request=False)
            return self._done("requested", found.url)
        commit = self._commit(remote.files, revision=None, parent=remote.head, as_request=True)
        return self._done("requested", str(commit.pr_url))

    def _commit(self, there: list[str], *, revision: str | None, parent: str | None, as_request: bool):  # type: ignore[no-untyped-def]
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        ours = self.built.files
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(path_in_repo=name, path_or_fileobj=self.built.path / name) for name in ours
        ]
        operations += [CommitOperationDelete(name) for name in there if name not in ours and name not in KEPT]
        return self.api.create_commit(
            self.repository,
            operations,
            commit_message=self.title,
            commit_description=f"{self.manifest.title}\n\nWritten by `hmix contribute publish`.",
            repo_type=DATASET,
            revision=revision,
            parent_commit=parent,
            create_pr=as_request,
        )

    def _tag(self, commit: str | None) -> None:
        self.api.create_tag(
            self.repository, tag=self.manifest.version, revision=commit, repo_type=DATASET, exist_ok=True
        )

    def _done(self, action: str, url: str = "") -> Published:
        page = url or f"{self.api.endpoint}/datasets/{self.repository}"
        return Published(action, page, self.manifest.version, self.built.files)


def _order(version: str) -> tuple[int, ...]:
    """Give what versions are compared by; a pre-release comes before its release."""
    core, _, before = version.partition("-")
    try:
        return (*map(int, core.split(".")), 0 if before else 1)
    except ValueError:
        return (0,)
