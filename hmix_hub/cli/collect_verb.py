"""`hmix collect`: from a study file to a study folder of judgments."""

from __future__ import annotations

import click

from hmix_hub.cli.main import LazyGroup

COMMANDS = {
    "init": "Write a study file to fill in.",
    "check": "Check the study file, and show its design.",
    "preview": "Walk through every screen; nothing is stored.",
    "serve": "Collect answers: serve the study to people.",
    "status": "Show people, batches and answers, live.",
    "withdraw": "Delete all that one person sent.",
    "close": "Let nobody begin any more; who has begun may finish.",
    "export": "Write a study folder for `hmix contribute`.",
    "backup": "Copy a collection while it is being served.",
    "simulate": "Let scripted people take part, with a known bias.",
}


_LINES = {name: (f"hmix_hub.cli.collect.{name}_command", line) for name, line in COMMANDS.items()}


@click.group("collect", cls=LazyGroup, lines=_LINES)
def command() -> None:
    """Collect judgments: init, check, preview, serve, status, close, export.

    A collection folder holds collection.yaml (what is asked of whom) and, once people take part, their answers. What
    `export` writes is a study folder that `hmix contribute` takes as it is. Needs `pip install "hmix-hub[suite]"`.
    """
