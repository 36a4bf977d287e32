"""By-stimulus tables: one row for all judgments of a stimulus, from any selection of judgments.

Judgments that do not fit in memory, or are read by the workers of a cluster, are partitioned by stimulus, so that each
part holds all judgments of its stimuli in table order. The results are the same, bit for bit, whatever the number of
parts and whoever computes them.

Source: `processed_hmix_inferences.json` and `hmix_individ_soft_labels.json`; their figures are reproduced bit for bit.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.cluster import exchange
from hmix_hub.database import Database
from hmix_hub.errors import SchemaError, Where
from hmix_hub.schema import CIFAR10, N_SYNTHETIC, SYNTHETIC_FLAG, Vocabulary, arrow_schema, has_flag
from hmix_hub.schema.arrays import Ints, take
from hmix_hub.schema.arrays import encode as number
from hmix_hub.schema.groups import Groups, encode, encode_key
from hmix_hub.tasks import TASKS, by_stimulus_columns

if TYPE_CHECKING:
    from distributed import Client

_ROW, _FIRST, _PART = "_row", "_first", "_part"
PART_ROWS = 200_000
"""Average number of judgments in a part, and number in a piece."""
_ON_WORKERS = 5
"""Factor for workers, which have their own memory, so that fewer parts are sent around."""


def rows_at_once(client: Client | None) -> int:
    """Return the number of judgments in a piece and in a part."""
    return PART_ROWS * (1 if client is None else _ON_WORKERS)


def by_stimulus(
    judgments: pa.Table, task: str, vocabulary: Vocabulary = CIFAR10, *, counts_synthetic: bool | None = None
) -> pa.Table:
    """Compute the by-stimulus table: one row for the judgments of each stimulus.

    Parameters
    ----------
    judgments
        Judgment table of schema 2, N rows, of one or several studies over one vocabulary.
    task
        Name of the task.
    vocabulary
        Class names that the labels refer to.
    counts_synthetic
        Whether to add the column `n_synthetic`; `None`: if any judgment has the flag `synthetic`. Given for parts of a
        table, since all of them must have the column or none.

    Returns
    -------
    pyarrow.Table
        One row per stimulus in the order of first appearance, columns as `hmix_hub.tasks.by_stimulus_columns`; a
        stimulus is an image set with a stimulus id (in the midpoint tasks, a pair id), and one of the things asked
        about it, if there are several. Lists are in table order.

    Raises
    ------
    SchemaError
        If two judgments of a stimulus disagree on its pictures or its coefficient.
    """
    groups = stimuli_of(judgments, task)
    is_synthetic = synthetic_rows(judgments)
    is_counted = bool(is_synthetic.any()) if counts_synthetic is None else counts_synthetic
    schema = arrow_schema(by_stimulus_columns(task, is_synthetic=is_counted), vocabulary)
    counts = {"n_judgments": groups.sizes}
    if TASKS[task].has_participants:
        participants = encode_key([judgments["study_id"], judgments["participant_id"]])
        counts["n_participants"] = groups.distinct(participants)
    counts[N_SYNTHETIC.name] = groups.sum(is_synthetic.astype(np.float64)).astype(np.int64)
    computed: dict[str, object] = counts | dict(TASKS[task].by_stimulus.gather(judgments, groups, len(vocabulary)))
    values = {name: computed[name] if name in computed else _shared(judgments, name, groups) for name in schema.names}
    return pa.table(values).cast(schema).combine_chunks()


def stimuli_of(judgments: pa.Table, task: str) -> Groups:
    """Return the N judgments grouped by stimulus and by what was asked about it, in the order of first appearance."""
    return Groups(encode_key([judgments[name] for name in TASKS[task].key_columns]))


def synthetic_rows(judgments: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which of N judgments were made by a program; bool (N,), false without the column `flags`."""
    if "flags" not in judgments.column_names:
        return np.zeros(judgments.num_rows, dtype=bool)
    return has_flag(judgments["flags"], SYNTHETIC_FLAG)


def _shared(judgments: pa.Table, name: str, groups: Groups) -> pa.ChunkedArray:
    """Return the value of a column for each stimulus, after checking that all its judgments share it."""
    values = encode(judgments[name])
    differing = np.flatnonzero(values != values[groups.first][groups.codes])
    if len(differing):
        msg = f"judgments of one stimulus disagree on {name}"
        raise SchemaError(
            msg,
            where=Where(row=int(differing[0]), column=name),
            hint="studies that use the same image set must agree on its pictures; select one study or one coefficient",
        )
    return take(judgments[name], groups.first)


_SORTED_BYTES = 2**26
"""Bytes of stimuli sorted at a time."""


@dataclass(frozen=True)
class Piece:
    """Consecutive judgments: how to read them, the number of their first row, and how many there are."""

    read: Callable[[], pa.Table]
    first: int
    n_rows: int


