"""Every registered task walks the whole road: example, study, dataset, pictures, collection and back."""

from __future__ import annotations

import pytest
from task_road import walk

from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import TASKS


@pytest.mark.parametrize("name", TASKS)
def test_every_task_walks_the_whole_road(name, tmp_path):
    parts: list[str] = []
    walk(name, tmp_path, tell=parts.append)
    assert parts == ["contribute", "load", "look", *(["collect"] if name in SUITE_TASKS else [])]
