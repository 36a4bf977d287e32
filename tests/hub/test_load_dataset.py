from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet
import pytest
from hub_server import Hub

CARD = """---
tags:
- birds
configs:
- config_name: counts
  default: true
  data_files:
  - split: train
    path: counts/train-*.parquet
  - split: test
    path: counts/test-*.parquet
- config_name: songs
  data_files:
  - split: train
    path: songs/train-*.parquet
dataset_info:
- config_name: counts
  features:
  - name: kind
    dtype:
      class_label:
        names:
          '0': owl
          '1': wren
  - name: seen
    dtype: int64
  splits:
  - name: train
    num_examples: 2
  - name: test
    num_examples: 1
---
# Birds
"""
PROGRAM = """
import datasets
print(datasets.load_dataset("lab/birds", "counts", revision="1.0.0", split="train")[:])
print(list(datasets.load_dataset("lab/birds", "counts", revision="1.0.0", split="test", streaming=True)))
"""
TRAIN = {"kind": [0, 1], "seen": [3, 5]}


def parquet(columns: dict[str, list]) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), file)
    return file.getvalue()


@pytest.fixture(params=["public", "private"])
def birds(hub: Hub, request: pytest.FixtureRequest) -> Hub:
    """Two configurations, tagged; main has moved on since."""
    files = {
        "README.md": CARD.encode(),
        "counts/train-00000-of-00001.parquet": parquet(TRAIN),
        "counts/test-00000-of-00001.parquet": parquet({"kind": [1], "seen": [8]}),
        "songs/train-00000-of-00001.parquet": parquet({"notes": ["do re", "mi"]}),
    }
    hub.create("lab/birds", files, private=request.param == "private")
    hub.tag("lab/birds", "1.0.0")
    hub.commit("lab/birds", {"counts/train-00000-of-00001.parquet": parquet({"kind": [0, 0], "seen": [1, 1]})})
    return hub


def test_a_tagged_revision_is_loaded(birds: Hub, tmp_path: Path) -> None:
    loaded = datasets.load_dataset("lab/birds", "counts", revision="1.0.0")
    assert loaded["train"][:] == TRAIN
    assert loaded["train"].features["kind"].names == ["owl", "wren"]
    assert loaded["test"].num_rows == 1
    assert Path(loaded["train"].cache_files[0]["filename"]).is_relative_to(tmp_path)
    assert datasets.load_dataset("lab/birds", split="train")[:] == {"kind": [0, 0], "seen": [1, 1]}
    assert datasets.get_dataset_config_names("lab/birds") == ["counts", "songs"]


def test_a_tagged_revision_is_streamed(birds: Hub) -> None:
    streamed = datasets.load_dataset("lab/birds", "counts", revision="1.0.0", split="train", streaming=True)
    assert list(streamed) == [{"kind": 0, "seen": 3}, {"kind": 1, "seen": 5}]


def test_another_process_loads_it(birds: Hub, tmp_path: Path) -> None:
    environment = os.environ | birds.environment(tmp_path / "other")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(TRAIN), "[{'kind': 1, 'seen': 8}]"]


@pytest.mark.parametrize("birds", ["private"], indirect=True)
def test_a_private_dataset_does_not_exist_for_others(birds: Hub, login) -> None:
    login(None)
    with pytest.raises(datasets.exceptions.DatasetNotFoundError, match="doesn't exist on the Hub"):
        datasets.load_dataset("lab/birds", "counts")


@pytest.mark.parametrize("birds", ["public"], indirect=True)
def test_a_revision_that_is_not_there_is_named(birds: Hub) -> None:
    with pytest.raises(datasets.exceptions.DatasetNotFoundError, match=r"Revision '2\.0\.0' doesn't exist"):
        datasets.load_dataset("lab/birds", "counts", revision="2.0.0")


def test_a_dataset_is_pushed_and_loaded(hub: Hub) -> None:
    table = datasets.Dataset.from_dict({"seen": [1, 2]})
    table.push_to_hub("lab/pushed", "counts", private=True)
    assert hub.large_files("lab/pushed") == {"counts/train-00000-of-00001.parquet"}
    assert datasets.load_dataset("lab/pushed", "counts", split="train")[:] == {"seen": [1, 2]}
