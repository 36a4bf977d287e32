"""`hmix contribute stats`."""

from __future__ import annotations

from typing import Any

import click

from hmix_hub.cli.contribute.options import study_argument
from hmix_hub.cli.options import json_option
from hmix_hub.cli.text import echo_json, echo_table


@click.command("stats")
@study_argument
@json_option
def command(folder: str, as_json: bool) -> None:
    """Compute a study's statistics into statistics.json, and draw them into statistics/."""
    import json
    from pathlib import Path

    from hmix_hub.contribute.generated import write_generated
    from hmix_hub.studies.folder import FIGURES, STATISTICS

    written = write_generated(folder, [STATISTICS, FIGURES])
    statistics = json.loads(Path(folder, STATISTICS).read_text(encoding="utf-8"))
    if as_json:
        echo_json(statistics)
        return
    echo_table([_line(task, figures) for task, figures in statistics["tasks"].items()])
    for task, figures in statistics["tasks"].items():
        if made := figures.get("soft_label"):
            asked = ", ".join(made["asked"]) or "nothing else"
            click.echo(f"{task}: asked besides the class: {asked}; soft labels: {made['procedure']}")
    for name in written:
        click.echo(f"wrote {folder.rstrip('/')}/{name}")


def _line(task: str, figures: dict[str, Any]) -> dict[str, Any]:
    return {"task": task} | {name: figures[name] for name in ("judgments", "repeats", "people", "stimuli")}
