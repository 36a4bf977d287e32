"""Benchmark of aggregation: how far a participant's answer is from the label that the others' answers give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import datasets


def print_means(dataset: datasets.Dataset) -> dict[str, float]:
    """Print the table of a judgment data set of infer_mixing_factor, first presentations, and return it by name."""
    import hmix_hub
    from hmix_hub.perception.stimulus_means import means_of_others

    first = hmix_hub.filter(dataset, presentation=1)
    answers = np.array(first["inferred_coefficient"])
    plain, expected = means_of_others(first)
    judged = ~np.isnan(plain)
    labels = {
        "shown coefficient": np.array(first["mixing_coefficient"]),
        "mean of the others' answers": plain,
        "stimulus mean of the others' answers": expected,
    }
    found = {name: float(np.sqrt(((label - answers)[judged] ** 2).mean())) for name, label in labels.items()}
    print(f"\n{int(judged.sum()):,} first answers, each held out with its participant:\n")
    print("| label | root mean square distance of the answer |\n|---|---:|")
    for name, distance in found.items():
        print(f"| {name} | {distance:.4f} |")
    return found
