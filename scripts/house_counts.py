"""Counts of the house: how often a study is read, measured and drawn by the commands of `hmix contribute`.

python3 scripts/house_counts.py [ROOT]        default: this checkout; another one is measured in the same way

Each count runs the command itself in a process of its own, on an example study that is made for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TASK = "infer_mixing_factor"

_COUNTED = """
import collections, json, sys

from hmix_hub.cli.main import main
from hmix_hub.contribute.description import figures, totals

counts = collections.Counter()

def count(event, arguments):
    # pyarrow opens without an event; CSV files are read in Python alone.
    if event == "open" and str(arguments[0]).endswith("judgments/TASK.csv"):
        counts["opens"] += 1

def counted(name, function):
    def call(*arguments, **options):
        counts[name] += 1
        return function(*arguments, **options)
    return call

totals.statistics_of = counted("statistics", totals.statistics_of)
figures._save = counted("pictures", figures._save)
sys.addaudithook(count)
try:
    main(json.loads(sys.argv[1]))
finally:
    print("\\n" + json.dumps(counts))
""".replace("TASK", TASK)


def opens_of_publish(root: Path = ROOT) -> int:
    """Return how often `publish --dry-run` opens the judgment file of a study with a generated card."""
    return _counts(root, ["card"], ["publish", "--repo-id", "lab/study", "--dry-run", "--synthetic"])["opens"]


def statistics_of_build(root: Path = ROOT) -> tuple[int, int]:
    """Return how often `build` computes the statistics, and draws the picture, of a study with generated files."""
    counts = _counts(root, ["card", "stats"], ["build", "-o", "OUT"])
    return counts["statistics"], counts["pictures"]


def _counts(root: Path, before: list[str], command: list[str]) -> dict[str, int]:
    """Return the counts of a command on an example study, some of whose generated files are there."""
    with tempfile.TemporaryDirectory(prefix="hmix-counts-") as scratch:
        study = str(Path(scratch) / "study")
        _run(root, ["init", study, "--task", TASK, "--example"])
        for name in before:
            _run(root, [name, study])
        words = [str(Path(scratch) / "out") if word == "OUT" else word for word in command]
        counts: dict[str, int] = _run(root, [words[0], study, *words[1:]])
    return counts


def _run(root: Path, words: list[str]) -> Any:
    ran = subprocess.run(
        [sys.executable, "-c", _COUNTED, json.dumps(["contribute", *words])],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout.splitlines()[-1])


if __name__ == "__main__":
    measured = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    print(f"times one judgment CSV is opened by publish --dry-run: {opens_of_publish(measured)}")
    print("statistics computed, pictures drawn by one build: {}, {}".format(*statistics_of_build(measured)))
