"""`hmix cite`."""

from __future__ import annotations

import click

from hmix_hub.citing import citation


@click.command("cite")
@click.argument("dataset", default="h-mix")
def command(dataset: str) -> None:
    """Print the BibTeX entry to cite: H-Mix is the work of Collins et al."""
    click.echo(citation(dataset), nl=False)
