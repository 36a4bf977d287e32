"""`hmix collect export`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hmix_hub.suite.export.gathering import Gathered

_NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
@click.option("--unfinished", is_flag=True, help="Take answers of people who have not finished, too.")
@click.option(
    "--layout",
    type=click.Choice(["study", "released"]),
    default="study",
    show_default=True,
    help="A study folder for `hmix contribute`, or CSVs as the release of H-Mix has them.",
)
@click.option("--comments", metavar="FILE", type=_NEW_FILE, help="Write people's comments here, as JSON lines.")
@click.option("--quarantine", metavar="FILE", type=_NEW_FILE, help="Write what was kept aside here, as JSON lines.")
def command(
    folder: Path, target: Path, unfinished: bool, layout: str, comments: Path | None, quarantine: Path | None
) -> None:
    """Write the answers as a new folder TARGET, whole or not at all; also while the collection is served.

    Answers of people who withdrew are nowhere any more. Participants get ids of the export, which say neither when
    they came nor where from; there are no clock times and no free text in TARGET.
    """
    from hmix_hub.suite.export.beside import check_apart, check_beside, write_aside, write_comments
    from hmix_hub.suite.export.released import export_released
    from hmix_hub.suite.export.study_folder import export_study

    for file in (comments, quarantine):
        if file is not None:
            check_beside(file, target)
    if comments is not None and quarantine is not None:
        check_apart(comments, quarantine)
    export = export_released if layout == "released" else export_study
    done = export(folder, target, unfinished=unfinished)
    for name, rows in done.judgments.items():
        click.echo(f"wrote {rows:,} judgments to {target / name}")
    if done.is_synthetic:
        marked = (
            "a column synthetic" if layout == "released" else "`synthetic: true` in study.yaml and a flag in every row"
        )
        click.echo(f"  SYNTHETIC: scripted people, or a trial run; marked with {marked}")
    for line in _left_out(done.gathered, unfinished=unfinished):
        click.echo(f"  {line}")
    if comments is not None:
        click.echo(f"wrote {write_comments(folder, comments, unfinished=unfinished):,} comments to {comments}")
    if quarantine is not None:
        click.echo(f"wrote {write_aside(folder, quarantine):,} answers that were kept aside to {quarantine}")
    if layout == "study":
        click.echo(f"next: hmix contribute validate {shlex.quote(str(target))}")
    else:
        _say_how_to_read(target, list(done.judgments))


def _say_how_to_read(target: Path, names: list[str]) -> None:
    """Say how files in the released layout are read: `h-mix` is the name of the release itself, and refuses others."""
    from hmix_hub.sources.study import JUDGMENT_FILES

    task = next(task for task, name in JUDGMENT_FILES.items() if name == names[0])
    files = shlex.join(str(target / name) for name in names)
    click.echo(f"next: hmix contribute import {files} --to STUDY")
    click.echo(f"or in Python: hmix_hub.builders.readers.read_released({str(target / names[0])!r}, {task!r})")


def _left_out(gathered: Gathered, *, unfinished: bool) -> list[str]:
    """Say what a person may wonder about, line by line; nothing of what did not happen."""
    told = {
        f"people who have not finished: {gathered.unfinished:,}, {'taken, too' if unfinished else 'left out'}": (
            gathered.unfinished
        ),
        f"people who finished late: {gathered.late:,}, x_late in their rows": gathered.late,
        f"faulty answers, left out: {gathered.quarantined:,}; --quarantine FILE writes them": gathered.quarantined,
        f"answers that came twice and differed: {gathered.conflicts:,}; the first ones count": gathered.conflicts,
    }
    return [line for line, count in told.items() if count]
