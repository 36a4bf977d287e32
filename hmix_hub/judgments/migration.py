"""Migrations of judgment tables between schema versions, up and down."""

from __future__ import annotations

from itertools import pairwise

import pyarrow as pa

from hmix_hub.errors import SchemaError
from hmix_hub.judgments.released import Provenance, from_released, to_released
from hmix_hub.schema import (
    CIFAR10,
    CURRENT,
    JUDGMENT_TABLE,
    RELEASED,
    VERSIONS,
    Vocabulary,
    arrow_schema,
    check_version,
)
from hmix_hub.schema.versions import versions_since
from hmix_hub.tasks import TASKS, check_task, columns

_LOSSES: dict[tuple[str, str], dict[str, str]] = {
    (RELEASED, JUDGMENT_TABLE): {
        "index": "row number of the authors' unpublished table",
        "time_elapsed": "session clock",
        "final_value": "the float walk's last bits: selected coefficients are tenths",
        "response": "a second probability given without an alternative; the row keeps the flag ignored_probability",
    },
    (JUDGMENT_TABLE, RELEASED): {
        "study_id": "1.0.0 holds one study",
        "image_set": "1.0.0 refers to the CIFAR-10 test set",
        "collection_round": "known only to the reader of the released files",
        "source_file": "known only to the reader of the released files",
        "selected_coefficient": "for construct, only tenths: values between them are rounded on the way up",
        "inferred_coefficient": "last bits, unless it corresponds to an integer slider position",
        **dict.fromkeys(
            ("confidence", "top_probability", "second_probability"), "last bits, unless an integer percentage"
        ),
        "soft_label": "recomputed on the way up, by the procedure named in the provenance",
        "batch_id": "recomputed on the way up, from the rows present",
        "presentation": "recomputed on the way up, from the rows present",
        "flags": "recomputed on the way up, except ignored_probability; synthetic becomes a column",
    },
    **{
        (newer, older): {
            column.name: f"{older} has no such column: it was added in {column.since}"
            for task in TASKS.values()
            if older in task.versions
            for column in task.columns
            if column.since == newer
        }
        for older, newer in pairwise(versions_since(JUDGMENT_TABLE))
    },
}
"""By neighbouring versions, the columns whose values the step does not preserve (fully), and why."""


def _steps(start: str, target: str) -> list[tuple[str, str]]:
    """Return the steps from one version to another, through all versions in between."""
    first, last = VERSIONS.index(start), VERSIONS.index(target)
    way = VERSIONS[first : last + 1] if first <= last else VERSIONS[last : first + 1][::-1]
    return list(pairwise(way))


def _losses(start: str, target: str) -> dict[str, str]:
    """Return what is lost on the way, by columns of the starting version."""
    held = {c.name for task in TASKS.values() if start in task.versions for c in task.in_version(start)}
    lost: dict[str, str] = {}
    for step in _steps(start, target):
        lost |= {name: why for name, why in _LOSSES.get(step, {}).items() if name in held}
    return lost


LOSSES = {(start, target): _losses(start, target) for start in VERSIONS for target in VERSIONS if start != target}
"""Columns of the starting version whose values a migration does not preserve (fully), and why."""


def migrate(
    table: pa.Table,
    task: str,
    *,
    start: str,
    target: str,
    provenance: Provenance | None = None,
    vocabulary: Vocabulary = CIFAR10,
) -> pa.Table:
    """Convert a judgment table from one schema version to another.

    Parameters
    ----------
    table
        Judgment table of a task in the version `start`, N rows.
    task
        Name of the task.
    start, target
        Schema versions.
    provenance
        What a 1.0.0 table does not record; required to convert from it.
    vocabulary
        Class names of the study.

    Returns
    -------
    pyarrow.Table
        N rows in the same order in the version `target`; `LOSSES` lists what is not preserved.

    Raises
    ------
    SchemaVersionError
        If a version is not known to this package.
    SchemaError
        If the table does not have the columns of `start`, or holds an answer that cannot be read.
    """
    check_task(task)
    missing = [c.name for c in columns(task, check_version(start)) if c.name not in table.column_names]
    if missing:
        msg = f"this table lacks columns of schema {start}: {', '.join(missing)}"
        raise SchemaError(msg)
    for _, version in _steps(start, check_version(target)):
        table = _step(table, task, version, provenance, vocabulary)
    return table


def _step(table: pa.Table, task: str, version: str, provenance: Provenance | None, vocabulary: Vocabulary) -> pa.Table:
    """Convert a table to the neighbouring version."""
    if version == RELEASED:
        return to_released(table, task, vocabulary)
    if "schema_version" in table.column_names:
        return to_version(table, task, version, vocabulary)
    if provenance is None:
        msg = f"migrating from schema {RELEASED} requires the provenance, at least the study's id"
        raise SchemaError(msg)
    return from_released(table, task, provenance, vocabulary)


def to_version(judgments: pa.Table, task: str, version: str, vocabulary: Vocabulary) -> pa.Table:
    """Return a judgment table in another version of the same MAJOR.

    Columns that it lacks become null; columns that the version does not have are dropped. All other values stay as they
    are, including flags, which are not recomputed.

    Parameters
    ----------
    judgments
        N rows with the columns of a version from 2.0.0 on; a study's own columns may follow.
    task
        Name of the task.
    version
        Target version.
    vocabulary
        Class names that its labels refer to.

    Returns
    -------
    pyarrow.Table
        N rows in the same order, columns as `hmix_hub.tasks.columns(task, version)`, then the study's own.
    """
    n = judgments.num_rows
    schema = arrow_schema(columns(task, version), vocabulary)
    made = {"schema_version": pa.repeat(pa.scalar(version), n)}
    found = {field.name: made.get(field.name, _column_or_nulls(judgments, field)) for field in schema}
    known = {column.name for column in columns(task, CURRENT)}
    own = [name for name in judgments.column_names if name not in known]
    table = pa.table(found).cast(schema)
    for name in own:
        table = table.append_column(judgments.schema.field(name), judgments[name])
    return table


def _column_or_nulls(judgments: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    return judgments[field.name] if field.name in judgments.column_names else pa.nulls(judgments.num_rows, field.type)
