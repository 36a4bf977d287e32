from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import httpx2
import pytest
from hub_server import NO_ANSWER, Hub
from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

CONNECTION_ENDS = (httpx2.NetworkError, httpx2.RemoteProtocolError)


@pytest.fixture
def birds(hub: Hub) -> Hub:
    hub.create("lab/birds", {"a.txt": b"a"})
    return hub


def commit(path: str = "b.txt", content: bytes = b"b", **options):
    operations = [CommitOperationAdd(path, content)]
    return HfApi().create_commit("lab/birds", operations, commit_message="x", repo_type="dataset", **options)


def statuses(hub: Hub, part: str) -> list[int]:
    return [status for _, path, status in hub.requests if part in path]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "", BadRequestError),
        (401, "", HfHubHTTPError),
        (403, "", HfHubHTTPError),
        (404, "", HfHubHTTPError),
        (404, "RepoNotFound", RepositoryNotFoundError),
        (404, "RevisionNotFound", RevisionNotFoundError),
        (404, "EntryNotFound", RemoteEntryNotFoundError),
        (409, "", HfHubHTTPError),
        (412, "", HfHubHTTPError),
        (429, "", HfHubHTTPError),
        (500, "", HfHubHTTPError),
        (503, "", HfHubHTTPError),
    ],
)
def test_a_refused_commit_is_the_clients_own_error(
    birds: Hub, waits: list[float], status: int, code: str, error: type[Exception]
) -> None:
    birds.fail(method="POST", path="/commit/", status=status, code=code, message="Not now")
    with pytest.raises(HfHubHTTPError, match="Not now") as caught:
        commit()
    assert type(caught.value) is error
    assert caught.value.response.status_code == status
    assert (statuses(birds, "/commit/"), waits) == ([status], [])
    assert "b.txt" not in birds.files("lab/birds")
    commit()
    assert birds.files("lab/birds")["b.txt"] == b"b"


@pytest.mark.parametrize("path", ["/preupload/", "/info/lfs/objects/batch", "^/lfs/", "/info/lfs/objects/verify"])
def test_the_calls_before_a_commit_are_repeated(birds: Hub, waits: list[float], path: str) -> None:
    birds.fail(path=path, status=500, times=2)
    commit("large.parquet")
    assert waits == [1, 2]
    assert birds.files("lab/birds")["large.parquet"] == b"b"


def test_a_client_gives_up_after_five_repetitions(birds: Hub, waits: list[float]) -> None:
    birds.fail(path="/preupload/", status=503, times=None)
    with pytest.raises(HfHubHTTPError):
        commit()
    assert statuses(birds, "/preupload/") == [503] * 6
    assert waits == [1, 2, 4, 8, 8]


def test_a_client_waits_as_long_as_it_is_told(birds: Hub, waits: list[float]) -> None:
    birds.fail(method="POST", path="/preupload/", status=429, times=2, headers={"Retry-After": "0"})
    birds.fail(method="PUT", path="/lfs/", status=429, headers={"ratelimit": '"api";r=0;t=40'})
    commit("large.parquet")
    assert waits == [1, 1, 41]


@pytest.mark.parametrize("content", [b"small", b"large" * 300_000])
def test_a_commit_whose_connection_ends_is_not_made(birds: Hub, waits: list[float], content: bytes) -> None:
    birds.fail(path="/commit/", cut=True)
    with pytest.raises(CONNECTION_ENDS):
        commit(content=content)
    assert (statuses(birds, "/commit/"), waits) == ([NO_ANSWER], [])
    assert "b.txt" not in birds.files("lab/birds")


def test_a_commit_whose_answer_is_lost_is_made(birds: Hub, waits: list[float]) -> None:
    birds.fail(path="/commit/", applied=True)
    birds.fail(path="/commit/", applied=True, status=504)
    with pytest.raises(CONNECTION_ENDS):
        commit()
    with pytest.raises(HfHubHTTPError) as caught:
        commit("c.txt")
    assert caught.value.response.status_code == HTTPStatus.GATEWAY_TIMEOUT
    assert {"b.txt", "c.txt"} < set(birds.files("lab/birds"))
    assert waits == []


def test_a_lost_answer_opens_a_pull_request_nevertheless(birds: Hub) -> None:
    birds.fail(path="/commit/main.*create_pr=1", applied=True)
    with pytest.raises(CONNECTION_ENDS):
        commit(create_pr=True)
    assert [request.title for request in birds.pull_requests("lab/birds")] == ["x"]


def test_a_large_file_whose_connection_ends_is_sent_again(birds: Hub, waits: list[float]) -> None:
    content = b"PAR1" * 500_000
    birds.fail(method="PUT", path="/lfs/", cut=True)
    commit("large.parquet", content)
    assert waits == [1]
    assert birds.files("lab/birds")["large.parquet"] == content


def test_a_download_whose_connection_ends_goes_on_where_it_was(
    birds: Hub, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100_000)
    birds.commit("lab/birds", {"large.parquet": b"PAR1" * 500_000})
    birds.fail(method="GET", path="/lfs/", cut=True)
    path = HfApi().hf_hub_download("lab/birds", "large.parquet", repo_type="dataset")
    assert Path(path).read_bytes() == b"PAR1" * 500_000
    assert waits == [1]
    assert birds.request_headers[-1]["range"] == "bytes=1000000-"


def test_calls_without_a_body_end_without_an_answer(birds: Hub) -> None:
    birds.tag("lab/birds", "1.0.0")
    birds.fail(method="DELETE", path="/tag/", cut=True)
    with pytest.raises(CONNECTION_ENDS):
        HfApi().delete_tag("lab/birds", tag="1.0.0", repo_type="dataset")
    assert set(birds.tags("lab/birds")) == {"1.0.0"}
    birds.fail(method="HEAD", cut=True)
    with pytest.raises(CONNECTION_ENDS):
        HfApi().hf_hub_download("lab/birds", "a.txt", repo_type="dataset")


def test_faults_can_begin_later_and_be_called_off(birds: Hub) -> None:
    birds.fail(path="/api/datasets/lab/birds$", status=403, after=1, times=None)
    api = HfApi()
    api.dataset_info("lab/birds")
    for _ in range(2):
        with pytest.raises(HfHubHTTPError):
            api.dataset_info("lab/birds")
    birds.heal()
    api.dataset_info("lab/birds")


def test_a_fault_says_what_fails(birds: Hub) -> None:
    with pytest.raises(ValueError, match="no status"):
        birds.fail(cut=True, status=500)
    with pytest.raises(ValueError, match="say what fails"):
        birds.fail(path="/commit/")
