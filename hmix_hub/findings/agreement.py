"""Findings on agreement: between participants about one stimulus, and with oneself when it is shown again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hmix_hub.findings.finding import Cell, Finding, Number, Series, Table
from hmix_hub.findings.judgments import SHARE, Judgments, Tasks, estimate_of
from hmix_hub.findings.wording import counted, figure, with_interval
from hmix_hub.schema.arrays import Floats, Ints
from hmix_hub.spread import Spread
from hmix_hub.tasks import CONSTRUCT, INFER, SELECT, TASKS


def agreement(tasks: Tasks) -> Finding | str:
    """Compute Krippendorff's alpha of first answers to stimuli that several participants judged.

    The metric is interval for numeric answers and nominal for classes.

    Source: Hayes and Krippendorff, https://doi.org/10.1080/19312450709336664.

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: no stimulus was judged by two participants.
    """
    found = {
        " ".join([task, *filter(None, [asked])]): _alpha(tasks[task], asked, of)
        for task in TASKS
        if task in tasks
        for asked, of in tasks[task].by_facet
    }
    known = {name: number for name, number in found.items() if number is not None}
    if not known:
        return "no stimulus has first answers from two participants"
    table = Table(
        "agreement",
        "Krippendorff's alpha",
        ("task", "alpha", "judgments", "participants"),
        tuple((task, n, *n.counts) for task, n in known.items()),
    )
    axes = ("task", "Krippendorff's alpha")
    series = Series.of("agreement", "Krippendorff's alpha", axes, list(known.values()), names=tuple(known))
    said = [f"{with_interval(number)} in {task}" for task, number in known.items()]
    text = f"Krippendorff's alpha between participants is {'; '.join(said)}. 1 is perfect agreement, 0 chance level."
    method = (
        "First answers to stimuli with at least two participants; interval metric for numbers, nominal metric for the "
        "class named first. Intervals resample participants; copies of the same participant are not compared."
    )
    return Finding(
        "agreement", "Agreement between participants", text, tuple(known.values()), (table,), (series,), method
    )


def _alpha(judgments: Judgments, asked: str, of: Ints) -> Number | None:
    """Return the alpha of the rows, int64 (M,), in which one question was asked; `None` if it is undefined."""
    among, groups = judgments.answers.of(of).between_participants()
    rows = of[among]
    definition = judgments.definition
    is_class = definition.is_over_classes
    column = definition.class_column if is_class else definition.answered
    if not len(rows) or not column:
        return None
    if is_class:
        top = judgments.labels(column)[rows]
        values: list[Floats] = [(top == code).astype(np.float64) for code in np.unique(top)]
    else:
        values = [judgments.column(column)[rows]]
    spread = Spread(values, groups, judgments.people_of(rows))
    found = judgments.over_people(lambda weights: spread.krippendorff_alpha(weights)[:, None], spread)
    kind = "nominal" if is_class else "interval"
    name, words = (mark.join([judgments.task, *filter(None, [asked])]) for mark in (".", " "))
    label = f"Krippendorff's alpha ({kind}) of first answers, {words}"
    columns = (column, *judgments.stimulus_columns)
    return judgments.number(f"agreement.alpha.{name}", label, estimate_of(found), rows, columns)


LIMITS = 1.96
"""Standard deviations of the differences from the bias to each limit of agreement."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of a first answer and the answer to the marked repeat.

    Parameters
    ----------
    judgments
        The judgments.
    first, again
        int64 (P,): rows of the first answers, and of the same participants' answers to the repeats.
    """

    judgments: Judgments
    first: Ints
    again: Ints

    @property
    def rows(self) -> Ints:
        """Return all rows, int64 (2 P,)."""
        return np.concatenate([self.first, self.again])

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that determine which rows of a participant are a pair, and which one is the repeat."""
        return (*self.judgments.stimulus_columns, "is_repeat")


def marked_pairs(judgments: Judgments, values: Floats | None = None) -> Pairs:
    """Return the marked repeats with their first answers; with `values`, float64 (N,), only pairs without NaN."""
    first, again = judgments.answers.within_participants()
    if values is not None:
        is_known = ~np.isnan(values[first] + values[again])
        first, again = first[is_known], again[is_known]
    return Pairs(judgments, first, again)


