"""Clusters of judgments: what must be resampled together, since its answers depend on each other."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hmix_hub.schema.arrays import Ints

FEWEST_CLUSTERS = 10
"""Fewest clusters whose differences say how uncertain estimates are."""


def cluster(participant: Ints, stimulus: Ints) -> Ints:
    """Return the cluster of each judgment; int64 (N,), 0 to C - 1.

    Answers of one participant are alike, and so are those to one stimulus. Clusters are the connected components of
    participants and the stimuli that they judged: in H-Mix the batches. Where there are fewer than 10 components, since
    everybody was shown stimuli that others were shown, a cluster is a participant.

    Parameters
    ----------
    participant, stimulus
        int64 (N,), numbers from 0.
    """
    if not len(participant):
        return participant
    n_people = int(participant.max()) + 1
    size = n_people + int(stimulus.max()) + 1
    graph = coo_array((np.ones(len(participant)), (participant, n_people + stimulus)), shape=(size, size))
    component = connected_components(graph, directed=False)[1][participant].astype(np.int64)
    numbers, of_row = np.unique(component, return_inverse=True)
    return of_row.astype(np.int64) if len(numbers) >= FEWEST_CLUSTERS else participant
