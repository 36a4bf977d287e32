"""By-stimulus tables of datasets and of studies where they lie: `hmix_hub.by_stimulus`."""

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
        Judgments of one task, schema 2: any selection, of one or several (joined) studies; N rows. Or where a study is:
        a name, a folder or a repository of the Hub, as of `hmix_hub.load_dataset`; of one that was built, the files are
        read where they lie, without a copy in a cache.
    task
        Of a study, the task; `None`: its only one. Of a dataset, which is of one task, it is left out.
    revision, token
        Of a repository; see `hmix_hub.load_dataset`.
    client
        A `dask.distributed` client, or the address of a scheduler, whose workers do the work: they read the files of a
        study, or of a dataset that they can open by its path; else its rows are sent to them. `None`: this process.
    memory
        Bytes that this process may take, or a text such as "2GB"; `None`: half of the machine's. Judgments that need
        more are sorted on disk.
    temporary_folder
        Where, below a folder of its own that is deleted at the end; `None`: the system's place for temporary files.

    Returns
    -------
    datasets.Dataset
        One row per stimulus in the order of first appearance (in the midpoint tasks the stimulus is the pair): ids,
        picture columns, n_judgments, n_participants, the lists of answers in table order, and their mean and population
        standard deviation; `hmix info infer_mixing_factor_by_stimulus` lists the columns. Where a program made any of
        the judgments (flag `synthetic`), `n_synthetic` counts them. In memory; with a client, or of more judgments than
        fit into memory, in a file that is deleted when the process ends. The values are the same, bit for bit.

    Raises
    ------
    SchemaError
        If the dataset is no judgment table, holds several tasks, lacks a column, or its judgments of one stimulus
        disagree on its pictures.
    ConfigurationError
        If the study has several tasks, and none is named, or not that task.
    SourceError
        If a file is unavailable, or holds a value that its column may not have.
    ClusterError
        If there is no cluster, or it is lost.
    SpaceError
        If there is no room on the disk.

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
            msg = "task= names one of a study's tasks, and a dataset is of one task"
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
    """Return the task of a study that is asked for."""
    there = [name for name in TASKS if name in study.manifest.tasks]
    if task is None and len(there) == 1:
        return there[0]
    if task not in there:
        said = f"has no task {task!r}" if task else "has several tasks"
        msg = f"{study.description} {said}"
        raise ConfigurationError(msg, hint=nearest(task or "", there, label="tasks of this study"))
    return task


def _pieces(table: StudyTable, names: list[str], at_once: int) -> list[Piece]:
    """Return columns of a table as pieces of whole row groups, checked as far as can be before they are read."""
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
