"""Summaries of judgments: `hmix_hub.by_stimulus` and `hmix_hub.soft_labels`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import datasets
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.arrow_files import packed, unpacked
from hmix_hub.class_order import in_one_order
from hmix_hub.connection import Cluster, connected
from hmix_hub.database import Database, default_memory, read_size
from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.judgments.by_stimulus import Piece, Pooling, pooled_by_parts, rows_at_once
from hmix_hub.judgments.by_stimulus import by_stimulus as gather
from hmix_hub.scales import scales_of, set_scales
from hmix_hub.schema import N_SYNTHETIC, Vocabulary
from hmix_hub.schema.arrays import matrix, numbers, shares_by_class
from hmix_hub.tables import (
    add_picture_places,
    arrow_columns,
    check_dataset_type,
    dataset_in_file,
    dataset_of,
    picture_places,
    task_of,
    unique_values,
    vocabularies_of,
    vocabulary_of,
)
from hmix_hub.tasks import TASKS, by_stimulus_columns, soft_label_column
from hmix_hub.tasks.soft_labels import (
    DEFAULT_REDISTRIBUTION,
    ONE_HOT,
    PROCEDURES,
    Answers,
    categorical_answers,
    check_procedure,
)
from hmix_hub.tasks.soft_labels import soft_labels as compute
from hmix_hub.tasks.votes import smoothed

if TYPE_CHECKING:
    from distributed import Client

_COUNTED = ("study_id", "participant_id")
_FLAGS = "flags"
"""If present, judgments made by a program are counted."""
_TIMES = 4
"""Memory for gathering judgments at once, with their numbers and order, relative to their size."""


def by_stimulus(
    dataset: datasets.Dataset,
    *,
    client: Cluster = None,
    memory: int | str | None = None,
    temporary_folder: str | os.PathLike[str] | None = None,
) -> datasets.Dataset:
    """Gather the judgments of each stimulus of a dataset into one row; see `hmix_hub.by_stimulus`."""
    dataset = in_one_order(check_dataset_type(dataset))
    task, vocabulary = task_of(dataset), vocabulary_of(dataset)
    names = pooled_names(task, dataset.column_names)
    schema = arrow_columns(dataset.select([]), names).schema
    with connected(client) as connection:
        pieces = _pieces_of(dataset, names, connection)
        stimuli = pool(
            task,
            vocabulary,
            schema,
            pieces,
            client=connection,
            memory=memory_of(memory),
            temporary_folder=temporary_folder,
        )
    add_picture_places(stimuli.info, picture_places(dataset.info))
    set_scales(stimuli.info, scales_of(dataset).values())
    return stimuli


def pooled_names(task: str, names: Sequence[str]) -> list[str]:
    """Return the columns of judgments that their by-stimulus table is made of.

    Raises
    ------
    SchemaError
        If one is missing.
    """
    needed = {column.name for column in by_stimulus_columns(task)} | {*_COUNTED, *TASKS[task].by_stimulus.of}
    wanted = [column.name for column in TASKS[task].columns if column.name in needed]
    _check_columns(names, wanted, "call by_stimulus first, then choose columns")
    return wanted + ([_FLAGS] if _FLAGS in names else [])


def memory_of(memory: int | str | None) -> int:
    """Return the memory that a process may use, in bytes, from a caller's argument."""
    if memory is None:
        return default_memory()
    return read_size(memory) if isinstance(memory, str) else memory


def _pieces_of(dataset: datasets.Dataset, names: Sequence[str], client: Client | None) -> list[Piece]:
    """Return columns of a dataset in pieces that this process or the workers of a client can read."""
    at_once = rows_at_once(client)
    starts = range(0, max(len(dataset), 1), at_once)
    parts = [dataset]
    if len(starts) > 1:
        parts = [dataset.select(range(start, min(start + at_once, len(dataset)))) for start in starts]
    if client is None or _is_read_by(client, dataset):
        reads = [partial(arrow_columns, part, names) for part in parts]
    else:
        reads = [partial(unpacked, packed(arrow_columns(part, names))) for part in parts]
    return [Piece(*piece) for piece in zip(reads, starts, map(len, parts), strict=True)]


