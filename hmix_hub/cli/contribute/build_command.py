"""`hmix contribute build`."""

from __future__ import annotations

import shlex

import click

from hmix_hub.cli.contribute.options import study_argument
from hmix_hub.cli.contribute.progress import row_progress, tell_on_terminal
from hmix_hub.cli.text import size_text


@click.command("build")
@study_argument
@click.option("-o", "--output", required=True, metavar="OUT", help="Folder to write: new, empty, or built before.")
def command(folder: str, output: str) -> None:
    """Write the publishable form of a study: Parquet, card, Croissant, statistics, checksums.

    The same study gives the same bytes. `sha256sum --check SHA256SUMS` checks them.
    """
    from hmix_hub.contribute.building import build
    from hmix_hub.contribute.privacy.scan import scan_privacy

    with row_progress() as progress:
        built = build(folder, output, tell=tell_on_terminal, progress=progress)
    for name, mark in built.files.items():
        click.echo(f"{size_text(mark.size):>10}  {name}")
    private = len(scan_privacy(folder).errors)
    click.echo(f"wrote {len(built.files)} files to {output}")
    if private:
        told = f"{private} finding{'s' if private > 1 else ''} would give people away, and publishing refuses"
        click.echo(f"hmix: {told}: hmix contribute privacy {shlex.quote(folder)}", err=True)
        return
    click.echo(f"next: hmix contribute publish {shlex.quote(folder)} --repo-id ORG/NAME --dry-run")
