"""Tables part of the benchmark: filters, tensors and loading, each against the best known other way."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import hmix_hub
from benchmarks.cases import CASES, NUMBERS, Workload, check_same, read_all
from benchmarks.measures import SIZES, apart, mebibytes, medians, milliseconds, raised_memory, turns
from benchmarks.rows import PICKED, print_rows
from hmix_hub.sources import choose_source, resolve_source

READING = -1
"""Number of the job that reads the released files, among those whose memory is measured."""


def print_tables(sizes: Sequence[int], rounds: int) -> None:
    """Print the lines of every size, then those of what does not depend on it."""
    _compare_sizes(sizes, rounds)
    print_rows(min(PICKED, max(sizes)), rounds)
    _print_tensor_limit(max(sizes), rounds)
    _print_first_call(max(sizes), turns(max(sizes), rounds))
    _print_reading(rounds)
    _print_import_time(rounds)


def _compare_sizes(sizes: Sequence[int], rounds: int) -> None:
    print("| rows | job | hmix-hub | other way | time | ratio | aim | peak memory, both | cache files, both |")
    print("|---:|---|---:|---|---:|---:|---:|---:|---:|")
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
            _compare(rows, Path(folder), turns(rows, rounds))


def _compare(rows: int, folder: Path, rounds: int) -> None:
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
    return mebibytes(apart(memory_of_job, case_number, side, rows, str(folder)))


def memory_of_job(case_number: int, side: int, rows: int, folder: str) -> int | None:
    """Return the KiB by which one job raises resident memory."""
    is_reading = case_number == READING
    return raised_memory(read_all if is_reading else Workload(rows, Path(folder)).jobs(CASES[case_number])[side])


def _print_tensor_limit(rows: int, rounds: int) -> None:
    """Print how near the tensors come to the limit: reading each stored byte once and writing each tensor byte once."""
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


def print_part(arguments: argparse.Namespace) -> None:
    """Print this part, with the options of the command."""
    print_tables(arguments.rows or SIZES, arguments.rounds)
