"""Picture for README and card: examples of mixtures, and how people disagree with their labels and each other.

python3 scripts/picture.py [FILE]        default: dataset_cards/h-mix.png; needs the released files

The coefficients are those of the released stimuli, but the pictures are the sample study's drawings. The panels
aggregate answers over all stimuli, without showing any row of the release.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from environment import ROOT, options_of, run_script

if TYPE_CHECKING:
    import datasets
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

CLASSES = ("ship", "deer")
"""Classes of image 2, on the left, and image 1."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument(
        "file", nargs="?", type=Path, default=ROOT / "dataset_cards" / "h-mix.png", help="picture to write"
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Draw the three parts and write the file."""
    from matplotlib.figure import Figure

    import hmix_hub
    from hmix_hub.plots.figure import SYNTHETIC
    from hmix_hub.resampling import COVERAGE
    from hmix_hub.sources import choose_source

    source = choose_source()[0]
    if source == "sample":
        sys.exit("the released files are not available: set HMIX_SOURCE to a folder that contains them")
    path: Path = arguments.file
    judgments = hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=source)
    figure = Figure(figsize=(11, 5.6), layout="constrained", facecolor="white")
    ((top,), (bottom,)) = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 1.9))
    _draw_mixtures(top, sorted(judgments.unique("mixing_coefficient")))
    left, right = bottom.subplots(1, 2)
    _draw_answers(left, judgments)
    _draw_agreement(right, judgments)
    people = len(judgments.unique("participant_id"))
    bottom.supxlabel(
        f"{len(judgments):,} judgments of {len(judgments.unique('stimulus_id')):,} mixtures of CIFAR-10 pictures by "
        f"{people} people; intervals of means: {COVERAGE:.0%}, by resampling people (left) and stimuli (two people)",
        fontsize=8,
        color=SYNTHETIC,
    )
    figure.savefig(path, dpi=130)
    print(f"wrote {path}")


def _draw_mixtures(figure: SubFigure, levels: list[float]) -> None:
    """Draw mixtures of two pictures at the levels of the release, mixed like its stimuli; image 1 on the right."""
    import numpy as np

    from hmix_hub.schema import CIFAR10
    from hmix_hub.sources.sample.drawing import pictures

    images, labels = pictures()
    second, first = (images[np.flatnonzero(labels == CIFAR10.code(name))[2]].astype(float) for name in CLASSES)
    figure.suptitle(
        "One mixture, one synthetic label: what do people see?  (pictures drawn for illustration)",
        x=0.01,
        ha="left",
        fontsize=11,
    )
    for axes, level in zip(figure.subplots(1, len(levels)), levels, strict=True):
        axes.imshow(((level * first + (1 - level) * second) / 255 * 255).astype(np.uint8), interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(f"$\\lambda$ = {level:g}: {1 - level:.0%} {CLASSES[0]}, {level:.0%} {CLASSES[1]}", fontsize=8)


def _draw_answers(axes: Axes, judgments: datasets.Dataset) -> None:
    """Draw the distribution of inferred coefficients at each shown one, with the mean."""
    import numpy as np

    from hmix_hub.plots.axes import share_axis, title_above
    from hmix_hub.plots.figure import FAINT, PEOPLE, SYNTHETIC
    from hmix_hub.plots.selection import Selection
    from hmix_hub.resampling import levels_of, resample_means

    selection = Selection(judgments)
    centres, levels = levels_of(selection.numbers("mixing_coefficient"))
    perceived = selection.numbers("inferred_coefficient")
    means = resample_means(perceived, levels, selection.units, len(centres))
    edges = np.linspace(0, 1, 22)
    axes.plot([0, 1], [0, 1], "--", color=SYNTHETIC, lw=1, label="synthetic label")
    for level, centre in enumerate(centres):
        shares = np.histogram(perceived[levels == level], edges)[0] / (levels == level).sum()
        axes.barh(
            (edges[1:] + edges[:-1]) / 2,
            0.25 * shares,
            np.diff(edges),
            left=centre,
            color=FAINT,
            edgecolor="white",
            lw=0.4,
            label="_nolegend_" if level else "share of the answers",
        )
    axes.errorbar(centres, means.mean, means.errors, fmt="o", color=PEOPLE, capsize=3, label="their mean")
    axes.set(xlabel="$\\lambda$ shown (share of image 1)", ylabel="$\\lambda$ perceived")
    axes.spines[["top", "right"]].set_visible(False)
    share_axis(axes)
    share_axis(axes, "y", gap=0)
    axes.set_xticks([0, *centres, 1])
    title_above(axes, "People disagree with the synthetic label ...", legend_columns=3)


def _draw_agreement(axes: Axes, judgments: datasets.Dataset) -> None:
    """Draw differences between the answers of two participants, and between repeated answers, to the same mixture."""
    from hmix_hub.contribute.description.panels import differences
    from hmix_hub.contribute.description.statistics import task_statistics
    from hmix_hub.plots.axes import share_axis, title_above
    from hmix_hub.tasks import INFER

    differences(axes, task_statistics([judgments.data.table], INFER))
    share_axis(axes, gap=20)
    axes.tick_params(labelsize=10)
    axes.xaxis.label.set_fontsize(10)
    axes.yaxis.label.set_fontsize(10)
    axes.set_xlabel("difference of $\\lambda$ perceived")
    title_above(axes, "... and with each other about the same mixture", legend_columns=1)


if __name__ == "__main__":
    run_script(main, options())
