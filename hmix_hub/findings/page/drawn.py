"""A drawn figure of the page, and the words that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from hmix_hub.findings.finding import Series
from hmix_hub.findings.page.svg import svg_text
from hmix_hub.findings.page.words import value_text

WIDTH = 4.25
"""Inches of every figure: a column of the page, or a phone."""
_LONG_NAME = 64
"""Most letters of a name in a figure."""


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


def drawn(figure: Figure, name: str, title: str, values: str, caption: str) -> Drawn:
    """Return a figure for the page.

    Parameters
    ----------
    figure
        The figure, drawn within `house_style`.
    name
        A name that no other figure of the page has.
    title, caption
        See `Drawn`.
    values
        What it shows, value by value, for those who do not see it.
    """
    name = f"figure-{name.replace('.', '-')}"
    return Drawn(name, title, svg_text(figure, name, title, values), caption)


def bars(group: Sequence[Series]) -> str:
    """Return what the bars of series are; or that there are none."""
    if any(np.isfinite(series.low).any() for series in group):
        return "Bars are 95 % intervals."
    return "There are no intervals, which take two participants."


def said(group: Sequence[Series]) -> str:
    """Return what series show, value by value."""
    return " ".join(_said(series) for series in group)


def _said(series: Series) -> str:
    places = series.names or [f"{level:g}" for level in series.levels]
    values = "; ".join(f"{place}: {value_text(mean)}" for place, mean in zip(places, series.mean, strict=True))
    return f"{series.label}, {series.y_label}: {values}."


def short(name: str) -> str:
    """Return a name, cut to what fits into a figure."""
    return name if len(name) <= _LONG_NAME else name[: _LONG_NAME - 1] + "\u2026"
