"""`hmix show`."""

from __future__ import annotations

from pathlib import Path

import click

from hmix_hub.cli.options import cifar10_option, picture_option, source_option, writing


@click.command("show")
@click.argument("name", metavar="ID")
@source_option
@cifar10_option
@picture_option
def command(name: str, source: str | None, cifar10: str | None, output: Path) -> None:
    """Draw one stimulus as people saw it, its endpoints, and what people answered.

    ID is that of a stimulus, mixed_0.5_Dog_2205_Frog_6908; of a pair of the midpoint tasks, Automobile_887_Bird_8384;
    or of a judgment, which is then marked among the others.
    """
    from hmix_hub.plots.stimulus.showing import show

    with writing(output):
        show(name, output, source=source, cifar10=cifar10)
    click.echo(f"drew {name} into {output}", err=True)