def _is_read_by(client: Client, dataset: datasets.Dataset) -> bool:
    """Whether a dataset consists of rows of files that all workers can open, so that it pickles as paths."""
    files = [file["filename"] for file in dataset.cache_files]
    if not files or dataset._indices is not None:
        return False
    sizes = [os.path.getsize(file) for file in files]
    return all(found == sizes for found in client.run(_sizes, files).values())


def _sizes(files: Sequence[str]) -> list[int]:
    return [os.path.getsize(file) if os.path.isfile(file) else -1 for file in files]


def pool(
    task: str,
    vocabulary: Vocabulary,
    schema: pa.Schema,
    pieces: Sequence[Piece],
    *,
    client: Client | None,
    memory: int,
    temporary_folder: str | os.PathLike[str] | None = None,
) -> datasets.Dataset:
    """Return the by-stimulus table of judgments in pieces.

    It is in memory if this process computes it and the judgments fit, otherwise in a temporary file.

    Parameters
    ----------
    task, vocabulary, schema
        See `hmix_hub.judgments.by_stimulus.Pooling`.
    pieces, client
        See `hmix_hub.judgments.by_stimulus.pooled_by_parts`.
    memory, temporary_folder
        See `hmix_hub.database.Database`.
    """
    if client is None:
        some, n_rows = pieces[0].read(), sum(piece.n_rows for piece in pieces)
        if _TIMES * some.nbytes * n_rows <= memory * max(len(some), 1):
            judgments = pa.concat_tables([some, *(piece.read() for piece in pieces[1:])])
            gathered = gather(judgments.select(schema.names), task, vocabulary)
            columns = by_stimulus_columns(task, is_synthetic=N_SYNTHETIC.name in gathered.column_names)
            return dataset_of(gathered, columns, vocabulary)
    n_parts = max(len(pieces), 1 if client is None else sum(client.nthreads().values()))
    pooling = Pooling(task, vocabulary, schema, n_parts)
    with Database(memory, None if temporary_folder is None else Path(temporary_folder)) as database:
        found, rows = pooled_by_parts(pooling, pieces, database, client)
        columns = by_stimulus_columns(task, is_synthetic=N_SYNTHETIC.name in found.names)
        return dataset_in_file(rows, columns, vocabulary)


_ANSWERS = ["top_class", "top_probability", "second_class", "second_probability", "impossible_classes"]
_STORED = "soft_label"
_NUMBERS = ("n_votes", "n_judgments")
"""Columns with the number of judgments of a row; the first that exists is used, and without any it is one."""
_FOLLOWS = f"soft labels can be computed from the answers of {', '.join(t for t in TASKS if TASKS[t].is_over_classes)}"


