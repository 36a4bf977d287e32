"""Tables under datasets: Arrow columns of a dataset, and a dataset of an Arrow table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hmix_hub.errors import SchemaError
from hmix_hub.schema import TASKS, Column, Vocabulary, check_task, features

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa


def arrow_columns(dataset: datasets.Dataset, names: Sequence[str]) -> pa.Table:
    """Give columns of a dataset as an Arrow table of its N rows, without a copy where no rows were picked."""
    return dataset.select_columns(list(names)).with_format("arrow")[:]


def dataset_of(table: pa.Table, columns: Sequence[Column], vocabulary: Vocabulary) -> datasets.Dataset:
    """Give an Arrow table as a dataset with the features of its columns, in memory."""
    from datasets import Dataset, DatasetInfo

    info = DatasetInfo(features=features(columns, vocabulary))
    # Cast here, since Dataset's own cast fails on a table without rows.
    return Dataset(table.cast(info.features.arrow_schema), info=info)


def vocabularies_of(columns: datasets.Features) -> dict[str, Vocabulary]:
    """Give the class names of each label column, and of each column of label lists."""
    from datasets import ClassLabel

    vocabularies = {}
    for name, feature in columns.items():
        label = getattr(feature, "feature", feature)
        if isinstance(label, ClassLabel):
            vocabularies[name] = Vocabulary(tuple(label.names))
    return vocabularies


def vocabulary_of(dataset: datasets.Dataset) -> Vocabulary:
    """Give the class names that a dataset's image labels count in.

    Raises
    ------
    SchemaError
        If it has no column image_1_label with class names.
    """
    vocabulary = vocabularies_of(dataset.features).get("image_1_label")
    if vocabulary is None:
        msg = "the dataset has no column 'image_1_label' with class names, so it is no judgment table"
        raise SchemaError(msg)
    return vocabulary


def task_of(dataset: datasets.Dataset) -> str:
    """Give the task of a dataset of judgments.

    Raises
    ------
    SchemaError
        If it is no judgment table of schema 2.0.0, or holds several tasks.
    """
    if "task" not in dataset.column_names:
        msg = "the dataset has no column 'task', so it is no judgment table of schema 2.0.0"
        raise SchemaError(msg, hint=f"load one of the configurations {', '.join(TASKS)}")
    tasks = dataset.unique("task") if len(dataset) else []
    if len(tasks) > 1:
        msg = f"the dataset holds several tasks: {', '.join(tasks)}"
        raise SchemaError(msg, hint="load and treat each task by itself")
    if tasks:
        return check_task(tasks[0]).name
    names = set(dataset.column_names)
    return next(name for name, task in TASKS.items() if {c.name for c in task.columns} <= names)
