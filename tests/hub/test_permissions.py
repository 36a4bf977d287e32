from __future__ import annotations

from http import HTTPStatus

import pytest
from hub_server import Hub
from huggingface_hub import CommitOperationAdd, HfApi, create_repo, whoami
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

REPO = {"repo_id": "lab/birds", "repo_type": "dataset"}


def status_of(call, *arguments, **options) -> int:
    with pytest.raises(HfHubHTTPError) as caught:
        call(*arguments, **options)
    return caught.value.response.status_code


def commit(**options):
    operations = [CommitOperationAdd("a.txt", b"a")]
    return HfApi().create_commit(operations=operations, commit_message="x", **REPO, **options)


def test_a_user_is_known_by_the_token(hub: Hub) -> None:
    hub.add_user("ann", token="hf_secret", orgs=["lab", "zoo"])
    assert whoami()["name"] == "tester"
    account = HfApi(token="hf_secret").whoami()
    assert (account["name"], [org["name"] for org in account["orgs"]]) == ("ann", ["lab", "zoo"])


def test_a_wrong_token_is_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.create("lab/birds")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        whoami()
    assert status_of(HfApi().dataset_info, "lab/birds") == HTTPStatus.UNAUTHORIZED
    assert status_of(commit) == HTTPStatus.UNAUTHORIZED


def test_nobody_writes_without_a_token(hub: Hub, login) -> None:
    login(None)
    hub.create("lab/birds")
    assert status_of(create_repo, "lab/fish", repo_type="dataset") == HTTPStatus.UNAUTHORIZED
    assert status_of(commit) == HTTPStatus.UNAUTHORIZED
    assert status_of(commit, create_pr=True) == HTTPStatus.UNAUTHORIZED


def test_only_owners_write(hub: Hub, login) -> None:
    hub.add_user("ann")
    hub.create("lab/birds")
    login("ann")
    api = HfApi()
    assert status_of(create_repo, "lab/fish", repo_type="dataset") == HTTPStatus.FORBIDDEN
    assert status_of(commit) == HTTPStatus.FORBIDDEN
    assert status_of(api.create_tag, **REPO, tag="1.0.0") == HTTPStatus.FORBIDDEN
    assert status_of(api.delete_repo, **REPO) == HTTPStatus.FORBIDDEN
    assert commit(create_pr=True).pr_num == 1
    assert [path for _, path, _ in hub.requests if path.startswith("/lfs/")] == []


def test_a_private_repository_does_not_exist_for_others(hub: Hub, login) -> None:
    hub.add_user("ann")
    api = HfApi()
    api.create_repo(**REPO, private=True)
    assert api.dataset_info("lab/birds").private
    for user, status in (("ann", HTTPStatus.NOT_FOUND), (None, HTTPStatus.UNAUTHORIZED)):
        login(user)
        with pytest.raises(RepositoryNotFoundError) as caught:
            api.dataset_info("lab/birds")
        assert caught.value.response.status_code == status
        assert not api.repo_exists(**REPO)
        assert list(api.list_datasets(author="lab")) == []

    login("tester")
    api.update_repo_settings(**REPO, private=False)
    login(None)
    assert not api.dataset_info("lab/birds").private


def test_a_repository_is_created_once_and_deleted_once(hub: Hub) -> None:
    api = HfApi()
    api.create_repo(**REPO)
    assert status_of(api.create_repo, **REPO) == HTTPStatus.CONFLICT
    assert api.create_repo(**REPO, exist_ok=True).repo_id == "lab/birds"
    api.delete_repo(**REPO)
    assert not hub.exists("lab/birds")
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo(**REPO)
    api.delete_repo(**REPO, missing_ok=True)
