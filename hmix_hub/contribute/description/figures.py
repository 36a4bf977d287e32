"""Figures of a study, drawn only from its statistics, and marked with their hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hmix_hub.contribute.description.totals import statistics_text
from hmix_hub.origin import SYNTHETIC_MARK
from hmix_hub.studies.folder import FIGURES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENTRY = "statistics"
"""Keyword of the PNG text entry with the SHA-256 of the statistics from which a figure was drawn."""
_DOTS_PER_INCH = 110
_COLUMNS = 3


def figure_path(task: str) -> str:
    """Return the path of a task's figure within a study folder, with /."""
    return f"{FIGURES}/{task}.png"


def draw_figures(statistics: dict[str, Any], folder: str | os.PathLike[str]) -> list[str]:
    """Draw one figure per task.

    Parameters
    ----------
    statistics
        From `hmix_hub.contribute.description.totals.study_statistics`. The same statistics give the same bytes with
        the same matplotlib.
    folder
        Folder for the figures, `statistics` in a study; created if it does not exist. Existing files are overwritten.

    Returns
    -------
    list of str
        Names of the files, `<task>.png`, in the order of the tasks.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    digest = statistics_digest(statistics)
    for task in statistics["tasks"]:
        _save(statistics, task, place / f"{task}.png", digest)
    return [f"{task}.png" for task in statistics["tasks"]]


def statistics_digest(statistics: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of the text of statistics in UTF-8."""
    return hashlib.sha256(statistics_text(statistics).encode()).hexdigest()


def figure_is_current(path: str | os.PathLike[str], statistics: dict[str, Any]) -> bool:
    """Return whether a file exists and is a figure drawn from these statistics."""
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            return picture.info.get(ENTRY) == statistics_digest(statistics)
    # The file is untrusted; whatever is wrong with it, it is not the figure.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def _save(statistics: dict[str, Any], task: str, path: Path, digest: str) -> None:
    import matplotlib

    with matplotlib.rc_context():
        # A user's own settings must not change the bytes.
        matplotlib.rcdefaults()
        title = f"{task}  ·  {statistics['study_id']}"
        figure = _figure(statistics["tasks"][task], title, task, is_synthetic=statistics["synthetic"])
        figure.savefig(path, format="png", metadata={"Software": None, ENTRY: digest}, facecolor="white")


def _figure(figures: dict[str, Any], title: str, task: str, *, is_synthetic: bool) -> Figure:
    # Imported here, because checking a card draws nothing.
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from hmix_hub.contribute.description.panels import panels_of
    from hmix_hub.plots.figure import write_title
    from hmix_hub.resampling import COVERAGE

    panels = panels_of(task)
    figure = Figure(figsize=(11, 6.2), dpi=_DOTS_PER_INCH)
    write_title(figure, title, SYNTHETIC_MARK if is_synthetic else "", fontweight="bold")
    for axes, draw in zip(
        figure.subplots(-(-len(panels) // _COLUMNS), _COLUMNS, squeeze=False).flat, panels, strict=True
    ):
        axes.tick_params(labelsize=8)
        draw(axes, figures)
    over = "participants (stimuli for agreement between participants)" if "people" in figures else "stimuli"
    figure.supxlabel(
        f"{_counted(figures, is_synthetic=is_synthetic)}{figures['stimuli']} stimuli\n"
        f"intervals of means: {COVERAGE:.0%}, by resampling {over}",
        fontsize=8.5,
    )
    # Laid out once here: a figure with a layout engine is drawn twice when it is saved.
    ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1).execute(figure)
    return figure


def _counted(figures: dict[str, Any], *, is_synthetic: bool) -> str:
    """Return the numbers of judgments and participants as text."""
    if "people" not in figures:
        return "votes of anonymous participants; "
    people = "simulated participants" if is_synthetic else "participants"
    return f"{figures['judgments']} judgments, {figures['repeats']} of them repeats; {figures['people']} {people}; "
