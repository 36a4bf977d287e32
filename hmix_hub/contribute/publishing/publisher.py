"""Publisher: uploads what was built, as a pull request or a push, and tags its version."""

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
    """What publishing did.

    Parameters
    ----------
    action
        "dry run", "nothing" (the version was there), "tagged", "merged" (it stands on main, and we may not tag it),
        "pushed", "requested" (a pull request was opened or changed), or "open" (the pull request stands already).
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

    It may be called again at any time: what is uploaded is not sent again, a version that is published is left alone,
    and one whose pull request was merged since gets its tag.

    Parameters
    ----------
    study
        The study.
    repository
        `org/name`; made if it is not there and you may.
    push
        Whether to commit to the main branch; else a pull request is opened.
    private
        Whether a repository that is made is private; a public one that is there is refused.
    dry_run
        Whether to build and check alone, and upload nothing; the Hub is not asked.
    synthetic
        Whether it is a study whose answers a program made, as its manifest says, too: such a study is published by
        those alone who know that it is one.
    k
        See `hmix_hub.contribute.privacy.scan.scan_privacy`.
    built
        Folder for what is built, so that it is not built again while the study stays the same; `None`: a temporary one.
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
        If the repository's name is none; or `synthetic` is not what the manifest says.
    PublishError
        If it is a registered study, something in it would give people away, the version or its tag stands with other
        content, the repository holds something else or is public though `private`, or the Hub refuses.
    """
    if not REPOSITORY.fullmatch(repository):
        msg = f"{repository!r} is no repository of the Hub"
        raise ConfigurationError(msg, hint="write ORG/NAME, as my-lab/my-study, and no address")
    _check_manifest(study, synthetic=synthetic)
    tell("looking for what would give people away")
    _refuse_private(study, k)
    with tempfile.TemporaryDirectory(prefix="hmix-publish-") as scratch:
        folder = Path(scratch) / "study" if built is None else Path(built)
        made = built_before(study, folder) or build(study, folder, tell=tell)
        if dry_run:
            return Published("dry run", "", study.manifest.version, made.files)
        publisher = _Publisher(HfApi(), repository, made, push, private, tell)
        return persist(publisher.attempt, repository, tell)


def _check_manifest(study: Study, *, synthetic: bool) -> None:
    """Check that a study is its authors' own, and that whoever publishes it knows whether a program answered."""
    # What cannot be read is told when the study is built.
    if not study.has_manifest:
        return
    place = str(study.path / MANIFEST)
    if study.manifest.synthetic != synthetic:
        msg = "the study is synthetic: a program made its answers"
        hint = "add --synthetic to publish it as such: card, tables and figures are marked"
        if synthetic:
            msg = "--synthetic was given, but the study is not marked as synthetic"
            hint = "leave --synthetic out; or write `synthetic: true` in study.yaml"
        raise ConfigurationError(msg, where=Where(place, column="synthetic"), hint=hint)
    if is_registered(study.manifest.id):
        msg = f"{study.manifest.id} is a registered study, which is loaded from its authors' repository by its name"
        hint = "it is not yours to publish; if this is another study, change `id:` in study.yaml"
        raise PublishError(msg, where=Where(place, column="id"), hint=hint)


