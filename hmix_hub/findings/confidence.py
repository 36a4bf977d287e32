"""Finding: how sure people are, by what was shown, by how extreme their answer is, and by how right it is."""

from __future__ import annotations

import numpy as np

from hmix_hub.findings.finding import Finding, Series, Table
from hmix_hub.findings.judgments import Judgments, Tasks, estimate_of, shown_levels
from hmix_hub.findings.number import Number
from hmix_hub.findings.wording import figure, level_name, listed, not_asked, with_interval
from hmix_hub.schema.arrays import Floats, Ints
from hmix_hub.schema.groups import Groups
from hmix_hub.tasks import INFER

CONFIDENCE, INFERRED, SHOWN = "confidence", "inferred_coefficient", "mixing_coefficient"
_UNIT = "0 not at all, 1 fully"


def confidence(tasks: Tasks) -> Finding | str:
    r"""Compute mean confidence, and its correlation with how extreme and with how accurate answers are.

    Extreme is :math:`|\hat\lambda - 1/2|`, accurate :math:`-|\hat\lambda - \lambda|`. Pooled correlations are over all
    judgments; those within people are of differences from each participant's own means, so that it does not count who
    is sure in general.

    Returns
    -------
    Finding or str
        Why there is none: nobody gave a confidence.
    """
    judgments = tasks.get(INFER)
    if judgments is None:
        return not_asked(INFER)
    rows = np.flatnonzero(~np.isnan(judgments.column(CONFIDENCE)))
    if not len(rows):
        return "nobody gave a confidence"
    values, inferred = judgments.column(CONFIDENCE)[rows], judgments.column(INFERRED)[rows]
    whole = judgments.mean("confidence.mean", "mean confidence", values, rows, (CONFIDENCE,), unit=_UNIT)
    by_shown, shown_series = _by_shown(judgments, values, rows)
    by_extremeness, extreme_series = _by_extremeness(judgments, values, inferred, rows)
    extremeness, accuracy = np.abs(inferred - 0.5), -np.abs(inferred - judgments.column(SHOWN)[rows])
    correlations = [
        _correlation(judgments, f"confidence.{name}.{how}", f"correlation of confidence with {words}, {of}", pair, rows)
        for name, words, other in (
            ("extremeness", "how far the answer is from one half", extremeness),
            ("accuracy", "how near the answer is to what was shown", accuracy),
        )
        for how, of, pair in (
            ("pooled", "over all judgments", (values, other)),
            ("within", "within participants", _within(judgments, values, other, rows)),
        )
    ]
    table = Table(
        "confidence.correlations",
        "Correlation of confidence",
        ("with", "over all judgments", "within participants"),
        (
            ("how far the answer is from one half", correlations[0], correlations[1]),
            ("how near the answer is to what was shown", correlations[2], correlations[3]),
        ),
    )
    levels = Table(
        "confidence.means",
        "Mean confidence by shown coefficient",
        ("shown", "mean confidence", "judgments", "participants"),
        tuple(
            (number.id.removeprefix("confidence.mean."), number, str(number.n_judgments), str(number.n_participants))
            for number in by_shown
        ),
    )
    said = [f"{figure(number.value)} at {number.id.removeprefix('confidence.mean.')}" for number in by_shown]
    text = (
        f"Mean confidence is {with_interval(whole)}: by shown coefficient {listed(said)}. Within participants it "
        f"correlates {with_interval(correlations[1])} with how far the answer is from one half, and "
        f"{with_interval(correlations[3])} with how near it is to what was shown; over all judgments "
        f"{with_interval(correlations[0])} and {with_interval(correlations[2])}."
    )
    numbers = (whole, *by_shown, *by_extremeness, *correlations)
    return Finding("confidence", "Confidence", text, numbers, (levels, table), (shown_series, extreme_series))


def _by_shown(judgments: Judgments, values: Floats, rows: Ints) -> tuple[list[Number], Series]:
    centres, levels = shown_levels(judgments)
    names = [level_name(centre) for centre in centres]
    found = judgments.means_by(
        [f"confidence.mean.{name}" for name in names],
        [f"mean confidence where {name} was shown" for name in names],
        values,
        levels=levels[rows],
        rows=rows,
        columns=(CONFIDENCE, SHOWN),
        unit=_UNIT,
    )
    axes = ("shown coefficient (share of image 1)", "mean confidence (0 not at all, 1 fully)")
    return found, Series.of("confidence.by_shown", "mean confidence", axes, found, levels=centres)


def _by_extremeness(judgments: Judgments, values: Floats, inferred: Floats, rows: Ints) -> tuple[list[Number], Series]:
    tenths = np.round(np.abs(inferred - 0.5), 1) + 0.0
    centres, levels = np.unique(tenths, return_inverse=True)
    names = [level_name(centre) for centre in centres]
    found = judgments.means_by(
        [f"confidence.by_extremeness.{name}" for name in names],
        [f"mean confidence of answers {name} from one half (nearest tenth)" for name in names],
        values,
        levels=levels,
        rows=rows,
        columns=(CONFIDENCE, INFERRED),
        unit=_UNIT,
    )
    axes = ("distance of the answer from one half", "mean confidence (0 not at all, 1 fully)")
    return found, Series.of("confidence.by_extremeness", "mean confidence", axes, found, levels=centres)


def _within(judgments: Judgments, one: Floats, other: Floats, rows: Ints) -> tuple[Floats, Floats]:
    """Return both less each participant's own mean."""
    people = Groups(judgments.people_of(rows))
    return one - people.mean(one)[people.codes], other - people.mean(other)[people.codes]


def _correlation(judgments: Judgments, name: str, label: str, pair: tuple[Floats, Floats], rows: Ints) -> Number:
    """Return Pearson's correlation of two values of each row, float64 (M,) each."""
    one, other = (values - values.mean() for values in pair)
    terms = np.stack([np.ones(len(one)), one, other, one**2, other**2, one * other], axis=1)
    found = judgments.moments(_pearson, terms, rows)
    return judgments.number(name, label, estimate_of(found), rows, (CONFIDENCE, INFERRED, SHOWN))


def _pearson(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = sums.T
    spread = (xx - x**2 / n) * (yy - y**2 / n)
    # What is left of a sum of squares of equal values is rounding, not spread.
    return np.where(spread > 1e-18 * n**2, (xy - x * y / n) / np.sqrt(np.maximum(spread, 0)), np.nan)[:, None]
