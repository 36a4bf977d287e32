from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import pytest
from hub_server import Hub
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError, RevisionNotFoundError

REPO = {"repo_id": "lab/birds", "repo_type": "dataset"}


def add(path: str, content: bytes) -> CommitOperationAdd:
    return CommitOperationAdd(path, content)


def uploads(hub: Hub) -> list[str]:
    return [call.path for call in hub.calls if call.method == "PUT"]


def test_a_folder_arrives(hub: Hub, folder: Path) -> None:
    api = HfApi()
    assert api.create_repo(**REPO) == f"{hub.url}/datasets/lab/birds"
    info = api.upload_folder(folder_path=folder, **REPO)

    files = hub.files("lab/birds")
    assert set(files) == {".gitattributes", "README.md", "data/train.parquet", "data/notes.txt"}
    assert files["data/train.parquet"] == b"PAR1" * 100
    assert hub.large_files("lab/birds") == {"data/train.parquet"}
    assert info.oid == hub.commits("lab/birds")[0].oid


def test_an_unchanged_folder_makes_no_commit(hub: Hub, folder: Path) -> None:
    api = HfApi()
    api.create_repo(**REPO)
    first = api.upload_folder(folder_path=folder, **REPO)
    hub.forget_calls()

    again = api.upload_folder(folder_path=folder, **REPO)

    assert again.oid == first.oid
    assert not [path for _, path, _ in hub.requests if "/commit/" in path]
    assert not uploads(hub)


@pytest.mark.parametrize("create_pr", [False, True])
def test_without_a_change_there_is_no_commit_and_no_pull_request(hub: Hub, create_pr: bool) -> None:
    hub.create("lab/birds", {"a.txt": b"a", "b.parquet": b"b"})
    head = hub.commits("lab/birds")[0].oid
    for operations in ([], [add("a.txt", b"a"), add("b.parquet", b"b")]):
        info = HfApi().create_commit(operations=operations, commit_message="x", create_pr=create_pr, **REPO)
        assert (info.oid, info.pr_url) == (head, None)
    assert len(hub.commits("lab/birds")) == 2
    assert hub.pull_requests("lab/birds") == []


def test_files_are_large_by_name_by_size_or_because_they_are_binary(hub: Hub) -> None:
    hub.settings.lfs_threshold = 20
    hub.create("lab/birds")
    contents = {"a.parquet": b"a", "b.txt": b"longer than allowed: yes", "c.dat": b"\0\1", "d.txt": b"short"}
    operations = [add(path, content) for path, content in contents.items()]
    HfApi().create_commit(operations=operations, commit_message="x", **REPO)
    assert hub.large_files("lab/birds") == {"a.parquet", "b.txt", "c.dat"}
    assert contents.items() <= hub.files("lab/birds").items()


def test_operations_change_and_delete_files(hub: Hub) -> None:
    hub.create("lab/birds", {"a.txt": b"a", "old/b.txt": b"b", "old/c.txt": b"c"})
    operations = [add("a.txt", b"new"), CommitOperationDelete("old/", is_folder=True)]
    HfApi().create_commit(operations=operations, commit_message="Tidy", commit_description="why", **REPO)

    assert set(hub.files("lab/birds")) == {".gitattributes", "a.txt"}
    assert hub.files("lab/birds")["a.txt"] == b"new"
    listed = HfApi().list_repo_commits(**REPO)
    assert [commit.title for commit in listed] == ["Tidy", "Change files", "initial commit"]
    assert (listed[0].message, listed[0].authors) == ("why", ["tester"])


def test_what_is_not_there_cannot_be_deleted(hub: Hub) -> None:
    hub.create("lab/birds")
    with pytest.raises(RemoteEntryNotFoundError, match="doesn't exist"):
        HfApi().delete_file("nothing.txt", **REPO)


def test_a_commit_on_an_outdated_parent_is_refused(hub: Hub) -> None:
    hub.create("lab/birds", {"a.txt": b"a"})
    seen = hub.commits("lab/birds")[0].oid
    hub.commit("lab/birds", {"a.txt": b"somebody else's"})

    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as caught:
        HfApi().create_commit(operations=[add("a.txt", b"mine")], commit_message="x", parent_commit=seen, **REPO)
    assert caught.value.response.status_code == HTTPStatus.PRECONDITION_FAILED

    head = hub.commits("lab/birds")[0].oid
    HfApi().create_commit(operations=[add("a.txt", b"mine")], commit_message="x", parent_commit=head[:7], **REPO)
    assert hub.files("lab/birds")["a.txt"] == b"mine"


def test_every_kind_of_revision_can_be_read(hub: Hub) -> None:
    hub.create("lab/birds", {"a.txt": b"first"})
    hub.tag("lab/birds", "1.0.0")
    oid = hub.commits("lab/birds")[0].oid
    hub.commit("lab/birds", {"a.txt": b"second"})
    api = HfApi()
    api.create_branch(**REPO, branch="old", revision="1.0.0")

    for revision in ("1.0.0", "old", "refs/heads/old", oid, oid[:8]):
        assert api.dataset_info("lab/birds", revision=revision).sha == oid
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info("lab/birds", revision="2.0.0")


def test_ignored_files_stay_away(hub: Hub, folder: Path) -> None:
    (folder / ".gitignore").write_text("*.txt\n")
    hub.create("lab/birds")
    HfApi().upload_folder(folder_path=folder, **REPO)
    assert "data/notes.txt" not in hub.files("lab/birds")


@pytest.mark.parametrize("part_size", [None, 30])
def test_an_interrupted_upload_sends_no_object_twice(hub: Hub, waits: list[float], part_size: int | None) -> None:
    hub.create("lab/birds")
    hub.settings.part_size = part_size
    contents = {f"{number}.parquet": f"content of the file {number}".encode() * 3 for number in range(4)}
    # The first file, then, in parts, the second one too and some of the third.
    hub.fail(method="PUT", path="^/lfs/", after=7 if part_size else 1, times=None, status=503)

    def upload() -> None:
        operations = [add(path, content) for path, content in contents.items()]
        HfApi().create_commit(operations=operations, commit_message="x", num_threads=1, **REPO)

    with pytest.raises(RuntimeError, match="Error while uploading"):
        upload()
    stored = set(hub.repository("lab/birds").objects)
    assert 0 < len(stored) < len(contents)

    hub.heal()
    hub.forget_calls()
    upload()
    assert {path.split("/")[4] for path in uploads(hub)}.isdisjoint(stored)
    assert contents.items() <= hub.files("lab/birds").items()


def test_broken_metadata_is_refused_before_anything_is_sent(hub: Hub) -> None:
    hub.create("lab/birds")
    with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
        HfApi().upload_file(path_in_repo="README.md", path_or_fileobj=b"---\na: [\n---\n", **REPO)
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        HfApi().upload_file(path_in_repo="README.md", path_or_fileobj=b"# No metadata", **REPO)
