"""`hmix list`, `info`, `cite` and `rules`: describe datasets, columns and rules."""

from __future__ import annotations

import dataclasses
import textwrap
from typing import Any

import click

from hmix_hub.cli.options import configuration_argument, configurations_epilog, json_option, source_option
from hmix_hub.cli.output import echo_json, echo_table
from hmix_hub.datasets_by_name import citation
from hmix_hub.errors import ConfigurationError, SourceError, nearest
from hmix_hub.schema import CURRENT, check_version
from hmix_hub.schema.column import describe_column
from hmix_hub.tasks import TASKS, check_configuration


@click.command("list")
@source_option
@click.option("--flags", "of_flags", is_flag=True, help="Count the rows that carry each quality flag instead.")
@click.option("--hub", "of_hub", is_flag=True, help="List the contributed studies on the Hugging Face Hub instead.")
@json_option
def list_configurations(source: str | None, of_flags: bool, of_hub: bool, as_json: bool) -> None:
    """List the configurations with their rows, intended repeats, participants and stimuli.

    In the midpoint tasks, a stimulus is a pair of pictures. Registered studies follow, with the counts of their
    entries.
    """
    if of_hub:
        _list_studies(as_json)
        return
    from hmix_hub.release import configuration_counts, count_participants, flag_counts
    from hmix_hub.sources import resolve_source

    place, others = resolve_source(source), _registered()
    try:
        rows = flag_counts(source) if of_flags else configuration_counts(source)
        participants = count_participants(source)
    except SourceError:
        if not of_flags and not as_json:
            # These are known even if the release is not available.
            _echo_registered(others)
        raise
    if as_json:
        study = {"source": place.description, "synthetic": place.study.synthetic, "participants": participants}
        echo_json(study | ({"flags": rows} if of_flags else {"configurations": rows, "registered": others}))
        return
    echo_table(rows)
    click.echo(f"\n{participants} participants in total; from {place.description}")
    if not of_flags:
        click.echo()
        _echo_registered(others)


def _echo_registered(rows: list[dict[str, Any]]) -> None:
    click.echo("registered studies, loaded by name: hmix load CONFIG --dataset NAME")
    echo_table(rows)


def _registered() -> list[dict[str, Any]]:
    """Return a row for each task of each registered study, with the counts of its entry: nothing is downloaded."""
    from hmix_hub.datasets_by_name import registered_names
    from hmix_hub.loading.entries import read_entry

    return [
        {
            "dataset": name,
            "configuration": task,
            "rows": expected.rows - expected.left_out,
            "participants": expected.participants,
            "stimuli": expected.stimuli,
            "licence": entry.manifest.licence,
        }
        for name, entry in ((name, read_entry(name)) for name in registered_names())
        for task, expected in entry.expected.items()
    ]


def _list_studies(as_json: bool) -> None:
    from hmix_hub.loading.hub_client import list_studies

    studies = [dataclasses.asdict(study) for study in list_studies()]
    if as_json:
        echo_json(studies)
    elif not studies:
        click.echo("no study is published yet; CONTRIBUTING.md explains how")
    else:
        echo_table([study | {"tasks": ", ".join(study["tasks"])} for study in studies])
        click.echo("\nload one with hmix_hub.load_dataset(repository), or hmix load CONFIG --dataset REPOSITORY")


@click.command("info", epilog=configurations_epilog)
@configuration_argument
@click.option("--schema-version", default=CURRENT, show_default=True, help="Version of the columns.")
@json_option
def info(config: str, schema_version: str, as_json: bool) -> None:
    """Show the columns of a configuration with type, unit, range and meaning."""
    configuration = check_configuration(config)
    columns = [describe_column(column) for column in configuration.columns(check_version(schema_version))]
    flags = [{"flag": flag.name, "meaning": flag.meaning} for flag in TASKS[configuration.task].flags]
    has_flags = any(column["column"] == "flags" for column in columns)
    if as_json:
        echo_json(
            {
                "configuration": config,
                "description": configuration.description,
                "schema_version": schema_version,
                "columns": columns,
                "flags": flags if has_flags else [],
            }
        )
        return
    click.echo(f"{config}, schema {schema_version}\n{configuration.description}\n")
    echo_table(columns)
    if has_flags:
        click.echo("\nflags:")
        echo_table(flags)


@click.command("cite")
@click.argument("dataset", default="h-mix")
def cite(dataset: str) -> None:
    """Print the BibTeX entry to cite for H-Mix (Collins et al.) or for a registered study."""
    click.echo(citation(dataset), nl=False)


@click.command("rules")
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@json_option
def rules(codes: tuple[str, ...], as_json: bool) -> None:
    """Explain the rules that contributed studies follow: all in a table, or those named by code or name."""
    from hmix_hub.studies.catalogue import catalogue, describe

    described = [describe(rule) for rule in catalogue().values()]
    chosen = [_find(code, described) for code in codes] or described
    if as_json:
        echo_json(chosen)
    elif not codes:
        echo_table([{name: rule[name] for name in ("code", "rule", "severity", "meaning")} for rule in chosen])
    else:
        for rule in chosen:
            _echo(rule)


def _find(code: str, rules: list[dict[str, str]]) -> dict[str, str]:
    found = next((rule for rule in rules if code.lower() in {rule["code"].lower(), rule["rule"]}), None)
    if found is None:
        msg = f"there is no rule {code!r}"
        known = [rule["code" if code.lower().startswith("hmx") else "rule"] for rule in rules]
        raise ConfigurationError(msg, hint=nearest(code, known, label="rules"))
    return found


def _echo(described: dict[str, str]) -> None:
    click.echo(f"{described['code']} {described['rule']} ({described['severity']})")
    labels = {"meaning": "meaning", "fix": "fix", "automatic_fix": "auto-fix", "fails": "fails", "passes": "passes"}
    for key, label in labels.items():
        if text := described[key]:
            click.echo(textwrap.fill(f"{label + ':':10}{text}", 110, initial_indent="  ", subsequent_indent=" " * 12))
    click.echo()
