"""`hmix contribute card`."""

from __future__ import annotations

import click

from hmix_hub.cli.contribute.options import study_argument


@click.command("card")
@study_argument
def command(folder: str) -> None:
    """Write the dataset card, README.md, from study.yaml and the statistics; it is generated, never edited."""
    from hmix_hub.contribute.generated import write_generated
    from hmix_hub.studies.folder import CARD

    for name in write_generated(folder, [CARD]):
        click.echo(f"wrote {folder.rstrip('/')}/{name}")
