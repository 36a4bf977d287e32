"""`hmix contribute schema`."""

from __future__ import annotations

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of study.yaml, which editors complete and check by."""
    from hmix_hub.studies.json_schema import shipped_schema

    click.echo(shipped_schema(), nl=False)
