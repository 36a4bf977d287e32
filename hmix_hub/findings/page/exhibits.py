"""Exhibits: figures designed for one finding, by the finding's id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hmix_hub.findings.finding import Finding, Number, Series, Table
from hmix_hub.findings.page.shapes import (
    draw_cloud,
    draw_forest,
    draw_line,
    draw_reference,
    draw_stacks,
    draw_triangle,
    legend_above,
)
from hmix_hub.findings.page.svg import Drawn, bars, canvas, drawn, said, short
from hmix_hub.findings.wording import MINUS, counted, value_text


def draw_inferred(finding: Finding) -> list[Drawn]:
    """Draw mean inferred against shown coefficients, and their differences."""
    (series,) = finding.series
    figure, axes = canvas(4.1)
    draw_line(axes, [series])
    draw_reference(axes, series.levels, series.levels, "synthetic label")
    axes.set(xlabel=series.x_label, ylabel=series.y_label, ylim=(0, 1), yticks=np.linspace(0, 1, 6), aspect="equal")
    legend_above(axes)
    off = Series(
        "off", "inferred minus shown", series.x_label, "inferred minus shown", series.levels,
        series.mean - series.levels, series.low - series.levels, series.high - series.levels,
        reference=np.zeros(len(series.levels)),
    )  # fmt: skip
    beside, axes = canvas(4.1)
    draw_line(axes, [off])
    axes.axhline(0, color="#555555", lw=1, ls=(0, (4, 3)), zorder=0)
    axes.set(xlabel=off.x_label, ylabel=off.y_label)
    title = "Mean inferred minus shown coefficient"
    return [
        drawn(figure, "inferred", finding.title, said([series]), f"Means over all judgments. {bars([series])}"),
        drawn(beside, "inferred-less-shown", title, said([off]), "The same means minus the shown coefficient."),
    ]


def draw_midpoints(finding: Finding) -> list[Drawn]:
    """Draw the means by interface and by start; flagged answers and participants have a figure of their own."""
    means: dict[str, Number] = {}
    apart: dict[str, Number] = {}
    for table in finding.tables:
        for row in table.rows if table.id == "midpoints" else ():
            task, what, number = row[:3]
            if isinstance(number, Number):
                is_alone = ".flagged." in number.id or number.id.endswith(".mean.endpoint_not_shown")
                (apart if is_alone else means)[str(what) if is_alone else f"{task}: {what}"] = number
    starts: dict[str, dict[str, Number]] = {"all judgments": {}, "without flagged participants": {}}
    for number in finding.numbers:
        level = number.id.removeprefix("construct.start.").removesuffix(".attentive")
        if number.id.startswith("construct.start.") and not level.startswith("difference"):
            starts[list(starts)[number.id.endswith(".attentive")]][f"start {level}"] = number
    look: dict[str, Any] = {"reference": 0.5, "axis": finding.series[0].y_label if finding.series else ""}
    found = [_forests("midpoints", "The 50/50 point", {"": means}, **look)] if means else []
    if starts["all judgments"]:
        found.append(_forests("midpoints-start", "The 50/50 point by start coefficient", starts, **look))
    if apart:
        found.append(_forests("midpoints-flagged", "Flagged answers and participants only", {"": apart}, **look))
    return found


def draw_classes(finding: Finding) -> list[Drawn]:
    """Draw the classes in order of visibility, and the pairs as cells of a triangle."""
    numbers = {number.id: number for number in finding.numbers}
    found = []
    for series in finding.series:
        if series.id == "class.visibility":
            of_classes = {name: numbers[each] for name, each in zip(series.names, series.numbers, strict=True)}
            made = _forests("classes", "Classes by visibility", {"": of_classes}, reference=0, axis=series.y_label)
            found.append(replace(made, caption="Shrunk estimates with 95 % intervals."))
            pairs = next((table for table in finding.tables if table.id == "pair.visibility"), None)
            if pairs is not None and len(series.names) <= _MOST_CLASSES:
                found.append(_triangle(series.names[::-1], pairs))
    return found


_MOST_CLASSES = 14
"""Maximum number of classes whose pairs fit into a figure."""


_LONG_CLASS = 32
"""Maximum length of class names next to the triangle."""


def _triangle(names: Sequence[str], pairs: Table) -> Drawn:
    """Draw pairs as cells; `names` begin with the least visible class, so a row's class is the more visible one."""
    place = {name: number for number, name in enumerate(names)}
    values, is_clear = np.full((len(names), len(names)), np.nan), np.zeros((len(names), len(names)), dtype=bool)
    words = []
    for one, two, _, number, *_ in pairs.rows:
        if isinstance(number, Number) and number.value is not None:
            row, column, value = place[str(one)], place[str(two)], number.value
            if row < column:
                row, column, value = column, row, -value
            values[row, column], is_clear[row, column] = value, number.contains(0) is False
            words.append(f"{names[row]} with {names[column]}: {value_text(value)}")
    figure, axes = canvas(4.1)
    draw_triangle(axes, [short(name, _LONG_CLASS) for name in names], values, is_clear)
    caption = (
        "How much more people see of the row's class than its share in mixtures with the column's class (share of the "
        "image; blue: more, orange: less). Shrunk estimates. Framed cells: the interval excludes 0; among this many "
        "pairs, some do by chance."
    )
    return drawn(figure, "pairs", "Pairs of classes", "; ".join(words), caption)


