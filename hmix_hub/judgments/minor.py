"""Migrations between versions of the judgment table, which differ in columns that may be null: 2.0.0 and 2.1.0."""

from __future__ import annotations

import pyarrow as pa

from hmix_hub.schema import CURRENT, Vocabulary, arrow_schema
from hmix_hub.tasks import columns


def to_minor(judgments: pa.Table, task: str, version: str, vocabulary: Vocabulary) -> pa.Table:
    """Bring a judgment table to another version of the same MAJOR.

    Columns that it lacks are null from then on; columns that the version does not have are dropped. All other values,
    flags included, stay what they are: what a flag was given for is not asked again.

    Parameters
    ----------
    judgments
        N rows with the columns of a version from 2.0.0 on; columns of a study's own, too.
    task
        Name of the task.
    version
        The version that it shall have.
    vocabulary
        Class names that its labels count in.

    Returns
    -------
    pyarrow.Table
        N rows in the same order, columns as `hmix_hub.tasks.columns(task, version)`, then the study's own.
    """
    n = judgments.num_rows
    schema = arrow_schema(columns(task, version), vocabulary)
    made = {"schema_version": pa.repeat(pa.scalar(version), n)}
    found = {field.name: made.get(field.name, _column(judgments, field)) for field in schema}
    known = {column.name for column in columns(task, CURRENT)}
    own = [name for name in judgments.column_names if name not in known]
    table = pa.table(found).cast(schema)
    for name in own:
        table = table.append_column(judgments.schema.field(name), judgments[name])
    return table


def _column(judgments: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    return judgments[field.name] if field.name in judgments.column_names else pa.nulls(judgments.num_rows, field.type)
