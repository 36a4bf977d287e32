"""`hmix contribute croissant`."""

from __future__ import annotations

import click

from hmix_hub.cli.contribute.options import study_argument


@click.command("croissant")
@study_argument
def command(folder: str) -> None:
    """Write the Croissant description, croissant.json (JSON-LD); it is generated, never edited.

    With the extra `croissant`, `mlcroissant validate --jsonld` checks it.
    """
    from hmix_hub.contribute.generated import write_generated
    from hmix_hub.studies.folder import CROISSANT

    for name in write_generated(folder, [CROISSANT]):
        click.echo(f"wrote {folder.rstrip('/')}/{name}")
