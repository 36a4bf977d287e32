"""Console: runs the commands in a document, in a temporary folder, and returns the document with their output.

In a document, a block after the line `<!-- file: NAME -->` is a file to write; in a `console` block, each line that
begins with `$ ` is a command, and what follows is its output. The Hub is a stand-in on this machine.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from environment import ROOT

_BLOCK = re.compile(r"(?ms)^(?:<!-- file: (?P<file>[\w./-]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$")
_SIZE = re.compile(r"(?m)^ *([\d.,]+) ([kM]?B)(?=  \S)")
"""Size of a file as `hmix_hub.cli.output.size_text` writes it."""
_BYTES = {"B": 1, "kB": 1e3, "MB": 1e6}
_SAME_SIZE = 0.1
"""Maximum relative change of sizes, which depend on the key of pseudonyms and on the libraries that write files."""
_PSEUDONYM = re.compile(r"p[0-9a-f]{22}")
HUB = "https://huggingface.co"
_FORKS = """
import io, json, os, sys
import datasets, matplotlib.pyplot, torch
import hmix_hub.cli.contribute, hmix_hub.contribute.building, hmix_hub.loading.road
from hmix_hub.cli.main import main
for line in sys.stdin:
    words, folder, output = json.loads(line)
    child = os.fork()
    if not child:
        file = os.open(output, os.O_WRONLY)
        os.dup2(file, 1), os.dup2(file, 2), os.chdir(folder)
        sys.stdin, sys.argv = io.StringIO(), ["hmix", *words]
        try:
            main()
        except SystemExit:
            pass
        finally:
            sys.stdout.flush(), sys.stderr.flush(), os._exit(0)
    os.waitpid(child, 0)
    print(flush=True)
"""
"""Runs each `hmix` of a document in a fork, so that the libraries are imported once rather than for every command."""


def renewed(document: str) -> str:
    """Return a document with the real output of its commands."""
    with tempfile.TemporaryDirectory(prefix="hmix-console-") as scratch, _hub(Path(scratch) / "home") as environment:
        folder = Path(scratch) / "desk"
        folder.mkdir()
        with _Console(folder, environment) as console:
            return _BLOCK.sub(lambda block: _run_block(block, console), document)


def is_current(document: str) -> bool:
    """Return whether a document shows the output of its commands, ignoring pseudonyms and small changes of sizes."""
    texts = [_PSEUDONYM.sub("", text) for text in (renewed(document), document)]
    found, shown = ([float(n.replace(",", "")) * _BYTES[unit] for n, unit in _SIZE.findall(text)] for text in texts)
    if _SIZE.sub("", texts[0]) != _SIZE.sub("", texts[1]) or len(found) != len(shown):
        return False
    return all(abs(one - two) <= max(_SAME_SIZE * one, 1) for one, two in zip(found, shown, strict=True))


class _Console:
    """Runs commands in a folder, one after the other, and returns what they print."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = environment
        self._forks: subprocess.Popen[str] | None = None

    def __enter__(self) -> _Console:
        return self

    def __exit__(self, *_: object) -> None:
        if self._forks is not None:
            self._forks.communicate()

    def output(self, command: str) -> str:
        """Return what a command prints, with the addresses and paths that a reader would see."""
        words = shlex.split(command)
        text = (
            self._fork(words[1:]) if words[0] == "hmix" and not set(command) & set("|;&<>$*") else self._bash(command)
        )
        endpoint = self._environment.get("HF_ENDPOINT", HUB)
        text = text.replace(endpoint, HUB).replace(str(self.folder) + "/", "")
        return text if not text or text.endswith("\n") else text + "\n"

    def _bash(self, command: str) -> str:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        ).stdout

    def _fork(self, words: list[str]) -> str:
        if self._forks is None:
            self._forks = subprocess.Popen(
                [sys.executable, "-c", _FORKS],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        asked, answered = cast("IO[str]", self._forks.stdin), cast("IO[str]", self._forks.stdout)
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
            print(json.dumps([words, str(self.folder), file.name]), file=asked, flush=True)
            if not answered.readline():
                sys.exit("the process that runs the commands of a document has ended; what it printed says why")
            return file.read()


def _run_block(block: re.Match[str], console: _Console) -> str:
    if block["file"]:
        path = console.folder / block["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block["text"], encoding="utf-8")
    if block["kind"] != "console":
        return block[0]
    commands = [line[2:] for line in block["text"].splitlines() if line.startswith("$ ")]
    return "```console\n" + "".join(f"$ {command}\n{console.output(command)}" for command in commands) + "```"


@contextmanager
def _hub(home: Path) -> Iterator[dict[str, str]]:
    """Start a Hub on this machine, and yield the environment variables with which clients use it."""
    sys.path.insert(0, str(ROOT / "tests"))
    # By name, because tests are not type-checked.
    server = importlib.import_module("hub_server")
    with server.Hub() as hub:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        yield os.environ | hub.environment(home) | {"PATH": path, "HMIX_SOURCE": "sample", "COLUMNS": "100"}
