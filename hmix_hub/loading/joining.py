"""Joining of datasets: studies of one task as one dataset, over the union of their vocabularies."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.judgments.checks import check_unique
from hmix_hub.judgments.derived_columns import pair_ids, stimulus_ids
from hmix_hub.judgments.migration import to_version
from hmix_hub.scales import joined_scales, scales_of, set_scales
from hmix_hub.schema import VERSIONS, Column, Vocabulary, arrow_schema, features
from hmix_hub.schema.arrays import recode
from hmix_hub.tables import (
    add_picture_places,
    arrow_columns,
    check_dataset_type,
    dataset_of,
    picture_places,
    task_of,
    unique_values,
    vocabulary_of,
)
from hmix_hub.tasks import OVER_CLASSES, TASKS
from hmix_hub.tasks import columns as columns_of

_SAME_STUDY = 'give each study once; source= or HMIX_SOURCE determines which study "h-mix" is'


def join(parts: Sequence[datasets.Dataset]) -> datasets.Dataset:
    """Join judgments of one task from several datasets.

    Parameters
    ----------
    parts
        Datasets of judgments, schema 2, in the order of the resulting rows. The result has the newest of their
        versions; columns that older ones lack are null.

    Returns
    -------
    datasets.Dataset
        All rows, with only the columns of the schema. The vocabulary is that of the first dataset, followed by new
        classes in the order of first appearance; labels and soft labels (0 for classes that a study did not offer)
        refer to it. In memory if a vocabulary had to change.

    Raises
    ------
    ConfigurationError
        If there is nothing to join, or a part is not a dataset.
    SchemaError
        If the tasks differ, a column is missing, or two datasets share a judgment, such as when a study is given twice.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> len(hmix_hub.join([ds.select(range(10)), ds.select(range(20, 25))]))
    15
    """
    if not parts:
        msg = "there is nothing to join"
        raise ConfigurationError(msg, hint="give at least one dataset")
    if not isinstance(parts, list | tuple):
        msg = f"join takes a list of datasets, not {type(parts).__name__}"
        raise ConfigurationError(msg, hint="write join([one, two])")
    parts = [in_one_order(check_dataset_type(part)) for part in parts]
    places = [place for part in parts for place in picture_places(part.info)]
    scales = joined_scales(map(scales_of, parts))
    tasks = [task_of(part) for part in parts]
    if len(set(tasks)) > 1:
        msg = f"judgments of different tasks cannot be joined: {', '.join(dict.fromkeys(tasks))}"
        raise SchemaError(msg)
    versions = [_version_of(part, tasks[0]) for part in parts]
    newest = max(versions, key=VERSIONS.index)
    columns = columns_of(tasks[0], newest)
    parts = [
        part if version == newest else _lifted(part, tasks[0], version, newest)
        for part, version in zip(parts, versions, strict=True)
    ]
    vocabularies = [vocabulary_of(part) for part in parts]
    union = vocabularies[0].union(vocabularies[1:])
    wanted = features(columns, union)
    recoded = [
        part if part.features == wanted else _recoded(part, columns, vocabulary, union)
        for part, vocabulary in zip(parts, vocabularies, strict=True)
    ]
    joined = datasets.concatenate_datasets([part.select_columns([c.name for c in columns]) for part in recoded])
    add_picture_places(joined.info, places)
    set_scales(joined.info, scales)
    try:
        check_unique(arrow_columns(joined, ["judgment_id"])["judgment_id"])
    except SchemaError:
        _refuse_shared(parts)
        raise
    return joined


def _refuse_shared(parts: Sequence[datasets.Dataset]) -> None:
    """Raise a `SchemaError` that names the first two datasets that share a judgment, if any do."""
    ids = [arrow_columns(part, ["judgment_id"])["judgment_id"] for part in parts]
    for (i, one), (j, two) in itertools.combinations(enumerate(ids, start=1), 2):
        shared = one.filter(pc.is_in(one, two))
        if len(shared):
            example = shared[0].as_py()
            msg = f"datasets {i} and {j} both hold judgment {example!r}, and {len(shared) - 1} more"
            raise SchemaError(msg, hint=_SAME_STUDY)


def _version_of(part: datasets.Dataset, task: str) -> str:
    """Return the schema version of a dataset, after checking that it has the columns."""
    versions = unique_values(part, "schema_version") if "schema_version" in part.column_names else []
    version = max(versions, key=VERSIONS.index, default=TASKS[task].since)
    missing = [column.name for column in columns_of(task, version) if column.name not in part.column_names]
    if missing:
        msg = f"a dataset to join lacks the columns {', '.join(missing)}"
        raise SchemaError(msg, hint="join first, then choose columns")
    return version


def _lifted(part: datasets.Dataset, task: str, version: str, target: str) -> datasets.Dataset:
    vocabulary = vocabulary_of(part)
    table = arrow_columns(part, [column.name for column in columns_of(task, version)])
    return dataset_of(to_version(table, task, target, vocabulary), columns_of(task, target), vocabulary)


def _recoded(
    part: datasets.Dataset, columns: Sequence[Column], vocabulary: Vocabulary, union: Vocabulary
) -> datasets.Dataset:
    schema = arrow_schema(columns, union)
    table = arrow_columns(part, schema.names)
    target = np.array(vocabulary.recode(union), dtype=np.int64)
    arrays = {
        column.name: recode(table[column.name], column.kind, target, len(union))
        if column.name in OVER_CLASSES
        else table[column.name]
        for column in columns
    }
    recoded = pa.table(arrays)
    # Ids contain class names: if two vocabularies differ only in case, the same pair must get one name.
    recoded = recoded.set_column(schema.names.index("pair_id"), "pair_id", pair_ids(recoded, union))
    if "stimulus_id" in schema.names:
        recoded = recoded.set_column(schema.names.index("stimulus_id"), "stimulus_id", stimulus_ids(recoded))
    return dataset_of(recoded.cast(schema), columns, union)
