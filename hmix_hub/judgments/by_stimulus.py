"""By-stimulus tables: all judgments of one stimulus in one row, from any selection of judgments.

Source: `processed_hmix_inferences.json` and `hmix_individ_soft_labels.json`, whose figures these are, bit for bit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.errors import SchemaError, Where
from hmix_hub.schema import CIFAR10, N_SYNTHETIC, SYNTHETIC_FLAG, Vocabulary, arrow_schema, has_flag
from hmix_hub.schema.arrays import take
from hmix_hub.schema.groups import Groups, encode, encode_key
from hmix_hub.tasks import TASKS, by_stimulus_columns

Floats = npt.NDArray[np.float64]


def by_stimulus(judgments: pa.Table, task: str, vocabulary: Vocabulary = CIFAR10) -> pa.Table:
    """Compute the by-stimulus table: one row for the judgments of each stimulus.

    Parameters
    ----------
    judgments
        Judgment table of schema 2, N rows, of one or several studies over one vocabulary.
    task
        Name of the task.
    vocabulary
        Class names that the labels count in.

    Returns
    -------
    pyarrow.Table
        One row per stimulus in the order of first appearance, columns as `hmix_hub.tasks.by_stimulus_columns`, with
        `n_synthetic` where judgments have the flag `synthetic`; a stimulus is an image set with a stimulus id (in the
        midpoint tasks, a pair id), and one of the things that were asked about it, where there are several. Lists are
        in table order.

    Raises
    ------
    SchemaError
        If two judgments of a stimulus disagree on its pictures or its coefficient.
    """
    groups = Groups(encode_key([judgments[name] for name in TASKS[task].key_columns]))
    is_synthetic = synthetic_rows(judgments)
    schema = arrow_schema(by_stimulus_columns(task, is_synthetic=bool(is_synthetic.any())), vocabulary)
    counts = {"n_judgments": groups.sizes}
    if TASKS[task].has_participants:
        participants = encode_key([judgments["study_id"], judgments["participant_id"]])
        counts["n_participants"] = groups.distinct(participants)
    counts[N_SYNTHETIC.name] = groups.sum(is_synthetic.astype(np.float64)).astype(np.int64)
    computed: dict[str, object] = counts | dict(TASKS[task].by_stimulus.gather(judgments, groups, len(vocabulary)))
    values = {name: computed[name] if name in computed else _shared(judgments, name, groups) for name in schema.names}
    return pa.table(values).cast(schema).combine_chunks()


def synthetic_rows(judgments: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which of N judgments a program made, as far as their flags are there; bool (N,)."""
    if "flags" not in judgments.column_names:
        return np.zeros(judgments.num_rows, dtype=bool)
    return has_flag(judgments["flags"], SYNTHETIC_FLAG)


def _shared(judgments: pa.Table, name: str, groups: Groups) -> pa.ChunkedArray:
    """Return a column that all judgments of a stimulus share, of the first of them; check that they do."""
    values = encode(judgments[name])
    differing = np.flatnonzero(values != values[groups.first][groups.codes])
    if len(differing):
        msg = f"judgments of one stimulus disagree on {name}"
        raise SchemaError(
            msg,
            where=Where(row=int(differing[0]), column=name),
            hint="studies that use one image set must agree on its pictures; select one study, or one coefficient",
        )
    return take(judgments[name], groups.first)
