"""`hmix collect amend`, `withdraw`, `exclude`, `free`, `close`, `pause`, `message`, `links`, `dashboard`.

The process that serves the collection carries each of them out; if there is none, they act on the store directly.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hmix_hub.cli.collect import collection_argument
from hmix_hub.cli.options import json_option
from hmix_hub.cli.output import echo_json, echo_table
from hmix_hub.errors import CollectionError, Where
from hmix_hub.files import new_file
from hmix_hub.suite.export.gathering import new_place
from hmix_hub.suite.operator.actions import Amend, Close, Exclude, Free, Links, Look, Message, Pause, Told, Withdraw
from hmix_hub.suite.operator.channel import carry_out, portions_of, read_channel
from hmix_hub.suite.store.keys import is_served
from hmix_hub.suite.study.reading import read_ids, read_study_file

_FILE = click.Path(path_type=Path, dir_okay=False)


def _participant(command: Callable[..., None]) -> Callable[..., None]:
    """Add three ways to name a participant to a command; it receives the one given as the dict `named`."""
    ways = {
        "recruiting_id": ("--id", "ID", "The participant's id on the recruiting platform."),
        "code": ("--code", "CODE", "The participant's completion or fallback code."),
        "participant_id": ("--participant", "ID", "The participant's id in exports and on the dashboard."),
    }

    @wraps(command)
    def with_named(**options: Any) -> None:
        named = {name: options.pop(name) for name in ways}
        named = {name: value for name, value in named.items() if value is not None}
        if len(named) != 1:
            msg = "name the participant with --id, --code or --participant"
            raise click.UsageError(msg)
        command(named=named, **options)

    for name, (option, metavar, text) in reversed(ways.items()):
        with_named = click.option(option, name, metavar=metavar, help=text)(with_named)
    return with_named


def _said(told: Told) -> str:
    tasks = " and ".join(told["tasks"])
    return f"a session of {tasks} that is {told['state'].replace('_', ' ')}, with {told['answers']} answers"


@click.command("amend")
@collection_argument
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@json_option
def amend(folder: Path, dry_run: bool, as_json: bool) -> None:
    """Apply changes of the study file to a running study; the server keeps running.

    Edit collection.yaml first. Numbers of participants, time-outs, what participants get at the end, whom to ask, and
    the words of the interface change for everybody at once. Texts (questions, instructions, quiz, consent) change for
    those who consent from now on, and need a new consent version; others keep the texts they consented to. Stimuli, and
    anything that would change the meaning of answers, cannot change: every such key is listed with the reason.
    """
    told = carry_out(folder, Amend(dry_run=dry_run))
    if as_json:
        echo_json(told)
        return
    if not told["changes"]:
        click.echo("the study file contains no change")
        return
    names = {"key": "key", "was": "was", "is": "is", "for": "holds"}
    echo_table([{name: one[key] for name, key in names.items()} for one in told["changes"]])
    click.echo("dry run: nothing was changed" if dry_run else f"amendment {told['number']} is in effect")


@click.command("withdraw")
@collection_argument
@_participant
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def withdraw(folder: Path, named: dict[str, str], yes: bool) -> None:
    """Delete everything one participant sent, as the button on the page does; this cannot be undone.

    The server keeps running. Backups and exports made earlier are not changed.
    """
    if not yes:
        click.confirm(f"delete {_said(carry_out(folder, Look(**named)))}?", abort=True)
    click.echo(f"deleted {_said(carry_out(folder, Withdraw(**named)))}; the place is free again")


@click.command("exclude")
@collection_argument
@_participant
@click.option("--reason", metavar="TEXT", help="Reason, in a few words; kept only in the store.")
@click.option("--take-back", is_flag=True, help="Undo an exclusion.")
def exclude(folder: Path, named: dict[str, str], reason: str | None, take_back: bool) -> None:
    """Exclude one participant: the answers are kept but not exported, and the place is free again."""
    if take_back == (reason is not None):
        msg = "give --reason or --take-back"
        raise click.UsageError(msg)
    told = carry_out(folder, Exclude(**named, reason=reason))
    click.echo(f"{'took back' if take_back else 'excluded'} {_said(told)}")


@click.command("free")
@collection_argument
@_participant
def free(folder: Path, named: dict[str, str]) -> None:
    """Release one participant's place for somebody else; the answers are kept."""
    told = carry_out(folder, Free(**named))
    became = "the place is free again" if told["had_place"] else "there was no place to release"
    click.echo(f"{_said(told)}: {became}")