@dataclass(frozen=True)
class Pooling:
    """How judgments are pooled, independent of pieces.

    Parameters
    ----------
    task, vocabulary
        See `hmix_hub.judgments.by_stimulus.by_stimulus`.
    schema
        Columns of the judgments, and their types.
    n_parts
        Number of parts.
    """

    task: str
    vocabulary: Vocabulary
    schema: pa.Schema
    n_parts: int

    @property
    def counts_synthetic(self) -> bool:
        """Whether judgments have flags, which may mark those made by a program."""
        return "flags" in self.schema.names

    def part_of(self, rows: pa.Table) -> Ints:
        """Return the part of each of N judgments, int64 (N,): the same for all of a stimulus, in any process."""
        codes, names = number(rows[TASKS[self.task].stimulus_column])
        dealt = [zlib.crc32(str(name).encode()) % self.n_parts for name in names.to_pylist()]
        return np.array(dealt, dtype=np.int64)[codes]

    def numbered(self, piece: Piece) -> pa.Table:
        """Return the judgments of a piece with their rows and parts."""
        rows = piece.read().select(self.schema.names).cast(self.schema)
        numbered = rows.append_column(_ROW, pa.array(np.arange(piece.first, piece.first + len(rows))))
        return numbered.append_column(_PART, pa.array(self.part_of(rows)))

    def dealt(self, piece: Piece) -> list[pa.Table]:
        """Return the judgments of a piece by part."""
        rows = self.numbered(piece)
        parts = rows[_PART].to_numpy()
        order = np.argsort(parts, kind="stable")
        ends = np.searchsorted(parts[order], np.arange(self.n_parts + 1))
        columns = [take(column, order) for column in rows.drop_columns(_PART).columns]
        sorted_rows = pa.table(columns, names=rows.column_names[:-1])
        # Copied, because a slice would be sent with all rows of its piece.
        each = (np.arange(begin, end) for begin, end in pairwise(ends.tolist()))
        return [sorted_rows.take(pa.array(part)) for part in each]

    def pooled(self, rows: pa.Table) -> pa.Table:
        """Return the by-stimulus table of a part, with the row where each stimulus first appears."""
        numbers, judgments = rows[_ROW], rows.select(self.schema.names).cast(self.schema)
        try:
            stimuli = by_stimulus(judgments, self.task, self.vocabulary, counts_synthetic=self.counts_synthetic)
        except SchemaError as error:
            if error.where.row is None:
                raise
            where = Where(row=numbers[error.where.row].as_py(), column=error.where.column)
            raise SchemaError(error.message, where=where, hint=error.hint) from None
        return stimuli.append_column(_FIRST, take(numbers, stimuli_of(judgments, self.task).first))


def pooled_by_parts(
    pooling: Pooling, pieces: Sequence[Piece], database: Database, client: Client | None = None
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Compute a by-stimulus table part by part.

    Parameters
    ----------
    pooling
        What to compute.
    pieces
        The judgments, in table order.
    database
        Holds what does not fit in memory: the stimuli, and without a client also the judgments.
    client
        Client whose workers read the pieces and compute the parts; `None`: this process.

    Returns
    -------
    tuple
        The schema of the by-stimulus table, and its rows, in the order of first appearance.

    Raises
    ------
    SchemaError
        If two judgments of a stimulus disagree on its pictures or its coefficient.
    """
    if client is None:
        parts = _parts(pooling, pieces, database)
    else:
        parts = exchange(Pooling.dealt, _joined, pooling, pieces, pooling.n_parts, client=client)
    n_synthetic = n_bytes = 0
    for stimuli in parts:
        database.insert("stimuli", stimuli)
        n_bytes += stimuli.nbytes
        if pooling.counts_synthetic:
            n_synthetic += pc.sum(stimuli[N_SYNTHETIC.name]).as_py() or 0
    columns = by_stimulus_columns(pooling.task, is_synthetic=n_synthetic > 0)
    schema = arrow_schema(columns, pooling.vocabulary)
    named = ", ".join(f'"{name}"' for name in schema.names)
    rows = _in_order(database, named, n_bytes)
    return schema, (pa.Table.from_batches([batch]).cast(schema).combine_chunks().to_batches()[0] for batch in rows)


def _in_order(database: Database, named: str, n_bytes: int) -> Iterator[pa.RecordBatch]:
    """Yield columns of all stimuli, of the given total size, in the order of first appearance.

    They are sorted in batches: a sort holds all its rows, and lists of all answers can exceed the memory.
    """
    first = np.sort(database.table(f"select {_FIRST} from stimuli")[_FIRST].to_numpy()) if n_bytes else np.zeros(0)
    at_once = max(1, _SORTED_BYTES * len(first) // max(n_bytes, 1))
    for begin in range(0, len(first), at_once):
        ends = first[begin], first[min(begin + at_once, len(first)) - 1]
        chosen = f"select {named} from stimuli where {_FIRST} between {ends[0]} and {ends[1]} order by {_FIRST}"
        yield from database.batches(chosen)


def _parts(pooling: Pooling, pieces: Sequence[Piece], database: Database) -> Iterator[pa.Table]:
    """Yield the by-stimulus tables of all parts, sorted by the database."""
    for piece in pieces:
        database.insert("judgments", pooling.numbered(piece))
    part: list[pa.RecordBatch] = []
    for batch in database.batches(f"select * from judgments order by {_PART}, {_ROW}"):
        numbers = batch.column(_PART).to_numpy()
        cuts = np.flatnonzero(np.diff(numbers)) + 1
        for begin, end in pairwise([0, *cuts.tolist(), len(numbers)]):
            if part and part[0].column(_PART)[0].as_py() != numbers[begin]:
                yield pooling.pooled(pa.Table.from_batches(part))
                part = []
            part.append(batch.slice(begin, end - begin))
    if part:
        yield pooling.pooled(pa.Table.from_batches(part))
    database.drop("judgments")


def _joined(pooling: Pooling, tables: Sequence[pa.Table]) -> pa.Table:
    return pooling.pooled(pa.concat_tables(tables))
