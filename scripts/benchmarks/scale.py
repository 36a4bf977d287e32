"""Scale part of the benchmark: what a row costs, from ten thousand judgments to a hundred million, within a bound."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measures import memory_status
from benchmarks.studies import DrawnStudy, judgment_file

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
"""Judgments that are measured unless others are named; a hundred million take about an hour and 10 GB of disk."""
FAR = (1_000_000_000, 10_000_000_000)
"""Judgments whose cost is computed from the largest that was measured."""
MEMORY = "2GB"
WORKERS = (1, 2)
_GATHER = "import sys, hmix_hub; print(len(hmix_hub.by_stimulus(sys.argv[1], memory=sys.argv[2])))"


class Cost(NamedTuple):
    """What a job took: seconds, seconds of processors, the most bytes in memory, and in temporary files."""

    seconds: float
    processor: float
    memory: int
    spilled: int


class Job(NamedTuple):
    """A job that is measured: its command of the study, the folder to build into, and one for temporary files."""

    name: str
    command: Callable[[Path, Path, Path], list[str | Path]]


def _hmix(verb: str, *words: str | Path) -> list[str | Path]:
    code = "from hmix_hub.cli.main import main; main()"
    return [sys.executable, "-c", code, "contribute", verb, *words]


JOBS = (
    Job("validate", lambda study, built, scratch: _hmix("validate", study, *_bounds(scratch))),
    Job("build", lambda study, built, scratch: _hmix("build", study, "--output", built, *_bounds(scratch))),
    Job("by_stimulus", lambda study, built, scratch: [sys.executable, "-c", _GATHER, built, MEMORY]),
)


def _bounds(scratch: Path) -> list[str | Path]:
    return ["--memory", MEMORY, "--temporary-folder", scratch]


def print_part(arguments: argparse.Namespace) -> None:
    """Print what each job costs a row, by number of rows, and what the largest makes of more rows than that."""
    sizes, folder = arguments.rows or SIZES, arguments.folder
    print(f"\nWithin {MEMORY} of memory:\n")
    print("| rows | job | time | microseconds a row | of processors | peak memory | in temporary files |")
    print("|---:|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="hmix-scale-", dir=folder) as scratch:
        costs: dict[str, float] = {}
        for rows in sizes:
            drawn = DrawnStudy(rows, folder or Path(scratch))
            study, built = drawn.write("parquet"), Path(scratch) / f"built-{rows}"
            spill = Path(scratch) / "spill"
            for job in JOBS:
                cost = measure(job.command(study, built, spill), spill)
                costs[job.name] = cost.seconds / drawn.n
                print(
                    f"| {drawn.n:,} | {job.name} | {cost.seconds:,.1f} s | {1e6 * costs[job.name]:.2f} "
                    f"| {1e6 * cost.processor / drawn.n:.2f} "
                    f"| {_bytes(cost.memory)} | {_bytes(cost.spilled)} |",
                    flush=True,
                )
            sizes_on_disk = [_size(judgment_file(study, "parquet").parent), _size(built)]
            shutil.rmtree(built)
        _print_far(costs, [size / drawn.n for size in sizes_on_disk], drawn.n)
        _print_workers(study, Path(scratch), drawn.n)


def measure(command: Sequence[str | Path], scratch: Path) -> Cost:
    """Run a command in a process of its own, with temporary files in a folder.

    Raises
    ------
    SystemExit
        If it fails: a job that was not done costs nothing.
    """
    scratch.mkdir(exist_ok=True)
    environment = os.environ | {"TMPDIR": str(scratch), "HF_HOME": str(scratch / "hub")}
    started = time.perf_counter()
    memory, spilled, done = [0], [0], threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        watch = threading.Thread(target=_watch, args=(process.pid, scratch, memory, spilled, done))
        watch.start()
        said = process.stdout.read() if process.stdout else ""
        # Before the process is waited for as usual, which tells nothing of what it took.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    done.set()
    watch.join()
    shutil.rmtree(scratch)
    if process.returncode:
        msg = f"{' '.join(map(str, command))}: status {process.returncode}\n{said}"
        raise SystemExit(msg)
    return Cost(seconds, usage.ru_utime + usage.ru_stime, memory[0], spilled[0])


def _watch(process: int, folder: Path, memory: list[int], spilled: list[int], done: threading.Event) -> None:
    # Not what the system tells at the end, which counts the memory of the process that began it.
    while not done.wait(0.1):
        memory[0] = max(memory[0], 1024 * (memory_status("VmHWM", process) or 0))
        spilled[0] = max(spilled[0], _size(folder))


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).stat().st_size
            except FileNotFoundError:
                # Temporary files go while they are counted.
                continue
    return total


def _bytes(n: float) -> str:
    return f"{n / 1e9:,.1f} GB" if n >= 1e9 else f"{n / 1e6:,.0f} MB"


def _print_far(costs: dict[str, float], bytes_a_row: Sequence[float], rows: int) -> None:
    """Print what more rows would cost if each cost what it does at the largest number measured."""
    raw, built = bytes_a_row
    print(
        f"\nComputed, each row at what it costs among {rows:,}, its file at {raw:.0f} bytes and what is built at "
        f"{built:.0f}:\n"
    )
    print(f"| rows | {' | '.join(costs)} | file | built |")
    print("|---:|" + "---:|" * (len(costs) + 2))
    for far in FAR:
        hours = [f"{far * each / 3600:,.1f} h" for each in costs.values()]
        print(f"| {far:,} | {' | '.join(hours)} | {_bytes(far * raw)} | {_bytes(far * built)} |")


def _print_workers(study: Path, scratch: Path, rows: int) -> None:
    """Print validation and building by one process, and by workers of a cluster with the same memory each."""
    from distributed import LocalCluster

    print("\n| rows | job | workers | time | times as fast as one process |")
    print("|---:|---|---:|---:|---:|")
    # Plain folders: a cluster's own files are not those that a job spills.
    spill, built = scratch / "spill", scratch / "built-by-workers"
    for job in JOBS[:2]:
        alone = measure(job.command(study, built, scratch), spill).seconds
        print(f"| {rows:,} | {job.name} | none | {alone:,.1f} s | 1 |", flush=True)
        for workers in WORKERS:
            shutil.rmtree(built, ignore_errors=True)
            with LocalCluster(
                n_workers=workers, threads_per_worker=1, memory_limit=MEMORY, dashboard_address=None
            ) as cluster:
                command = [*job.command(study, built, scratch), "--dask", cluster.scheduler_address]
                shared = measure(command, spill).seconds
            print(f"| {rows:,} | {job.name} | {workers} | {shared:,.1f} s | {alone / shared:.2f} |", flush=True)
        shutil.rmtree(built, ignore_errors=True)
