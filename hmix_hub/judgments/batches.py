"""Batches: the sets of stimuli that people were given, by which a batch is known, since condition numbers are not."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import pyarrow as pa

from hmix_hub.judgments.grouping import Groups, Ints, encode_key
from hmix_hub.judgments.pieces import take

BATCH_ID_DIGITS = 12


def batch_ids(people: Ints, stimuli: Ints, names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Name the batch of each row after the set of stimuli that the person was given.

    Parameters
    ----------
    people, stimuli
        int64 (N,): number of each row's person and stimulus.
    names
        Stimulus or pair id of each row.

    Returns
    -------
    pyarrow.ChunkedArray
        N strings of 12 hex digits: of the sha256 of the sorted names, one per line.
    """
    first_rows = Groups(encode_key([people, stimuli])).first
    judged: dict[int, list[int]] = defaultdict(list)
    for person, stimulus in zip(people[first_rows].tolist(), stimuli[first_rows].tolist(), strict=True):
        judged[person].append(stimulus)
    of_stimulus = take(names, Groups(stimuli).first).to_pylist()
    ids = [_hash(of_stimulus[stimulus] for stimulus in judged[person]) for person in range(len(judged))]
    return take(pa.chunked_array([ids], pa.string()), people)


def _hash(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:BATCH_ID_DIGITS]
