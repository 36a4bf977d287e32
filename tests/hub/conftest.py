from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import datasets.config
import pytest
from hub_server.fixtures import hub, login, waits
from huggingface_hub import constants, hf_api

__all__ = ["hub", "login", "waits"]

CARD = b"---\ntags: [birds]\nlicense: mit\n---\n# Birds\n"


def settings() -> tuple[object, ...]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return environment, vars(constants).copy(), vars(datasets.config).copy(), hf_api.api.endpoint


@pytest.fixture(scope="module", autouse=True)
def settings_come_back() -> Iterator[None]:
    """After a module, the clients are what they were before."""
    before = settings()
    yield
    assert settings() == before


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data set to upload: a card, a small file and a large one."""
    folder = tmp_path / "birds"
    (folder / "data").mkdir(parents=True)
    (folder / "README.md").write_bytes(CARD)
    (folder / "data" / "train.parquet").write_bytes(b"PAR1" * 100)
    (folder / "data" / "notes.txt").write_text("seen at dawn")
    return folder
