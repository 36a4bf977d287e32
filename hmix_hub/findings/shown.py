"""Findings by shown coefficient: inferred coefficients, confidence, and soft-label mass on other classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmix_hub.findings.finding import Finding, Number, Series, Table
from hmix_hub.findings.judgments import SHARE, Judgments, Tasks, estimate_of, shown_levels
from hmix_hub.findings.wording import counted, figure, level_name, listed, not_asked, with_interval
from hmix_hub.resampling import levels_of
from hmix_hub.schema.arrays import Floats, Ints, class_masses, classes_or_shares
from hmix_hub.schema.groups import Groups
from hmix_hub.tasks import CATEGORICAL, INFER, TASKS

CONFIDENCE, INFERRED, SHOWN = "confidence", "inferred_coefficient", "mixing_coefficient"
_BOTH = (INFERRED, SHOWN)
_UNIT = "0 not at all, 1 fully"
_PICTURES = ("mixing_coefficient", "image_1_label", "image_2_label")
_PARTS = {
    "image_1": "on the class of image 1",
    "image_2": "on the class of image 2",
    "outside": "on classes of neither picture",
}


def inferred_against_shown(tasks: Tasks) -> Finding | str:
    """Compute the mean inferred coefficient at each shown coefficient, and whether its interval contains the latter.

    All judgments count, including repeats, as in the released figures.

    Source: Collins et al., *Human-in-the-Loop Mixup*, section 4.

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: nobody inferred a coefficient.
    """
    judgments = tasks.get(INFER)
    if judgments is None:
        return not_asked(INFER)
    shown, inferred = judgments.column("mixing_coefficient"), judgments.column("inferred_coefficient")
    centres, levels = shown_levels(judgments)
    rows = np.arange(len(judgments))
    names = [level_name(centre) for centre in centres]
    means = judgments.means_by(
        "infer.mean.{}",
        "mean inferred coefficient where {} was shown",
        inferred,
        levels=(centres, levels),
        rows=rows,
        columns=_BOTH,
        unit=SHARE,
    )
    bias = judgments.mean("infer.bias", "mean of inferred minus shown", inferred - shown, rows, _BOTH, unit=SHARE)
    error = judgments.mean(
        "infer.absolute_error",
        "mean absolute difference between inferred and shown",
        np.abs(inferred - shown),
        rows,
        _BOTH,
        unit=SHARE,
    )
    verdicts = [mean.contains(centre) for mean, centre in zip(means, centres, strict=True)]
    words = {True: "yes", False: "no", None: "no interval"}
    table = Table(
        "infer.means",
        "Mean inferred coefficient by shown coefficient",
        ("shown", "mean inferred", "interval contains shown", "judgments", "participants"),
        tuple(
            (name, mean, words[verdict], *mean.counts)
            for name, mean, verdict in zip(names, means, verdicts, strict=True)
        ),
    )
    series = Series.of(
        "infer.means",
        "mean inferred coefficient",
        ("shown coefficient (share of image 1)", "mean inferred coefficient (share of image 1)"),
        means,
        levels=centres,
        reference=centres,
    )
    said = [f"{with_interval(mean)} where {name} was shown" for mean, name in zip(means, names, strict=True)]
    outside = [name for name, verdict in zip(names, verdicts, strict=True) if verdict is False]
    inwards = [
        name
        for name, centre, mean in zip(names, centres, means, strict=True)
        if mean.value is not None and abs(mean.value - 0.5) < abs(centre - 0.5) - 1e-9
    ]
    nearer = f"; the mean is closer to 0.5 than the shown coefficient at {listed(inwards)}" if inwards else ""
    text = (
        f"On average people infer {listed(said)}. "
        f"The interval excludes the shown coefficient at {listed(outside) if outside else 'none of them'}{nearer}. "
        f"Single answers are off by {figure(error.value)} on average "
        f"({counted(error.n_judgments, 'judgment')} by {counted(error.n_participants, 'participant')})."
    )
    return Finding(
        "inferred-against-shown",
        "Inferred against shown coefficients",
        text,
        (*means, bias, error),
        (table,),
        (series,),
    )


def confidence(tasks: Tasks) -> Finding | str:
    r"""Compute mean confidence, and its correlation with how extreme and how accurate answers are.

    Extremeness is :math:`|\hat\lambda - 1/2|`, accuracy :math:`-|\hat\lambda - \lambda|`. Pooled correlations are over
    all judgments; correlations within participants use differences from each participant's own means, which removes
    differences in overall confidence.

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: nobody stated their confidence.
    """
    judgments = tasks.get(INFER)
    if judgments is None:
        return not_asked(INFER)
    rows = np.flatnonzero(~np.isnan(judgments.column(CONFIDENCE)))
    if not len(rows):
        return "nobody stated their confidence"
    values, inferred = judgments.column(CONFIDENCE)[rows], judgments.column(INFERRED)[rows]
    whole = judgments.mean("confidence.mean", "mean confidence", values, rows, (CONFIDENCE,), unit=_UNIT)
    # Levels of these rows only: a level without any confidence has no mean.
    centres, levels = levels_of(judgments.column(SHOWN)[rows])
    extremeness, accuracy = np.abs(inferred - 0.5), -np.abs(inferred - judgments.column(SHOWN)[rows])
    # Round half up on both sides of 0.5, whatever the last bits of .45 and .55.
    tenths = np.unique(np.floor(10 * extremeness + 0.5 + 1e-9) / 10, return_inverse=True)
    by_shown, by_extremeness = (
        judgments.means_by(name, label, values, levels=of, rows=rows, columns=(CONFIDENCE, column), unit=_UNIT)
        for name, label, of, column in (
            ("confidence.mean.{}", "mean confidence where {} was shown", (centres, levels), SHOWN),
            (
                "confidence.by_extremeness.{}",
                "mean confidence of answers {} away from 0.5 (rounded to 0.1)",
                tenths,
                INFERRED,
            ),
        )
    )
    correlations = [
        _correlation(judgments, f"confidence.{name}.{how}", f"correlation of confidence with {words}, {of}", pair, rows)
        for name, words, other in (
            ("extremeness", "the answer's distance from 0.5", extremeness),
            ("accuracy", "the answer's closeness to the shown coefficient", accuracy),
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
            ("the answer's distance from 0.5", correlations[0], correlations[1]),
            ("the answer's closeness to the shown coefficient", correlations[2], correlations[3]),
        ),
    )
    names = list(map(level_name, centres))
    means = Table(
        "confidence.means",
        "Mean confidence by shown coefficient",
        ("shown", "mean confidence", "judgments", "participants"),
        tuple((name, number, *number.counts) for name, number in zip(names, by_shown, strict=True)),
    )
    said = [f"{figure(number.value)} at {name}" for name, number in zip(names, by_shown, strict=True)]
    text = (
        f"Mean confidence is {with_interval(whole)}; by shown coefficient it is {listed(said)}. Within participants, "
        f"its correlation with the answer's distance from 0.5 is {with_interval(correlations[1])}, and with the "
        "answer's"
        f"closeness to the shown coefficient {with_interval(correlations[3])}; over all judgments, these are "
        f"{with_interval(correlations[0])} and {with_interval(correlations[2])}."
    )
    numbers = (whole, *by_shown, *by_extremeness, *correlations)
    axis = f"mean confidence ({_UNIT})"
    series = (
        Series.of(
            "confidence.by_shown",
            "mean confidence",
            ("shown coefficient (share of image 1)", axis),
            by_shown,
            levels=centres,
        ),
        Series.of(
            "confidence.by_extremeness",
            "mean confidence",
            ("distance of the answer from 0.5", axis),
            by_extremeness,
            levels=tenths[0],
        ),
    )
    return Finding("confidence", "Confidence", text, numbers, (means, table), series)


def _within(judgments: Judgments, one: Floats, other: Floats, rows: Ints) -> tuple[Floats, Floats]:
    """Return both values minus each participant's own means."""
    people = Groups(judgments.people_of(rows))
    return one - people.mean(one)[people.codes], other - people.mean(other)[people.codes]


