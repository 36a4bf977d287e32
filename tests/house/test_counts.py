"""A study is read, measured and drawn as seldom as it can be."""

from __future__ import annotations

import pytest


@pytest.fixture
def counts(monkeypatch, root):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import house_counts

    return house_counts


def test_publishing_opens_a_judgment_file_four_times_at_most(counts):
    # For its cells, its demographics, its rules and tables together, and its hash.
    assert 1 <= counts.opens_of_publish() <= 4


def test_one_build_computes_the_statistics_once_and_draws_each_picture_once(counts):
    assert counts.statistics_of_build() == (1, 1)
