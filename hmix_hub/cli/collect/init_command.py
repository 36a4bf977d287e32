"""`hmix collect init`."""

from __future__ import annotations

import shlex

import click

from hmix_hub.cli.options import source_option
from hmix_hub.tasks import TASKS

PRESETS = ("starter", "paper-2023")


@click.command("init")
@click.argument("folder", metavar="DIR")
@click.option(
    "--preset",
    default="starter",
    show_default=True,
    type=click.Choice(PRESETS),
    help="starter: small, over drawn pictures, to try at once; paper-2023: the design of Human-in-the-Loop Mixup.",
)
@click.option("--task", "tasks", multiple=True, type=click.Choice(list(TASKS)), help="Task to ask; may be repeated.")
@click.option(
    "--pairs",
    type=click.Choice(["release"]),
    help="With paper-2023: the pairs and batches of the release, from your own copy of it.",
)
@source_option
def command(folder: str, preset: str, tasks: tuple[str, ...], pairs: str | None, source: str | None) -> None:
    """Write a collection folder to begin with: a commented collection.yaml.

    The starter can be served as it is; in paper-2023 every TODO is to be written over.
    """
    from hmix_hub.studies.manifest import PLACEHOLDER
    from hmix_hub.suite.starter import preset_text, write_collection

    written = write_collection(folder, preset=preset, tasks=tasks, pairs=pairs, source=source)
    for name in written.files:
        click.echo(f"wrote {folder.rstrip('/')}/{name}")
    for note in written.notes:
        click.echo(note)
    first = (
        f"write over every {PLACEHOLDER} of collection.yaml, " if PLACEHOLDER in preset_text(preset, "x", tasks) else ""
    )
    click.echo(f"next: {first}hmix collect check {shlex.quote(folder)}")
