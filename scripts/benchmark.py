"""Benchmark: ratios measured side by side in one run, over judgments that the sample study's generator draws.

python3 scripts/benchmark.py [--parts tables training contribute building collect perception mixup scale]
    [--rows 10000] [--rounds 5] [--folder DIR]

Every line compares this package with the best known other way of the same job, turn by turn, and checks that both give
the same. Peak memory is measured in a process of its own. The lines are Markdown. The parts "tables", "training" and
"contribute" take two to three minutes each, "building" two, from a raw file of 150,000 judgments to a built study. It
has aims in place of another way, as has "collect", which takes five. "perception" forecasts the judgments of the
release, or of the sample study where HMIX_SOURCE says so, with the pictures that HMIX_CIFAR10 names, and takes four.
"mixup" takes one. "scale" validates, builds and gathers studies of ten thousand to ten million judgments within 2 GB,
in a folder with room for them, and takes ten; `--rows 100000000` an hour.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmark_measuring import lines, medians, memory_status, milliseconds, turns
from environment import options_of, run_script

PARTS = ("tables", "training", "contribute", "building", "collect", "perception", "mixup", "scale")
SIZES = (10_000, 100_000, 1_000_000)
MEMORY_SWITCH = "--memory"
READING = -1
"""Number of the job that reads the released files, among those whose memory is measured."""


def options() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = options_of(__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rows", type=int, nargs="+", metavar="N", help="judgments; each part has sizes of its own")
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="turns of each way; the medians are compared"
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help='where "scale" writes its studies, and keeps them')
    # One memory measurement of it: number of the case, side, rows, folder.
    parser.add_argument(MEMORY_SWITCH, nargs=4, help=argparse.SUPPRESS)
    return parser


def main(arguments: argparse.Namespace) -> None:
    """Run the benchmark, or one memory measurement of it."""
    if arguments.memory:
        case_number, side, rows, folder = arguments.memory
        _print_peak_memory(int(case_number), int(side), int(rows), Path(folder))
        return
    os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"
    print(f"machine: {_machine()}\n")
    if "tables" in arguments.parts:
        from benchmark_rows import PICKED, print_rows

        sizes = arguments.rows or SIZES
        _compare_sizes(sizes, arguments.rounds)
        print_rows(min(PICKED, max(sizes)), arguments.rounds)
        _print_tensor_limit(max(sizes), arguments.rounds)
        _print_first_call(max(sizes), turns(max(sizes), arguments.rounds))
        _print_reading(arguments.rounds)
        _print_import_time(arguments.rounds)
    if "training" in arguments.parts:
        from benchmark_training import SIZES as TRAINING_SIZES
        from benchmark_training import print_training

        print_training(arguments.rows or TRAINING_SIZES, arguments.rounds)
    if "contribute" in arguments.parts:
        from benchmark_contribute import print_contribute

        print_contribute(arguments.rows or SIZES, arguments.rounds)
    if "building" in arguments.parts:
        from benchmark_building import ROWS, print_building
        from benchmark_import import print_import

        print_building(max(arguments.rows or (ROWS,)))
        print_import(max(arguments.rows or (ROWS,)), arguments.rounds)
    if "collect" in arguments.parts:
        from benchmark_collect import print_collect

        print_collect()
    if "perception" in arguments.parts:
        from benchmark_perception import print_perception

        print_perception()
    if "mixup" in arguments.parts:
        from benchmark_mixup import print_mixup

        print_mixup(arguments.rounds)
    if "scale" in arguments.parts:
        from benchmark_scale import SIZES as SCALES
        from benchmark_scale import print_scale

        print_scale(arguments.rows or SCALES, arguments.folder)


def _machine() -> str:
    import datasets
    import torch

    processor = platform.processor() or platform.machine()
    for line in lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    versions = f"Python {platform.python_version()}, datasets {datasets.__version__}, torch {torch.__version__}"
    return f"{os.cpu_count()} x {processor}, {platform.system()}, {versions}"


def _compare_sizes(sizes: Sequence[int], rounds: int) -> None:
    print("| rows | job | hmix-hub | other way | time | ratio | aim | peak memory, both | cache files, both |")
    print("|---:|---|---:|---|---:|---:|---:|---:|---:|")
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
            _compare(rows, Path(folder), turns(rows, rounds))


def _compare(rows: int, folder: Path, rounds: int) -> None:
    from benchmark_cases import CASES, Workload, check_same

    workload = Workload(rows, folder)
    for number, case in enumerate(CASES):
        jobs = workload.jobs(case)
        results, files = zip(*(_run_and_count_files(folder, job) for job in jobs), strict=True)
        check_same(case, *results)
        ours, theirs = medians(jobs, rounds)
        memory = [_peak_memory(number, side, rows, folder) for side in (0, 1)]
        print(
            f"| {rows:,} | {case.name} | {milliseconds(ours)} | {case.other_name} | {milliseconds(theirs)} "
            f"| {theirs / ours:.1f} | {case.aim:g} | {memory[0]}, {memory[1]} | {files[0]}, {files[1]} |",
            flush=True,
        )


def _run_and_count_files(folder: Path, job: Callable[[], Any]) -> tuple[Any, int]:
    before = set(folder.rglob("cache-*"))
    result = job()
    return result, len(set(folder.rglob("cache-*")) - before)


def _peak_memory(case_number: int, side: int, rows: int, folder: Path) -> str:
    command = [sys.executable, __file__, MEMORY_SWITCH, str(case_number), str(side), str(rows), str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _print_peak_memory(case_number: int, side: int, rows: int, folder: Path) -> None:
    """Print how far one job raises this process's resident memory above where it stood, pages of files included."""
    from benchmark_cases import CASES, Workload, read_all

    job = read_all if case_number == READING else Workload(rows, folder).jobs(CASES[case_number])[side]
    resident = memory_status("VmRSS")
    if resident is None:
        print("?")
        return
    # Sets the high-water mark back to what is resident now.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    result = job()
    print(f"{((memory_status('VmHWM') or 0) - resident) / 1024:,.0f} MiB")
    del result


