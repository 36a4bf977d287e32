"""Votes by class: how many participants chose each class of a stimulus; single judgments are not known.

Either the counts are known, from which the frequencies follow as `n_c / n`, or only the frequencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.errors import SchemaError, Where
from hmix_hub.schema.arrays import Floats, Mask, distributions, matrix, numbers
from hmix_hub.schema.column import TOLERANCE, Column, Kind
from hmix_hub.schema.groups import Groups
from hmix_hub.schema.vocabulary import CIFAR10, LIST_MARK
from hmix_hub.tasks.flags import SYNTHETIC
from hmix_hub.tasks.parts import ByStimulus, ExampleTrial
from hmix_hub.tasks.task import Task
from hmix_hub.tasks.votes import CLASS_FREQUENCIES, ENTROPY, MAJORITY_CLASS, entropies, frequencies, majorities

N_VOTES = Column(
    "n_votes", Kind.INT32, "number of votes for the stimulus; null: not known", "votes", low=1, nullable=True
)
CLASS_COUNTS = Column(
    "class_counts",
    Kind.COUNTS,
    "votes for each class; null: only the frequencies are known",
    "votes",
    low=0,
    nullable=True,
)

NO_VOTES = "no votes"
OTHER_TOTAL = "another total"
NO_DISTRIBUTION = "no distribution"
OTHER_FREQUENCIES = "other frequencies"
SUM_TOLERANCE = 0.01
"""Maximum distance of the sum of written frequencies from 1, since they are rounded."""
ROUNDING = 0.005
"""Maximum distance of a written frequency from the quotient of its counts: half a hundredth."""
_EXACT = 1e-12
"""Maximum distance of a sum of frequencies from 1 due to floating point."""
_EXAMPLE_VOTES = 20


def faults_of_votes(n_votes: Floats, counts: Floats, shares: Floats) -> dict[str, Mask]:
    """Find contradictions in the votes of a contributed file.

    Parameters
    ----------
    n_votes
        float64 (N,): stated number of votes; NaN: not stated.
    counts, shares
        float64 (N, K): stated counts and frequencies; rows of NaN: not stated.

    Returns
    -------
    dict
        bool (N,) by fault: `NO_VOTES` (neither counts nor frequencies, or counts that are all 0), `OTHER_TOTAL` (counts
        that do not sum to the stated number), `NO_DISTRIBUTION` (frequencies that do not sum to 1 within
        `SUM_TOLERANCE`), `OTHER_FREQUENCIES` (frequencies that differ from those of the counts by more than
        `ROUNDING`).
    """
    total, mass = counts.sum(axis=1), shares.sum(axis=1)
    has_counts, has_shares = ~np.isnan(total), ~np.isnan(mass)
    quotients = frequencies(np.where(total[:, None] > 0, counts, 1.0))
    is_distribution = np.abs(mass - 1) <= SUM_TOLERANCE + TOLERANCE
    is_apart = (np.abs(shares - quotients) > ROUNDING + TOLERANCE).any(axis=1)
    return {
        NO_VOTES: ~(has_counts | has_shares) | (total == 0),
        OTHER_TOTAL: has_counts & (total != n_votes) & ~np.isnan(n_votes),
        NO_DISTRIBUTION: has_shares & ~is_distribution,
        OTHER_FREQUENCIES: has_shares & is_distribution & (total > 0) & is_apart,
    }


_TOLD = {
    NO_VOTES: ("the row has no votes", "write counts or frequencies, or remove the row"),
    OTHER_TOTAL: ("the counts do not sum to n_votes", "correct one of the two"),
    NO_DISTRIBUTION: ("the frequencies do not sum to 1", "divide them by their sum"),
    OTHER_FREQUENCIES: ("the frequencies are not those of the counts", "remove them: they are computed"),
}
"""Message and remedy for each fault."""


def _observe(observed: pa.Table) -> tuple[pa.Table, Mapping[str, Mask]]:
    """Return votes completed with the numbers and frequencies computed from the counts.

    Raises
    ------
    SchemaError
        For the first row whose votes are contradictory.
    """
    stated = numbers(observed[N_VOTES.name])
    counts, shares = (matrix(observed[c.name], is_nullable=True) for c in (CLASS_COUNTS, CLASS_FREQUENCIES))
    for fault, bad in faults_of_votes(stated, counts, shares).items():
        if bad.any():
            msg, hint = _TOLD[fault]
            raise SchemaError(msg, where=Where(row=int(np.flatnonzero(bad)[0])), hint=hint)
    total, mass = counts.sum(axis=1), shares.sum(axis=1, keepdims=True)
    # Exactly as written, if that sums to 1.
    shares = np.where(np.abs(mass - 1) > _EXACT, shares / mass, shares)
    has_counts = ~np.isnan(total)
    shares[has_counts] = frequencies(counts[has_counts])
    n_votes = np.where(has_counts, total, stated)
    made = {
        N_VOTES.name: pa.array(np.nan_to_num(n_votes).astype(np.int32), mask=np.isnan(n_votes)),
        CLASS_FREQUENCIES.name: distributions(shares),
    }
    for name, values in made.items():
        observed = observed.set_column(observed.column_names.index(name), name, values)
    return observed, {}


def _gather(judgments: pa.Table, groups: Groups, n_classes: int) -> dict[str, object]:
    """Pool the rows of each stimulus (one per study) by adding up counts.

    If a row has no counts, frequencies are averaged, weighted by the numbers of votes; if one of these is unknown, all
    rows have the same weight.
    """
    counts, shares = matrix(judgments[CLASS_COUNTS.name], is_nullable=True), matrix(judgments[CLASS_FREQUENCIES.name])
    n_votes = numbers(judgments[N_VOTES.name])
    total, votes = groups.sum(n_votes), groups.sum(counts)
    weights = np.where(np.isnan(total)[groups.codes], 1.0, n_votes)
    pooled = groups.sum(shares * weights[:, None]) / groups.sum(weights)[:, None]
    has_counts, is_alone = ~np.isnan(votes).any(axis=1), groups.sizes == 1
    pooled[has_counts] = frequencies(votes[has_counts])
    pooled[is_alone] = shares[groups.first[is_alone]]
    return {
        N_VOTES.name: pa.array(np.nan_to_num(total).astype(np.int64), mask=np.isnan(total)),
        CLASS_COUNTS.name: distributions(votes, Kind.COUNTS),
        CLASS_FREQUENCIES.name: distributions(pooled),
        ENTROPY.name: entropies(pooled),
        MAJORITY_CLASS.name: majorities(pooled),
    }


def _example(trial: ExampleTrial, rng: np.random.Generator) -> dict[str, Any]:
    shares = np.full(len(CIFAR10), 0.1 / len(CIFAR10))
    for name, share in zip(trial.labels, (trial.share, 1 - trial.share), strict=True):
        shares[CIFAR10.code(name)] += 0.9 * share
    votes = rng.multinomial(_EXAMPLE_VOTES, shares)
    return {"n_votes": _EXAMPLE_VOTES, "class_counts": LIST_MARK.join(map(str, votes.tolist()))}


TASK = Task(
    name="class_votes",
    question="chooses the class of one picture, single or mixed",
    since="2.2.0",
    shows="mixture",
    answer_columns=(N_VOTES, CLASS_COUNTS, CLASS_FREQUENCIES),
    answer=(CLASS_COUNTS.name,),
    judged=(CLASS_FREQUENCIES.name, CLASS_FREQUENCIES.name),
    optional=(N_VOTES.name, CLASS_COUNTS.name, CLASS_FREQUENCIES.name),
    core=("stimulus_id", "mixing_coefficient", "image_1_label", "n_votes", "class_counts", "class_frequencies"),
    flags=(SYNTHETIC,),
    by_stimulus=ByStimulus(
        columns=(N_VOTES, CLASS_COUNTS, CLASS_FREQUENCIES, ENTROPY, MAJORITY_CLASS),
        core=("stimulus_id", "mixing_coefficient", "majority_class", "entropy", "n_votes", "class_frequencies"),
        of=(N_VOTES.name, CLASS_COUNTS.name, CLASS_FREQUENCIES.name),
        gather=_gather,
        is_configuration=False,
    ),
    statistics=("votes", "mass"),
    panels=("votes_per_stimulus", "entropy", "leading_class", "votes_for_label", "choices", "most_disputed"),
    plot="categories",
    target="soft_label",
    example=_example,
    observe=_observe,
    filters={N_VOTES.name: "with this number of votes"},
    without_participants="class_votes holds counts per stimulus, not single judgments",
)
