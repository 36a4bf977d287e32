"""`hmix collect design`: chooses the stimuli to collect next and writes them as a list of pairs."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hmix_hub.cli.data import warn_if_synthetic, writing
from hmix_hub.cli.options import cifar10_option, json_option, source_option
from hmix_hub.cli.output import echo_json
from hmix_hub.files import whole_file

if TYPE_CHECKING:
    from hmix_hub.suite.design.choosing import ChosenStimuli

TASK = "infer_mixing_factor"


def _shares(ctx: click.Context, parameter: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        msg = f"{text!r} is not a list of numbers such as 0.25,0.5,0.75"
        raise click.BadParameter(msg) from None


@click.command("design")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write the list to.",
)
@click.option(
    "-n", "--number", default=100, show_default=True, type=click.IntRange(1, 100_000), help="Number of stimuli."
)
@click.option(
    "--dataset",
    metavar="NAME",
    help="Judgments to fit the model to: h-mix (default), or a study's folder or repository.",
)
@source_option
@click.option(
    "--model",
    "model_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Saved model to use instead of fitting one; with --dataset, pictures judged there are avoided.",
)
@click.option(
    "--pictures",
    default="cifar10/test",
    show_default=True,
    metavar="NAME|DIR",
    help="Image set to draw pairs from, or a collection folder with its own pictures and classes.",
)
@click.option(
    "--coefficients",
    metavar="N,N",
    callback=_shares,
    help="Mixing coefficients to choose from; default: those already judged.",
)
@click.option(
    "--people",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Number of participants who will judge each stimulus.",
)
@click.option(
    "--per-class-pair",
    metavar="N",
    type=click.IntRange(1),
    help="Maximum number of stimuli of one pair of classes, for a more varied list; default: no limit.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed for drawing pictures.")
@cifar10_option
@json_option
def design(
    output: Path,
    number: int,
    dataset: str | None,
    source: str | None,
    model_file: Path | None,
    pictures: str,
    coefficients: tuple[float, ...] | None,
    people: int,
    per_class_pair: int | None,
    seed: int,
    cifar10: str | None,
    as_json: bool,
) -> None:
    """Choose the most informative stimuli to collect next.

    A perceptual model is fitted to the judgments so far. Stimuli are chosen one at a time: each time the one whose
    answer is expected to reduce the uncertainty of the model's predictions most, averaged over all class pairs. To ask
    about them, put the list into a collection folder whose pictures are those of --pictures, and name it in
    collection.yaml: under tasks.infer_mixing_factor, `pairs: {file: FILE}`, without `coefficients`.
    """
    from hmix_hub.loading.road import load_dataset
    from hmix_hub.perception.model import PerceptualModel
    from hmix_hub.suite.design.choosing import Judged, choose_stimuli, list_of_pairs, pictures_named

    image_set, labels = pictures_named(pictures, cifar10)
    judgments = None
    if dataset is not None or model_file is None:
        name = dataset or "h-mix"
        judgments = load_dataset(name, TASK, split="train", source=source)
        warn_if_synthetic(judgments, source, name)
    model = PerceptualModel.fit(judgments) if model_file is None else PerceptualModel.load(model_file)
    chosen = choose_stimuli(
        model,
        labels,
        number,
        coefficients=coefficients,
        people=people,
        per_class_pair=per_class_pair,
        judged=None if judgments is None else Judged.of(model, judgments, image_set, labels),
        seed=seed,
    )
    with writing(output), whole_file(output, follows_links=True) as stream:
        stream.write(list_of_pairs(chosen.stimuli, labels).encode())
    if as_json:
        echo_json(_as_dict(chosen, image_set))
    else:
        _echo(chosen, output, image_set)


def _as_dict(chosen: ChosenStimuli, image_set: str) -> dict[str, object]:
    known = math.isfinite(chosen.random_worth)
    return {
        "stimuli": len(chosen.stimuli),
        "candidates": chosen.candidates,
        "image_set": image_set,
        "uses_judged_pictures": chosen.uses_judged_pictures,
        "coefficients": {f"{share:g}": count for share, count in _shown(chosen)},
        "standard_error_before": chosen.standard_errors[0],
        "standard_error_after": chosen.standard_errors[1],
        "random_worth": chosen.random_worth if known else None,
        "random_spread": chosen.random_spread if known else None,
    }


def _shown(chosen: ChosenStimuli) -> list[tuple[float, int]]:
    return sorted(Counter(stimulus.mixing_coefficient or 0.0 for stimulus in chosen.stimuli).items())


def _echo(chosen: ChosenStimuli, output: Path, image_set: str) -> None:
    number = len(chosen.stimuli)
    class_pairs = len({(stimulus.image_1_label, stimulus.image_2_label) for stimulus in chosen.stimuli})
    mixtures = ", ".join(f"{count} at {share:g}" for share, count in _shown(chosen))
    click.echo(
        f"chose {number:,} of {chosen.candidates:,} mixtures of {image_set}: {class_pairs} class pairs; {mixtures}"
    )
    before, after = chosen.standard_errors
    click.echo(f"standard error of predictions: {before:.4f} now, {after:.4f} with these answers (in sd of one answer)")
    if math.isfinite(chosen.random_worth):
        spread = f" (standard deviation {chosen.random_spread:.0f} between draws)"
        click.echo(f"as informative as {chosen.random_worth:.0f} random stimuli{spread}")
    else:
        click.echo(f"more than {50 * number:,} random stimuli would be needed to be as informative")
    if chosen.uses_judged_pictures:
        click.echo("some pictures were judged before, as there are too few others")
    click.echo(f"wrote {output}")
    click.echo(
        f"next: put {output.name} into a collection folder with the pictures {image_set}; in its collection.yaml,"
    )
    click.echo(f"under tasks.{TASK}, set `pairs: {{file: {output.name}}}` and a `batch_size` that divides {number:,},")
    click.echo("and remove `coefficients` and `batches`; then hmix collect check DIR")
