"""`hmix contribute pseudonymize`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hmix_hub.cli.contribute.options import study_argument

if TYPE_CHECKING:
    from hmix_hub.contribute.pseudonyms.pseudonymize import PseudonymizedFile


@click.command("pseudonymize")
@study_argument
@click.option("--key", metavar="FILE", required=True, help="The key file, outside DIR; made where it is not there yet.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
def command(folder: str, key: str, dry_run: bool) -> None:
    """Replace participant ids by pseudonyms that only the key file links to them, the same in every file.

    Ids that were replaced with this key already are left. Keep the key file apart from the study, and destroy it when
    nobody needs to be found any more; without it the pseudonyms lead to nobody.

    Exit status: 0 good, 1 the study cannot be pseudonymized as it is, 2 the call is wrong.
    """
    from hmix_hub.contribute.pseudonyms.pseudonymize import pseudonymize

    done = pseudonymize(folder, key, dry_run=dry_run)
    for result in done:
        click.echo(_line(result))
    if dry_run:
        click.echo("nothing was written: this was a dry run")


def _line(result: PseudonymizedFile) -> str:
    left = f"; {', '.join(result.dropped)} left out, since it is computed" if result.dropped else ""
    return f"{result.file}: {result.replaced:,} of {result.people:,} ids replaced in {result.rows:,} rows{left}"
