"""By-stimulus tables of datasets: `hmix_hub.by_stimulus`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmix_hub.judgments.by_stimulus import by_stimulus as gather
from hmix_hub.schema import BY_STIMULUS_COLUMNS, TASKS
from hmix_hub.tables import arrow_columns, check_dataset_type, dataset_of, task_of, vocabulary_of

if TYPE_CHECKING:
    import datasets


def by_stimulus(dataset: datasets.Dataset) -> datasets.Dataset:
    """Gather the judgments of each stimulus into one row.

    Parameters
    ----------
    dataset
        Judgments of one task, schema 2.0.0: any selection, of one or several (joined) studies; N rows.

    Returns
    -------
    datasets.Dataset
        One row per stimulus in the order of first appearance (in the midpoint tasks the stimulus is the pair), in
        memory: ids, picture columns, n_judgments, n_participants, the lists of answers in table order, and their
        mean and population standard deviation; `hmix info infer_mixing_factor_by_stimulus` lists the columns.

    Raises
    ------
    SchemaError
        If the dataset is no judgment table, holds several tasks, lacks a column, or its judgments of one stimulus
        disagree on its pictures.
    """
    check_dataset_type(dataset)
    task, vocabulary = task_of(dataset), vocabulary_of(dataset)
    names = [column.name for column in TASKS[task].columns]
    table = arrow_columns(dataset, [name for name in names if name in dataset.column_names])
    return dataset_of(gather(table, task, vocabulary), BY_STIMULUS_COLUMNS[task], vocabulary)
