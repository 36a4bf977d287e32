"""`hmix load`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.cli.options import (
    cannot_write,
    configuration_argument,
    configurations_epilog,
    dataset_option,
    filter_options,
    source_option,
    warn_if_synthetic,
)
from hmix_hub.schema import CURRENT

if TYPE_CHECKING:
    import datasets

WRITTEN = ("csv", "jsonl", "parquet")
"""Formats of files."""
FORMATS = ("table", *WRITTEN)
ROWS_ON_SCREEN = 20


@click.command("load", epilog=configurations_epilog())
@configuration_argument
@dataset_option
@source_option
@click.option("--schema-version", default=CURRENT, show_default=True, help="Version of the columns.")
@click.option("--columns", metavar="NAME,NAME", help="Columns to keep, in this order.")
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
    form = form or _form_of(output)
    _check_form(form, output)
    loaded = _load(dataset, config, columns, filters | {"source": source, "schema_version": schema_version})
    warn_if_synthetic(source, dataset)
    if output is None:
        click.echo(_text(form, loaded), nl=False)
        return
    try:
        if form == "parquet":
            loaded.to_parquet(output)
        else:
            output.write_text(_text(form, loaded), encoding="utf-8", newline="\n")
    except OSError as error:
        raise cannot_write(output, error.strerror) from error
    click.echo(f"wrote {len(loaded)} rows to {output}", err=True)


def _form_of(output: Path | None) -> str:
    """Give the format that a file's ending says; on the screen, a table."""
    if output is None:
        return "table"
    ending = output.suffix.removeprefix(".").lower()
    if ending not in WRITTEN:
        endings = ", ".join(f".{name}" for name in WRITTEN)
        msg = f"--output: the ending of {output.name!r} says no format; end it in {endings}, or add --format"
        raise click.UsageError(msg)
    return ending


def _check_form(form: str, output: Path | None) -> None:
    if form == "parquet" and output is None:
        msg = "parquet cannot be printed; name a file with -o"
        raise click.UsageError(msg)
    if form == "table" and output is not None:
        msg = f"a table of the first rows is for the screen; to write a file, choose {', '.join(WRITTEN)}"
        raise click.UsageError(msg)


def _load(dataset: str, config: str, columns: str | None, options: dict[str, Any]) -> datasets.Dataset:
    from hmix_hub.errors import ConfigurationError, nearest
    from hmix_hub.loading import load_dataset

    loaded = load_dataset(dataset, config, split="train", **options)
    if columns is None:
        return loaded
    names = list(dict.fromkeys(name.strip() for name in columns.split(",")))
    for name in names:
        if name not in loaded.column_names:
            msg = f"--columns: there is no column {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, loaded.column_names, label="columns"))
    return loaded.select_columns(names)


def _text(form: str, dataset: datasets.Dataset) -> str:
    from hmix_hub.cli import readable

    if form == "table":
        return readable.table_text(dataset, ROWS_ON_SCREEN)
    return readable.csv_text(dataset) if form == "csv" else readable.jsonl_text(dataset)
