from __future__ import annotations

from http import HTTPStatus

import pytest
from hub_server import Hub
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

REPO = {"repo_id": "lab/birds", "repo_type": "dataset"}


def propose(path: str = "b.txt", content: bytes = b"proposed", **options):
    operations = [CommitOperationAdd(path, content)]
    return HfApi().create_commit(operations=operations, commit_message="Add birds", **REPO, **options)


def test_tags_come_and_go(hub: Hub) -> None:
    hub.create("lab/birds", {"a.txt": b"a"})
    api = HfApi()
    api.create_tag(**REPO, tag="1.0.0", tag_message="The first")
    assert hub.tags("lab/birds") == {"1.0.0": hub.commits("lab/birds")[0].oid}
    assert [tag.name for tag in api.list_repo_refs(**REPO).tags] == ["1.0.0"]

    with pytest.raises(HfHubHTTPError) as caught:
        api.create_tag(**REPO, tag="1.0.0")
    assert caught.value.response.status_code == HTTPStatus.CONFLICT
    api.create_tag(**REPO, tag="1.0.0", exist_ok=True)
    with pytest.raises(RevisionNotFoundError):
        api.create_tag(**REPO, tag="2.0.0", revision="nowhere")

    api.delete_tag(**REPO, tag="1.0.0")
    assert not hub.tags("lab/birds")
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag(**REPO, tag="1.0.0")


def test_a_stranger_proposes_and_an_owner_merges(hub: Hub, login) -> None:
    hub.create("lab/birds", {"a.txt": b"a"})
    hub.add_user("ann")
    login("ann")
    info = propose(commit_description="They sing", create_pr=True)
    assert (info.pr_num, info.pr_revision) == (1, "refs/pr/1")
    assert info.pr_url == f"{hub.url}/datasets/lab/birds/discussions/1"
    propose("c.parquet", b"more", revision="refs/pr/1")
    assert set(hub.files("lab/birds", "refs/pr/1")) == {".gitattributes", "a.txt", "b.txt", "c.parquet"}
    assert "b.txt" not in hub.files("lab/birds")

    api = HfApi()
    details = api.get_discussion_details("lab/birds", 1, repo_type="dataset")
    assert (details.title, details.status, details.author) == ("Add birds", "open", "ann")
    assert [event.type for event in details.events] == ["comment", "commit", "commit"]
    assert details.events[0].content == "They sing"
    with pytest.raises(HfHubHTTPError) as caught:
        api.merge_pull_request("lab/birds", 1, repo_type="dataset")
    assert caught.value.response.status_code == HTTPStatus.FORBIDDEN

    login("tester")
    hub.commit("lab/birds", {"meanwhile.txt": b"m"})
    api.merge_pull_request("lab/birds", 1, repo_type="dataset", comment="Thanks")
    assert {"a.txt", "b.txt", "c.parquet", "meanwhile.txt"} < set(hub.files("lab/birds"))
    assert hub.commits("lab/birds")[0].title == "Add birds (#1)"
    assert api.get_discussion_details("lab/birds", 1, repo_type="dataset").status == "merged"
    refs = api.list_repo_refs(**REPO, include_pull_requests=True)
    assert [ref.ref for ref in refs.pull_requests] == ["refs/pr/1"]


def test_pull_requests_are_listed_closed_and_opened_again(hub: Hub) -> None:
    hub.create("lab/birds")
    propose(create_pr=True)
    propose(create_pr=True)
    api = HfApi()

    def numbers(**options) -> list[int]:
        return [item.num for item in api.get_repo_discussions("lab/birds", repo_type="dataset", **options)]

    event = api.change_discussion_status("lab/birds", 1, "closed", repo_type="dataset", comment="No")
    assert event.new_status == "closed"
    assert numbers() == [2, 1]
    assert numbers(discussion_type="pull_request", discussion_status="open", author="tester") == [2]
    api.change_discussion_status("lab/birds", 1, "open", repo_type="dataset")
    assert hub.merge("lab/birds", 1) == hub.commits("lab/birds")[0].oid
    assert [item.status for item in hub.pull_requests("lab/birds")] == ["merged", "open"]


def test_a_pull_request_without_changes_begins_as_a_draft(hub: Hub) -> None:
    hub.create("lab/birds", {"a.txt": b"a"})
    api = HfApi()
    draft = api.create_pull_request("lab/birds", "Birds", repo_type="dataset", description="All of them")
    assert (draft.status, draft.git_reference) == ("draft", "refs/pr/1")
    propose("a.txt", b"theirs", revision="refs/pr/1")
    hub.commit("lab/birds", {"a.txt": b"ours"})
    api.change_discussion_status("lab/birds", 1, "open", repo_type="dataset")

    assert api.get_discussion_details("lab/birds", 1, repo_type="dataset").conflicting_files == ["a.txt"]
    with pytest.raises(HfHubHTTPError, match="conflicts") as caught:
        api.merge_pull_request("lab/birds", 1, repo_type="dataset")
    assert caught.value.response.status_code == HTTPStatus.CONFLICT
    assert api.rename_discussion("lab/birds", 1, "All birds", repo_type="dataset").new_title == "All birds"
    assert api.comment_discussion("lab/birds", 1, comment="Hm", repo_type="dataset").content == "Hm"
