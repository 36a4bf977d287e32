"""Figures of one stimulus, as people saw it, with their answers: `hmix_hub.show`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hmix_hub.datasets_by_name import H_MIX
from hmix_hub.origin import SYNTHETIC_MARK
from hmix_hub.plots.figure import SYNTHETIC, WARNING, Picture, check_ending, save
from hmix_hub.plots.stimulus_panels import (
    INTERVALS,
    NAMED,
    draw_inferences,
    draw_midpoints,
    draw_ratings,
    draw_soft_labels,
)
from hmix_hub.plots.subject import Subject, find_subject
from hmix_hub.stimuli.mixtures import steps_of, steps_on_screen
from hmix_hub.tables import vocabulary_of
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.construct_midpoint import ENDPOINT_NOT_SHOWN
from hmix_hub.tasks.midpoint import WALK

DPI = 150
FRAME = "#000000"
_MARGIN, _GAP, _TOP = 40, 36, 145
_ENLARGED, _ENLARGED_IN_ROW = 10, 5
"""Enlargement of a pixel; people saw the pictures ten times enlarged."""
_LONGEST_SIDE = 640
"""Maximum size of a picture's longer side in pixels; larger pictures are enlarged less, or reduced."""
_PANEL_WIDTH, _PANEL_HEIGHT, _PANEL_LEFT = 520, 480, 150
_PANELS = {"inferences": draw_inferences, "categories": draw_soft_labels, "ratings": draw_ratings}


def show(
    name: str,
    path: str | os.PathLike[str] | None = None,
    *,
    dataset: str | os.PathLike[str] = H_MIX,
    source: str | os.PathLike[str] | None = None,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
) -> Figure:
    """Draw a stimulus as people saw it, with its endpoints and the answers.

    Parameters
    ----------
    name
        Id of a stimulus ("mixed_0.5_Dog_2205_Frog_6908"), of a pair of the midpoint tasks ("Automobile_887_Bird_8384"),
        or of a judgment, which is then highlighted among the others.
    path
        File to write; its ending decides the format (.png, .pdf, .svg). `None` writes none.
    dataset
        "h-mix"; or a study with judgments of participants: its folder, its repository on the Hub, or a registered one.
    source, cifar10, image_sets
        See `render`.

    Returns
    -------
    matplotlib.figure.Figure
        For a mixture: both endpoints, the mixture between them, and a panel for each task that asked about it. For a
        pair: its eleven mixtures, and how often each was selected as the 50/50 one. Image 1 is on the right, as on axes
        of coefficients. Saved at 150 dots per inch, each pixel of a picture is a square of 10 by 10 (5 by 5 for a
        pair), unsmoothed; pictures whose longer side exceeds 64 pixels are enlarged less, or reduced.

    Raises
    ------
    ConfigurationError
        If the file has another extension.
    SchemaError
        If it is not an id, or the judgment or picture does not exist.
    SourceError
        If judgments or pictures are unavailable.

    Examples
    --------
    >>> import hmix_hub
    >>> figure = hmix_hub.show("mixed_0.25_Airplane_62_Deer_2", "stimulus.png", source="sample")
    """
    check_ending(path)
    subject = find_subject(name, dataset=dataset, source=source, cifar10=cifar10, image_sets=image_sets)
    canvas = _draw_pair(subject) if subject.coefficient is None else _draw_mixture(subject)
    _write_heading(canvas, subject)
    judged = sum(len(judgments) for judgments in subject.judgments.values())
    canvas.figure.words = f"{subject.name}, and {judged} judgments of it"
    if path is not None:
        save(canvas.figure, path, dpi=DPI)
    return canvas.figure


def _draw_mixture(subject: Subject) -> Canvas:
    enlarged, width, height = _shown_size(subject.pictures, _ENLARGED)
    side = max(width, height)
    tasks = [task for task in TASKS if task in subject.judgments]
    pictures_end = _MARGIN + len(subject.pictures) * (width + _GAP)
    canvas = Canvas(max(pictures_end + len(tasks) * (_PANEL_LEFT + _PANEL_WIDTH) + _MARGIN, 1000), _TOP + side + 170)
    shares = [f"{100 * (subject.coefficient or 0):g} %", f"{100 * (1 - (subject.coefficient or 0)):g} %"]
    names = [f"{label} {index}" for label, index in zip(subject.labels, subject.indices, strict=True)]
    words = names
    if len(names) > 1:
        mixed = "\n+ ".join(f"{share} {label}" for share, label in zip(shares, subject.labels, strict=True))
        words = [f"image 2: {names[1]}", mixed, f"image 1: {names[0]}"]
    for number, (picture, line) in enumerate(zip(subject.pictures, words, strict=True)):
        left = _MARGIN + number * (width + _GAP)
        canvas.picture(picture, left, _TOP, enlarged)
        canvas.text(left, _TOP + height + 14, line)
    for number, task in enumerate(tasks):
        left = pictures_end + _PANEL_LEFT + number * (_PANEL_LEFT + _PANEL_WIDTH)
        (draw,) = TASKS[task].tools("plot", _PANELS)
        draw(canvas.axes(left, _TOP, _PANEL_WIDTH, min(side, _PANEL_HEIGHT)), subject, task)
    if tasks:
        canvas.note(pictures_end + _PANEL_LEFT, canvas.height - 30, INTERVALS)
    else:
        canvas.note(_MARGIN, _TOP + side + 60, f"nobody judged this {'mixture' if len(names) > 1 else 'picture'}")
    return canvas


