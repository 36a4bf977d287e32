"""`hmix load`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.cli.options import (
    configuration_argument,
    configurations_epilog,
    dataset_option,
    filter_options,
    source_option,
    warn_if_synthetic,
    writing,
)
from hmix_hub.files import whole_file
from hmix_hub.schema import CONFIGURATIONS, CURRENT

if TYPE_CHECKING:
    import datasets

WRITTEN = ("csv", "jsonl", "parquet")
"""Formats of files."""
FORMATS = ("table", *WRITTEN)
ROWS_ON_SCREEN = 20
CORE = "core"


@click.command("load", epilog=configurations_epilog())
@configuration_argument
@dataset_option
@source_option
@click.option("--schema-version", default=CURRENT, show_default=True, help="Version of the columns.")
@click.option(
    "--columns",
    metavar="NAME,NAME",
    help='Columns to keep, in this order; "core": those that a reader needs, which a table on the screen shows.',
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Default: what the ending of --output says; on the screen, a table of the first rows.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; else the screen.")
@filter_options
def command(
    config: str,
    dataset: str,
    source: str | None,
    schema_version: str,
    columns: str | None,
    form: str | None,
    output: Path | None,
    filters: dict[str, Any],
) -> None:
    """Load a configuration, filtered, and print or write it.

    Labels are written as class names; in Parquet as the dataset has them, with the names in the file's metadata. A
    number is 0.5, an interval 0.25:0.75 (closed), 0.25: or :0.75.
    """
    from hmix_hub.loading.road import load_dataset

    form = form or _form_of(output)
    _check_form(form, output)
    options = filters | {"source": source, "schema_version": schema_version}
    loaded = load_dataset(dataset, config, split="train", **options)
    # Before columns are chosen, one of which is the mark.
    warn_if_synthetic(loaded, source, dataset)
    if columns is not None:
        loaded = loaded.select_columns(_names_of(columns, config, loaded.column_names))
    elif form == "table":
        loaded = readable_columns(loaded, config)
    if output is None:
        click.echo(_text(form, loaded), nl=False)
        return
    with writing(output), whole_file(output, follows_links=True) as stream:
        if form == "parquet":
            loaded.to_parquet(stream)
        else:
            stream.write(_text(form, loaded).encode())
    click.echo(f"wrote {len(loaded)} rows to {output}", err=True)


def _form_of(output: Path | None) -> str:
    """Return the format that a file's extension implies; on the screen, a table."""
    if output is None:
        return "table"
    ending = output.suffix.removeprefix(".").lower()
    if ending not in WRITTEN:
        endings = ", ".join(f".{name}" for name in WRITTEN)
        msg = f"--output: cannot tell the format from the extension of {output.name!r}; use {endings}, or add --format"
        raise click.UsageError(msg)
    return ending


def _check_form(form: str, output: Path | None) -> None:
    if form == "parquet" and output is None:
        msg = "parquet cannot be printed; name a file with -o"
        raise click.UsageError(msg)
    if form == "table" and output is not None:
        msg = f"a table of the first rows is for the screen; to write a file, choose {', '.join(WRITTEN)}"
        raise click.UsageError(msg)


def _names_of(columns: str, config: str, known: Sequence[str]) -> list[str]:
    """Return the columns that --columns names; among them, "core" is those of the configuration."""
    from hmix_hub.errors import ConfigurationError, nearest

    given = [name.strip() for name in columns.split(",")]
    names = [name for each in given for name in (_core_of(config, known) if each == CORE else [each])]
    for name in names:
        if name not in known:
            msg = f"--columns: there is no column {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, [CORE, *known], label="columns"))
    return list(dict.fromkeys(names))


def _core_of(config: str, known: Sequence[str]) -> list[str]:
    """Return the core columns of a configuration; all, of a layout that has none of them."""
    return [name for name in CONFIGURATIONS[config].core if name in known] or list(known)


def readable_columns(loaded: datasets.Dataset, config: str) -> datasets.Dataset:
    """Keep the core columns that hold anything."""
    from hmix_hub.cli.screen_table import empty_columns

    core = loaded.select_columns(_core_of(config, loaded.column_names))
    empty = empty_columns(core)
    return core.select_columns([name for name in core.column_names if name not in empty])


def _text(form: str, dataset: datasets.Dataset) -> str:
    from hmix_hub.cli import readable, screen_table

    if form == "table":
        return screen_table.table_text(dataset, ROWS_ON_SCREEN, screen_table.screen_width())
    return readable.csv_text(dataset) if form == "csv" else readable.jsonl_text(dataset)
