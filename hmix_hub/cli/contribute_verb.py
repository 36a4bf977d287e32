"""`hmix contribute`: from files on a desk to a published dataset."""

from __future__ import annotations

import click

from hmix_hub.cli.lazy import LazyGroup

COMMANDS = {
    "init": "Write a study folder to fill in.",
    "import": "Turn raw exports into judgment files.",
    "validate": "Check every rule over every row.",
    "fix": "Apply the safe fixes, and show each.",
    "privacy": "Find what would give people away.",
    "pseudonymize": "Replace participant ids by keyed pseudonyms.",
    "stats": "Compute the study's statistics, and draw them.",
    "card": "Write the dataset card.",
    "croissant": "Write the Croissant description.",
    "build": "Write the publishable form: Parquet, card, statistics, checksums.",
    "publish": "Publish on the Hugging Face Hub.",
    "schema": "Print the JSON Schema of study.yaml.",
}


@click.group("contribute", cls=LazyGroup, lines=COMMANDS, module="hmix_hub.cli.contribute.{}_command")
def command() -> None:
    """Contribute a study: init or import, validate, fix, privacy, build, publish.

    A study folder holds study.yaml (what the study is), judgments/<task>.csv, .jsonl or .parquet (what people
    answered), perhaps participants.csv and stimuli/. CONTRIBUTING.md goes from a raw file to a published dataset.
    """
