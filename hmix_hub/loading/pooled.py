"""By-stimulus tables of datasets and of studies, read in place: `hmix_hub.by_stimulus`."""

from __future__ import annotations

import os
from itertools import pairwise

import datasets
import numpy as np
import pyarrow as pa

from hmix_hub import summaries
from hmix_hub.builders.study_table import StudyTable
from hmix_hub.connection import Cluster, connected
from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.judgments.by_stimulus import Piece, rows_at_once
from hmix_hub.loading.opening import is_study, open_study
from hmix_hub.loading.road import load_dataset
from hmix_hub.loading.studies import StudyOfTables
from hmix_hub.tasks import TASKS


def by_stimulus(
    judgments: datasets.Dataset | str | os.PathLike[str],
    *,
    task: str | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    client: Cluster = None,
    memory: int | str | None = None,
    temporary_folder: str | os.PathLike[str] | None = None,
) -> datasets.Dataset:
    """Gather the judgments of each stimulus into one row.

    Parameters
    ----------
    judgments
        Judgments of one task, schema 2: any selection, from one or several (joined) studies; N rows. Or the name,
        folder or repository of a study, as for `hmix_hub.load_dataset`; the files of a built study are read in place,
        without a copy in a cache.
    task
        Task of a study; `None`: its only one. Not used for a dataset, which has one task.
    revision, token
        For a repository; see `hmix_hub.load_dataset`.
    client
        A `dask.distributed` client, or the address of a scheduler, whose workers do the work: they read the files of a
        study or dataset that they can open by path; otherwise, rows are sent to them. `None`: this process.
    memory
        Bytes that this process may use, or a text such as "2GB"; `None`: half of the machine's memory. Judgments that
        need more are sorted on disk.
    temporary_folder
        Where to create a folder for that, deleted at the end; `None`: the system's temporary folder.

    Returns
    -------
    datasets.Dataset
        One row per stimulus in the order of first appearance (in the midpoint tasks the stimulus is the pair): ids,
        picture columns, n_judgments, n_participants, the lists of answers in table order, and their mean and population
        standard deviation; `hmix info infer_mixing_factor_by_stimulus` lists the columns. If a program made any of the
        judgments (flag `synthetic`), `n_synthetic` counts them. In memory; with a client, or for judgments that do not
        fit in memory, in a file that is deleted when the process ends. The values are the same, bit for bit.

    Raises
    ------
    SchemaError
        If the dataset is not a judgment table, holds several tasks, lacks a column, or its judgments of a stimulus
        disagree on its pictures.
    ConfigurationError
        If the study has several tasks and none is named, or lacks the named one.
    SourceError
        If a file is unavailable, or holds a value that is not allowed in its column.
    ClusterError
        If the cluster cannot be reached or is lost.
    SpaceError
        If the disk is full.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> hmix_hub.by_stimulus(ds)["n_judgments"][:3]
    [3, 3, 3]
    """
    study: object = None
    if not isinstance(judgments, str | os.PathLike):
        if task is not None:
            msg = "task= chooses a task of a study, but a dataset has only one task"
            raise ConfigurationError(msg, hint="leave it out, or name a study")
    elif is_study(judgments):
        study = open_study(judgments, revision=revision, token=token)
    if not isinstance(study, StudyOfTables):
        if isinstance(judgments, str | os.PathLike):
            judgments = load_dataset(judgments, task, split="train", revision=revision, token=token)
        return summaries.by_stimulus(judgments, client=client, memory=memory, temporary_folder=temporary_folder)
    task = _task(task, study)
    table = study.builder(task, {}, in_parts=True)
    schema = table.info.features.arrow_schema
    names = summaries.pooled_names(task, schema.names)
    wanted = pa.schema([schema.field(name) for name in names])
    vocabulary = study.manifest.vocabulary
    with connected(client) as connection:
        stimuli = summaries.pool(
            task,
            vocabulary,
            wanted,
            _pieces(table, names, rows_at_once(connection)),
            client=connection,
            memory=summaries.memory_of(memory),
            temporary_folder=temporary_folder,
        )
    study.describe(stimuli.info, task)
    return stimuli


def _task(task: str | None, study: StudyOfTables) -> str:
    """Return the requested task of a study."""
    there = [name for name in TASKS if name in study.manifest.tasks]
    if task is None and len(there) == 1:
        return there[0]
    if task not in there:
        said = f"has no task {task!r}" if task else "has several tasks"
        msg = f"{study.description} {said}"
        raise ConfigurationError(msg, hint=nearest(task or "", there, label="tasks of this study"))
    return task


def _pieces(table: StudyTable, names: list[str], at_once: int) -> list[Piece]:
    """Return columns of a table as pieces of whole row groups, checked as far as possible before reading."""
    groups = table.chosen()
    starts = np.cumsum([0, *(group.n_rows for group in groups)])
    cuts = [0]
    for number, end in enumerate(starts[1:].tolist(), 1):
        if end - starts[cuts[-1]] >= at_once or number == len(groups):
            cuts.append(number)
    return [
        Piece(table.reader(groups[begin:end], names), int(starts[begin]), int(starts[end] - starts[begin]))
        for begin, end in pairwise(cuts)
    ]
