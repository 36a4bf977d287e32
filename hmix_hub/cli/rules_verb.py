"""`hmix rules`."""

from __future__ import annotations

import textwrap

import click

from hmix_hub.cli.options import json_option
from hmix_hub.cli.text import echo_json, echo_table
from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.studies.rules.rule import Rule


@click.command("rules")
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@json_option
def command(codes: tuple[str, ...], as_json: bool) -> None:
    """Explain the rules that a contributed study keeps: all in a table, or those named, by code or name."""
    from hmix_hub.studies.catalogue import catalogue, describe

    rules = list(catalogue().values())
    chosen = [_find(code, rules) for code in codes] or rules
    if as_json:
        echo_json([describe(rule) for rule in chosen])
    elif not codes:
        echo_table(
            [{"code": r.code, "rule": r.name, "severity": str(r.severity), "meaning": r.meaning} for r in chosen]
        )
    else:
        for rule in chosen:
            _echo(describe(rule))


def _find(code: str, rules: list[Rule]) -> Rule:
    found = next((rule for rule in rules if code.lower() in {rule.code.lower(), rule.name}), None)
    if found is None:
        msg = f"there is no rule {code!r}"
        known = [rule.code if code.lower().startswith("hmx") else rule.name for rule in rules]
        raise ConfigurationError(msg, hint=nearest(code, known, label="rules"))
    return found


def _echo(described: dict[str, str]) -> None:
    click.echo(f"{described['code']} {described['rule']} ({described['severity']})")
    labels = {"meaning": "meaning", "mend": "fix", "fix": "auto-fix", "fails": "fails", "passes": "passes"}
    for key, label in labels.items():
        if text := described[key]:
            click.echo(textwrap.fill(f"{label + ':':10}{text}", 110, initial_indent="  ", subsequent_indent=" " * 12))
    click.echo()
