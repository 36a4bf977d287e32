"""`hmix show`."""

from __future__ import annotations

from pathlib import Path

import click

from hmix_hub.cli.options import cannot_write, cifar10_option, picture_option, source_option


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
    from hmix_hub.plots.output import check_ending
    from hmix_hub.plots.stimulus.showing import show

    check_ending(output)
    figure = show(name, source=source, cifar10=cifar10)
    try:
        figure.savefig(output)
    except OSError as error:
        raise cannot_write(output, error.strerror) from error
    click.echo(f"drew {name} into {output}", err=True)
