"""`hmix info`."""

from __future__ import annotations

import click

from hmix_hub.cli.options import configuration_argument, configurations_epilog, json_option
from hmix_hub.cli.text import echo_json, echo_table
from hmix_hub.schema import CURRENT, FLAGS, check_configuration, check_version
from hmix_hub.schema.documentation import describe_column


@click.command("info", epilog=configurations_epilog())
@configuration_argument
@click.option("--schema-version", default=CURRENT, show_default=True, help="Version of the columns.")
@json_option
def command(config: str, schema_version: str, as_json: bool) -> None:
    """Show the columns of a configuration with type, unit, range and meaning."""
    configuration = check_configuration(config)
    columns = [describe_column(column) for column in configuration.columns(check_version(schema_version))]
    flags = [
        {"flag": flag.name, "meaning": flag.meaning} for flag in FLAGS.values() if configuration.task in flag.tasks
    ]
    has_flags = any(column["column"] == "flags" for column in columns)
    if as_json:
        echo_json(
            {
                "configuration": config,
                "description": configuration.description,
                "schema_version": schema_version,
                "columns": columns,
                "flags": flags if has_flags else [],
            }
        )
        return
    click.echo(f"{config}, schema {schema_version}\n{configuration.description}\n")
    echo_table(columns)
    if has_flags:
        click.echo("\nflags:")
        echo_table(flags)
