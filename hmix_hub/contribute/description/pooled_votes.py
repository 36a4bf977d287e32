"""Statistics of votes whose voters are not known: how many there are, how far they agree, and with the picture's class.

Nothing here compares people, since no row names one; intervals of means are by resampling stimuli.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.contribute.description.choices import NO_CLASS, dominant_classes
from hmix_hub.contribute.description.histograms import count_summary, mean, mean_interval, rounded, tenths_histogram
from hmix_hub.schema.arrays import Floats, numbers
from hmix_hub.tasks.votes import entropies, leads

MOST_DISPUTED = 10
"""Stimuli that are listed as the most disputed ones."""


def vote_statistics(table: pa.Table, shares: Floats) -> dict[str, Any]:
    """Compute the statistics of votes.

    Parameters
    ----------
    table
        Table with stimulus_id, n_votes, class_counts, the image labels and mixing_coefficient; N rows, one of each
        stimulus.
    shares
        float64 (N, K): class frequencies.

    Returns
    -------
    dict
        * `votes`: `total`, the sum of `n_votes`, of the `known` rows that tell it; `missing` rows; `with_counts`: rows
          with a count for each class; `per_stimulus`: `min`, `median`, `max`, `histogram`;
        * `entropy`, nats: `mean`, `interval`, `largest` (log K), and `histogram` of it as a share of that, by tenth;
        * `leading`: share of the votes that the leading class has: `mean`, `interval`, `histogram` by tenth;
        * `of_label`: rows that can be compared with the class of the picture (`judgments`; a mixture of two equal
          shares cannot), the `share` in which it leads, a tie counting as its share, `votes`, the mean share of votes
          for it, their intervals, and the `histogram` of the latter by tenth;
        * `most_disputed`: up to ten stimuli by falling entropy: `stimulus`, `votes`, `entropy`, `leading` share.
    """
    units = np.arange(len(shares))
    stated = numbers(table["n_votes"])
    known = stated[~np.isnan(stated)].astype(np.int64)
    entropy, largest = entropies(shares), float(np.log(shares.shape[1]))
    top = shares.max(axis=1, initial=0)
    return {
        "votes": {
            "total": int(known.sum()),
            "known": len(known),
            "missing": len(shares) - len(known),
            "with_counts": len(shares) - table["class_counts"].null_count,
            "per_stimulus": count_summary(known),
        },
        "entropy": {
            "mean": mean(entropy),
            "interval": mean_interval(entropy, units),
            "largest": rounded(largest),
            "histogram": tenths_histogram(np.minimum(entropy / largest, 1)),
        },
        "leading": {"mean": mean(top), "interval": mean_interval(top, units), "histogram": tenths_histogram(top)},
        "of_label": _of_label(table, shares),
        "most_disputed": _most_disputed(table, entropy, top),
    }


def _of_label(table: pa.Table, shares: Floats) -> dict[str, Any]:
    label = dominant_classes(table)
    rows = np.flatnonzero(label != NO_CLASS)
    units, leading = np.arange(len(rows)), leads(shares[rows])
    right = leading[units, label[rows]] / np.maximum(leading.sum(axis=1), 1)
    votes = shares[rows, label[rows]]
    return {
        "judgments": len(rows),
        "share": mean(right),
        "interval": mean_interval(right, units),
        "votes": mean(votes),
        "votes_interval": mean_interval(votes, units),
        "histogram": tenths_histogram(votes),
    }


def _most_disputed(table: pa.Table, entropy: Floats, top: Floats) -> list[dict[str, Any]]:
    # Rounded, so that stimuli that differ in the last bit alone stand in table order.
    rows = np.argsort(-entropy.round(9), kind="stable")[:MOST_DISPUTED]
    named = table.select(["stimulus_id", "n_votes"]).take(pa.array(rows)).to_pylist()
    return [
        {"stimulus": row["stimulus_id"], "votes": row["n_votes"], "entropy": rounded(of), "leading": rounded(share)}
        for row, of, share in zip(named, entropy[rows], top[rows], strict=True)
    ]
