"""Figures of a finding: which of its series stand in one drawing, and which shape each drawing has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hmix_hub.findings.finding import Finding, Series
from hmix_hub.findings.page.shapes import (
    draw_cloud,
    draw_forest,
    draw_line,
    draw_reference,
    draw_shares,
    legend_above,
)
from hmix_hub.findings.page.svg import canvas, house_style, svg_text
from hmix_hub.findings.page.words import counted, value_text
from hmix_hub.studies.findings import printable

_WIDTH = 4.25
"""Inches of every figure: a column of the page, or a phone."""
_LONG_NAME = 28
"""Most letters of a name beside a figure."""


@dataclass(frozen=True)
class Drawn:
    """A figure of the page.

    Parameters
    ----------
    name
        Its id in the page.
    title
        What it shows, in a line.
    svg
        The SVG element, safe to stand in HTML.
    caption
        What is drawn how.
    """

    name: str
    title: str
    svg: str
    caption: str


def figures_of(finding: Finding) -> list[Drawn]:
    """Draw the figures of a finding: series over the same axes together, each cloud and each bar for itself."""
    # Names come from anywhere; from here on they hold nothing that nobody sees.
    finding = replace(finding, title=printable(finding.title), series=tuple(map(_visible, finding.series)))
    with house_style():
        return [_draw(finding, number, group) for number, group in enumerate(_groups(finding.series))]


def _visible(series: Series) -> Series:
    return replace(
        series,
        label=printable(series.label),
        x_label=printable(series.x_label),
        y_label=printable(series.y_label),
        names=tuple(map(printable, series.names)),
    )


def _groups(series: Sequence[Series]) -> list[list[Series]]:
    """Return the series that stand in one drawing, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Series]] = {}
    for one in series:
        own = one.id if one.kind != "intervals" else ""
        groups.setdefault((one.kind, one.x_label, one.y_label, one.names, own), []).append(one)
    return list(groups.values())


def _draw(finding: Finding, number: int, group: list[Series]) -> Drawn:
    first = group[0]
    name = f"figure-{finding.id}-{number + 1}"
    shape = _shape_of(first)
    svg, caption = shape(finding, group, name)
    title = first.label if len(group) == 1 and len(finding.series) > 1 else finding.title
    return Drawn(name, title, svg, caption)


_Shape = Callable[[Finding, "list[Series]", str], tuple[str, str]]


def _shape_of(series: Series) -> _Shape:
    if series.kind == "points":
        return _cloud
    if series.kind == "bars":
        return _shares
    return _forest if series.names else _line


def _line(finding: Finding, group: list[Series], name: str) -> tuple[str, str]:
    figure = canvas(_WIDTH, 3.1)
    axes = figure.subplots()
    draw_line(axes, group)
    first = group[0]
    if first.reference is not None:
        draw_reference(axes, first.levels, first.reference, "shown")
    axes.set(xlabel=first.x_label, ylabel=first.y_label)
    if len(group) > 1 or first.reference is not None:
        legend_above(axes)
    return svg_text(figure, name, finding.title, _words(group)), _INTERVALS


def _forest(finding: Finding, group: list[Series], name: str) -> tuple[str, str]:
    names = [_short(each) for each in group[0].names]
    figure = canvas(_WIDTH, 0.75 + 0.24 * len(names) * (1 + 0.35 * (len(group) - 1)))
    axes = figure.subplots()
    draw_forest(axes, names, group)
    axes.set(xlabel=group[0].y_label)
    if len(group) > 1:
        legend_above(axes)
    return svg_text(figure, name, finding.title, _words(group)), _INTERVALS


def _shares(finding: Finding, group: list[Series], name: str) -> tuple[str, str]:
    (series,) = group
    figure = canvas(_WIDTH, 1.2)
    axes = figure.subplots()
    draw_shares(axes, [_short(each) for each in series.names], series.mean)
    axes.set(xlabel=series.y_label)
    return svg_text(figure, name, finding.title, _words(group)), "Parts of one bar add up to the whole."


def _cloud(finding: Finding, group: list[Series], name: str) -> tuple[str, str]:
    (series,) = group
    figure = canvas(_WIDTH, 2.9)
    axes = figure.subplots()
    draw_cloud(axes, series, [])
    axes.set(xlabel=series.x_label, ylabel=series.y_label)
    words = f"{counted(len(series.mean), 'value')} of {series.y_label} over {series.x_label}."
    return svg_text(figure, name, finding.title, words), "Each dot is one pair of answers."


_INTERVALS = "Bars are 95 % intervals."


def _words(group: Sequence[Series]) -> str:
    """Return what series show, value by value, for those who do not see them."""
    return " ".join(_said(series) for series in group)


def _said(series: Series) -> str:
    places = series.names or [f"{level:g}" for level in series.levels]
    values = "; ".join(f"{place}: {value_text(mean)}" for place, mean in zip(places, series.mean, strict=True))
    return f"{series.label}, {series.y_label}: {values}."


def _short(name: str) -> str:
    return name if len(name) <= _LONG_NAME else name[: _LONG_NAME - 1] + "\u2026"
