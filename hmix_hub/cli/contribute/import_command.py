"""`hmix contribute import`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command("import")
@click.argument("raw", metavar="RAW...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="DIR", help="Study folder; begun if it is not there.")
@click.option("--map", "map_file", metavar="FILE", help="Column map (YAML) of files that the Suite did not export.")
@click.option("--replace", is_flag=True, help="Write over judgment files that are there.")
def command(raw: tuple[Path, ...], to: str, map_file: str | None, replace: bool) -> None:
    """Turn raw exports into judgment files: the original Suite's CSVs as they are, others through --map.

    Others may be CSV, whatever its delimiter, JSON or Parquet, one row or object per answer, from any software.
    """
    import sys

    from tqdm import tqdm

    from hmix_hub.contribute.importing.importer import import_raw

    with tqdm(total=len(raw), unit=" files", leave=False, disable=not sys.stderr.isatty()) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        imported = import_raw(raw, to, map_file=map_file, replace=replace, progress=show)
    for name, rows in imported.files.items():
        click.echo(f"wrote {rows:,} judgments to {to.rstrip('/')}/{name}")
    for reason, rows in imported.outcome.dropped.most_common():
        click.echo(f"  dropped {rows:,} row{'s' if rows > 1 else ''}: {reason}")
    for note in imported.outcome.notes:
        click.echo(f"  {note}")
    if imported.is_new:
        click.echo(f"began {to.rstrip('/')}/study.yaml: write over every TODO")
    click.echo(f"next: hmix contribute validate {shlex.quote(to)} --draft")
