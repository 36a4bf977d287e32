"""The guide to kinds of judgments: everything that it shows runs, and is what it says."""

from __future__ import annotations

import pytest
from played_guide import play

from hmix_hub.tasks import TASKS


@pytest.fixture(scope="module")
def guide(root):
    """The text of the guide."""
    return (root / "dataset_cards" / "judgments.md").read_text(encoding="utf-8")


def test_everything_that_it_shows_runs(guide, monkeypatch, tmp_path, cifar10):
    monkeypatch.setenv("HMIX_CIFAR10", str(cifar10))
    monkeypatch.chdir(tmp_path)
    names, _ = play(guide)
    assert names["seen"].shape == (3, 3, 32, 32)
    assert names["whole"]["n_votes"] == [15, 15, 15]


def test_its_table_has_every_task(guide):
    head = guide.partition("## ")[0]
    assert [name for name in TASKS if f"`{name}`" not in head] == []
