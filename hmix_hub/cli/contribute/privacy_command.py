"""`hmix contribute privacy`."""

from __future__ import annotations

import click

from hmix_hub.cli.contribute.findings_text import echo_report
from hmix_hub.cli.contribute.options import study_argument
from hmix_hub.cli.options import json_option


@click.command("privacy")
@study_argument
@click.option(
    "--k",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Fewest people who must share each combination of demographics.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, folder: str, k: int, as_json: bool) -> None:
    """Search a study folder for what could tell who a participant is.

    Looks for ids of recruiting platforms, addresses, phone numbers, dates, user agents, free text and rare
    demographics. What is found is shown by its first two characters and its length alone.

    Exit status: 0 no error (warnings may stand), 1 errors, 2 the call is wrong. `hmix rules CODE` explains a rule.
    """
    from hmix_hub.contribute.privacy.scan import scan_privacy

    ctx.exit(echo_report(scan_privacy(folder, k=k), as_json))
