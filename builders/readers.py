"""Readers of the released files, which return judgment tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyarrow import csv

from hmix_hub.errors import SourceError, Where
from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.judgments.migration import migrate
from hmix_hub.judgments.released import Provenance
from hmix_hub.schema import CURRENT, RELEASED, arrow_schema
from hmix_hub.schema.released import NEVER_READ, ROW_NUMBER, SYNTHETIC_COLUMN
from hmix_hub.sources import JUDGMENT_FILES, Source
from hmix_hub.tasks import CONSTRUCT, INFER, TASKS, Configuration, columns

if TYPE_CHECKING:
    from pathlib import Path


_NO_ANSWER = {CONSTRUCT: ("response", "filename"), INFER: ("response",)}
"""Columns without answers in a task's judgment rows, which could hold anything."""


def read_table(source: Source, configuration: Configuration, version: str = CURRENT) -> pa.Table:
    """Read the table of a configuration.

    Parameters
    ----------
    source
        Where the released files come from.
    configuration
        Which table.
    version
        Schema version of the table.

    Returns
    -------
    pyarrow.Table
        Columns as `configuration.columns(version)`; judgments in file order, stimuli in the order of first appearance.

    Raises
    ------
    SourceError
        If the file is missing, or has another size or hash.
    """
    configuration.columns(version)
    judgments = read_judgments(source, configuration.task, version)
    return by_stimulus(judgments, configuration.task) if configuration.by_stimulus else judgments


def read_judgments(source: Source, task: str, version: str = CURRENT) -> pa.Table:
    """Read the judgments of a task, in file order, in a schema version."""
    name = JUDGMENT_FILES[task]
    released = read_released(source.path(name), task)
    provenance = Provenance(
        source.study.study_id,
        source.study.image_set,
        name,
        source.study.collection_rounds(task, released),
        is_synthetic=source.study.synthetic,
    )
    return migrate(released, task, start=RELEASED, target=version, provenance=provenance)


def read_released(path: Path, task: str) -> pa.Table:
    """Read the judgment rows of a file in the released layout, typed, as schema 1.0.0.

    Platform ids, URLs and free text are never read. The column `synthetic` of exported answers made by a program comes
    last.

    Raises
    ------
    SourceError
        If it is not in that layout.
    """
    schema = arrow_schema(columns(task, RELEASED))
    try:
        return _read_csv(path, task, schema)
    except (pa.ArrowException, KeyError, ValueError) as error:
        msg = f"{path.name} is not in the layout of the released {task} file: {error}"
        raise SourceError(msg, where=Where(str(path)), hint=f"its columns are {', '.join(schema.names)}") from error


def _read_csv(path: Path, task: str, schema: pa.Schema) -> pa.Table:
    text = csv.read_csv(
        path,
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={field.name: field.type for field in schema}
            | {"": pa.int64(), SYNTHETIC_COLUMN.name: SYNTHETIC_COLUMN.arrow_type()},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            true_values=["True"],
            false_values=["False"],
        ),
    )
    n = text.num_rows
    values = {name: text[name] for name in schema.names if name != ROW_NUMBER}
    emptied = {*NEVER_READ, *_NO_ANSWER.get(task, ())} & set(values)
    values |= {name: pa.nulls(n, pa.string()) for name in emptied}
    values[ROW_NUMBER] = pa.array(np.arange(n))
    marks = [SYNTHETIC_COLUMN.name] if SYNTHETIC_COLUMN.name in text.column_names else []
    values |= {name: text[name] for name in marks}
    table = pa.table({name: values[name] for name in (*schema.names, *marks)})
    is_judgment = np.flatnonzero(
        np.array(table["trial_type"].to_pylist(), dtype=object) == TASKS[task].in_release.trial_type
    )
    judgments = table.take(pa.array(is_judgment))
    typed = judgments.select(schema.names).cast(schema)
    return typed.append_column(marks[0], judgments[marks[0]]) if marks else typed
