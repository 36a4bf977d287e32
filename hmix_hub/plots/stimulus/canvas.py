"""Canvas of exact pixels, so that each pixel of a stimulus becomes a square of whole ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hmix_hub.plots.style import SYNTHETIC

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DPI = 150
FRAME = "#000000"


class Canvas:
    """A figure whose axes are placed by pixels, counted from the upper left corner.

    Parameters
    ----------
    width, height
        Pixels, when it is saved at `DPI`.
    """

    def __init__(self, width: int, height: int) -> None:
        from hmix_hub.plots.picture import Picture

        self.width, self.height = width, height
        self.figure = Picture(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")

    def axes(self, left: int, top: int, width: int, height: int) -> Axes:
        """Add axes, by their box in pixels."""
        bottom = self.height - top - height
        box = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def picture(
        self, picture: npt.NDArray[np.uint8], left: int, top: int, enlarged: int, *, frame: str = FRAME, line: int = 2
    ) -> Axes:
        """Add a picture, uint8 (3, H, W), each of its pixels a square of `enlarged` pixels, in a frame around it."""
        height, width = (enlarged * side for side in picture.shape[1:])
        around = self.axes(left - line, top - line, width + 2 * line, height + 2 * line)
        around.set(xticks=[], yticks=[], facecolor=frame)
        axes = self.axes(left, top, width, height)
        axes.imshow(picture.transpose(1, 2, 0), interpolation="nearest", aspect="auto")
        for each in (around, axes):
            each.set(xticks=[], yticks=[])
            each.spines[:].set_visible(False)
        return axes

    def text(
        self, left: float, top: float, words: str, *, size: float = 9, colour: str = "black", align: str = "left"
    ) -> None:
        """Write words whose upper left corner is at a pixel; or the upper right one, if so aligned."""
        place = left / self.width, 1 - top / self.height
        self.figure.text(*place, words, size=size, color=colour, va="top", ha=align)

    def note(self, left: float, top: float, words: str) -> None:
        """Write a small grey line."""
        self.text(left, top, words, size=7.5, colour=SYNTHETIC)
