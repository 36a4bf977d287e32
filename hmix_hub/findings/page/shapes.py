"""Shapes of figures: dots with intervals, a triangle of pairs, stacked shares, clouds of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from hmix_hub.findings.finding import Series
from hmix_hub.findings.page.svg import RULE
from hmix_hub.findings.wording import MINUS
from hmix_hub.plots.figure import FAINT, PEOPLE, SECOND, SYNTHETIC
from hmix_hub.schema.arrays import Floats

LOOKS: tuple[dict[str, Any], ...] = (
    {"color": PEOPLE, "marker": "o"},
    {"color": SECOND, "marker": "s", "markeredgecolor": "#8a5a00"},
    {"color": "#009E73", "marker": "^"},
    {"color": "#CC79A7", "marker": "D"},
    {"color": SYNTHETIC, "marker": "v"},
)
"""Looks of series, distinguishable without colour."""
PARTS: tuple[tuple[str, str], ...] = (
    (PEOPLE, "white"),
    ("#D5D5D5", "black"),
    (SECOND, "black"),
    ("#009E73", "white"),
    ("#CC79A7", "black"),
)
"""Fill colours of the shares of a bar, and the text colour on each."""
_PAPER: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
"""Background of text that covers lines."""
_BESIDE = 20
"""Maximum length of names next to rows; longer ones are above."""
_DASHED: dict[str, Any] = {"color": SYNTHETIC, "lw": 1, "ls": (0, (4, 3)), "zorder": 0}


def errors_of(series: Series) -> Floats:
    """Return the distances from the values to both ends, float64 (2, L); 0 if there is no interval."""
    around = np.stack([series.mean - series.low, series.high - series.mean])
    return np.nan_to_num(np.clip(around, 0, None))


def draw_line(axes: Axes, group: Sequence[Series]) -> None:
    """Draw series over numbers, such as shown coefficients, with intervals; several series are slightly offset."""
    levels = np.concatenate([series.levels for series in group])
    is_share = "coefficient" in group[0].x_label and bool(((levels >= 0) & (levels <= 1)).all())
    reach = 1.0 if is_share else max(float(np.ptp(levels)), 1e-9)
    for number, series in enumerate(group):
        known = np.isfinite(series.mean)
        axes.errorbar(
            series.levels[known] + 0.012 * reach * (number - (len(group) - 1) / 2),
            series.mean[known],
            errors_of(series)[:, known],
            ls="-",
            lw=1.2,
            ms=5,
            capsize=2.5,
            label=series.label,
            clip_on=False,
            **LOOKS[number % len(LOOKS)],
        )
    if is_share:
        axes.set(xlim=(0, 1), xticks=np.linspace(0, 1, 6))
    _set_apart(axes)


def draw_reference(axes: Axes, levels: Floats, values: Floats, label: str) -> None:
    """Draw reference values as a dashed line; the identity extends from 0 to 1."""
    if len(levels) and np.array_equal(levels, values) and levels.min() >= 0 and levels.max() <= 1:
        levels = values = np.array([0.0, 1.0])
    axes.plot(levels, values, label=label, **_DASHED)


def draw_forest(axes: Axes, names: Sequence[str], group: Sequence[Series]) -> None:
    """Draw rows of dots with intervals, the first on top, and dashed lines at the references.

    If any name is long, names are above the rows instead of next to them.

    Parameters
    ----------
    axes
        Empty axes.
    names
        L names of the rows.
    group
        Series with L values each, which may be NaN.
    """
    for reference in {value for series in group if series.reference is not None for value in series.reference.tolist()}:
        axes.axvline(reference, **_DASHED)
    for number, series in enumerate(group):
        known = np.isfinite(series.mean)
        axes.errorbar(
            series.mean[known],
            np.arange(len(names))[known] + 0.26 * (number - (len(group) - 1) / 2),
            xerr=errors_of(series)[:, known],
            ls="none",
            lw=1.4,
            ms=5,
            label=series.label,
            **LOOKS[number % len(LOOKS)],
        )
    if any(len(name) > _BESIDE for name in names):
        for row, name in enumerate(names):
            axes.annotate(
                name,
                (0, row - 0.22 - 0.13 * (len(group) - 1)),
                (0, 3),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                fontsize=8,
                bbox=_PAPER,
            )
        axes.set_yticks([])
        axes.set_ylim(len(names) - 0.6, -0.85)
    else:
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=RULE, lw=0.6)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))


def draw_triangle(axes: Axes, names: Sequence[str], values: Floats, framed: npt.NDArray[np.bool_]) -> None:
    """Draw a value for each pair of classes as a coloured cell with the value in it, below the diagonal.

    Parameters
    ----------
    axes
        Empty axes.
    names
        K class names.
    values
        float64 (K, K): values by row and column; only those below the diagonal that are not NaN are drawn.
    framed
        bool (K, K): whether a cell has a frame.
    """
    lower = np.where(np.tri(len(names), k=-1, dtype=bool), values, np.nan)
    reach = float(np.nanmax(np.abs(lower), initial=1e-9))
    for row, column in np.argwhere(np.isfinite(lower)):
        colour = _diverging(lower[row, column] / reach)
        frame = {"edgecolor": "black", "lw": 1.2} if framed[row, column] else {"edgecolor": "none"}
        axes.add_patch(Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, facecolor=colour, **frame))
        axes.text(
            column,
            row,
            f"{lower[row, column]:+.2f}".replace("0.", ".").replace("-", MINUS),
            ha="center",
            va="center_baseline",
            fontsize=min(7.0, 75 / len(names)),
            color="white" if _luminance(colour) < _DARK else "black",
        )
    last = len(names) - 1
    axes.set(xlim=(-0.5, last - 0.5), ylim=(last + 0.5, 0.5))
    axes.set_xticks(range(last), names[:-1], rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(1, last + 1), names[1:])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_aspect("equal")


def percent(share: float, digits: int = 0) -> str:
    """Return a share as a percentage: "31 %"."""
    return f"{100 * share:.{digits}f} %".replace("-", MINUS)


def draw_shares(axes: Axes, labels: Sequence[str], shares: Floats) -> None:
    """Draw one bar of shares that sum to 1, with percentages; negative shares appear only in the legend."""
    drawn = np.clip(np.nan_to_num(shares), 0, None)
    drawn /= max(float(drawn.sum()), 1e-12)
    left = 0.0
    for number, (label, share, width) in enumerate(zip(labels, shares, drawn, strict=True)):
        fill, letters = PARTS[number % len(PARTS)]
        words = f"{label} {percent(share, 1)}" if np.isfinite(share) else label
        axes.barh(0, width, 0.9, left, color=fill, edgecolor="white", lw=1, label=words)
        if width > 0.07:
            axes.text(
                left + width / 2, 0, percent(share), ha="center", va="center_baseline", color=letters, fontweight="bold"
            )
        left += width
    axes.set(xlim=(0, 1), ylim=(-0.5, 0.5), yticks=[])
    axes.set_xticks(np.linspace(0, 1, 6), [percent(tick) for tick in np.linspace(0, 1, 6)])
    axes.spines["left"].set_visible(False)
    axes.legend(
        frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(labels), borderaxespad=0.2, handlelength=1
    )


def draw_stacks(axes: Axes, group: Sequence[Series]) -> None:
    """Draw a bar of shares for each level, the first on top, with a black mark at the first series' reference."""
    n_levels = len(group[0].levels)
    rows, left = np.arange(n_levels), np.zeros(n_levels)
    for number, series in enumerate(group):
        fill, letters = PARTS[number % len(PARTS)]
        shares = np.nan_to_num(series.mean)
        axes.barh(rows, shares, 0.78, left, color=fill, edgecolor="white", lw=0.8, label=series.label)
        for row in np.flatnonzero(shares > 0.06).tolist():
            middle = left[row] + shares[row] / 2
            axes.text(middle, row, percent(shares[row]), ha="center", va="center_baseline", color=letters, fontsize=7.5)
        left += shares
    if group[0].reference is not None:
        axes.scatter(
            group[0].reference, rows - 0.47, s=34, marker="v", color="black", zorder=3, label="synthetic label"
        )
    axes.set_yticks(rows, [f"{level:g}" for level in group[0].levels])
    axes.set(xlim=(0, max(1.0, float(left.max()))), ylim=(n_levels - 0.5, -0.5), xticks=np.linspace(0, 1, 6))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_cloud(axes: Axes, series: Series, lines: Sequence[tuple[str, float, bool]]) -> None:
    """Draw single values as dots, and lines across them.

    Parameters
    ----------
    axes
        Empty axes.
    series
        N values at N places.
    lines
        Label, height, and whether the line is dashed, for each line.

    Source: Bland and Altman, 1986, https://doi.org/10.1016/S0140-6736(86)90837-8.
    """
    known = np.isfinite(series.mean)
    spots = np.stack([series.levels[known], series.mean[known]]).round(9)
    (across, up), counts = np.unique(spots, axis=1, return_counts=True)
    axes.scatter(across, up, s=9 * counts, color=FAINT, edgecolor=PEOPLE, linewidth=0.5, alpha=0.6, clip_on=False)
    for words, height, is_dashed in lines:
        axes.axhline(height, color="black", lw=1, ls=(0, (4, 3)) if is_dashed else "-")
        axes.annotate(
            words,
            (1, height),
            (8, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center_baseline",
            fontsize=7.5,
        )
    reach = max([0.5, *np.abs(series.mean[known]), *(abs(height) for _, height, _ in lines)])
    axes.set(xlim=(0, 1), ylim=(-1.05 * reach, 1.05 * reach), xticks=np.linspace(0, 1, 6))
    _set_apart(axes)


def legend_above(axes: Axes, columns: int = 2) -> None:
    """Place the legend above the axes, where it hides no data."""
    axes.legend(
        frameon=False,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        borderaxespad=0.3,
        borderpad=0,
        handlelength=1.6,
        columnspacing=1.2,
    )


def _set_apart(axes: Axes) -> None:
    """Offset the axes, so that they do not cover marks at 0."""
    axes.spines[["left", "bottom"]].set_position(("outward", 6))
    axes.grid(axis="y", color=RULE, lw=0.5)
    axes.set_axisbelow(True)


_DARK = 0.179
"""Luminance below which white text has more contrast than black."""


def _diverging(share: float) -> tuple[float, float, float]:
    """Return the colour for -1 (orange) to 1 (blue), white at 0: distinguishable with any colour vision."""
    ends = {True: (0.0, 0.32, 0.56), False: (0.78, 0.42, 0.0)}
    weight = min(abs(share), 1.0)
    red, green, blue = ((1 - weight) * 1.0 + weight * end for end in ends[share > 0])
    return red, green, blue


def _luminance(colour: tuple[float, float, float]) -> float:
    """Return the relative luminance of a colour, as defined by WCAG."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
