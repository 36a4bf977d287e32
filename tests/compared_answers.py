"""Answers about stimuli, compared as the statistics of a study compare them, without a study."""

from __future__ import annotations

import numpy as np

from hmix_hub.cells import COUNT, fold_ordered
from hmix_hub.comparisons import with_terms
from hmix_hub.schema.groups import Groups, encode_key


def agreement_of(comparison, stimuli, **answers):
    """Agreement about stimuli, numbered from 0, from the first answers about them."""
    stimuli = np.asarray(stimuli)
    chosen = np.flatnonzero(np.bincount(stimuli, minlength=1)[stimuli] > 1) if len(stimuli) else stimuli
    groups = Groups(encode_key([stimuli[chosen]]))
    sums, counts = comparison.between({name: np.asarray(of)[chosen] for name, of in answers.items()}, groups)
    return comparison.agreement(fold_ordered(with_terms([{COUNT: groups.sizes} | sums]), len(groups.sizes)), counts)