def _print_tensor_limit(rows: int, rounds: int) -> None:
    """Print how near the tensors come to the limit: reading each stored byte once and writing each tensor byte once."""
    import numpy as np
    from benchmark_cases import NUMBERS, Workload

    import hmix_hub

    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
        workload = Workload(rows, Path(folder))
        dataset = workload.dataset
        stored = sum(dataset.data.column(name).nbytes for name in NUMBERS)
        made = sum(tensor.nbytes for tensor in hmix_hub.to_tensors(dataset, NUMBERS).values())
        moved = np.zeros((stored + made) // 2, dtype=np.uint8)

        def copy_bytes() -> None:
            moved.copy()

        ours, copied = medians([lambda: hmix_hub.to_tensors(dataset, NUMBERS), copy_bytes], 4 * rounds)
    print(
        f"\n{rows:,} rows, {len(NUMBERS)} columns to tensors: {stored / 1e6:.0f} MB read and {made / 1e6:.0f} MB "
        f"written in {milliseconds(ours)}; copying as many bytes takes {milliseconds(copied)}: "
        f"{copied / ours:.0%} of the copy bandwidth"
    )


def _print_first_call(rows: int, rounds: int) -> None:
    """Print what the first call for the default columns takes, which encodes the ids of the table, and the next."""
    from benchmark_cases import Workload

    import hmix_hub

    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
        workload, seconds = Workload(rows, Path(folder)), []
        for _ in range(rounds):
            dataset = workload.load()
            times = [time.perf_counter()]
            for _ in range(2):
                hmix_hub.to_tensors(dataset)
                times.append(time.perf_counter())
            seconds.append((times[1] - times[0], times[2] - times[1]))
    first, later = (statistics.median(each) for each in zip(*seconds, strict=True))
    print(
        f"\n{rows:,} rows, default columns to tensors: the first call encodes the ids of the table and takes "
        f"{milliseconds(first)}, the next {milliseconds(later)}"
    )


def _print_reading(rounds: int) -> None:
    """Print the time from the four judgment files to their tables, hashes checked."""
    from benchmark_cases import read_all

    from hmix_hub.sources import choose_source, resolve_source

    read_all()
    (seconds,) = medians([read_all], rounds)
    title = resolve_source(choose_source()[0]).study.title
    print(
        f"\nreading all four judgment files of {title}: {milliseconds(seconds)} (aim: under 1 s), "
        f"peak memory {_peak_memory(READING, 0, 0, Path())}"
    )


def _print_import_time(rounds: int) -> None:
    """Print the time of a Python that imports the package, and of one that imports nothing."""

    def run(code: str) -> Callable[[], Any]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    ours, bare = medians([run("import hmix_hub"), run("pass")], 2 * rounds)
    print(f"\nimport hmix_hub: {milliseconds(ours)}, of which Python itself {milliseconds(bare)} (aim: under 200 ms)")


if __name__ == "__main__":
    run_script(main, options())
