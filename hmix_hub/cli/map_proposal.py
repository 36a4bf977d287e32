"""`hmix contribute map`: a column map proposed for raw exports."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from hmix_hub.tasks import TASKS


@click.command("map", short_help="Propose a column map for raw exports.")
@click.argument("raw", metavar="RAW...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--task", type=click.Choice(list(TASKS)), help="The task; default: that which the answers are most like.")
@click.option("--sheet", metavar="NAME", help="Sheet of a workbook, or table of a database.")
@click.option("--skip", metavar="N", type=click.IntRange(min=0), default=0, help="Lines above the header.")
@click.option("--header", metavar="N", type=click.IntRange(min=1), default=1, help="Rows that the header takes.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write, a new one.")
def propose_map(
    raw: tuple[Path, ...], task: str | None, sheet: str | None, skip: int, header: int, output: Path | None
) -> None:
    """Propose a column map for raw exports of one form, each line with what speaks for it, and TODO where nothing does.

    Compare each line with your experiment, then import with --map. No id of a person, and no free text, is written.
    """
    from hmix_hub.contribute.proposal import proposed_map, read_sample, write_map

    layout = {"skip": skip, "header": header, "sheet": sheet}
    table, notes = read_sample(raw, layout)
    text, n_open = proposed_map(table, task=task, layout=layout)
    for note in notes:
        click.echo(f"hmix: {note}", err=True)
    if output is None:
        click.echo(text, nl=False)
        return
    write_map(output, text)
    todo = f"decide {n_open} line{'s' if n_open != 1 else ''} marked TODO, then " if n_open else ""
    click.echo(f"wrote {output}")
    files = shlex.join(str(path) for path in raw)
    click.echo(f"next: {todo}hmix contribute import {files} --map {shlex.quote(str(output))} --to my-study")
