"""Summaries that pictures and statistics share: levels of a coefficient, probability on the mixed classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_LEVELS = 21
"""Most different coefficients that are levels of their own; more are put into tenths."""


def levels_of(shown: Floats) -> tuple[Floats, Ints]:
    """Return the levels of a coefficient, float64 (L,), and each row's, int64 (N,).

    Where more than `MOST_LEVELS` values differ, the levels are tenths, and a row's is the nearest.
    """
    # Plus zero, so that no level is a negative one.
    centres, levels = np.unique(np.round(shown, 9) + 0.0, return_inverse=True)
    return (centres, levels) if len(centres) <= MOST_LEVELS else np.unique(np.round(shown, 1), return_inverse=True)


def class_masses(labels: Floats, one: Ints, two: Ints) -> tuple[Floats, Floats, Floats]:
    """Return the probability on the class of image 1, on that of image 2, and on all others; float64 (N,) each.

    Source: Collins et al., *Human-in-the-Loop Mixup*, section 4.3.2.

    Parameters
    ----------
    labels
        float64 (N, K): soft labels; rows sum to 1.
    one, two
        int64 (N,): classes of both pictures. Where the second is -1, as of a single picture, or the same class, its
        probability is 0.
    """
    rows = np.arange(len(labels))
    first = labels[rows, one]
    second = np.where((two >= 0) & (two != one), labels[rows, two], 0.0)
    return first, second, 1 - first - second
