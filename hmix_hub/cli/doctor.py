"""`hmix doctor`: what is installed, cached and reachable, and what to do next.

Only what `hmix --help` loads is imported, so that the verb works where a dependency is missing.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import textwrap
from collections import Counter
from collections.abc import Sequence

import click

from hmix_hub.checkup import Line, State, check_up
from hmix_hub.cli.main import DATA_ARE_WRONG

_COLOURS = {State.GOOD: "green", State.NOTE: "yellow", State.PROBLEM: "red"}
_WIDTH = 110
_NAMES = 16


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Leave the network alone; HF_HUB_OFFLINE=1 does the same.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def doctor(ctx: click.Context, offline: bool, as_json: bool) -> None:
    """Check the installation: what is installed, cached and reachable, and what to do next.

    Nothing is downloaded, and each server is asked once, for at most 5 s. The output holds no secrets, and home folders
    are shown as ~, so that it can be pasted into an issue.

    Exit status: 0 no problem, 1 a problem, 2 the call is wrong.
    """
    lines = check_up(offline=offline)
    problems = sum(line.state is State.PROBLEM for line in lines)
    if as_json:
        content = {"is_good": not problems, "checks": [dataclasses.asdict(line) for line in lines]}
        click.echo(json.dumps(content, indent=2))
    else:
        for topic, of_topic in itertools.groupby(lines, lambda line: line.topic):
            click.secho(topic, bold=True)
            for line in of_topic:
                _echo(line)
        click.echo(f"\n{_summary(lines)}")
    ctx.exit(DATA_ARE_WRONG if problems else 0)


def _echo(line: Line) -> None:
    """Print a line: its state, its name, what was found, and below that what to do next."""
    state = click.style(f"{line.state:7}", fg=_COLOURS[line.state])
    indent = " " * (2 + 7 + 2 + _NAMES)
    parts = [_plain(line.said), *([f"next: {_plain(line.next)}"] if line.next else [])]
    wrapped = [
        row
        for part in parts
        for row in textwrap.wrap(part, _WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    ]
    click.echo(f"  {state}  {line.name:{_NAMES}}{wrapped[0]}")
    for row in wrapped[1:]:
        click.echo(indent + row)


def _plain(text: str) -> str:
    """Return a text without what would steer a terminal: variables and file names come from anywhere."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _summary(lines: Sequence[Line]) -> str:
    counts = Counter(line.state for line in lines)
    words = [(State.PROBLEM, "problem"), (State.NOTE, "note")]
    told = [f"{counts[state]} {word}{'s' * (counts[state] != 1)}" for state, word in words if counts[state]]
    return f"{len(lines)} checks: {', '.join(told) or 'all good'}"
