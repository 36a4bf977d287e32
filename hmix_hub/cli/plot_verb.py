"""`hmix plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hmix_hub.cli.options import (
    configuration_argument,
    configurations_epilog,
    dataset_option,
    filter_options,
    picture_option,
    source_option,
    warn_if_synthetic,
    writing,
)


@click.command("plot", epilog=configurations_epilog())
@configuration_argument
@dataset_option
@source_option
@picture_option
@filter_options
def command(config: str, dataset: str, source: str | None, output: Path, filters: dict[str, Any]) -> None:
    """Draw perception against the synthetic label.

    Intervals are of 95 %, by resampling people; in a by-stimulus table, where people are pooled, stimuli.
    """
    from hmix_hub.loading.road import load_dataset
    from hmix_hub.plots import plot

    loaded = load_dataset(dataset, config, split="train", source=source, **filters)
    warn_if_synthetic(loaded, source, dataset)
    with writing(output):
        plot(loaded, output)
    click.echo(f"drew {len(loaded)} rows into {output}", err=True)
