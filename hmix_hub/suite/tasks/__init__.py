"""The tasks as the suite asks them: one module per task of the registry, found by the task's name."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from hmix_hub.suite.tasks.task import SuiteTask
from hmix_hub.tasks import TASKS

__all__ = ["SUITE_TASKS"]

SUITE_TASKS: dict[str, SuiteTask] = {
    name: import_module(f"{__name__}.{name}").TASK for name in TASKS if find_spec(f"{__name__}.{name}") is not None
}
"""All tasks that can be collected, by name, in the registry's order."""
