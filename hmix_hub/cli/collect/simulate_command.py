"""`hmix collect simulate`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click


@click.command("simulate")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("target", metavar="[TARGET]", required=False, type=click.Path(path_type=Path))
@click.option("--url", metavar="ADDRESS", help="Take part in a server of this study that runs already.")
@click.option("--people", metavar="N", type=click.IntRange(1), help="People at the most; else until all is full.")
@click.option("--bias", default=0.08, show_default=True, type=click.FloatRange(-0.3, 0.3), help="Towards image 1.")
@click.option("--noise", default=0.12, show_default=True, type=click.FloatRange(0, 0.45), help="Of one answer.")
@click.option("--spread", default=0.02, show_default=True, type=click.FloatRange(0, 0.2), help="Of people's biases.")
@click.option("--hysteresis", default=0.0, show_default=True, type=click.FloatRange(-1, 1), help="Towards the start.")
@click.option("--dropouts", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Share who leave.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Seed of people and answers.")
@click.option("--workers", default=8, show_default=True, type=click.IntRange(1, 256), help="People at a time.")
@click.option("--cifar10", metavar="PATH", help="Where CIFAR-10 lies; see `hmix show --help`.")
def command(
    folder: Path,
    target: Path | None,
    url: str | None,
    people: int | None,
    bias: float,
    noise: float,
    spread: float,
    hysteresis: float,
    dropouts: float,
    seed: int,
    workers: int,
    cifar10: str | None,
) -> None:
    """Let scripted people take part in the study of DIR over HTTP, with a known bias.

    They go through consent, instructions, quiz, trials and comments as the page does, and see the pictures by their
    pixels. TARGET is a new collection that is marked as synthetic; `hmix collect export` takes its answers out.

    The planted bias is by how much the mean answer has too much of image 1: the inferred share, the share of the
    probable class, the coefficient of the picture that looks like the 50/50 one.
    """
    from tqdm import tqdm

    from hmix_hub.suite.simulation.perception import Perception
    from hmix_hub.suite.simulation.simulate import simulate

    perception = Perception(bias=bias, noise=noise, spread=spread, hysteresis=hysteresis)
    with tqdm(unit=" answers", leave=False, disable=not sys.stderr.isatty()) as bar:
        done = simulate(
            folder,
            target,
            url=url,
            people=people,
            perception=perception,
            seed=seed,
            dropouts=dropouts,
            workers=workers,
            cifar10=cifar10,
            progress=bar.update,
        )
    click.echo(f"{len(done.parts):,} scripted people gave {done.answers:,} answers; {done.left:,} left before the end")
    for task, finished in sorted(done.finished.items()):
        click.echo(f"  {task}: {finished:,} finished")
    if done.is_full:
        click.echo("  every batch has the people that it wants")
    click.echo(f"planted bias {bias:+g} towards image 1 (noise {noise:g}, spread {spread:g}, seed {seed})")
    if target is not None:
        click.echo(f"next: hmix collect export {shlex.quote(str(target))} {shlex.quote(f'{target}-export')}")