def _correlation(judgments: Judgments, name: str, label: str, pair: tuple[Floats, Floats], rows: Ints) -> Number:
    """Return Pearson's correlation between two values per row, float64 (M,) each."""
    one, other = (values - values.mean() for values in pair)
    terms = np.stack([np.ones(len(one)), one, other, one**2, other**2, one * other], axis=1)
    found = judgments.moments(_pearson, terms, rows)
    return judgments.number(name, label, estimate_of(found), rows, (CONFIDENCE, INFERRED, SHOWN))


def _pearson(sums: Floats) -> Floats:
    n, x, y, xx, yy, xy = sums.T
    spread = (xx - x**2 / n) * (yy - y**2 / n)
    # For equal values, what remains of the sum of squares is rounding error.
    return np.where(spread > 1e-18 * n**2, (xy - x * y / n) / np.sqrt(np.maximum(spread, 0)), np.nan)[:, None]


def outside_mass(tasks: Tasks) -> Finding | str:
    """Compute the mean probability of the class of image 1, of image 2 and of all others, by shown coefficient.

    For chosen classes, compute the share of choices instead.

    Source: Collins et al., *Human-in-the-Loop Mixup*, section 4.3.2.

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: no task was answered with classes.
    """
    about = [task for task in TASKS if task in tasks and TASKS[task].is_over_classes]
    if not about:
        return not_asked(CATEGORICAL)
    found = [_masses(tasks[task], _SOFT_LABELS if TASKS[task].derived else _CHOICES) for task in about]
    text = " ".join(one.text for one in found)
    numbers, tables, series = (
        tuple(part for one in found for part in getattr(one, name)) for name in ("numbers", "tables", "series")
    )
    return Finding("soft-label-mass", found[0].title, text, numbers, tables, series)


