"""`hmix list`."""

from __future__ import annotations

from typing import Any

import click

from hmix_hub.cli.options import json_option, source_option
from hmix_hub.cli.text import echo_json, echo_table
from hmix_hub.schema import CONFIGURATIONS, TASKS, Configuration


@click.command("list")
@source_option
@json_option
def command(source: str | None, as_json: bool) -> None:
    """List the configurations with their rows, people and stimuli.

    In the midpoint tasks a stimulus is a pair of pictures.
    """
    from hmix_hub.sources import resolve_source

    rows = [_describe(configuration, source) for configuration in CONFIGURATIONS.values()]
    if as_json:
        echo_json(rows)
        return
    echo_table(rows)
    click.echo(f"\nfrom {resolve_source(source).description}")


def _describe(configuration: Configuration, source: str | None) -> dict[str, Any]:
    from hmix_hub.loading import load_dataset

    dataset = load_dataset("h-mix", configuration.name, split="train", source=source)
    stimulus = TASKS[configuration.task].stimulus_column
    judgments = (
        dataset
        if not configuration.by_stimulus
        else load_dataset("h-mix", configuration.task, split="train", source=source)
    )
    return {
        "configuration": configuration.name,
        "rows": len(dataset),
        "people": len(judgments.unique("participant_id")),
        "stimuli": len(dataset.unique(stimulus)),
    }
