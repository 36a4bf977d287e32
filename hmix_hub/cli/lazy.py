"""Groups of commands that import a command's module when it is called, so that help is quick."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """Group whose commands are known by name and line alone.

    Parameters
    ----------
    lines
        Name of each command, and its line in the help.
    module
        Where a command's module is, with `{}` for its name; it holds the command as `command`.
    """

    def __init__(self, *args: Any, lines: Mapping[str, str], module: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines, self.module = lines, module

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in order."""
        return list(self.lines)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and give a command."""
        if cmd_name not in self.lines:
            return None
        command: click.Command = importlib.import_module(self.module.format(cmd_name.replace("-", "_"))).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands' lines without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.lines.items()))