def soft_labels(
    dataset: datasets.Dataset,
    procedure: str | None = None,
    redistribution: float = DEFAULT_REDISTRIBUTION,
    *,
    smoothing: float = 0.0,
) -> npt.NDArray[np.float64]:
    r"""Return soft labels: a study's own or, for categorical judgments, computed by a procedure of your choice.

    Parameters
    ----------
    dataset
        Judgments about classes, or their by-stimulus table; N rows.
    procedure
        `None`: the study's own labels, as used in by-stimulus tables, targets and figures: the column `soft_label`; for
        a chosen class, 1 for it and 0 for every other; in by-stimulus tables their mean, which for chosen classes is
        the share of answers for each, `class_frequencies`. For categorical judgments, also: "released": as in
        `hmix_individ_soft_labels.json`, which is H-Mix's own. "cifar10s": the published top-2 clamp of CIFAR-10S, which
        differs for some answers whose probabilities reach 1. "one_hot": all probability on the top class.
        `hmix_hub.tasks.soft_labels` gives the formulas.
    redistribution
        Probability, 0 to 1, that "released" and "cifar10s" assign to the classes not ruled out if the given ones leave
        none.
    smoothing
        Votes a, 0 or more, added to each of the K classes: :math:`(n p_c + a) / (n + a K)` instead of :math:`p_c`, for
        a row of n judgments.

    Returns
    -------
    numpy.ndarray
        float64 (N, K), probabilities, each row sums to 1; classes in the order of the dataset's labels.

    Raises
    ------
    ConfigurationError
        If there is no such procedure, the redistribution or the smoothing is out of range, or a redistribution is given
        without a procedure.
    SchemaError
        If the dataset has no answers about classes, or joins studies that offered different classes.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", "categorical_soft_labels", split="train", source="sample")
    >>> hmix_hub.soft_labels(ds).shape == (len(ds), 10)
    True
    >>> float(hmix_hub.soft_labels(ds, "one_hot", smoothing=1)[0].max().round(4))
    0.1818
    """
    votes = check_votes(smoothing)
    dataset = in_one_order(check_dataset_type(dataset))
    if procedure is None:
        if redistribution != DEFAULT_REDISTRIBUTION:
            msg = "redistribution= requires a procedure, but none is given"
            raise ConfigurationError(msg, hint=f"choose one of {', '.join(PROCEDURES)}")
        name = soft_label_column(dataset.column_names) or _STORED
        _check_columns(dataset.column_names, [name], _FOLLOWS)
        n_classes = len(vocabularies_of(dataset.features).get(name, ()))
        labels = shares_by_class(arrow_columns(dataset, [name])[name], n_classes)
        return _smoothed(dataset, labels, votes)
    check_procedure(procedure, redistribution)
    _check_columns(dataset.column_names, _ANSWERS, _FOLLOWS)
    answers = categorical_answers(arrow_columns(dataset, _ANSWERS), len(vocabulary_of(dataset)))
    if procedure != ONE_HOT:
        _check_offered(dataset, answers)
    return _smoothed(dataset, compute(answers, procedure, redistribution), votes)


def check_votes(smoothing: object) -> float:
    """Check the number of votes that smoothing adds to each class, 0 or more."""
    if isinstance(smoothing, bool) or not isinstance(smoothing, int | float) or not 0 <= smoothing < np.inf:
        msg = f"smoothing must be a number of votes, 0 or more, not {smoothing!r}"
        raise ConfigurationError(msg)
    return float(smoothing)


def _smoothed(dataset: datasets.Dataset, labels: npt.NDArray[np.float64], votes: float) -> npt.NDArray[np.float64]:
    """Return soft labels smoothed by the number of judgments of each row."""
    name = next((name for name in _NUMBERS if name in dataset.column_names), None)
    if not votes or name is None:
        return smoothed(labels, np.ones(len(labels)), votes)
    known = numbers(arrow_columns(dataset, [name])[name])
    unknown = np.flatnonzero(np.isnan(known))
    if len(unknown):
        msg = f"{name} is not known, so no votes can be added to it"
        hint = "leave smoothing out, or keep only rows with a known number of votes"
        raise SchemaError(msg, where=Where(row=int(unknown[0]), column=name), hint=hint)
    return smoothed(labels, known, votes)


def _check_columns(there: Sequence[str], names: Sequence[str], hint: str) -> None:
    missing = [name for name in names if name not in there]
    if missing:
        msg = f"the dataset lacks the columns {', '.join(missing)}"
        raise SchemaError(msg, hint=hint)


def _check_offered(dataset: datasets.Dataset, answers: Answers) -> None:
    """Check that each of several joined studies offered every class: stored labels then follow from the answers.

    A one-hot label does not show which other classes were offered, unless they were all ruled out.
    """
    if not {_STORED, "study_id"} <= set(dataset.column_names) or len(unique_values(dataset, "study_id")) < 2:
        return
    stored = matrix(arrow_columns(dataset, [_STORED])[_STORED])
    follows = [np.isclose(compute(answers, name), stored).all(axis=1) for name in PROCEDURES if name != ONE_HOT]
    differing = np.flatnonzero(~np.any(follows, axis=0))
    if len(differing):
        msg = "the stored soft label does not follow from the answer over all classes of the dataset"
        raise SchemaError(
            msg,
            where=Where(row=int(differing[0]), column=_STORED),
            hint="in joined studies, some participants were not offered some classes: compute before joining",
        )