def draw_retest(finding: Finding) -> list[Drawn]:
    """Draw the ICC of first answers and repeats, and a Bland-Altman plot for each answer."""
    numbers = {number.id: number for number in finding.numbers}
    icc = {
        series.label: numbers[f"retest.icc.{_answer(series)}"]
        for series in finding.series
        if f"retest.icc.{_answer(series)}" in numbers
    }
    found = [_forests("retest-icc", "ICC(A,1) between first and repeated answers", {"": icc})] if icc else []
    for series in finding.series:
        figure, axes = canvas(3.0)
        lines = []
        for part, words in (("bias", "bias"), ("limit.low", ""), ("limit.high", "")):
            number = numbers.get(f"retest.{part}.{_answer(series)}")
            if number is not None and number.value is not None:
                text = f"{words} {number.value:+.2f}".strip().replace("-", MINUS)
                lines.append((text, number.value, part != "bias"))
        draw_cloud(axes, series, lines)
        axes.set(xlabel="mean of both answers", ylabel=series.y_label)
        ends = ", ".join(words for words, _, _ in lines)
        values = f"{counted(len(series.mean), 'pair')} of answers; mean difference and limits of agreement: {ends}."
        caption = (
            f"{counted(len(series.mean), 'pair')}; dot area is proportional to the number of pairs. Solid line: mean "
            "difference; dashed lines: 95 % limits of agreement."
        )
        found.append(drawn(figure, f"retest-{series.id}", f"Bland-Altman: {series.label}", values, caption))
    return found


def _answer(series: Series) -> str:
    return series.id.removeprefix("retest.")


def draw_masses(finding: Finding) -> list[Drawn]:
    """Draw the mass of soft labels (or choices) as stacked bars, and the mass on other classes with intervals."""
    found = {series.id: series for series in finding.series}
    figures = []
    for kind, name, title, words in (
        ("soft", "soft-labels", "Probability mass of soft labels", "Probability mass on other classes"),
        ("chosen", "choices", "Classes that people chose", "Choices of other classes"),
    ):
        parts = [found[f"{kind}.{part}"] for part in ("image_1", "outside", "image_2") if f"{kind}.{part}" in found]
        if parts:
            figures += _of_masses(parts, name, title, words)
    return figures


def _of_masses(parts: Sequence[Series], name: str, title: str, words: str) -> list[Drawn]:
    figure, axes = canvas(1.4 + 0.3 * len(parts[0].levels))
    draw_stacks(axes, parts)
    axes.set(xlabel=parts[0].y_label, ylabel="shown")
    legend_above(axes)
    outside = replace(parts[1], kind="intervals", reference=None)
    beside, axes = canvas(2.6)
    draw_line(axes, [outside])
    axes.set(xlabel=outside.x_label, ylabel=words.lower())
    axes.set_ylim(bottom=0)
    caption = "Each bar sums to 1. The mark shows the boundary between image 1 and image 2 in the synthetic label."
    beside_caption = f"Synthetic labels put no mass there. {bars([outside])}"
    return [
        drawn(figure, name, title, said(parts), caption),
        drawn(beside, f"{name}-outside", words, said([outside]), beside_caption),
    ]


def draw_ceilings(finding: Finding) -> list[Drawn]:
    """Draw the errors of predictions on an axis that begins at 0."""
    (series,) = finding.series
    names = [short(name) for name in series.names]
    figure, axes = canvas(0.75 + 0.42 * len(names))
    draw_forest(axes, names, [series])
    axes.set(xlabel=series.y_label)
    axes.set_xlim(left=0)
    caption = f"Lower is better. {bars([series])}"
    return [drawn(figure, "ceilings", finding.title, said([series]), caption)]


def _forests(
    name: str,
    title: str,
    groups: dict[str, dict[str, Number]],
    *,
    reference: float | None = None,
    axis: str = "",
) -> Drawn:
    """Draw numbers as rows of dots by name, with several groups next to each other."""
    names = list(dict.fromkeys(each for numbers in groups.values() for each in numbers))
    unit = next(iter(next(iter(groups.values())).values())).unit
    series = [
        _aligned(label, [numbers.get(each) for each in names], names, unit, reference)
        for label, numbers in groups.items()
    ]
    pitch = 0.42 if any(len(each) > 20 for each in names) else 0.28
    figure, axes = canvas(0.7 + pitch * len(names) * (1 + 0.3 * (len(series) - 1)))
    draw_forest(axes, [short(each) for each in names], series)
    axes.set(xlabel=axis or unit)
    if len(series) > 1:
        legend_above(axes)
    words = "; ".join(
        f"{label} {each}: {value_text(number.value)}".strip()
        for label, numbers in groups.items()
        for each, number in numbers.items()
    )
    return drawn(figure, name, title, words, bars(series))


def _aligned(
    label: str, numbers: Iterable[Number | None], names: Iterable[str], unit: str, reference: float | None
) -> Series:
    values = [[None] * 3 if n is None else [n.value, n.low, n.high] for n in numbers]
    mean, low, high = np.array(values, dtype=np.float64).T
    lines = None if reference is None else np.full(len(mean), reference)
    return Series(label, label, "", unit, np.arange(len(mean), dtype=np.float64), mean, low, high, tuple(names), lines)


EXHIBITS: dict[str, Callable[[Finding], list[Drawn]]] = {
    "inferred-against-shown": draw_inferred,
    "midpoints": draw_midpoints,
    "class-visibility": draw_classes,
    "soft-label-mass": draw_masses,
    "test-retest": draw_retest,
    "noise-ceilings": draw_ceilings,
}
"""Functions that draw exhibits, by finding; `figures_of` draws other findings by the kind of their series."""
