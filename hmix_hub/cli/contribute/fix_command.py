"""`hmix contribute fix`."""

from __future__ import annotations

import click

from hmix_hub.cli.contribute.findings_text import echo_report
from hmix_hub.cli.contribute.options import study_argument


@click.command("fix")
@study_argument
@click.option("--dry-run", is_flag=True, help="Show what would be mended first, and write nothing.")
@click.pass_context
def command(ctx: click.Context, folder: str, dry_run: bool) -> None:
    """Apply the mends that need no decision to a study's CSV files, show each, then tell what is left.

    `hmix rules` says which rules have such a mend. Keep your raw exports: files are written over.
    """
    from hmix_hub.contribute.fixing.fixer import fix

    mends, report = fix(folder, dry_run=dry_run)
    for mend in mends:
        place = f"{mend.file}, column {mend.column}" if mend.column else mend.file
        times = f", {mend.count:,} times" if mend.count > 1 else ""
        click.echo(f"{mend.rule.code} {mend.rule.name}  {place}{times}: {mend.rule.fixed}")
        for row, before, after in mend.examples:
            where = "" if row is None else f"row {row}: "
            click.echo(f"    {where}{before!r} -> {after!r}")
    if not mends:
        click.echo("nothing that can be mended without a decision")
    click.echo("nothing was written\n" if dry_run else "")
    ctx.exit(echo_report(report, as_json=False))
