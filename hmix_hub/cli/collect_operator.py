"""`hmix collect amend`, `withdraw`, `exclude`, `free`, `close`, `pause`, `message`, `links`, `dashboard`.

Each is carried out in the process that serves the collection, where there is one, and else on the store.
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
    """Let a command name a participant, in one of three ways: it gets a dict of one of them, `named`."""
    ways = {
        "recruiting_id": ("--id", "ID", "Whose: the recruiting platform's id of the person."),
        "code": ("--code", "CODE", "Whose: the completion or fallback code of the person."),
        "participant_id": ("--participant", "ID", "Whose: the participant's id in exports and on the dashboard."),
    }

    @wraps(command)
    def with_named(**options: Any) -> None:
        named = {name: options.pop(name) for name in ways}
        named = {name: value for name, value in named.items() if value is not None}
        if len(named) != 1:
            msg = "name the person by --id, by --code or by --participant"
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
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@json_option
def amend(folder: Path, dry_run: bool, as_json: bool) -> None:
    """Take up changes of the study file while people take part; the server need not be stopped.

    Change collection.yaml first. Numbers of people, time-outs, what people get in the end, whom to ask, and the
    interface's words hold for everybody at once. Texts (questions, instructions, quiz, consent) hold for those who
    agree from now on, and need a new consent version; who has agreed goes on with the texts they agreed to. Stimuli,
    and whatever would make answers mean something else, cannot change: every such key is named with the reason.
    """
    told = carry_out(folder, Amend(dry_run=dry_run))
    if as_json:
        echo_json(told)
        return
    if not told["changes"]:
        click.echo("the study file says what holds already")
        return
    names = {"key": "key", "was": "was", "is": "is", "for": "holds"}
    echo_table([{name: one[key] for name, key in names.items()} for one in told["changes"]])
    click.echo("nothing was changed: a dry run" if dry_run else f"amendment {told['number']} holds from now on")


@click.command("withdraw")
@collection_argument
@_participant
@click.option("--yes", is_flag=True, help="Do not ask.")
def withdraw(folder: Path, named: dict[str, str], yes: bool) -> None:
    """Delete everything one participant sent, as the page's own button does; it cannot be undone.

    The server need not be stopped. Backups and exports that were made before are not changed.
    """
    if not yes:
        click.confirm(f"delete {_said(carry_out(folder, Look(**named)))}?", abort=True)
    click.echo(f"deleted {_said(carry_out(folder, Withdraw(**named)))}; the place is free again")


@click.command("exclude")
@collection_argument
@_participant
@click.option("--reason", metavar="TEXT", help="Why, in a few words; it stands in the store alone.")
@click.option("--take-back", is_flag=True, help="Take an excluded participant back.")
def exclude(folder: Path, named: dict[str, str], reason: str | None, take_back: bool) -> None:
    """Exclude one participant: the answers are kept and are not exported, the place is free again."""
    if take_back == (reason is not None):
        msg = "say --reason, or --take-back"
        raise click.UsageError(msg)
    told = carry_out(folder, Exclude(**named, reason=reason))
    click.echo(f"{'took back' if take_back else 'excluded'} {_said(told)}")


@click.command("free")
@collection_argument
@_participant
def free(folder: Path, named: dict[str, str]) -> None:
    """Free one participant's place for somebody else; the answers stay data."""
    told = carry_out(folder, Free(**named))
    became = "the place is free again" if told["had_place"] else "it held no place"
    click.echo(f"{_said(told)}: {became}")


@click.command("close")
@collection_argument
@click.option("--reopen", is_flag=True, help="Let people begin again.")
def close(folder: Path, reopen: bool) -> None:
    """Stop admitting participants; those who have begun may finish. The server need not be stopped."""
    told = carry_out(folder, Close(reopen=reopen))
    already = "" if told["was_closed"] != told["is_closed"] else " already"
    if reopen:
        click.echo(f"the study is{already} open")
    else:
        live = told["live"]
        who = "1 person is" if live == 1 else f"{live} people are"
        under_way = f"{who} still taking part and may finish" if live else "nobody is taking part at the moment"
        click.echo(f"the study is{already} closed; {under_way}")


@click.command("pause")
@collection_argument
@click.option("--resume", is_flag=True, help="Go on.")
def pause(folder: Path, resume: bool) -> None:
    """Pause the study: nobody begins, and no further trial is shown; answers that are under way are stored."""
    told = carry_out(folder, Pause(resume=resume))
    already = "" if told["was_paused"] != told["is_paused"] else " already"
    click.echo(f"the study goes on{already}" if resume else f"the study is{already} paused")


@click.command("message")
@collection_argument
@click.argument("text", required=False)
def message(folder: Path, text: str | None) -> None:
    """Show TEXT above every page of everybody who takes part; without TEXT, take back what is shown."""
    shown = carry_out(folder, Message(text=text))["message"]
    click.echo("nothing is shown any more" if shown is None else f"everybody reads: {shown}")


@click.command("links")
@collection_argument
@click.option("--n", "count", default=0, type=click.IntRange(0, 100_000), help="How many links for anybody.")
@click.option("--for", "ids", metavar="IDS", type=_FILE, help="CSV of recruiting ids: each gets a link of its own.")
@click.option("--base", metavar="URL", default="", help="Address of the study, before the links: https://example.org/")
@click.option("-o", "--output", metavar="FILE", type=_FILE, help="Write the CSV here, for its owner alone.")
@click.option("--revoke", is_flag=True, help="Revoke the links that nobody has opened.")
def links(folder: Path, count: int, ids: Path | None, base: str, output: Path | None, revoke: bool) -> None:
    """Issue personal links; each keeps a place until its person has one, and begins one session.

    The CSV has the columns number, id (with --for) and link. A link is signed: nobody can make one up, and whoever has
    it can go on with the session that it began, so send each to one person. The same ids get the same links again. The
    collection must have begun; it may be served meanwhile.
    """
    if not (count or ids or revoke):
        msg = "say how many links: --n 200, or whose: --for ids.csv; or --revoke"
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
        click.echo("put the study's address before each link, or name it with --base")


@click.command("dashboard")
@collection_argument
def dashboard(folder: Path) -> None:
    """Print the dashboard's address, while the collection is served; who has it can do everything."""
    channel = read_channel(folder) if is_served(folder) else None
    if channel is None:
        msg = "nobody serves this collection, or a hmix-hub without a dashboard does"
        raise CollectionError(msg, where=Where(str(folder)), hint="`hmix collect serve` prints the address")
    click.echo(channel.page)