def retest(tasks: Tasks) -> Finding | str:
    r"""Compare marked repeats with the same participants' first answers.

    For answers :math:`x_{p1}, x_{p2}` of P pairs: ICC(A,1), :math:`(R - E) / (R + E + 2 (C - E) / P)`, with the mean
    squares of rows R, columns C and the residual E of the two-way table; the mean absolute difference; and
    Bland-Altman statistics: the bias (repeat minus first) and the limits of agreement, bias :math:`\pm 1.96` standard
    deviations of the differences.

    Source: McGraw and Wong, https://doi.org/10.1037/1082-989X.1.1.30; Bland and Altman,
    https://doi.org/10.1016/S0140-6736(86)90837-8.

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: there are no marked repeats.
    """
    numbers: list[Number] = []
    rows: list[tuple[Cell, ...]] = []
    series = []
    said = []
    for name, words, unit, pairs, values in _answers(tasks):
        found = _of_pairs(name, words, unit, pairs, values)
        numbers += found
        rows.append((words, str(len(pairs.first)), str(found[0].n_participants), *found))
        series.append(_bland_altman(name, words, pairs, values))
        said.append(f"{with_interval(found[0])} for {words} ({counted(len(pairs.first), 'pair')})")
    tables = []
    if rows:
        columns = ("answer", "pairs", "participants", "ICC(A,1)", "mean absolute difference", "bias", "lower limit")
        tables.append(Table("retest", "Test-retest", (*columns, "upper limit"), tuple(rows)))
    text = f"The ICC(A,1) between first and repeated answers is {'; '.join(said)}." if said else ""
    for task in (task for task in TASKS if task in tasks and TASKS[task].is_over_classes):
        of_classes = _of_classes(tasks[task])
        if not of_classes:
            continue
        numbers += of_classes
        same, *apart = of_classes
        cells: tuple[Cell, ...] = (str(same.n_judgments // 2), str(same.n_participants), *of_classes)
        share = f"is the same in {figure((same.value or 0) * 100, 0)} % of repeats"
        if apart:
            of_labels = ("pairs", "participants", "same most probable class", "total variation")
            tables.append(Table("retest.soft", "Test-retest of soft labels", of_labels, (cells,)))
            said_of = f"The most probable class {share}, and the mean total variation between the two soft labels is"
            text = f"{text} {said_of} {with_interval(apart[0])}.".strip()
        else:
            of_choices = ("pairs", "participants", "same class")
            tables.append(Table("retest.chosen", "Test-retest of chosen classes", of_choices, (cells,)))
            text = f"{text} The chosen class {share}.".strip()
    if not numbers:
        return "there are no marked repeats"
    method = (
        "Each pair is a first answer and the same participant's answer to the marked repeat. ICC(A,1) counts a shift "
        "of"
        f"all repeats as disagreement; limits of agreement are {LIMITS} standard deviations of the differences from "
        "their mean. Intervals resample participants with all their pairs."
    )
    return Finding("test-retest", "Test-retest reliability", text, tuple(numbers), tuple(tables), tuple(series), method)


def _answers(tasks: Tasks) -> Iterator[tuple[str, str, str, Pairs, Floats]]:
    """Yield the numeric answers that have pairs: name in ids, words, unit, pairs, and values by row."""
    columns = (
        (INFER, "inferred_coefficient", INFER, "the inferred coefficient", SHARE),
        (INFER, "confidence", "confidence", "confidence", "0 (not at all) to 1 (fully)"),
        (CONSTRUCT, "selected_coefficient", CONSTRUCT, "the constructed midpoint", SHARE),
        (SELECT, "selected_coefficient", SELECT, "the midpoint selected in a grid", SHARE),
    )
    for task, column, name, words, unit in columns:
        if task in tasks:
            values = tasks[task].column(column)
            pairs = marked_pairs(tasks[task], values)
            if len(pairs.first):
                yield name, words, unit, pairs, values
    for task in (task for task in tasks if tasks[task].definition.facets):
        values = tasks[task].column(tasks[task].definition.answered)
        pairs = marked_pairs(tasks[task], values)
        for asked, of in tasks[task].by_facet:
            among = np.isin(pairs.first, of)
            if among.any():
                own = Pairs(tasks[task], pairs.first[among], pairs.again[among])
                yield f"{task}.{asked}", f"ratings of {asked}", "length of the scale", own, values


def _of_pairs(name: str, words: str, unit: str, pairs: Pairs, values: Floats) -> list[Number]:
    """Return the ICC(A,1), mean absolute difference, bias and limits of agreement."""
    first, again = values[pairs.first], values[pairs.again]
    means, differences = (first + again) / 2, again - first
    means = means - means.mean()
    terms = np.stack([np.ones(len(means)), means, means**2, differences, differences**2, np.abs(differences)], axis=1)
    found = pairs.judgments.moments(_figures, terms, pairs.first)
    column = "confidence" if name == "confidence" else pairs.judgments.definition.answered
    labels = {
        "icc": ("ICC(A,1) of {} and its repeat", ""),
        "mae": ("mean absolute difference between {} and its repeat", unit),
        "bias": ("mean of repeat minus first answer, {}", unit),
        "limit.low": ("lower limit of agreement of {} and its repeat", unit),
        "limit.high": ("upper limit of agreement of {} and its repeat", unit),
    }
    note = f"{counted(len(first), 'pair')} of first answer and marked repeat"
    return [
        pairs.judgments.number(
            f"retest.{part}.{name}",
            label.format(words),
            estimate_of(found, place),
            pairs.rows,
            (column, *pairs.columns),
            unit=of,
            note=note,
        )
        for place, (part, (label, of)) in enumerate(labels.items())
    ]


def _figures(sums: Floats) -> Floats:
    """Return the five statistics from sums over pairs: 1, mean, mean², difference, difference², |difference|."""
    n, mean, means, difference, differences, absolute = sums.T
    rows = 2 * (means - mean**2 / n) / (n - 1)
    columns = difference**2 / n / 2
    residual = (differences - difference**2 / n) / 2 / (n - 1)
    whole = rows + residual + 2 * (columns - residual) / n
    icc = np.where((n > 1) & (whole > 1e-12), (rows - residual) / whole, np.nan)
    bias, spread = difference / n, LIMITS * np.sqrt(np.maximum(2 * residual, 0))
    return np.stack([icc, absolute / n, bias, bias - spread, bias + spread], axis=1)


def _bland_altman(name: str, words: str, pairs: Pairs, values: Floats) -> Series:
    first, again = values[pairs.first], values[pairs.again]
    unknown = np.full(len(first), np.nan)
    axes = (f"mean of both answers: {words}", "repeat minus first answer")
    return Series(f"retest.{name}", words, *axes, (first + again) / 2, again - first, unknown, unknown, kind="points")


def _of_classes(judgments: Judgments) -> list[Number]:
    """Return the share of repeats with the same class and, for soft labels, the mean total variation."""
    pairs, task = marked_pairs(judgments), judgments.definition
    if not len(pairs.first):
        return []
    top = judgments.labels(task.class_column)
    same = (top[pairs.first] == top[pairs.again]).astype(np.float64)
    which = "most probable class" if task.derived else "class"
    measured = [("same_top_class", f"share of repeats with the same {which}", same, task.class_column)]
    if task.derived:
        own = task.judged_columns[0]
        labels = judgments.matrix(own)
        apart = 0.5 * np.abs(labels[pairs.first] - labels[pairs.again]).sum(axis=1)
        measured.append(("total_variation", "mean total variation between a soft label and its repeat", apart, own))
    found = []
    for part, label, values, column in measured:
        means = judgments.means(values, np.zeros(len(values), dtype=np.int64), pairs.first, 1)
        name = f"retest.{part}.{judgments.task}"
        columns = (column, *pairs.columns)
        found.append(judgments.number(name, label, estimate_of(means), pairs.rows, columns, unit="share"))
    return found
