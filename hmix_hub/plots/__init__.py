"""Pictures of judgments: `hmix_hub.plot`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError
from hmix_hub.plots.output import check_ending, save
from hmix_hub.tables import check_dataset_type
from hmix_hub.tasks import TASKS

if TYPE_CHECKING:
    import datasets
    from matplotlib.figure import Figure


def plot(dataset: datasets.Dataset, path: str | os.PathLike[str] | None = None) -> Figure:
    """Draw the picture of a dataset: perception against the synthetic label.

    Parameters
    ----------
    dataset
        Judgments or stimuli of one task, any selection. Inferred coefficients are drawn against the shown ones, the
        midpoint tasks as histograms (of the distance from .5, since the order of a pair's images means nothing), soft
        labels as their mass on and off the two classes. Participants flagged `straightlining` are left out, where there
        are others. Every mean has its 95 % interval by resampling participants (stimuli, in a by-stimulus table), where
        there are two or more.
    path
        File to write; its ending decides the format (.png, .pdf, .svg). `None` writes none.

    Returns
    -------
    matplotlib.figure.Figure
        7 by 5 inches; 10 by 5 of `construct_midpoint`. In a notebook it shows itself.

    Raises
    ------
    ConfigurationError
        If the dataset has no rows, or no columns that a picture is known for; or the file's ending is another.
    """
    from hmix_hub.plots.categories import draw_categories
    from hmix_hub.plots.inferences import draw_inferences
    from hmix_hub.plots.midpoints import draw_midpoints
    from hmix_hub.plots.picture import Picture
    from hmix_hub.plots.selection import select

    dataset = in_one_order(check_dataset_type(dataset))

    drawn = {
        name: task for task in TASKS.values() for name in task.judged_columns[: 1 + task.by_stimulus.is_configuration]
    }
    task = next((task for name, task in drawn.items() if name in dataset.column_names), None)
    if task is None:
        msg = f"there is no picture for a dataset without any of {', '.join(drawn)}"
        raise ConfigurationError(msg, hint="plot judgments of schema 2; by stimulus, infer and categorical")
    check_ending(path)
    figure = Picture(figsize=(7, 5), layout="constrained")
    (draw,) = task.tools(
        "plot", {"inferences": draw_inferences, "midpoints": draw_midpoints, "categories": draw_categories}
    )
    draw(figure, select(dataset), task)
    if path is not None:
        save(figure, path, dpi=150)
    return figure
