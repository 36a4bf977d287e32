"""Comparing: paired differences between arms by seed, with intervals corrected for multiple comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reliability.metrics import METRICS
from reliability.questions import ARMS, COMPARISONS, Comparison
from reliability.results import Result

COVERAGE = 0.95
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """Mean difference of a metric between two arms, over the seeds that both have.

    Parameters
    ----------
    arm, reference
        The difference is that of the first minus the second.
    metric
        Its name.
    mean
        Mean over seeds.
    half_width
        Half the width of the 95 % interval, by Student's t over seeds; infinite for one seed.
    p
        Two-sided, of no difference.
    adjusted_p
        The same after Holm's correction for all differences that are compared together.
    n_seeds
        Seeds that both arms have.
    """

    arm: str
    reference: str
    metric: str
    mean: float
    half_width: float
    p: float
    adjusted_p: float
    n_seeds: int


def paired_difference(values: Floats) -> tuple[float, float, float]:
    """Return mean, half the width of the 95 % interval, and two-sided p of differences, float64 (S,), by Student's t.

    One difference alone has an infinite interval, and p is 1.
    """
    from scipy.special import stdtr, stdtrit

    n = len(values)
    if n < 2:
        return float(values.mean()), float("inf"), 1.0
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(n))
    if error == 0:
        return mean, 0.0, float(mean == 0)
    return mean, float(stdtrit(n - 1, (1 + COVERAGE) / 2) * error), float(2 * stdtr(n - 1, -abs(mean) / error))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values with Holm's correction, which controls the family-wise error rate."""
    order = np.argsort(p)
    raised = np.maximum.accumulate(np.asarray(p)[order] * np.arange(len(p), 0, -1)) if len(p) else np.empty(0)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(raised, 1)
    return adjusted.tolist()


def compare(results: Iterable[Result], comparisons: Sequence[Comparison] = COMPARISONS) -> list[Difference]:
    """Compute all paired differences of all metrics, as far as two arms have seeds in common."""
    by_arm: dict[str, dict[int, Mapping[str, float]]] = {}
    for result in results:
        by_arm.setdefault(result.arm, {})[result.seed] = result.metrics
    found = []
    for comparison in comparisons:
        one, two = (by_arm.get(name, {}) for name in (comparison.arm, comparison.reference))
        seeds = sorted(one.keys() & two.keys())
        if not seeds:
            continue
        for metric in METRICS:
            values = np.array([one[seed][metric] - two[seed][metric] for seed in seeds])
            found.append((comparison.arm, comparison.reference, metric, *paired_difference(values), len(seeds)))
    adjusted = holm([row[5] for row in found])
    return [Difference(*row[:6], p, row[6]) for row, p in zip(found, adjusted, strict=True)]


def means(results: Iterable[Result]) -> dict[str, dict[str, float]]:
    """Return the mean of each metric over seeds, by arm."""
    values: dict[str, list[Mapping[str, float]]] = {}
    for result in results:
        values.setdefault(result.arm, []).append(result.metrics)
    return {
        arm: {name: float(np.mean([own[name] for own in all_])) for name in METRICS} for arm, all_ in values.items()
    }


def table_text(results: Sequence[Result], differences: Sequence[Difference]) -> str:
    """Return both tables in Markdown: means by arm, and paired differences."""
    by_arm = means(results)
    counts = {name: sum(result.arm == name for result in results) for name in by_arm}
    lines = [
        "Means over seeds.",
        "",
        f"| arm | seeds | {' | '.join(METRICS.values())} |",
        f"|---|---:|{'---:|' * len(METRICS)}",
    ]
    for name in [name for name in ARMS if name in by_arm]:
        cells = " | ".join(f"{by_arm[name][metric]:.4f}" for metric in METRICS)
        lines.append(f"| {ARMS[name]} | {counts[name]} | {cells} |")
    lines += ["", _sentence(differences), ""]
    lines += [f"| arm - reference | what differs | seeds | {' | '.join(METRICS.values())} |"]
    lines += [f"|---|---|---:|{'---:|' * len(METRICS)}"]
    for comparison in COMPARISONS:
        own = [d for d in differences if (d.arm, d.reference) == (comparison.arm, comparison.reference)]
        if own:
            pair = f"{ARMS[comparison.arm]} - {ARMS[comparison.reference]}"
            lines.append(f"| {pair} | {comparison.what} | {own[0].n_seeds} | {' | '.join(map(_cell, own))} |")
    return "\n".join(lines) + "\n"


def _cell(difference: Difference) -> str:
    mark = " *" if difference.adjusted_p < 1 - COVERAGE else ""
    if np.isinf(difference.half_width):
        return f"{difference.mean:+.4f}"
    return f"{difference.mean:+.4f} ± {difference.half_width:.4f}{mark}"


def _sentence(differences: Sequence[Difference]) -> str:
    known = [d for d in differences if np.isfinite(d.half_width)]
    if not known:
        return "Intervals of differences need two seeds or more."
    outside = sum(abs(d.mean) > d.half_width for d in known)
    held = sum(d.adjusted_p < 1 - COVERAGE for d in differences)
    n = len(known)
    chance = (1 - COVERAGE) * n
    return (
        f"Paired differences by seed: mean ± half the {COVERAGE:.0%} interval (Student's t over seeds). {outside} "
        f"of {n} intervals exclude 0 ({chance:.0f} expected by chance if nothing differed); {held} differences "
        f"remain after Holm's correction over all {len(differences)} (marked *). The intervals cover new seeds, not "
        "other test pictures, mixtures or participants. The mass outside the two classes is fitted to the same "
        "judgments that the cross-entropy to people is measured on, so arms with it know their average."
    )


def as_json(results: Sequence[Result], differences: Sequence[Difference]) -> dict[str, Any]:
    """Return means and differences as JSON; infinite intervals have no number."""
    rows = [asdict(difference) for difference in differences]
    for row in rows:
        if np.isinf(row["half_width"]):
            row["half_width"] = None
    return {
        "titles": ARMS,
        "means": means(results),
        "coverage": COVERAGE,
        "n_compared": len(rows),
        "comparisons": [asdict(comparison) for comparison in COMPARISONS],
        "differences": rows,
    }
