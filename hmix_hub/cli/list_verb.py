"""`hmix list`."""

from __future__ import annotations

import dataclasses

import click

from hmix_hub.cli.options import json_option, source_option
from hmix_hub.cli.text import echo_json, echo_table


@click.command("list")
@source_option
@click.option("--flags", "of_flags", is_flag=True, help="Count the rows that carry each quality flag instead.")
@click.option("--hub", "of_hub", is_flag=True, help="List the contributed studies on the Hugging Face Hub instead.")
@json_option
def command(source: str | None, of_flags: bool, of_hub: bool, as_json: bool) -> None:
    """List the configurations with their rows, intended repeats, people and stimuli.

    In the midpoint tasks a stimulus is a pair of pictures.
    """
    if of_hub:
        _list_studies(as_json)
        return
    from hmix_hub.overview import configuration_counts, count_people, flag_counts
    from hmix_hub.sources import resolve_source

    place = resolve_source(source)
    rows = flag_counts(source) if of_flags else configuration_counts(source)
    people = count_people(source)
    if as_json:
        study = {"source": place.description, "synthetic": place.study.synthetic, "people": people}
        echo_json(study | {"flags" if of_flags else "configurations": rows})
        return
    echo_table(rows)
    click.echo(f"\n{people} people over all; from {place.description}")


def _list_studies(as_json: bool) -> None:
    from hmix_hub.loading.hub_studies import list_studies

    studies = [dataclasses.asdict(study) for study in list_studies()]
    if as_json:
        echo_json(studies)
    elif not studies:
        click.echo("no study is published yet; CONTRIBUTING.md says how")
    else:
        echo_table([study | {"tasks": ", ".join(study["tasks"])} for study in studies])
        click.echo("\nload one with hmix_hub.load_dataset(repository), or hmix load CONFIG --dataset REPOSITORY")
