"""Picture of inferred coefficients against the synthetic label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.plots.resampling import resample_means
from hmix_hub.plots.selection import Selection
from hmix_hub.plots.style import FAINT, PEOPLE, SYNTHETIC, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LEVELS = 21


def draw_inferences(axes: Axes, selection: Selection) -> None:
    """Draw perceived against synthetic coefficients, with the line on which both would agree.

    Source: paper, section 4: perceptions do not consistently align with the synthetic label.
    """
    name = "inferred_coefficient" if selection.has_people else "mean_inferred_coefficient"
    shown, perceived = selection.numbers("mixing_coefficient"), selection.numbers(name)
    centres, levels = level_of(shown)
    means = resample_means(perceived, levels, selection.units, len(centres))
    jitter = np.random.default_rng(0).uniform(-0.018, 0.018, len(shown))
    axes.plot([0, 1], [0, 1], "--", color=SYNTHETIC, lw=1, label="synthetic label")
    opacity = float(np.clip(300 / len(shown), 0.03, 0.5))
    axes.scatter(shown + jitter, perceived, s=6, color=FAINT, alpha=opacity, lw=0, zorder=1)
    axes.errorbar(
        centres,
        means.mean,
        means.errors,
        fmt="o-",
        color=PEOPLE,
        capsize=3,
        lw=1.5,
        ms=5,
        label=f"mean of {'judgments' if selection.has_people else 'stimuli'}",
    )
    axes.set(
        xlabel="mixing coefficient shown (share of image 1)",
        ylabel="mixing coefficient perceived",
        xlim=(-0.03, 1.03),
        ylim=(-0.03, 1.03),
        aspect="equal",
    )
    axes.legend(frameon=False, loc="upper left")
    finish(axes, "What {who} see against the synthetic label", selection)


def level_of(shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the levels of a coefficient, float64 (L,), and each row's, int64 (N,); many values are put into tenths."""
    centres, levels = np.unique(np.round(shown, 9), return_inverse=True)
    return (centres, levels) if len(centres) <= MOST_LEVELS else np.unique(np.round(shown, 1), return_inverse=True)
