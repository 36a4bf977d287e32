"""Building part of the benchmark: from a raw file to a built study, in seconds a row, and the memory that it takes."""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from benchmarks.importing import print_import
from benchmarks.measures import apart, raised_memory
from benchmarks.studies import OWN_COLUMN, DrawnStudy
from hmix_hub.contribute.building import build
from hmix_hub.contribute.importer import import_raw
from hmix_hub.schema import CIFAR10
from hmix_hub.studies.example import example_study
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CHOICE, INFER

ROWS = 150_000
AIM_BYTES = 1000
"""Most bytes of memory that a build may take for each row."""
_OBSERVED = (OWN_COLUMN, "collection_round", "condition", "image_set")
"""Columns that the raw file lacks."""


def print_part(arguments: argparse.Namespace) -> None:
    """Print what import, validation and build of a study take, task by task, then imports of other raw files."""
    rows = max(arguments.rows or (ROWS,))
    print("\n| task | rows | import | validate | build | peak memory of build, bytes a row | aim |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for task in (INFER, CHOICE):
        with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
            # Small first: what the first use of the libraries takes is no part of it.
            places = [str(made_study(task, n, Path(folder) / str(n))) for n in (1000, rows)]
            times, memory = (apart(measure, name, *places) for name in ("run", "build_again"))
        n = times.pop("rows")
        cells = [f"{1e6 * seconds / n:,.1f} µs a row" for seconds in times.values()]
        peak = "?" if memory is None else f"{1024 * memory / n:,.0f}"
        print(f"| `{task}` | {n:,} | {' | '.join(cells)} | {peak} | {AIM_BYTES} |", flush=True)
    print_import(rows, arguments.rounds)


def made_study(task: str, rows: int, folder: Path) -> Path:
    """Write a raw file of so many judgments, its column map and the manifest of a study beside it; gives the folder."""
    drawn = DrawnStudy(rows, folder).table
    table = drawn.drop_columns([name for name in _OBSERVED if name in drawn.column_names])
    if task == CHOICE:
        table = _with_choices(table)
    folder.mkdir(parents=True, exist_ok=True)
    arrow_csv.write_csv(table, folder / "raw.csv", arrow_csv.WriteOptions(quoting_style="none"))
    columns = "".join(f"  {name}: {name}\n" for name in table.column_names)
    (folder / "map.yaml").write_text(f"task: {task}\ncolumns:\n{columns}", encoding="utf-8")
    (folder / "study.yaml").write_bytes(example_study(task)[MANIFEST])
    return folder


def _with_choices(table: pa.Table) -> pa.Table:
    """Return judgments of shares as choices: of the class with the larger inferred share, sometimes of any."""
    rng = np.random.default_rng(0)
    anything = pa.array(CIFAR10.names).take(pa.array(rng.integers(0, len(CIFAR10), table.num_rows)))
    inferred = table["inferred_coefficient"]
    chosen = pc.if_else(pc.greater_equal(inferred, 0.5), table["image_1_label"], table["image_2_label"])
    chosen = pc.if_else(pa.array(rng.random(table.num_rows) < 0.05), anything, chosen)
    place = table.column_names.index("inferred_coefficient")
    return table.set_column(place, "chosen_class", chosen)


def run(made: Path) -> dict[str, float]:
    """Import, validate and build a study; gives the seconds of each, and the rows."""
    place = made / "study"
    times = [time.perf_counter()]
    written = import_raw([made / "raw.csv"], place, map_file=made / "map.yaml").files
    shutil.copy(made / "study.yaml", place / MANIFEST)
    times.append(time.perf_counter())
    if errors := Study.open(place).report.errors:
        msg = f"{made}: {errors[0]}"
        raise SystemExit(msg)
    times.append(time.perf_counter())
    build(Study.open(place), made / "built")
    times.append(time.perf_counter())
    parts = dict(zip(("import", "validate", "build"), np.diff(times).tolist(), strict=True))
    return parts | {"rows": sum(written.values())}


def build_again(made: Path) -> int | None:
    """Build a study that was imported; gives how far that raises resident memory, in KiB."""
    return raised_memory(lambda: build(Study.open(made / "study"), made / "built"))


def measure(name: str, *folders: str) -> Any:
    """Return what `run` or `build_again` gives for the last of the folders, in a process that has done the others."""
    return [{"run": run, "build_again": build_again}[name](Path(folder)) for folder in folders][-1]
