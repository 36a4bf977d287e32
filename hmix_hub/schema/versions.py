"""Versions of the schema.

MAJOR: the meaning of stored values changes. MINOR: columns are added. PATCH: same data, better words.
"""

from __future__ import annotations

import re

from hmix_hub.errors import ConfigurationError, SchemaVersionError, nearest
from hmix_hub.schema.column import Column
from hmix_hub.schema.released import RELEASED_COLUMNS
from hmix_hub.schema.tasks import TASKS, Task

RELEASED = "1.0.0"
CURRENT = "2.0.0"
VERSIONS = (RELEASED, CURRENT)
"""Known versions, oldest first."""


def check_version(version: str) -> str:
    """Check that the installed package knows a schema version.

    Raises
    ------
    SchemaVersionError
        If it is newer than the package, is not known, or is no version at all.
    """
    if version in VERSIONS:
        return version
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", str(version))
    if match and tuple(map(int, match.groups())) > tuple(map(int, CURRENT.split("."))):
        msg = f"schema {version} is newer than the newest that this hmix-hub knows, {CURRENT}"
        raise SchemaVersionError(msg, hint="upgrade: pip install --upgrade hmix-hub")
    msg = f"there is no schema version {version!r}"
    raise SchemaVersionError(msg, hint=nearest(version, VERSIONS, label="versions"))


def check_task(name: str) -> Task:
    """Give a task by name.

    Raises
    ------
    ConfigurationError
        If there is no such task; the nearest names are offered.
    """
    if name not in TASKS:
        msg = f"there is no task {name!r}"
        raise ConfigurationError(msg, hint=nearest(name, TASKS, label="tasks"))
    return TASKS[name]


def columns(task: str, version: str = CURRENT) -> tuple[Column, ...]:
    """Give the columns of a task's judgment table in a schema version, in order."""
    return {RELEASED: RELEASED_COLUMNS, CURRENT: {name: t.columns for name, t in TASKS.items()}}[
        check_version(version)
    ][check_task(task).name]
