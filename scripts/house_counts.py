"""Counts of the house: how often a study is read, measured and drawn by the commands of `hmix contribute`.

python3 scripts/house_counts.py [ROOT]        default: this checkout; another one is measured in the same way

Each count runs the command in a separate process, on an example study.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

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
for words in json.loads(sys.argv[1]):
    counts.clear()
    main(["contribute", *words], standalone_mode=False)
print("\\n" + json.dumps(counts))
""".replace("TASK", TASK)


def opens_of_publish(root: Path = ROOT) -> int:
    """Return how often `publish --dry-run` opens the judgment file of a study with a generated card."""
    return _counts(root, ["card"], ["publish", "--repo-id", "lab/study", "--dry-run", "--synthetic"])["opens"]


def statistics_of_build(root: Path = ROOT) -> tuple[int, int]:
    """Return how often `build` computes the statistics and draws the figure of a study with generated files."""
    counts = _counts(root, ["card", "stats"], ["build", "-o", "OUT"])
    return counts["statistics"], counts["pictures"]


def _counts(root: Path, before: list[str], command: list[str]) -> dict[str, int]:
    """Return the counts of a command on an example study with some of its generated files."""
    with tempfile.TemporaryDirectory(prefix="hmix-counts-") as scratch:
        study = str(Path(scratch) / "study")
        words = [str(Path(scratch) / "out") if word == "OUT" else word for word in command]
        commands = [
            ["init", study, "--task", TASK, "--example"],
            *([name, study] for name in before),
            [words[0], study, *words[1:]],
        ]
        ran = subprocess.run(
            [sys.executable, "-c", _COUNTED, json.dumps(commands)],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    counts: dict[str, int] = json.loads(ran.stdout.splitlines()[-1])
    return counts


if __name__ == "__main__":
    measured = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    print(f"times one judgment CSV is opened by publish --dry-run: {opens_of_publish(measured)}")
    print("statistics computed, pictures drawn by one build: {}, {}".format(*statistics_of_build(measured)))
