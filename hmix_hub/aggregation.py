"""By-stimulus tables of datasets: `hmix_hub.by_stimulus`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import SchemaError
from hmix_hub.judgments.by_stimulus import by_stimulus as gather
from hmix_hub.schema import N_SYNTHETIC, TASKS, by_stimulus_columns
from hmix_hub.tables import arrow_columns, check_dataset_type, dataset_of, task_of, vocabulary_of

if TYPE_CHECKING:
    import datasets


_GATHERED = ("study_id", "participant_id", "selected_coefficient", "inferred_coefficient", "confidence", "soft_label")
"""Columns that become others: people are counted, answers listed."""
_FLAGS = "flags"
"""Where it is there, what a program made is counted."""


def by_stimulus(dataset: datasets.Dataset) -> datasets.Dataset:
    """Gather the judgments of each stimulus into one row.

    Parameters
    ----------
    dataset
        Judgments of one task, schema 2: any selection, of one or several (joined) studies; N rows.

    Returns
    -------
    datasets.Dataset
        One row per stimulus in the order of first appearance (in the midpoint tasks the stimulus is the pair), in
        memory: ids, picture columns, n_judgments, n_participants, the lists of answers in table order, and their
        mean and population standard deviation; `hmix info infer_mixing_factor_by_stimulus` lists the columns. Where
        a program made any of the judgments (flag `synthetic`), `n_synthetic` counts them.

    Raises
    ------
    SchemaError
        If the dataset is no judgment table, holds several tasks, lacks a column, or its judgments of one stimulus
        disagree on its pictures.
    """
    dataset = in_one_order(check_dataset_type(dataset))
    task, vocabulary = task_of(dataset), vocabulary_of(dataset)
    needed = {column.name for column in by_stimulus_columns(task)} | set(_GATHERED)
    names = [column.name for column in TASKS[task].columns if column.name in needed]
    missing = [name for name in names if name not in dataset.column_names]
    if missing:
        msg = f"the dataset lacks the columns {', '.join(missing)}"
        raise SchemaError(msg, hint="gather first, then choose columns")
    names += [_FLAGS] if _FLAGS in dataset.column_names else []
    gathered = gather(arrow_columns(dataset, names), task, vocabulary)
    columns = by_stimulus_columns(task, is_synthetic=N_SYNTHETIC.name in gathered.column_names)
    return dataset_of(gathered, columns, vocabulary)