@dataclass(frozen=True)
class _Words:
    """Wording for answers that are classes, and the prefix of their numbers' ids."""

    prefix: str
    title: str
    share: str
    unit: str
    said: str


_SOFT_LABELS = _Words(
    "soft",
    "Soft labels outside the endpoints",
    "mean probability",
    "probability",
    "Soft labels put {} of their probability on classes of neither picture, where synthetic labels put none: {}.",
)
_CHOICES = _Words(
    "chosen",
    "Choices outside the endpoints",
    "share of choices",
    "share of choices",
    "Of people's choices, {} are classes of neither picture: {}.",
)


def _masses(judgments: Judgments, words: _Words) -> Finding:
    """Compute the finding for one task."""
    own = judgments.definition.judged_columns[0]
    columns = (own, *_PICTURES)
    rows = np.arange(len(judgments))
    answers = classes_or_shares(judgments.table[own])
    masses = class_masses(answers, judgments.labels("image_1_label"), judgments.labels("image_2_label"))
    centres, levels = shown_levels(judgments)
    names = [level_name(centre) for centre in centres]
    found = {
        part: judgments.means_by(
            f"{words.prefix}.{part}.{{}}",
            f"{words.share} {place} where {{}} was shown",
            mass,
            levels=(centres, levels),
            rows=rows,
            columns=columns,
            unit=words.unit,
        )
        for (part, place), mass in zip(_PARTS.items(), masses, strict=True)
    }
    whole = judgments.mean(
        f"{words.prefix}.outside",
        f"{words.share} {_PARTS['outside']}",
        masses[2],
        rows,
        columns,
        unit=words.unit,
    )
    table = Table(
        f"{words.prefix}.masses",
        f"{words.share[:1].upper()}{words.share[1:]} by shown coefficient",
        ("shown", *_PARTS.values(), "judgments", "participants"),
        tuple((name, *parts, *parts[0].counts) for name, *parts in zip(names, *found.values(), strict=True)),
    )
    axes = ("shown coefficient (share of image 1)", words.share)
    synthetic = (centres, 1 - centres, np.zeros(len(centres)))
    series = tuple(
        Series.of(f"{words.prefix}.{part}", place, axes, found[part], levels=centres, reference=line, kind="bars")
        for (part, place), line in zip(_PARTS.items(), synthetic, strict=True)
    )
    said = [
        f"{with_interval(number)} where {name} was shown" for name, number in zip(names, found["outside"], strict=True)
    ]
    text = words.said.format(with_interval(whole), listed(said))
    numbers = (whole, *(number for part in found.values() for number in part))
    return Finding("soft-label-mass", words.title, text, numbers, (table,), series)
