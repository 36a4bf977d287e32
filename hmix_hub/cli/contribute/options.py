"""Options that commands of `hmix contribute` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

Command = Callable[..., Any]


def study_argument(command: Command) -> Command:
    """Add the argument DIR, a study folder."""
    return click.argument("folder", metavar="DIR")(command)
