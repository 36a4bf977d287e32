"""Publisher: uploads a build, as a pull request or a push, and tags its version."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import NoReturn

from huggingface_hub import CommitInfo, HfApi
from huggingface_hub.errors import HfHubHTTPError

from hmix_hub.contribute.building import Built, FileMark, build, built_before
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.contribute.publishing.faults import persist, status_of
from hmix_hub.contribute.publishing.remote import (
    DATASET,
    KEPT,
    Record,
    Remote,
    commit_as_published,
    is_version,
    look,
    open_request,
    plain,
    precedence,
    read_record,
    read_sums,
)
from hmix_hub.contribute.publishing.uploading import upload
from hmix_hub.datasets_by_name import REPOSITORY, is_registered
from hmix_hub.errors import ConfigurationError, PublishError, Where
from hmix_hub.studies.built_tables import CHECKSUMS
from hmix_hub.studies.folder import RECORD
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.study import Study


@dataclass(frozen=True)
class Published:
    """The result of publishing.

    Parameters
    ----------
    action
        "dry run", "nothing" (the version was already published), "tagged", "merged" (the version is on main, but we may
        not tag it), "pushed", "requested" (a pull request was opened or changed), or "open" (the pull request already
        exists).
    url
        Page of the repository or of the pull request; empty for a dry run.
    version
        Version of the study, and its tag once it is on the main branch.
    files
        Size and SHA-256 of each file by path.
    """

    action: str
    url: str
    version: str
    files: dict[str, FileMark] = field(default_factory=dict)


def publish(
    study: Study,
    repository: str,
    *,
    push: bool = False,
    private: bool = False,
    dry_run: bool = False,
    synthetic: bool = False,
    k: int = 5,
    built: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Published:
    """Publish a study on the Hub.

    Calls can be repeated at any time: uploaded files are not sent again, a published version is not changed, and a
    version whose pull request has been merged gets its tag.

    Parameters
    ----------
    study
        The study.
    repository
        `org/name`; created if it does not exist and you have permission.
    push
        Whether to commit to the main branch instead of opening a pull request.
    private
        Whether a new repository is private; an existing public one is refused.
    dry_run
        Whether to only build and check, without contacting the Hub.
    synthetic
        Whether the study is synthetic; must match its manifest, so that synthetic studies are not published by
        accident.
    k
        See `hmix_hub.contribute.privacy.scan.scan_privacy`.
    built
        Folder for the build, which is reused while the study does not change; `None`: a temporary one.
    tell
        Called with the current step, as text.

    Returns
    -------
    Published
        What was done.

    Raises
    ------
    StudyError
        If the study breaks a rule.
    ConfigurationError
        If the repository's name is invalid, or `synthetic` does not match the manifest.
    PublishError
        If it is a registered study, contains information that may identify participants, the version or its tag exists
        with other content, the repository contains something else or is public although `private`, or the Hub refuses.
    """
    if not REPOSITORY.fullmatch(repository):
        msg = f"{repository!r} is not the name of a repository on the Hub"
        raise ConfigurationError(msg, hint="write ORG/NAME, such as my-lab/my-study, not an address")
    _check_manifest(study, synthetic=synthetic)
    tell("searching for information that may identify participants")
    _refuse_private(study, k)
    with tempfile.TemporaryDirectory(prefix="hmix-publish-") as scratch:
        folder = Path(scratch) / "study" if built is None else Path(built)
        made = built_before(study, folder) or build(study, folder, tell=tell)
        if dry_run:
            return Published("dry run", "", study.manifest.version, made.files)
        publisher = _Publisher(HfApi(), repository, made, push, private, tell)
        return persist(publisher.attempt, repository, tell)


def _check_manifest(study: Study, *, synthetic: bool) -> None:
    """Check that a study is not a registered one, and that `synthetic` matches its manifest."""
    # Unreadable manifests are reported when the study is built.
    if not study.has_manifest:
        return
    place = str(study.path / MANIFEST)
    if study.manifest.synthetic != synthetic:
        msg = "the study is synthetic: its answers are simulated"
        hint = "add --synthetic to publish it as such: card, tables and figures are marked"
        if synthetic:
            msg = "--synthetic was given, but the study is not marked as synthetic"
            hint = "omit --synthetic, or write `synthetic: true` in study.yaml"
        raise ConfigurationError(msg, where=Where(place, column="synthetic"), hint=hint)
    if is_registered(study.manifest.id):
        msg = f"{study.manifest.id} is a registered study, which is loaded by name from its authors' repository"
        hint = "only its authors can publish it; if this is another study, change `id:` in study.yaml"
        raise PublishError(msg, where=Where(place, column="id"), hint=hint)


def _refuse_private(study: Study, k: int) -> None:
    found = scan_privacy(study, k=k).errors
    if found:
        first = found[0]
        place = Where(first.file, first.spots[0].row, first.column or None)
        more = f", and {len(found) - 1} more findings" if len(found) > 1 else ""
        msg = f"not published, because it may identify participants: {first.rule.code}: {first.rule.meaning}{more}"
        raise PublishError(msg, where=place, hint=f"`hmix contribute privacy {study.path}` lists all findings")


@dataclass
class _Publisher:
    """One version of a study on its way to one repository."""

    api: HfApi
    repository: str
    built: Built
    push: bool
    private: bool
    tell: Callable[[str], None]

    def __post_init__(self) -> None:
        self.manifest = self.built.study.manifest
        self.version = self.manifest.version
        self.record: Record = json.loads((self.built.path / RECORD).read_text(encoding="utf-8"))

    def attempt(self) -> Published:
        """Do what is left to do, given the current state of the repository."""
        self.tell("checking the repository")
        # First, because it is the fastest way to detect a missing login.
        user = self.api.whoami()["name"]
        remote = look(self.api, self.repository)
        self._refuse(remote)
        if self.version in remote.tags:
            return self._done("nothing")
        if self._is_ours(remote.record):
            return self._tag_merged(remote)
        if not remote.exists:
            self.api.create_repo(self.repository, repo_type=DATASET, private=self.private, exist_ok=True)
            remote = look(self.api, self.repository)
            # Again, because somebody else may have created it in the meantime.
            self._refuse(remote)
        self._tag_previous(remote)
        return self._push(remote) if self.push else self._request(remote, user)

    @property
    def _title(self) -> str:
        return f"{self.manifest.id} {self.version}"

    def _refuse(self, remote: Remote) -> None:
        if self.private and remote.exists and not remote.private:
            self._fail(
                "the repository is public, and --private does not change existing repositories",
                "make it private in its settings on the Hub first, publish to another one, or omit --private",
            )
        if remote.is_foreign:
            self._fail("the repository contains something other than a study", "publish to a separate repository")
        record = remote.record
        if record is not None and record.get("study") != self.manifest.id:
            self._fail(f"the repository contains the study '{plain(record.get('study'))}'", "publish to another one")
        if self.version in remote.tags:
            self._refuse_tag(remote.tags[self.version])
        elif record is not None:
            self._refuse_other_content(record)
        newer = None if record is None else record.get("version")
        if precedence(newer) > precedence(self.version):
            said = f"the repository is at version {plain(newer)}, newer than {self.version}"
            self._fail(said, "raise `version:` above it")

    def _refuse_tag(self, commit: str) -> None:
        """Raise an error if the tag of our version is on something else, which may have been cited."""
        record = read_record(self.api, self.repository, commit)
        if record is None or any(record.get(key) != self.record[key] for key in ("study", "version")):
            self._fail(
                f"the repository has a tag {self.version} with content other than this version",
                "raise `version:` in study.yaml, or delete the tag if nobody has cited it",
            )
        self._refuse_other_content(record)

    def _refuse_other_content(self, record: Record) -> None:
        if record.get("version") == self.version and not self._is_ours(record):
            self._fail(
                f"version {self.version} is already published with other content",
                "raise `version:` in study.yaml: a published version never changes",
            )

    def _fail(self, said: str, hint: str) -> NoReturn:
        raise PublishError(said, where=Where(f"{self.repository} (Hugging Face Hub)"), hint=hint)

    def _is_ours(self, record: Record | None) -> bool:
        """Return whether a revision was built from the same files."""
        return record is not None and all(record.get(key) == self.record[key] for key in ("study", "version", "inputs"))

    def _tag_merged(self, remote: Remote) -> Published:
        """Tag our version on main, if it is there as it was published."""
        self.tell("comparing the main branch")
        differing = self._other_files(remote.sums) if remote.sums else [CHECKSUMS]
        commit = None
        if not differing:
            commit, differing = commit_as_published(self.api, self.repository, str(remote.head), remote.sums)
        if commit is None:
            self._fail(
                f"main has a {plain(differing[0])} that differs from the one published as {self.version}",
                f"undo that change on main and run the same command again, or raise the version: {self.version} cannot "
                "be tagged like this",
            )
        self.tell(f"tagging {self.version}")
        return self._done("tagged" if self._may_tag(self.version, commit) else "merged")

    def _other_files(self, sums: Mapping[str, str]) -> list[str]:
        """Return the paths whose checksums in the repository differ from the build."""
        # Tables, pictures and files with their hashes may have other bytes from other versions of libraries.
        ours = {name: mark.sha256 for name, mark in self.built.files.items() if name != CHECKSUMS}
        copied = [name for name in ours if name in self.record["inputs"]]
        return [*sorted(sums.keys() ^ ours.keys()), *(n for n in copied if n in sums and sums[n] != ours[n])]

    def _tag_previous(self, remote: Remote) -> None:
        """Tag the version on main if it was merged without a tag, before the next version replaces it."""
        version = None if remote.record is None else remote.record.get("version")
        if not isinstance(version, str) or not is_version(version) or version in remote.tags:
            return
        commit, _ = commit_as_published(self.api, self.repository, str(remote.head), remote.sums)
        if commit is None:
            self.tell(f"version {plain(version)} is not tagged: main differs from what was published")
        elif self._may_tag(version, commit):
            self.tell(f"tagged {plain(version)}, which had been merged")
        else:
            self.tell(f"version {plain(version)} was merged but has no tag: setting it requires write access")

    def _push(self, remote: Remote) -> Published:
        commit = self._commit(remote.files, remote.sums, parent=remote.head)
        self.tell(f"tagging {self.version}")
        self._tag(self.version, commit.oid)
        return self._done("pushed")

    def _request(self, remote: Remote, user: str) -> Published:
        found = open_request(self.api, self.repository, self._title, user)
        if found is not None and self._is_ours(found.record):
            return self._done("open", found.url)
        if found is not None:
            revision = f"refs/pr/{found.number}"
            files = self.api.list_repo_files(self.repository, repo_type=DATASET, revision=revision)
            sums = read_sums(self.api, self.repository, revision)
            self._commit(files, sums, revision=revision)
            return self._done("requested", found.url)
        commit = self._commit(remote.files, remote.sums, parent=remote.head, as_request=True)
        return self._done("requested", str(commit.pr_url))

    def _commit(
        self,
        files: Iterable[str],
        sums: Mapping[str, str],
        *,
        revision: str | None = None,
        parent: str | None = None,
        as_request: bool = False,
    ) -> CommitInfo:
        """Upload our files and delete obsolete ones from an earlier publish, in one commit."""
        ours = self.built.files
        # Files that publishing did not write belong to somebody else, and stay.
        gone = [name for name in files if name in sums.keys() - ours.keys() - set(KEPT)]
        return upload(
            self.api,
            self.repository,
            self.built.path,
            ours,
            gone,
            title=self._title,
            description=self.manifest.title,
            tell=self.tell,
            parent=parent,
            repo_type=DATASET,
            revision=revision,
            create_pr=as_request,
        )

    def _tag(self, version: str, commit: str) -> None:
        self.api.create_tag(self.repository, tag=version, revision=commit, repo_type=DATASET, exist_ok=True)

    def _may_tag(self, version: str, commit: str) -> bool:
        """Tag a version; return `False` without permission, as for a guest whose pull request was merged."""
        try:
            self._tag(version, commit)
        except HfHubHTTPError as error:
            if status_of(error) != HTTPStatus.FORBIDDEN:
                raise
            return False
        return True

    def _done(self, action: str, url: str = "") -> Published:
        page = url or f"{self.api.endpoint}/datasets/{self.repository}"
        return Published(action, page, self.version, self.built.files)
