"""Batches: the sets of stimuli that people were given, by which a batch is known, since condition numbers are not."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from hmix_hub.judgments.grouping import Groups, Ints, encode_key

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ID_DIGITS = 12

Stimuli = frozenset[int]


def batch_ids(people: Ints, stimuli: Ints, names: pa.ChunkedArray) -> pa.Array:
    """Name the batch of each row after the set of stimuli that the person was given.

    A person whose stimuli are all among those of one larger batch was given that one, and lost some.

    Parameters
    ----------
    people, stimuli
        int64 (N,): number of each row's person and stimulus.
    names
        Stimulus or pair id of each row.

    Returns
    -------
    pyarrow.Array
        N strings of 12 hex digits: of the sha256 of the sorted names, one per line.
    """
    import pyarrow as pa

    first_rows = Groups(encode_key([people, stimuli])).first
    judged: dict[int, list[int]] = defaultdict(list)
    for person, stimulus in zip(people[first_rows].tolist(), stimuli[first_rows].tolist(), strict=True):
        judged[person].append(stimulus)
    sets = {person: frozenset(own) for person, own in judged.items()}
    given = _given(set(sets.values()))
    of_stimulus = names.take(pa.array(Groups(stimuli).first)).to_pylist()
    ids = {batch: _hash(of_stimulus[stimulus] for stimulus in batch) for batch in set(given.values())}
    return pa.array([ids[given[sets[person]]] for person in range(len(sets))], pa.string()).take(pa.array(people))


def _given(judged: set[Stimuli]) -> Mapping[Stimuli, Stimuli]:
    """Give, for each set of stimuli judged, the largest set that holds it; itself where there are several."""
    holders: dict[int, list[Stimuli]] = defaultdict(list)
    for batch in judged:
        for stimulus in batch:
            holders[stimulus].append(batch)
    return {own: _largest(own, holders[min(own)]) for own in judged}


def _largest(own: Stimuli, candidates: Sequence[Stimuli]) -> Stimuli:
    holding = [batch for batch in candidates if own <= batch]
    size = max(map(len, holding))
    largest = [batch for batch in holding if len(batch) == size]
    return largest[0] if len(largest) == 1 else own


def _hash(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:BATCH_ID_DIGITS]
