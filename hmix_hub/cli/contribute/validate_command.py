"""`hmix contribute validate`."""

from __future__ import annotations

import click

from hmix_hub.cli.contribute.findings_text import echo_report
from hmix_hub.cli.contribute.options import study_argument
from hmix_hub.cli.contribute.progress import row_progress
from hmix_hub.cli.options import json_option


@click.command("validate")
@study_argument
@click.option("--draft", is_flag=True, help="Let the starter's TODO stand: they are warnings.")
@json_option
@click.pass_context
def command(ctx: click.Context, folder: str, draft: bool, as_json: bool) -> None:
    """Check every rule over every row of a study folder, and tell all that is wrong at once.

    Exit status: 0 no error (warnings may stand), 1 errors, 2 the call is wrong. `hmix rules CODE` explains a rule.
    """
    from hmix_hub.contribute.checking import check_study

    with row_progress() as progress:
        report = check_study(folder, is_draft=draft, progress=progress).report
    ctx.exit(echo_report(report, as_json))
