"""`hmix contribute fix`."""

from __future__ import annotations

import click

from hmix_hub.cli.contribute.findings_text import echo_report
from hmix_hub.cli.contribute.options import study_argument


@click.command("fix")
@study_argument
@click.option("--dry-run", is_flag=True, help="Show what would be fixed first, and write nothing.")
@click.pass_context
def command(ctx: click.Context, folder: str, dry_run: bool) -> None:
    """Apply the fixes that need no decision to a study's CSV files, show each, then tell what is left.

    `hmix rules` says which rules have such a fix. Keep your raw exports: files are written over.
    """
    from hmix_hub.contribute.fixing.fixer import fix

    fixes, report = fix(folder, dry_run=dry_run)
    for applied in fixes:
        place = f"{applied.file}, column {applied.column}" if applied.column else applied.file
        times = f", {applied.count:,} times" if applied.count > 1 else ""
        click.echo(f"{applied.rule.code} {applied.rule.name}  {place}{times}: {applied.rule.automatic_fix}")
        for row, before, after in applied.examples:
            where = "" if row is None else f"row {row}: "
            click.echo(f"    {where}{before!r} -> {after!r}")
    if not fixes:
        click.echo("nothing that can be fixed without a decision")
    click.echo("nothing was written\n" if dry_run else "")
    ctx.exit(echo_report(report, as_json=False))
