"""Console: runs the commands in a document, in a temporary folder, and returns the document with their output.

In a document, a block after the line `<!-- file: NAME -->` is a file to write; in a `console` block, each line that
begins with `$ ` is a command, and what follows is its output. The Hub is a stand-in on this machine.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from environment import ROOT

_BLOCK = re.compile(r"(?ms)^(?:<!-- file: (?P<file>[\w./-]+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$")
_SIZE = re.compile(r"(?m)^ *([\d.,]+) ([kM]?B)(?=  \S)")
"""Size of a file as `hmix_hub.cli.output.size_text` writes it."""
_BYTES = {"B": 1, "kB": 1e3, "MB": 1e6}
_SAME_SIZE = 0.1
"""Maximum relative change of sizes, which depend on the key of pseudonyms and on the libraries that write files."""
_PSEUDONYM = re.compile(r"p[0-9a-f]{22}")
HUB = "https://huggingface.co"


def renewed(document: str) -> str:
    """Return a document with the real output of its commands."""
    with tempfile.TemporaryDirectory(prefix="hmix-console-") as scratch, _hub(Path(scratch) / "home") as environment:
        folder = Path(scratch) / "desk"
        folder.mkdir()
        return _BLOCK.sub(lambda block: _run_block(block, folder, environment), document)


def is_current(document: str) -> bool:
    """Return whether a document shows the output of its commands, ignoring pseudonyms and small changes of sizes."""
    texts = [_PSEUDONYM.sub("", text) for text in (renewed(document), document)]
    found, shown = ([float(n.replace(",", "")) * _BYTES[unit] for n, unit in _SIZE.findall(text)] for text in texts)
    if _SIZE.sub("", texts[0]) != _SIZE.sub("", texts[1]) or len(found) != len(shown):
        return False
    return all(abs(one - two) <= max(_SAME_SIZE * one, 1) for one, two in zip(found, shown, strict=True))


def _run_block(block: re.Match[str], folder: Path, environment: dict[str, str]) -> str:
    if block["file"]:
        path = folder / block["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block["text"], encoding="utf-8")
    if block["kind"] != "console":
        return block[0]
    commands = [line[2:] for line in block["text"].splitlines() if line.startswith("$ ")]
    parts = [f"$ {command}\n{_output(command, folder, environment)}" for command in commands]
    return "```console\n" + "".join(parts) + "```"


def _output(command: str, folder: Path, environment: dict[str, str]) -> str:
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    endpoint = environment.get("HF_ENDPOINT", HUB)
    text = ran.stdout.replace(endpoint, HUB).replace(str(folder) + "/", "")
    return text if not text or text.endswith("\n") else text + "\n"


@contextmanager
def _hub(home: Path) -> Iterator[dict[str, str]]:
    """Start a Hub on this machine, and yield the environment variables with which clients use it."""
    sys.path.insert(0, str(ROOT / "tests"))
    # By name, because tests are not type-checked.
    server = importlib.import_module("hub_server")
    with server.Hub() as hub:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        yield os.environ | hub.environment(home) | {"PATH": path, "HMIX_SOURCE": "sample", "COLUMNS": "100"}
