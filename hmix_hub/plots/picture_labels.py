"""Labels of one picture as a figure: the picture, and beside it each kind of human label."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hmix_hub.loading.labels import labels_of
from hmix_hub.origin import SYNTHETIC_MARK
from hmix_hub.plots.figure import PEOPLE, SECOND, WARNING, Picture, check_ending, save
from hmix_hub.plots.showing import DPI, Canvas
from hmix_hub.sources.image_sets import open_image_set

MOST_PANELS = 6
"""Maximum number of labels beside the picture, the first of the table."""
_ENLARGED, _WIDEST = 8, 320
_MARGIN, _TOP, _LEFT, _PANEL, _BELOW = 40, 168, 130, 250, 90
_OTHERS = "#CCCCCC"


def draw_labels(
    image_set: str,
    index: int,
    path: str | os.PathLike[str] | None = None,
    *,
    cifar10: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Picture:
    """Draw a picture and, for each kind of human label, the distribution over classes.

    Parameters
    ----------
    image_set, index
        The picture; see `hmix_hub.labels_of`.
    path
        File to write, .png, .pdf or .svg; `None`: none.
    cifar10
        Where CIFAR-10's pictures come from; see `hmix_hub.render`.
    **options
        See `hmix_hub.labels_of`.

    Returns
    -------
    Picture
        The figure, with at most `MOST_PANELS` panels; answers without classes have none.

    Raises
    ------
    ConfigurationError
        If the file has another extension, or there is no such picture.
    SourceError
        If the picture or its labels are unavailable.
    """
    check_ending(path)
    frame = labels_of(image_set, index, **options)
    found = open_image_set(image_set, cifar10=cifar10)
    pixels = found.picture(index)
    enlarged = max(1, min(_ENLARGED, _WIDEST // max(pixels.shape[1], pixels.shape[2])))
    side = enlarged * pixels.shape[2]
    height = max(enlarged * pixels.shape[1], 22 * len(found.vocabulary))
    all_rows = [row for row in frame.to_dict("records") if row["label_distribution"]]
    rows = all_rows[:MOST_PANELS]
    width = 2 * _MARGIN + side + max(2, len(rows)) * (_LEFT + _PANEL)
    canvas = Canvas(width, _TOP + height + _BELOW)
    label = found.vocabulary.names[found.labels[index]]
    canvas.text(_MARGIN, 22, f"{image_set}, picture {index}: {label}", size=12)
    if frame["n_synthetic"].any():
        canvas.text(canvas.width - _MARGIN, 26, SYNTHETIC_MARK, colour=WARNING, align="right")
    canvas.picture(pixels, _MARGIN, _TOP, enlarged)
    for number, row in enumerate(rows):
        left = _MARGIN + side + _LEFT + number * (_LEFT + _PANEL)
        _draw_panel(canvas, left, height, row, found.vocabulary.names)
    more = len(all_rows) - len(rows)
    told = f"and {more} more labels: hmix labels lists them" if more else "" if rows else "nobody labelled this picture"
    canvas.note(_MARGIN, canvas.height - 34, told)
    canvas.figure.words = f"picture {index} of {image_set}, and {len(all_rows)} kinds of labels"
    if path is not None:
        save(canvas.figure, path, dpi=DPI)
    return canvas.figure


def _draw_panel(canvas: Canvas, left: int, height: int, row: Mapping[Any, Any], names: tuple[str, ...]) -> None:
    """Draw the shares of the classes: that of the picture in one colour, its partner's in another."""
    axes = canvas.axes(left, _TOP, _PANEL, height)
    shares = row["label_distribution"]
    # Classes unknown to the image set, such as a study's own, are at the bottom.
    known = [*names, *(name for name in shares if name not in names)]
    colours = {row["other_label"]: SECOND, row["label"]: PEOPLE}
    places = np.arange(len(known))
    axes.barh(places, [shares.get(n, 0) for n in known], color=[colours.get(n, _OTHERS) for n in known], height=0.7)
    axes.set(xlim=(0, 1), yticks=places, yticklabels=known, xlabel="share")
    axes.invert_yaxis()
    axes.tick_params(labelsize=8)
    axes.xaxis.label.set_fontsize(8)
    axes.spines[["top", "right"]].set_visible(False)
    is_single = pd.isna(row["other_index"])
    mixed = "" if is_single else f"mixed with {row['other_label']} {row['other_index']}"
    canvas.text(left, _TOP - 98, row["dataset"] or "the given dataset", size=9)
    canvas.note(left, _TOP - 74, row["task"].replace("_", " "))
    canvas.note(left, _TOP - 52, f"{row['n_judgments']} judgments")
    canvas.note(left, _TOP - 30, mixed)
