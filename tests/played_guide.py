"""Guides that are played: their files are written, their commands and Python run, and what they show is compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from hmix_hub.cli.main import main

_BLOCK = re.compile(r"(?ms)^(?:<!-- file: (?P<file>[\w./-]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$")


def run(command, *, refused=False):
    """Run a command line, and return what it prints."""
    ran = CliRunner().invoke(main, shlex.split(command)[1:])
    assert (ran.exit_code != 0) == refused, (command, ran.output)
    return ran.output


def play(section):
    """Write a section's files and run its blocks, in order; return its names, and its commands by line."""
    names, commands = {}, []
    for block in _BLOCK.finditer(section):
        if block["file"]:
            path = Path(block["file"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        elif block["kind"] == "python":
            exec(compile(block["text"], "guide", "exec"), names)  # noqa: S102 - the document is ours
        elif block["kind"] == "console":
            shown = re.split(r"(?m)^\$ ", block["text"])[1:]
            for command, output in (one.split("\n", 1) for one in shown):
                commands.append(command)
                assert run(command, refused=output.startswith("hmix: ")) == output, command
    return names, commands
