"""Benchmark: ratios measured side by side in one run, over judgments that the sample study's generator draws.

python3 scripts/benchmark.py [--parts tables training contribute building collect perception mixup scale explorer]
    [--rows 10000] [--rounds 5] [--folder DIR]

Every line compares this package with the best known other way of the same job, turn by turn, and checks that both give
the same. Peak memory is measured in a process of its own. The lines are Markdown. The parts "tables", "training" and
"contribute" take two to three minutes each, "building" two, from a raw file of 150,000 judgments to a built study. It
has aims in place of another way, as has "collect", which takes five. "perception" forecasts the judgments of the
release, or of the sample study where HMIX_SOURCE says so, with the pictures that HMIX_CIFAR10 names, and takes four.
"mixup" takes one. "scale" validates, builds and gathers studies of ten thousand to ten million judgments within 2 GB,
in a folder with room for them, and takes ten; `--rows 100000000` an hour. "explorer" opens pages in Chromium, and takes
one.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from pathlib import Path

from environment import options_of, run_script

PARTS = {
    "tables": "tables",
    "training": "training",
    "contribute": "contributing",
    "building": "building",
    "collect": "collecting",
    "perception": "perception",
    "mixup": "mixup",
    "scale": "scale",
    "explorer": "explorer",
}
"""The module of each part; its `print_part` takes the options."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[*PARTS])
    parser.add_argument("--rows", type=int, nargs="+", metavar="N", help="judgments; each part has sizes of its own")
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="turns of each way; the medians are compared"
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help='where "scale" writes its studies, and keeps them')
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Run the parts that are asked for."""
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    print(f"machine: {_machine()}\n")
    for name, module in PARTS.items():
        if name in arguments.parts:
            importlib.import_module(f"benchmarks.{module}").print_part(arguments)


def _machine() -> str:
    import datasets
    import torch
    from benchmarks.measures import lines

    processor = platform.processor() or platform.machine()
    for line in lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    versions = f"Python {platform.python_version()}, datasets {datasets.__version__}, torch {torch.__version__}"
    return f"{os.cpu_count()} x {processor}, {platform.system()}, {versions}"


if __name__ == "__main__":
    run_script(main, options())
