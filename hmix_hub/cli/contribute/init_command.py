"""`hmix contribute init`."""

from __future__ import annotations

import shlex

import click

from hmix_hub.cli.contribute.options import study_argument
from hmix_hub.schema import INFER, TASKS


@click.command("init")
@study_argument
@click.option(
    "--task",
    "tasks",
    multiple=True,
    default=[INFER],
    show_default=True,
    type=click.Choice(list(TASKS)),
    help="Task to begin a judgment file for; may be repeated.",
)
@click.option("--example", is_flag=True, help="Write a whole, valid, synthetic study of the task instead, to look at.")
def command(folder: str, tasks: tuple[str, ...], example: bool) -> None:
    """Write a study folder to fill in: a commented study.yaml, and the columns of each task."""
    from hmix_hub.contribute.starter import write_starter

    for name in write_starter(folder, tasks, is_example=example):
        click.echo(f"wrote {folder.rstrip('/')}/{name}")
    first = "" if example else "write over every TODO of study.yaml, add the judgments, "
    click.echo(f"next: {first}hmix contribute validate {shlex.quote(folder)}")
