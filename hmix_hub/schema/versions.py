"""Versions of the schema.

MAJOR: the meaning of stored values changes. MINOR: columns or tasks are added. PATCH: same data, better descriptions.
"""

from __future__ import annotations

import re

from hmix_hub.errors import SchemaVersionError, nearest
from hmix_hub.schema.column import Column

RELEASED = "1.0.0"
JUDGMENT_TABLE = "2.0.0"
"""First version of the judgment table; later ones of the same MAJOR add nullable columns, or tasks."""
CURRENT = "2.3.0"
VERSIONS = (RELEASED, JUDGMENT_TABLE, "2.1.0", "2.2.0", CURRENT)
"""Known versions, oldest first."""


def check_version(version: str) -> str:
    """Check that the installed package knows a schema version.

    Raises
    ------
    SchemaVersionError
        If it is newer than the package, or not a known version.
    """
    if version in VERSIONS:
        return version
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", str(version))
    if match and tuple(map(int, match.groups())) > tuple(map(int, CURRENT.split("."))):
        msg = f"schema {version} is newer than {CURRENT}, the newest known to this hmix-hub"
        raise SchemaVersionError(msg, hint="upgrade: pip install --upgrade hmix-hub")
    msg = f"there is no schema version {version!r}"
    raise SchemaVersionError(msg, hint=nearest(version, VERSIONS, label="versions"))


def is_in(column: Column, version: str) -> bool:
    """Whether a column of the judgment table is in a version of it."""
    return version in versions_since(column.since or JUDGMENT_TABLE)


def versions_since(version: str) -> tuple[str, ...]:
    """Return a version and all later ones, oldest first."""
    return VERSIONS[VERSIONS.index(version) :]
