"""Fixtures: stores of a small study, closed at the end."""

from __future__ import annotations

from pathlib import Path

import pytest
from suite.store.small_study import Clocks, frozen_study
from suite_maker import frozen_study as frozen_of_tasks

from hmix_hub.suite.store.store import Store
from hmix_hub.tasks import INFER


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def make_store(tmp_path: Path, clocks: Clocks):
    """Make stores that are closed at the end."""
    made = []

    def make(*quotas: int, folder: Path = tmp_path / "collection", **design) -> Store:
        store = Store.create(folder, frozen_study(*quotas, **design), times=clocks.times)
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


@pytest.fixture
def begin(tmp_path: Path, clocks: Clocks):
    """Begin a collection of a sitting, or of single tasks."""
    made = []

    def make(*tasks, sitting=True, order="fixed", quota=3, **changes):
        asked = tasks or (INFER, "scale_rating")
        more = {"sitting": {"tasks": list(asked), "order": order}} if sitting else {}
        frozen = frozen_of_tasks(*asked, quota=quota, batches=1, **more, **changes)
        made.append(Store.create(tmp_path / f"collection-{len(made)}", frozen, times=clocks.times))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def reopen(clocks: Clocks):
    """Close a store and open it again, as a restart does."""
    made = []

    def again(store: Store, *, read_only: bool = False) -> Store:
        store.close()
        made.append(Store.open(store.folder, read_only=read_only, times=clocks.times))
        return made[-1]

    yield again
    for store in made:
        store.close()
