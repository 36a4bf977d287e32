from __future__ import annotations

from pathlib import Path

import pytest
from hub_server import Hub
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, RemoteEntryNotFoundError

CARD = b"---\ntags: [birds, human-judgments]\nlicense: mit\ntask_categories:\n- image-classification\n---\n# Birds\n"
FILES = {"README.md": CARD, "data/a.txt": b"some text", "data/deep/b.parquet": b"0123456789"}


@pytest.fixture
def birds(hub: Hub) -> Hub:
    hub.create("lab/birds", FILES)
    return hub


def test_datasets_are_found_by_tag_author_and_name(birds: Hub) -> None:
    birds.create("lab/fish", {"README.md": b"---\ntags: [fish]\n---\n"})
    birds.create("tester/bird-songs", {"README.md": CARD})
    birds.settings.page_size = 1

    def found(**options) -> list[str]:
        return [info.id for info in HfApi().list_datasets(**options)]

    assert found(filter="human-judgments") == ["lab/birds", "tester/bird-songs"]
    assert found(filter=["birds", "license:mit"], author="lab") == ["lab/birds"]
    assert found(search="fish") == ["lab/fish"]
    assert found(task_categories="image-classification", limit=1) == ["lab/birds"]
    assert found(filter="trees") == []


def test_a_dataset_is_described(birds: Hub) -> None:
    birds.tag("lab/birds", "1.0.0")
    info = HfApi().dataset_info("lab/birds", revision="1.0.0", files_metadata=True)
    assert info.author == "lab"
    assert info.sha == birds.tags("lab/birds")["1.0.0"]
    assert {"birds", "license:mit", "task_categories:image-classification"} <= set(info.tags)
    assert info.card_data.license == "mit"
    assert info.last_modified > info.created_at
    sizes = {sibling.rfilename: (sibling.size, sibling.lfs is not None) for sibling in info.siblings}
    assert sizes["data/deep/b.parquet"] == (10, True)
    assert sizes["data/a.txt"] == (9, False)
    assert HfApi().dataset_info("lab/birds", expand=["tags"]).siblings is None


def test_files_are_downloaded_into_a_cache_of_the_tests_own(birds: Hub, tmp_path: Path) -> None:
    path = Path(hf_hub_download("lab/birds", "data/deep/b.parquet", repo_type="dataset"))
    assert path.read_bytes() == b"0123456789"
    assert path.is_relative_to(tmp_path)
    folder = Path(snapshot_download("lab/birds", repo_type="dataset", allow_patterns="data/**"))
    assert sorted(found.name for found in folder.rglob("*") if found.is_file()) == ["a.txt", "b.parquet"]
    with pytest.raises(RemoteEntryNotFoundError):
        hf_hub_download("lab/birds", "nothing.txt", repo_type="dataset")


def test_what_is_cached_survives_a_hub_that_is_down(birds: Hub, waits: list[float]) -> None:
    hf_hub_download("lab/birds", "data/a.txt", repo_type="dataset")
    birds.fail(status=503, times=None)
    assert Path(hf_hub_download("lab/birds", "data/a.txt", repo_type="dataset")).read_bytes() == b"some text"
    with pytest.raises(LocalEntryNotFoundError) as caught:
        hf_hub_download("lab/birds", "README.md", repo_type="dataset")
    assert isinstance(caught.value.__cause__, HfHubHTTPError)
    assert waits == [1, 2, 4, 8, 8]


def test_trees_and_paths_are_listed(birds: Hub) -> None:
    birds.settings.page_size = 2
    api = HfApi()
    shallow = [entry.path for entry in api.list_repo_tree("lab/birds", "data", repo_type="dataset")]
    assert shallow == ["data/a.txt", "data/deep"]
    deep = api.list_repo_tree("lab/birds", recursive=True, expand=True, repo_type="dataset")
    assert {entry.path for entry in deep} == {*FILES, ".gitattributes", "data", "data/deep"}
    with pytest.raises(RemoteEntryNotFoundError):
        list(api.list_repo_tree("lab/birds", "nowhere", repo_type="dataset"))
    found = api.get_paths_info("lab/birds", ["data/a.txt", "data/deep", "nothing"], repo_type="dataset")
    assert [entry.path for entry in found] == ["data/a.txt", "data/deep"]


def test_the_file_system_reads_parts_of_files(birds: Hub) -> None:
    files = HfFileSystem()
    assert files.glob("datasets/lab/birds/**/*.parquet") == ["datasets/lab/birds/data/deep/b.parquet"]
    assert files.cat_file("datasets/lab/birds/data/deep/b.parquet", start=2, end=5) == b"234"
    assert files.read_text("datasets/lab/birds/data/a.txt") == "some text"


def test_the_storage_never_sees_a_token(birds: Hub, tmp_path: Path) -> None:
    HfApi().upload_file(path_or_fileobj=b"large", path_in_repo="c.parquet", repo_id="lab/birds", repo_type="dataset")
    hf_hub_download("lab/birds", "c.parquet", repo_type="dataset")
    storage = [call for call in birds.calls if call.server == "storage"]
    assert {call.method for call in storage} == {"PUT", "GET"}
    assert not any("authorization" in call.headers for call in storage)
    assert any(headers.get("authorization") == "Bearer hf_tester" for headers in birds.request_headers)
