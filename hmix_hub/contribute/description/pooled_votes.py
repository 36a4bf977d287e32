"""Statistics of votes of anonymous participants: their number, their agreement, and agreement with the picture's class.

Participants are not compared, because no row names one; intervals of means are computed by resampling stimuli.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.cells import cells
from hmix_hub.comparisons import NO_CLASS, dominant_classes
from hmix_hub.contribute.description.gathered import Gathered, Parts, UnitRows
from hmix_hub.schema.arrays import Floats, matrix, numbers
from hmix_hub.tallies import ShareCounts, Tally, rounded
from hmix_hub.tasks.votes import entropies, leads

MOST_DISPUTED = 10
"""Number of stimuli listed as the most disputed ones."""
_VOTES, _OF_LABEL = "votes", "of_label"


def vote_parts(rows: UnitRows) -> Parts:
    """Return a unit's part of the figures of votes: counts, and cells by pile."""
    table, shares = rows.table, matrix(rows.table[rows.task.judged_columns[0]])
    stated = numbers(table["n_votes"])
    known = stated[~np.isnan(stated)].astype(np.int64)
    entropy, largest = entropies(shares), float(np.log(shares.shape[1]))
    top = shares.max(axis=1, initial=0)
    label = dominant_classes(table)
    own = np.flatnonzero(label != NO_CLASS)
    leading, places = leads(shares[own]), np.arange(len(own))
    right = leading[places, label[own]] / np.maximum(leading.sum(axis=1), 1)
    votes = shares[own, label[own]]
    counts = {
        "per_stimulus": Tally.of(known),
        "total": int(known.sum()),
        "with_counts": table.num_rows - table["class_counts"].null_count,
        "largest": Tally.of(np.array([largest])),
        "entropy": ShareCounts.of(np.minimum(entropy / largest, 1)),
        "leading": ShareCounts.of(top),
        _OF_LABEL: ShareCounts.of(votes),
        "most_disputed": _most_disputed(table, entropy, top),
    }
    piles = {
        _VOTES: cells(rows.units, {"entropy": entropy, "leading": top}),
        _OF_LABEL: cells(rows.units[own], {"right": right, "votes": votes}),
    }
    return counts, piles


def vote_figures(found: Gathered) -> dict[str, Any]:
    """Compute the statistics of votes.

    Returns
    -------
    dict
        * `votes`: `total`, the sum of `n_votes` over the `known` rows; `missing` rows; `with_counts`: rows with a count
          for each class; `per_stimulus`: `min`, `median`, `max`, `histogram`;
        * `entropy`, nats: `mean`, `interval`, `largest` (log K), and `histogram` as a share of `largest`, by tenth;
        * `leading`: share of votes for the leading class: `mean`, `interval`, `histogram` by tenth;
        * `of_label`: `judgments`, the rows that can be compared with the class of the picture (not mixtures of two
          equal shares); `share`, the share in which this class leads (ties count fractionally); `votes`, the mean share
          of votes for it; their intervals, and the `histogram` of the latter by tenth;
        * `most_disputed`: up to ten stimuli by decreasing entropy: `stimulus`, `votes`, `entropy`, `leading` share.
    """
    counts, rows, of_label = found.counts, found.fold(_VOTES), found.fold(_OF_LABEL, among=_OF_LABEL)
    known = int(counts["per_stimulus"].counts.sum())
    # Rounded, so that stimuli that only differ in the last bit are sorted by id.
    disputed = sorted(counts["most_disputed"], key=lambda row: row[0])[:MOST_DISPUTED]
    return {
        "votes": {
            "total": counts["total"],
            "known": known,
            "missing": found.n_units - known,
            "with_counts": counts["with_counts"],
            "per_stimulus": counts["per_stimulus"].summary(),
        },
        "entropy": {
            "mean": rows.mean("entropy"),
            "interval": rows.interval("entropy"),
            "largest": rounded(counts["largest"].values[-1]),
            "histogram": counts["entropy"].by_tenth(),
        },
        "leading": {
            "mean": rows.mean("leading"),
            "interval": rows.interval("leading"),
            "histogram": counts["leading"].by_tenth(),
        },
        "of_label": {
            "judgments": of_label.count,
            "share": of_label.mean("right"),
            "interval": of_label.interval("right"),
            "votes": of_label.mean("votes"),
            "votes_interval": of_label.interval("votes"),
            "histogram": counts[_OF_LABEL].by_tenth(),
        },
        "most_disputed": [row for _, row in disputed],
    }


def _most_disputed(table: pa.Table, entropy: Floats, top: Floats) -> list[tuple[tuple[float, str], dict[str, Any]]]:
    """Return the most disputed stimuli of a unit, each with its sorting key."""
    falling = -entropy.round(9)
    rows = np.argsort(falling, kind="stable")[:MOST_DISPUTED]
    named = table.select(["judgment_id", "stimulus_id", "n_votes"]).take(pa.array(rows)).to_pylist()
    return [
        (
            (float(place), row["judgment_id"]),
            {
                "stimulus": row["stimulus_id"],
                "votes": row["n_votes"],
                "entropy": rounded(of),
                "leading": rounded(share),
            },
        )
        for row, place, of, share in zip(named, falling[rows], entropy[rows], top[rows], strict=True)
    ]
