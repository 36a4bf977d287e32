"""Picture of README and card: mixtures of two drawn pictures, and how people perceive the released ones on average.

python3 scripts/picture.py [FILE]        default: dataset_cards/h-mix.png; needs the released files

The pictures are the sample study's own, and the curve shows averages alone: no row of the release is in it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from environment import ROOT, options_of, run_script

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

LEVELS = (0.9, 0.75, 0.5, 0.25, 0.1)
CLASSES = ("deer", "ship")


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument(
        "file", nargs="?", type=Path, default=ROOT / "dataset_cards" / "h-mix.png", help="picture to write"
    )
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Draw both halves and write the file."""
    from matplotlib.figure import Figure

    path: Path = arguments.file
    figure = Figure(figsize=(11, 2.9), layout="constrained", facecolor="white")
    ((left, right),) = figure.subfigures(1, 2, squeeze=False)
    _draw_mixtures(left)
    _draw_perception(right.subplots())
    figure.savefig(path, dpi=160)
    print(f"wrote {path}")


def _draw_mixtures(figure: SubFigure) -> None:
    """Draw the two pictures and their mixtures, mixed as the released stimuli were."""
    import numpy as np

    from hmix_hub.schema import CIFAR10
    from hmix_hub.sources.sample import pictures

    images, labels = pictures()
    first, second = (images[np.flatnonzero(labels == CIFAR10.code(name))[2]].astype(float) for name in CLASSES)
    figure.suptitle("One mixture, one synthetic label: what do people see?", x=0.02, ha="left", fontsize=11)
    for axes, level in zip(figure.subplots(1, len(LEVELS)), LEVELS, strict=True):
        axes.imshow(((level * first + (1 - level) * second) / 255 * 255).astype(np.uint8), interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"$\\lambda$ = {level:g}", fontsize=9)
        axes.set_xlabel(f"{level:.0%} {CLASSES[0]}\n{1 - level:.0%} {CLASSES[1]}", fontsize=8)


def _draw_perception(axes: Axes) -> None:
    """Draw the mean inferred coefficient at each shown one, with intervals by resampling people."""
    import numpy as np

    import hmix_hub
    from hmix_hub.plots.inferences import level_of
    from hmix_hub.plots.resampling import resample_means
    from hmix_hub.plots.selection import Selection
    from hmix_hub.plots.style import FAINT, PEOPLE, SYNTHETIC
    from hmix_hub.sources import choose_source

    source = choose_source()[0]
    if source == "sample":
        sys.exit("the released files cannot be reached: name a folder that holds them with HMIX_SOURCE")
    selection = Selection(hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=source))
    centres, levels = level_of(selection.numbers("mixing_coefficient"))
    perceived = selection.numbers("inferred_coefficient")
    means = resample_means(perceived, levels, selection.units, len(centres))
    quartiles = np.array([np.percentile(perceived[levels == level], [25, 75]) for level in range(len(centres))]).T
    axes.plot([0, 1], [0, 1], "--", color=SYNTHETIC, lw=1, label="synthetic label")
    axes.fill_between(centres, *quartiles, color=FAINT, alpha=0.35, lw=0, label="middle half of\njudgments")
    axes.errorbar(centres, means.mean, means.errors, fmt="o-", color=PEOPLE, capsize=3, label="people, on average")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="$\\lambda$ shown", ylabel="$\\lambda$ perceived", aspect="equal")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8)
    axes.set_title(selection.describe().replace("; ", "\n"), loc="left", fontsize=8, color=SYNTHETIC)


if __name__ == "__main__":
    run_script(main, options())