def _refuse_private(study: Study, k: int) -> None:
    found = scan_privacy(study, k=k).errors
    if found:
        first = found[0]
        place = Where(first.file, first.spots[0].row, first.column or None)
        more = f", and {len(found) - 1} more findings" if len(found) > 1 else ""
        msg = f"nothing was published, since it would give people away: {first.rule.code}: {first.rule.meaning}{more}"
        raise PublishError(msg, where=place, hint=f"`hmix contribute privacy {study.path}` tells all of them")


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
        """Do what is left to do, as the repository stands now."""
        self.tell("looking at the repository")
        # First, since it is the quickest way to learn that nobody is logged in.
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
            # Again, since somebody else may have made it meanwhile.
            self._refuse(remote)
        self._tag_previous(remote)
        return self._push(remote) if self.push else self._request(remote, user)

    @property
    def _title(self) -> str:
        return f"{self.manifest.id} {self.version}"

    def _refuse(self, remote: Remote) -> None:
        if self.private and remote.exists and not remote.private:
            self._fail(
                "the repository is public, and --private makes none private that is there",
                "make it private in its settings on the Hub first, publish to another one, or leave --private out",
            )
        if remote.is_foreign:
            self._fail("the repository holds something that is no study", "publish to a repository of its own")
        record = remote.record
        if record is not None and record.get("study") != self.manifest.id:
            self._fail(f"the repository holds the study '{plain(record.get('study'))}'", "publish to another one")
        if self.version in remote.tags:
            self._refuse_tag(remote.tags[self.version])
        elif record is not None:
            self._refuse_other_content(record)
        newer = None if record is None else record.get("version")
        if precedence(newer) > precedence(self.version):
            said = f"the repository stands at version {plain(newer)}, newer than {self.version}"
            self._fail(said, "raise `version:` above it")

    def _refuse_tag(self, commit: str) -> None:
        """Refuse a tag of our version that is none of ours: what was cited by it would be something else."""
        record = read_record(self.api, self.repository, commit)
        if record is None or any(record.get(key) != self.record[key] for key in ("study", "version")):
            self._fail(
                f"the repository has a tag {self.version} that is on something else than this version",
                "raise `version:` in study.yaml, or delete the tag if nobody has cited it",
            )
        self._refuse_other_content(record)

    def _refuse_other_content(self, record: Record) -> None:
        if record.get("version") == self.version and not self._is_ours(record):
            self._fail(
                f"version {self.version} is published already, with other content",
                "raise `version:` in study.yaml: what was cited as a version never changes",
            )

    def _fail(self, said: str, hint: str) -> NoReturn:
        raise PublishError(said, where=Where(f"{self.repository} (Hugging Face Hub)"), hint=hint)

    def _is_ours(self, record: Record | None) -> bool:
        """Whether a revision was built from the same files."""
        return record is not None and all(record.get(key) == self.record[key] for key in ("study", "version", "inputs"))

    def _tag_merged(self, remote: Remote) -> Published:
        """Tag our version where it stands on main, if it stands there as it was published."""
        self.tell("comparing what stands on main")
        differing = self._other_files(remote.sums) if remote.sums else [CHECKSUMS]
        commit = None
        if not differing:
            commit, differing = commit_as_published(self.api, self.repository, str(remote.head), remote.sums)
        if commit is None:
            self._fail(
                f"main holds another {plain(differing[0])} than was published as {self.version}",
                f"undo that change on main and run the same command again, or publish a raised version: {self.version} "
                "gets no tag as it stands",
            )
        self.tell(f"tagging {self.version}")
        return self._done("tagged" if self._may_tag(self.version, commit) else "merged")

    def _other_files(self, sums: Mapping[str, str]) -> list[str]:
        """Return the paths in which the checksums of the repository are not those of what was built."""
        # Tables, pictures and what tells their hashes may have other bytes, written by other versions of libraries.
        ours = {name: mark.sha256 for name, mark in self.built.files.items() if name != CHECKSUMS}
        copied = [name for name in ours if name in self.record["inputs"]]
        return [*sorted(sums.keys() ^ ours.keys()), *(n for n in copied if n in sums and sums[n] != ours[n])]

    def _tag_previous(self, remote: Remote) -> None:
        """Tag the version on main, if it was merged and nobody did: with the next one, its commit would be lost."""
        version = None if remote.record is None else remote.record.get("version")
        if not isinstance(version, str) or not is_version(version) or version in remote.tags:
            return
        commit, _ = commit_as_published(self.api, self.repository, str(remote.head), remote.sums)
        if commit is None:
            self.tell(f"version {plain(version)} gets no tag: main holds something else than was published")
        elif self._may_tag(version, commit):
            self.tell(f"tagged {plain(version)}, which was merged before")
        else:
            self.tell(f"version {plain(version)} was merged and has no tag: only those who may write can set it")

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
        """Upload our files, and delete those that an earlier publish wrote and we have no more, in one commit."""
        ours = self.built.files
        # What an earlier publish did not write is somebody else's, and stays.
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
        """Tag a version; `False`: we may not, as a guest whose pull request was merged."""
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
