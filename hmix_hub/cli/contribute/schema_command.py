"""`hmix contribute schema`."""

from __future__ import annotations

import click


@click.command("schema")
@click.option("--map", "of_map", is_flag=True, help="Print that of a column map for `import` instead.")
def command(of_map: bool) -> None:
    """Print the JSON Schema of study.yaml, which editors complete and check by."""
    from hmix_hub.contribute.importing.column_map import map_schema
    from hmix_hub.studies.json_schema import shipped_schema

    click.echo(map_schema() if of_map else shipped_schema(), nl=False)
