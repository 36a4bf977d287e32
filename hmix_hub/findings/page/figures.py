"""Figures of a finding: its exhibits, or one shape for each group of its series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hmix_hub.findings.finding import Finding, Series, Table
from hmix_hub.findings.page.exhibits import EXHIBITS
from hmix_hub.findings.page.shapes import (
    draw_cloud,
    draw_forest,
    draw_line,
    draw_reference,
    draw_shares,
    draw_stacks,
    legend_above,
)
from hmix_hub.findings.page.svg import Drawn, bars, canvas, drawn, house_style, said, short
from hmix_hub.findings.wording import counted
from hmix_hub.studies.findings import printable


def figures_of(finding: Finding) -> list[Drawn]:
    """Draw the figures of a finding, in the order of its series; series with the same axes share a figure."""
    finding = _visible(finding)
    with house_style():
        made = EXHIBITS.get(finding.id)
        if made is not None:
            return made(finding)
        return [_draw(finding, group) for group in _groups(finding.series)]


def _visible(finding: Finding) -> Finding:
    """Return a finding with invisible characters in its texts escaped; names come from anywhere."""
    return replace(
        finding,
        title=printable(finding.title),
        series=tuple(
            replace(
                series,
                label=printable(series.label),
                x_label=printable(series.x_label),
                y_label=printable(series.y_label),
                names=tuple(map(printable, series.names)),
            )
            for series in finding.series
        ),
        tables=tuple(
            Table(
                table.id,
                printable(table.title),
                tuple(map(printable, table.columns)),
                tuple(tuple(printable(cell) if isinstance(cell, str) else cell for cell in row) for row in table.rows),
            )
            for table in finding.tables
        ),
    )


def _groups(series: Sequence[Series]) -> list[list[Series]]:
    """Return groups of series that share a figure, in order of first appearance."""
    groups: dict[tuple[object, ...], list[Series]] = {}
    for one in series:
        own = one.id if one.kind == "points" else ""
        groups.setdefault((one.kind, one.x_label, one.y_label, one.names, own), []).append(one)
    return list(groups.values())


def _draw(finding: Finding, group: list[Series]) -> Drawn:
    first = group[0]
    axes_of = {"points": _cloud, "bars": _bars}.get(first.kind, _forest if first.names else _line)
    title = finding.title
    if len(group) < len(finding.series):
        title = f"{first.label} by {first.x_label.split(' (')[0]}"
        title = title[:1].upper() + title[1:]
    return axes_of(f"{finding.id}-{first.id}", title, group)


def _line(name: str, title: str, group: list[Series]) -> Drawn:
    figure, axes = canvas(3.1)
    draw_line(axes, group)
    first = group[0]
    if first.reference is not None:
        draw_reference(axes, first.levels, first.reference, "shown" if _is_identity(first) else "reference")
    axes.set(xlabel=first.x_label, ylabel=first.y_label)
    if len(group) > 1 or first.reference is not None:
        legend_above(axes)
    return drawn(figure, name, title, said(group), bars(group))


def _is_identity(series: Series) -> bool:
    return series.reference is not None and np.array_equal(series.reference, series.levels)


def _forest(name: str, title: str, group: list[Series]) -> Drawn:
    names = [short(each) for each in group[0].names]
    pitch = 0.42 if any(len(each) > 20 for each in names) else 0.26
    figure, axes = canvas(0.75 + pitch * len(names) * (1 + 0.35 * (len(group) - 1)))
    draw_forest(axes, names, group)
    axes.set(xlabel=group[0].y_label)
    if len(group) > 1:
        legend_above(axes)
    return drawn(figure, name, title, said(group), bars(group))


def _bars(name: str, title: str, group: list[Series]) -> Drawn:
    first = group[0]
    if first.names:
        figure, axes = canvas(1.25)
        draw_shares(axes, [short(each) for each in first.names], first.mean / max(float(np.nansum(first.mean)), 1e-12))
        axes.set(xlabel=first.y_label)
        return drawn(figure, name, title, said(group), "Components sum to 100 %; a negative estimate is not drawn.")
    figure, axes = canvas(1.6 + 0.3 * len(first.levels))
    draw_stacks(axes, group)
    axes.set(xlabel=first.y_label, ylabel=first.x_label.split(" (")[0])
    legend_above(axes, 1 if max(len(series.label) for series in group) > 20 else len(group))
    has_marks = first.reference is not None
    caption = "Each bar sums to 1." + (" The mark shows the synthetic label." * has_marks)
    return drawn(figure, name, title, said(group), caption)


def _cloud(name: str, title: str, group: list[Series]) -> Drawn:
    (series,) = group
    figure, axes = canvas(2.9)
    draw_cloud(axes, series, [])
    axes.set(xlabel=series.x_label, ylabel=series.y_label)
    values = f"{counted(len(series.mean), 'value')} of {series.y_label} over {series.x_label}."
    return drawn(figure, name, title, values, "Dot area is proportional to the number of values.")