def _draw_pair(subject: Subject) -> Canvas:
    enlarged, width, side = _shown_size(subject.pictures, _ENLARGED_IN_ROW)
    column, left = width + 14, _MARGIN + 60
    canvas = Canvas(left + len(WALK) * column + _MARGIN, _TOP + side + (540 if subject.judgments else 130))
    first, second = (f"{label} {index}" for label, index in zip(subject.labels, subject.indices, strict=True))
    selected = None if subject.judgment is None else steps_of(subject.judgment["selected_coefficient"])
    for step, picture in enumerate(subject.pictures):
        frame, line = (NAMED, 6) if step == selected else (FRAME, 2)
        canvas.picture(picture, left + step * column + 7, _TOP, enlarged, frame=frame, line=line)
    canvas.text(left + 7, _TOP + side + 14, f"image 2: {second}")
    canvas.text(left + len(WALK) * column - 7, _TOP + side + 14, f"image 1: {first}", align="right")
    if subject.judgments:
        draw_midpoints(canvas.axes(left, _TOP + side + 110, len(WALK) * column, 270), subject)
        canvas.note(left, canvas.height - 30, INTERVALS)
    else:
        judged = f"; judged mixtures: {', '.join(subject.elsewhere)}" if subject.elsewhere else ""
        canvas.note(left + 7, _TOP + side + 70, f"nobody judged this pair in the midpoint tasks{judged}")
    return canvas


def _shown_size(pictures: npt.NDArray[np.uint8], most: int) -> tuple[float, int, int]:
    """Return the enlargement of a pixel, and width and height of the pictures in the figure."""
    longest = _LONGEST_SIDE * most // _ENLARGED
    enlarged = min(most, longest / max(pictures.shape[-2:]))
    if enlarged > 1:
        enlarged = int(enlarged)
    height, width = (max(round(enlarged * side), 1) for side in pictures.shape[-2:])
    return enlarged, width, height


def _write_heading(canvas: Canvas, subject: Subject) -> None:
    canvas.text(_MARGIN, 22, subject.name, size=12)
    if subject.is_synthetic:
        canvas.text(canvas.width - _MARGIN, 26, SYNTHETIC_MARK, colour=WARNING, align="right")
    if subject.judgment is not None:
        canvas.text(_MARGIN, 66, describe_judgment(subject), colour=NAMED)


def describe_judgment(subject: Subject) -> str:
    """Return a line about the named judgment; empty if none was named."""
    row = subject.judgment
    if row is None:
        return ""
    names = {"selected_coefficient": "selected", "inferred_coefficient": "inferred", "confidence": "confidence"}
    parts = [f"{words} {row[name]:g}" for name, words in names.items() if row.get(name) is not None]
    if row.get("rating") is not None:
        parts.append(f"rated {row['rating']:g} on {row['scale']}")
    if TASKS[row["task"]].class_column:
        parts = [*_named_classes(subject, row), *parts]
    if row["response_time_ms"] is not None:
        parts.append(f"after {row['response_time_ms'] / 1000:.1f} s")
    if ENDPOINT_NOT_SHOWN.name in row["flags"]:
        seen = WALK[steps_on_screen(steps_of(row["selected_coefficient"]))]
        parts.append(f"the picture on the screen was at {seen:g}")
    flags = f"; {', '.join(row['flags'])}" if row["flags"] else ""
    return f"{row['task']}, participant {row['participant_id']}, trial {row['trial_index']}: {', '.join(parts)}{flags}"


def _named_classes(subject: Subject, row: Mapping[str, Any]) -> list[str]:
    """Return the classes that a participant named, with their probabilities, and those ruled out."""
    names = vocabulary_of(subject.judgments[row["task"]]).names
    parts = []
    for place in ("top", "second", "chosen"):
        label, probability = row.get(f"{place}_class"), row.get(f"{place}_probability")
        if label is not None:
            parts.append(names[label] + (f" {probability:g}" if probability is not None else ""))
    if row.get("impossible_classes"):
        parts.append("ruled out " + " ".join(names[label] for label in row["impossible_classes"]))
    return parts


class Canvas:
    """A figure whose axes are placed in pixels from the upper left corner.

    Parameters
    ----------
    width, height
        Size in pixels when saved at `DPI`.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Picture(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")

    def axes(self, left: int, top: int, width: int, height: int) -> Axes:
        """Add axes with a box in pixels."""
        bottom = self.height - top - height
        box = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def picture(
        self, picture: npt.NDArray[np.uint8], left: int, top: int, enlarged: float, *, frame: str = FRAME, line: int = 2
    ) -> Axes:
        """Add a framed picture, uint8 (3, H, W), each of its pixels a square of `enlarged` pixels."""
        height, width = (max(round(enlarged * side), 1) for side in picture.shape[1:])
        around = self.axes(left - line, top - line, width + 2 * line, height + 2 * line)
        around.set(xticks=[], yticks=[], facecolor=frame)
        axes = self.axes(left, top, width, height)
        axes.imshow(
            picture.transpose(1, 2, 0), interpolation="nearest" if enlarged >= 1 else "antialiased", aspect="auto"
        )
        for each in (around, axes):
            each.set(xticks=[], yticks=[])
            each.spines[:].set_visible(False)
        return axes

    def text(
        self, left: float, top: float, words: str, *, size: float = 9, colour: str = "black", align: str = "left"
    ) -> None:
        """Write text with its upper left corner at a pixel; or its upper right one, if so aligned."""
        place = left / self.width, 1 - top / self.height
        self.figure.text(*place, words, size=size, color=colour, va="top", ha=align)

    def note(self, left: float, top: float, words: str) -> None:
        """Write a small grey line."""
        self.text(left, top, words, size=7.5, colour=SYNTHETIC)