@click.command("close")
@collection_argument
@click.option("--reopen", is_flag=True, help="Admit participants again.")
def close(folder: Path, reopen: bool) -> None:
    """Stop admitting participants; those who have started may finish. The server keeps running."""
    told = carry_out(folder, Close(reopen=reopen))
    already = "" if told["was_closed"] != told["is_closed"] else " already"
    if reopen:
        click.echo(f"the study is{already} open")
    else:
        live = told["live"]
        who = "1 participant is" if live == 1 else f"{live} participants are"
        under_way = f"{who} still taking part and may finish" if live else "nobody is taking part at the moment"
        click.echo(f"the study is{already} closed; {under_way}")


@click.command("pause")
@collection_argument
@click.option("--resume", is_flag=True, help="Go on.")
def pause(folder: Path, resume: bool) -> None:
    """Pause the study: nobody can start and no further trial is shown; answers already on their way are stored."""
    told = carry_out(folder, Pause(resume=resume))
    already = "" if told["was_paused"] != told["is_paused"] else " already"
    click.echo(f"the study is{already} running" if resume else f"the study is{already} paused")


@click.command("message")
@collection_argument
@click.argument("text", required=False)
def message(folder: Path, text: str | None) -> None:
    """Show TEXT above every participant's page; without TEXT, remove the message."""
    shown = carry_out(folder, Message(text=text))["message"]
    click.echo("the message was removed" if shown is None else f"message shown to everybody: {shown}")


@click.command("links")
@collection_argument
@click.option("--n", "count", default=0, type=click.IntRange(0, 100_000), help="Number of links that anybody may use.")
@click.option("--for", "ids", metavar="IDS", type=_FILE, help="CSV file of recruiting ids; each gets its own link.")
@click.option("--base", metavar="URL", default="", help="Address of the study, before the links: https://example.org/")
@click.option("-o", "--output", metavar="FILE", type=_FILE, help="CSV file to write, readable only by its owner.")
@click.option("--revoke", is_flag=True, help="Revoke links that nobody has opened yet.")
def links(folder: Path, count: int, ids: Path | None, base: str, output: Path | None, revoke: bool) -> None:
    """Issue personal links; each reserves a place until it is used, and starts one session.

    The CSV has the columns number, id (with --for) and link. Links are signed and cannot be forged; whoever has a link
    can continue the session that it started, so send each to one person only. The same ids always get the same links.
    The collection must have started; it may be served meanwhile.
    """
    if not (count or ids or revoke):
        msg = "say how many links (--n 200) or for whom (--for ids.csv), or use --revoke"
        raise click.UsageError(msg)
    place = None if output is None else new_place(output)
    recruiting = read_study_file(folder, allow_placeholders=True).recruiting
    known = [] if ids is None else read_ids(ids, str(ids), recruiting)
    if revoke:
        revoked = carry_out(folder, Links(revoke=True))["revoked"]
        click.echo(f"revoked {revoked:,} links that nobody had opened", err=True)
    rows = []
    for part in portions_of(known):
        told = carry_out(folder, Links(recruiting_ids=part))
        rows += [(given, link) for given, link in zip(part, told["links"], strict=True)]
    if count:
        rows += [("", link) for link in carry_out(folder, Links(count=count))["links"]]
    if not rows:
        return
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["number", *(["id"] if known else []), "link"])
    for given, link in rows:
        table.writerow([link["number"], *([given] if known else []), f"{base}?link={link['link']}"])
    if place is None:
        click.echo(written.getvalue(), nl=False)
        return
    new_file(place, written.getvalue().encode())
    click.echo(f"wrote {len(rows):,} personal links to {output}")
    if not base:
        click.echo("put the study's address in front of each link, or give it with --base")


@click.command("dashboard")
@collection_argument
def dashboard(folder: Path) -> None:
    """Print the address of a running collection's dashboard; whoever has it can do everything."""
    channel = read_channel(folder) if is_served(folder) else None
    if channel is None:
        msg = "this collection is not being served, or by a version of hmix-hub without a dashboard"
        raise CollectionError(msg, where=Where(str(folder)), hint="`hmix collect serve` prints the address")
    click.echo(channel.page)
