"""Derived columns, which complete observed columns to a judgment table.

The participant, the trial, the pictures, the coefficient and the answers are observed. Ids, the batch, the
presentation, the soft label and the flags follow from them; they are computed only here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.judgments.checks import check_unique, check_values
from hmix_hub.schema import CIFAR10, CURRENT, SYNTHETIC_FLAG, Vocabulary, arrow_schema
from hmix_hub.schema.arrays import Ints, Mask, take
from hmix_hub.schema.arrays import encode as encode_values
from hmix_hub.schema.groups import Groups, encode, encode_key
from hmix_hub.tasks import TASKS, columns
from hmix_hub.tasks.flags import Rows, flag_lists
from hmix_hub.tasks.soft_labels import DEFAULT_PROCEDURE, Procedure


def with_derived_columns(
    observed: pa.Table,
    task: str,
    *,
    study_id: str,
    vocabulary: Vocabulary = CIFAR10,
    observed_flags: Mapping[str, Mask] | None = None,
    is_synthetic: bool = False,
    version: str = CURRENT,
    procedure: Procedure = DEFAULT_PROCEDURE,
) -> pa.Table:
    """Return the judgment table for observed columns.

    Parameters
    ----------
    observed
        Judgments of one study: participant_id, collection_round, condition, trial_index, is_repeat, response_time_ms,
        image_set, the four image columns (labels as codes of `vocabulary`), the task's observed columns, source_file
        and source_row; N rows in the order of the source. Columns added after schema 2.0.0 may be left out. A task
        without participants lacks their columns.
    task
        Name of the task.
    study_id
        Study that the judgments belong to.
    vocabulary
        Class names of the study.
    observed_flags
        Masks, bool (N,), of flags that the observed columns do not show.
    is_synthetic
        Whether a program made all the answers, so that every row has the flag `synthetic`.
    version
        Version of the table, 2.0.0 or later.
    procedure
        The study's soft-label procedure, for `soft_label`; only for the categorical task.

    Returns
    -------
    pyarrow.Table
        N rows in the same order, columns as `hmix_hub.tasks.columns(task, version)`.

    Raises
    ------
    SchemaError
        If a value is not allowed in its column, or a judgment occurs twice.
    """
    wanted = columns(task, version)
    given = [column for column in wanted if column.name in observed.column_names]
    check_values(observed, given, vocabulary)
    # In one chunk, so that computed columns have one chunk too and nothing is copied at the end.
    table = observed.combine_chunks()
    for column in wanted:
        if column.since and column not in given:
            table = table.append_column(column.name, pa.nulls(table.num_rows, column.arrow_type(vocabulary)))
    for name, value in (("study_id", study_id), ("task", task), ("schema_version", version)):
        table = table.append_column(name, _repeat(value, table.num_rows))
    table = with_ids(table, task, vocabulary)
    stimulus, keys = TASKS[task].stimulus_column, TASKS[task].key_columns
    named_by = ("participant_id", "trial_index") if TASKS[task].has_participants else (stimulus,)
    table = table.append_column("judgment_id", _join("/", *(table[name] for name in ("study_id", "task", *named_by))))
    if TASKS[task].has_participants:
        participants, stimuli = encode(table["participant_id"]), encode_key([table["image_set"], table[stimulus]])
        # A batch is a set of stimuli, whatever was asked about them.
        table = table.append_column("batch_id", batch_ids(participants, stimuli, table[stimulus]))
        judged = encode_key([table[name] for name in keys]) if TASKS[task].facets else stimuli
        table = table.append_column("presentation", _presentations(participants, judged, table["trial_index"]))
    for name, derive in TASKS[task].derived.items():
        table = table.append_column(name, derive(table, len(vocabulary), procedure))
    assigned = {SYNTHETIC_FLAG: np.ones(table.num_rows, dtype=bool)} if is_synthetic else {}
    rows, known = Rows(table, TASKS[task].answer, len(vocabulary)), {**(observed_flags or {}), **assigned}
    masks = {flag.name: flag.find(rows, known) for flag in TASKS[task].flags}
    table = table.append_column("flags", flag_lists(masks))
    check_values(table, [column for column in wanted if column not in given], vocabulary)
    if encode_key([table[name] for name in named_by]).max(initial=-1) + 1 < table.num_rows:
        # It names a judgment that occurs twice; searching the ids takes as much memory as they do.
        check_unique(table["judgment_id"])
    schema = arrow_schema(wanted, vocabulary)
    return table.select(schema.names).cast(schema).combine_chunks()


def with_ids(table: pa.Table, task: str, vocabulary: Vocabulary) -> pa.Table:
    """Return a table with the ids of its pairs, and of its stimuli if these are mixtures."""
    table = table.append_column("pair_id", pair_ids(table, vocabulary))
    return table.append_column("stimulus_id", stimulus_ids(table)) if TASKS[task].shows == "mixture" else table


def _repeat(value: str, n: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), n)


def _join(separator: str, *parts: pa.ChunkedArray) -> pa.ChunkedArray:
    table = pa.table([part.cast(pa.string()) for part in parts], [str(number) for number in range(len(parts))])
    pieces = table.to_batches(max_chunksize=_JOINED_AT_ONCE)
    joined = [pc.binary_join_element_wise(*piece.columns, separator) for piece in pieces]
    return pa.chunked_array(joined, pa.string())


BATCH_ID_DIGITS = 12
_JOINED_AT_ONCE = 1 << 20
"""Rows of one chunk of ids: at 2 KiB each, they fill a chunk of texts."""


def pair_ids(table: pa.Table, vocabulary: Vocabulary) -> pa.ChunkedArray:
    """Return ids of pairs, `<Label1>_<index1>_<Label2>_<index2>`, a single picture `<Label1>_<index1>`."""
    names = pa.array([vocabulary.display(code) for code in range(len(vocabulary))])
    first, second = (_join("_", pc.take(names, table[f"image_{i}_label"]), table[f"image_{i}_index"]) for i in (1, 2))
    return pc.coalesce(_join("_", first, second), first)


def stimulus_ids(table: pa.Table) -> pa.ChunkedArray:
    """Return ids of mixtures, `mixed_<coefficient>_<pair_id>`; with the coefficient as written by Python."""
    codes, coefficients = encode_values(table["mixing_coefficient"])
    texts = pa.chunked_array([[f"mixed_{value!r}" for value in coefficients.to_pylist()]], pa.string())
    return _join("_", take(texts, codes), table["pair_id"])


def _presentations(participants: Ints, judged: Ints, trial_index: pa.ChunkedArray) -> pa.Array:
    """Count the presentations of what was judged to a participant, from 1, in the order of the timeline."""
    timeline = np.lexsort((trial_index.to_numpy(), participants))
    presentations = np.empty(len(participants), dtype=np.int64)
    presentations[timeline] = Groups(encode_key([participants[timeline], judged[timeline]])).ranks() + 1
    return pa.array(presentations)


def batch_ids(participants: Ints, stimuli: Ints, names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the batch id of each row: a hash of the set of stimuli that the participant was given.

    Parameters
    ----------
    participants, stimuli
        int64 (N,): number of each row's participant and stimulus.
    names
        Stimulus or pair id of each row.

    Returns
    -------
    pyarrow.ChunkedArray
        N strings of 12 hex digits: of the sha256 of the sorted names, one per line.
    """
    first_rows = Groups(encode_key([participants, stimuli])).first
    of_stimulus = take(names, Groups(stimuli).first)
    by_name = pc.sort_indices(of_stimulus).to_numpy()
    place = np.empty(len(by_name), dtype=np.int64)
    place[by_name] = np.arange(len(by_name))
    people, judged = participants[first_rows], place[stimuli[first_rows]]
    order = np.lexsort((judged, people))
    ends = np.cumsum(np.bincount(people))
    texts = of_stimulus.take(pa.array(by_name)).to_pylist()
    ids = [_hash([texts[number] for number in part]) for part in np.split(judged[order], ends[:-1])]
    return take(pa.chunked_array([ids], pa.string()), participants)


def _hash(names: Iterable[str]) -> str:
    """Return the hash of sorted names."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:BATCH_ID_DIGITS]
