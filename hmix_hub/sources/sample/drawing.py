"""Endpoint pictures of the sample study, drawn as one simple sign per class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CLASSES = 10
PICTURES = 200
SIZE = 32


def labels_of(indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the labels of pictures by index, int64 of the same shape; labels are not in order of index."""
    return (7 * indices + indices // CLASSES) % CLASSES


def pictures(n: int = PICTURES) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Draw the sample's pictures, or more of the same kind.

    Parameters
    ----------
    n
        M, number of pictures; the first 200 are the sample's.

    Returns
    -------
    tuple of numpy.ndarray
        uint8 (M, 32, 32, 3), red, green, blue; and their labels, int64 (M,), balanced if M is a multiple of 200.
    """
    labels = labels_of(np.arange(n))
    return np.stack([_draw(int(label), index) for index, label in enumerate(labels)]), labels


_BACKGROUNDS = {
    "sky": (150, 190, 230),
    "grass": (110, 160, 80),
    "sea": (40, 90, 150),
    "road": (130, 130, 130),
    "room": (200, 180, 150),
}
_SIGNS = [
    ("sky", (235, 235, 240), "o 0 0 0.8 0.13, | -0.05 0 0.14 0.6, | -0.65 -0.15 0.08 0.25"),
    ("road", (200, 40, 40), "| 0 0.15 0.8 0.22, o -0.05 -0.1 0.45 0.3, * -0.45 0.4 0.17 0.17, * 0.45 0.4 0.17 0.17"),
    ("sky", (220, 150, 40), "o 0 0.1 0.45 0.3, o 0.45 -0.2 0.2 0.2, * 0.75 -0.18 0.15 0.05"),
    ("room", (90, 80, 80), "o 0 0.35 0.45 0.4, o 0 -0.2 0.32 0.3, | -0.22 -0.5 0.07 0.15, | 0.22 -0.5 0.07 0.15"),
    (
        "grass",
        (150, 95, 50),
        "o 0 0.1 0.5 0.2, | -0.35 0.5 0.06 0.3, | 0.35 0.5 0.06 0.3, | 0.5 -0.3 0.06 0.4, | 0.65 -0.55 0.2 0.04",
    ),
    (
        "grass",
        (190, 150, 100),
        "o 0 0.15 0.5 0.28, o 0.5 -0.15 0.26 0.24, | -0.6 -0.15 0.05 0.3, * 0.72 -0.1 0.07 0.07",
    ),
    (
        "sea",
        (80, 190, 70),
        "o 0 0.2 0.6 0.35, o -0.3 -0.2 0.18 0.18, o 0.3 -0.2 0.18 0.18, * -0.3 -0.2 0.07 0.07, * 0.3 -0.2 0.07 0.07",
    ),
    ("grass", (80, 50, 35), "o -0.05 0.1 0.55 0.25, | -0.4 0.5 0.08 0.35, | 0.3 0.5 0.08 0.35, o 0.5 -0.35 0.15 0.45"),
    ("sea", (230, 225, 215), "| 0 0.35 0.75 0.18, | 0.1 -0.05 0.35 0.25, | 0.25 -0.5 0.08 0.25"),
    ("road", (60, 110, 180), "| -0.2 -0.1 0.55 0.4, | 0.6 0.1 0.2 0.25, * -0.45 0.45 0.16 0.16, * 0.45 0.45 0.16 0.16"),
]
"""For each class: background, colour of the thing, and its parts, ellipses (o, dark: *) or boxes (|): centre x and y,
half width, half height, all in units of the picture's half side."""
_DARK = (30, 30, 35)


def _draw(label: int, index: int) -> npt.NDArray[np.uint8]:
    """Draw one picture: the class's sign, moved, scaled and tinted by the index."""
    background, colour, parts = _SIGNS[label]
    rng = np.random.RandomState(index)
    dx, dy, scale, *tint = rng.random_sample(9)
    axis = (np.arange(SIZE) + 0.5) / (SIZE / 2) - 1
    x = (axis[None, :] - 0.3 * (dx - 0.5)) / (0.8 + 0.35 * scale)
    y = (axis[:, None] - 0.3 * (dy - 0.5)) / (0.8 + 0.35 * scale)
    shades = 50 * (np.array(tint).reshape(2, 3) - 0.5)
    grain = 14 * (rng.random_sample((SIZE, SIZE, 1)) - 0.5)
    picture = np.broadcast_to(np.array(_BACKGROUNDS[background]) + shades[0], (SIZE, SIZE, 3)) + grain
    for part in parts.split(", "):
        kind, *sizes = part.split()
        centre_x, centre_y, half_width, half_height = map(float, sizes)
        u, v = (x - centre_x) / half_width, (y - centre_y) / half_height
        inside = np.maximum(abs(u), abs(v)) < 1 if kind == "|" else u * u + v * v < 1
        paint = np.array(_DARK if kind == "*" else colour) + shades[1]
        picture = np.where(inside[:, :, None], paint + grain, picture)
    return np.clip(picture, 0, 255).astype(np.uint8)
