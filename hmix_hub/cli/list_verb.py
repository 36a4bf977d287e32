"""`hmix list`."""

from __future__ import annotations

import click

from hmix_hub.cli.options import json_option, source_option
from hmix_hub.cli.text import echo_json, echo_table


@click.command("list")
@source_option
@click.option("--flags", "of_flags", is_flag=True, help="Count the rows that carry each quality flag instead.")
@json_option
def command(source: str | None, of_flags: bool, as_json: bool) -> None:
    """List the configurations with their rows, intended repeats, people and stimuli.

    In the midpoint tasks a stimulus is a pair of pictures.
    """
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
