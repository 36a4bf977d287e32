"""`hmix collect status`: the participants, and the owner of a code."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from hmix_hub.cli.collect import collection_argument
from hmix_hub.cli.options import json_option
from hmix_hub.cli.output import echo_json, echo_table
from hmix_hub.studies.findings import printable
from hmix_hub.suite.operator.actions import described
from hmix_hub.suite.store.keys import is_served, plain_code
from hmix_hub.suite.store.progress import Progress, find_code, progress
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.store import Store

_EVERY_SECONDS = 2.0
_RARE = ("provisional", "failed_quiz", "screened_out", "full", "excluded")
"""Ends and states that get a line of their own if there are any."""
_COUNTED = ("finished", "live", "lapsed", "late", "incomplete", "withdrawn", "answers", "quarantined", "conflicts")


@click.command("status")
@collection_argument
@click.option("--watch", is_flag=True, help="Refresh every two seconds until Ctrl+C.")
@click.option("--code", metavar="CODE", help="Look up the owner of a code, F-XXXX-XXXX or XXXX-XXXX, for payment.")
@click.option(
    "--id", "recruiting_id", metavar="ID", help="Look up the participant by their id on the recruiting platform."
)
@json_option
@click.pass_context
def status(
    ctx: click.Context, folder: Path, watch: bool, code: str | None, recruiting_id: str | None, as_json: bool
) -> None:
    """Show participants, batches, answers and the time left; the collection may be served meanwhile.

    Exit status with --code and --id: 0 it belongs to a participant, 1 it does not.
    """
    if sum((watch, code is not None, recruiting_id is not None)) > 1 or (watch and as_json):
        msg = "use only one of --watch, --code and --id, and --watch without --json"
        raise click.UsageError(msg)
    with Store.open(folder, read_only=True) as store:
        if code is not None:
            ctx.exit(_echo_code(store, code, as_json))
        elif recruiting_id is not None:
            ctx.exit(_echo_participant(store, recruiting_id, as_json))
        elif watch:
            _watch(store)
        elif as_json:
            _echo_json(store)
        else:
            _echo(store)


def _watch(store: Store) -> None:
    try:
        while True:
            click.clear()
            _echo(store)
            time.sleep(_EVERY_SECONDS)
    except KeyboardInterrupt:
        click.echo()


def _echo(store: Store) -> None:
    now = progress(store)
    study = store.frozen.study
    marks = [
        "served" if is_served(store.folder) else "not served",
        "closed: nobody new may start" if now.is_closed else "paused" if store.news.is_paused else "open",
        *(["synthetic"] if store.is_synthetic else []),
    ]
    click.echo(f"{study.id}: {printable(study.title)} ({', '.join(marks)})")
    rows = [
        {"task": count.task, "batch": count.number, "wanted": count.quota, **_numbers([count])} for count in now.counts
    ]
    wanted = sum(count.quota for count in now.counts)
    total: dict[str, Any] = {"task": "all", "batch": None, "wanted": wanted, **_numbers(now.counts)}
    echo_table([*rows, total])
    if now.tasks_each > 1:
        click.echo(f"participants: {now.finished:,} of {now.wanted:,} finished; each is counted in every task")
    rare = {name: number // now.tasks_each for name, number in _numbers(now.counts, _RARE).items()}
    if told := ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in rare.items() if number):
        click.echo(f"without a place: {told}")
    click.echo(f"time left: {_time_left(now)}")


def _numbers(counts: list[Any], names: tuple[str, ...] = _COUNTED) -> dict[str, int]:
    return {name: sum(getattr(count, name) for count in counts) for name in names}


def _time_left(now: Progress) -> str:
    hours = now.hours_left
    if hours is None:
        return "not known yet"
    if hours == 0:
        return "none, everybody has finished"
    told = (
        f"{hours * 60:.0f} minutes" if hours < 2 else f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    )
    return f"about {told} of serving, at {now.pace:.1f} participants an hour"


def _echo_json(store: Store) -> None:
    now = progress(store)
    echo_json(
        {
            "study": store.frozen.study.id,
            "study_sha256": store.frozen_sha256,
            "is_served": is_served(store.folder),
            "is_closed": now.is_closed,
            "is_paused": store.news.is_paused,
            "is_synthetic": store.is_synthetic,
            "wanted": now.wanted,
            "total": {
                name: sum(getattr(count, name) for count in now.counts) for name in (*_COUNTED, *_RARE, "unkept")
            },
            "people_per_hour": now.pace,
            "hours_left": now.hours_left,
            "batches": [asdict(count) for count in now.counts],
        }
    )


def _echo_code(store: Store, code: str, as_json: bool) -> int:
    owner = find_code(store, code)
    common = store.frozen.study.completion.code
    is_common = owner is None and common is not None and plain_code(common) == plain_code(code)
    if as_json:
        found = {"kind": owner.kind, **described(store, owner.session)} if owner else {}
        echo_json({"is_found": owner is not None, "is_the_same_for_all": is_common, **found})
    elif owner is not None:
        _echo_session(store, owner.session, f"{owner.kind} code of a session")
    elif is_common:
        click.echo("this is the study's completion code, which is the same for all: it does not identify a participant")
    else:
        click.echo("no participant in this study has this code")
    return int(owner is None)


def _echo_participant(store: Store, recruiting_id: str, as_json: bool) -> int:
    session = store.session_of_participant(recruiting_id)
    if as_json:
        echo_json({"is_found": session is not None, **(described(store, session) if session else {})})
    elif session is not None:
        _echo_session(store, session, "a session")
    else:
        click.echo("no participant in this study has this id; participants who withdrew are deleted")
    return int(session is None)


def _echo_session(store: Store, session: SessionRecord, said: str) -> None:
    special = (", late" if session.is_late else "") + (", incomplete" if session.is_incomplete else "")
    click.echo(f"{said} that is {session.state.replace('_', ' ')}{special}")
    told = described(store, session)
    asked = "; ".join(f"{part.task}, batch {part.batch}" for part in store.parts(session))
    click.echo(f"{told['answers']} of {told['trials']} answers received; {asked}")
    click.echo(f"in exports: {told['participant_id']}")
