"""Tables part of the benchmark: filters, tensors and loading, each against the best known other way."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch

import hmix_hub
from benchmarks.measures import SIZES, Comparison, apart, mebibytes, medians, milliseconds, raised_memory, turns
from benchmarks.rows import PICKED, print_rows
from benchmarks.workload import NUMBERS, Workload
from hmix_hub.schema import CURRENT
from hmix_hub.sources import JUDGMENT_FILES, choose_source, resolve_source
from hmix_hub.tensor_columns import RECORDED_LISTS
from hmix_hub.tensors import PROVENANCE

READING = -1
"""Number of the job that reads the released files, among those whose memory is measured."""


def comparisons(workload: Workload) -> list[Comparison]:
    """Return what is compared over drawn judgments."""
    ds = workload.dataset
    people = set(ds.unique("participant_id")[:20])
    left_out = {*PROVENANCE, *RECORDED_LISTS}

    def plain(keep: Callable[..., bool], *columns: str) -> Callable[[], datasets.Dataset]:
        return lambda: ds.filter(keep, input_columns=[*columns], load_from_cache_file=False)

    def tensors(name: str, aim: float, columns: list[str]) -> Comparison:
        view = ds.select_columns(columns).with_format("torch")
        jobs = lambda: hmix_hub.to_tensors(ds, columns), lambda: view[:]
        return Comparison(f"{name} columns to tensors", 'with_format("torch")[:]', aim, jobs, same_tensors)

    return [
        Comparison(
            "filter by coefficient and repeats",
            "Dataset.filter(lambda)",
            30,
            (
                lambda: hmix_hub.filter(ds, mixing_coefficient=(0.25, 0.75), repeats=False),
                plain(lambda share, again: 0.25 <= share <= 0.75 and not again, "mixing_coefficient", "is_repeat"),
            ),
            same_tables,
        ),
        Comparison(
            "filter by 20 participants",
            "Dataset.filter(lambda)",
            30,
            (
                lambda: hmix_hub.filter(ds, participants=people),
                plain(lambda participant: participant in people, "participant_id"),
            ),
            same_tables,
        ),
        tensors("8 numeric", 50, NUMBERS),
        tensors("the default", 50, [name for name in ds.column_names if name not in left_out]),
        Comparison(
            "warm load_dataset",
            'load_dataset("parquet"), warm',
            1,
            (workload.load, workload.load_parquet),
            same_tables,
        ),
    ]


def same_tensors(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> bool:
    """Whether the numbers are the same; the other way keeps texts, which ours encodes."""
    return all(torch.equal(ours[name], theirs[name].to(ours[name].dtype)) for name in NUMBERS)


def same_tables(ours: datasets.Dataset, theirs: datasets.Dataset) -> bool:
    """Whether two tables have the same columns and the same judgments, in the current version of the schema."""
    is_same = ours.column_names == theirs.column_names and ours["judgment_id"][:] == theirs["judgment_id"][:]
    return is_same and set(ours["schema_version"][:1]) == {CURRENT}


def print_part(arguments: argparse.Namespace) -> None:
    """Print the lines of every size, then those of what does not depend on it."""
    sizes, rounds = arguments.rows or SIZES, arguments.rounds
    print("| rows | job | hmix-hub | other way | time | ratio | aim | peak memory, both | cache files, both |")
    print("|---:|---|---:|---|---:|---:|---:|---:|---:|")
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
            _compare(rows, Path(folder), turns(rows, rounds))
    print_rows(min(PICKED, max(sizes)), rounds)
    _print_tensor_limit(max(sizes), rounds)
    _print_first_call(max(sizes), turns(max(sizes), rounds))
    _print_reading(rounds)
    _print_import_time(rounds)


def _compare(rows: int, folder: Path, rounds: int) -> None:
    for number, comparison in enumerate(comparisons(Workload(rows, folder))):
        results, files = zip(*(_run_and_count_files(folder, job) for job in comparison.jobs), strict=True)
        comparison.check(*results)
        line = comparison.line(rows, rounds)
        memory = [_peak_memory(number, side, rows, folder) for side in (0, 1)]
        print(f"{line} {memory[0]}, {memory[1]} | {files[0]}, {files[1]} |", flush=True)


def _run_and_count_files(folder: Path, job: Callable[[], Any]) -> tuple[Any, int]:
    before = set(folder.rglob("cache-*"))
    result = job()
    return result, len(set(folder.rglob("cache-*")) - before)


def _peak_memory(number: int, side: int, rows: int, folder: Path) -> str:
    return mebibytes(apart(memory_of_job, number, side, rows, str(folder)))


def memory_of_job(number: int, side: int, rows: int, folder: str) -> int | None:
    """Return the KiB by which one job raises resident memory."""
    is_reading = number == READING
    return raised_memory(read_all if is_reading else comparisons(Workload(rows, Path(folder)))[number].jobs[side])


def read_all() -> None:
    """Read the four judgment files of the release, or of the sample where that cannot be reached, into their tables."""
    from hmix_hub.builders.readers import read_judgments

    source = resolve_source(choose_source()[0])
    for task in JUDGMENT_FILES:
        read_judgments(source, task)


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
