"""Training part of the benchmark: how many pictures with human labels a loop gets, in what memory, and the limits."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from benchmark_batches import (
    BYTES_READ,
    BYTES_WRITTEN,
    Copy,
    Read,
    Training,
    check_same,
    seconds_per_picture,
)
from benchmark_cases import Workload
from benchmark_measuring import memory_status

import hmix_hub

SIZES = (5_000, 100_000, 1_000_000)
"""Of these, the smallest and the largest are timed; memory is measured at all."""
BATCH_SIZES = (64, 256, 4096)
BATCH_SIZE = 256
"""Of the `DataLoader`, which is slow enough that one size will do; and of the memory that is measured."""
STREAM = 1 << 15
"""Pictures whose bytes are far more than any cache holds: 252 MB to read and 252 MB to write."""
TIMED, READ, LOADED = 100_000, 200_000, 3_000
"""Pictures that a turn takes: from tensors, from mapped files (more than a window), from a `DataLoader`."""
MEMORY_SWITCH = "--mapped-memory"
OURS = "hmix_hub.batches"
STREAM_COPY = "stream copy of the same bytes"


@dataclass(frozen=True)
class Way:
    """One way to the same batches.

    Parameters
    ----------
    name
        What it is.
    seconds
        Times one turn: seconds per picture.
    aim
        What the project aims at: our pictures per second over this way's; 0 for none.
    """

    name: str
    seconds: Callable[[], float]
    aim: float = 0


def print_training(sizes: Sequence[int], rounds: int) -> None:
    """Print pictures per second of each way, then the memory of the mapped mode; and of a GPU where there is one."""
    print("\n| judgments | batch | way | pictures per second | hmix_hub.batches is as fast, times | aim |")
    print("|---:|---:|---|---:|---:|---:|")
    shares = [share for rows in sorted({min(sizes), max(sizes)}) for share in _compare(rows, rounds)]
    for line in [_prediction(), *shares]:
        print(f"\n* {line}", end="")
    print()
    _print_memory(sizes)
    if torch.cuda.is_available():
        from benchmark_gpu import print_gpu

        print_gpu(rounds)


def _compare(rows: int, rounds: int) -> list[str]:
    """Print the lines of one size; give, for each batch size, the measured share of the copy in words."""
    shares = []
    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
        workload = Workload(rows, Path(folder))
        for batch_size in BATCH_SIZES:
            training = Training(workload, batch_size)
            ways = _ways(training)
            check_same(training)
            # Workers read ahead while others are timed, so that theirs is a turn of its own.
            groups = [ways, *([way] for way in _loader_ways(training))] if batch_size == BATCH_SIZE else [ways]
            seconds = {name: each for group in groups for name, each in _median_seconds(group, rounds).items()}
            ours = seconds[OURS]
            for way in itertools.chain(*groups):
                ratio = "" if way.name == OURS else f"{seconds[way.name] / ours:.2f}"
                aim = f"{way.aim:g}" if way.aim else ""
                print(
                    f"| {rows:,} | {batch_size} | {way.name} | {1 / seconds[way.name]:,.0f} | {ratio} | {aim} |",
                    flush=True,
                )
            shares.append(
                f"{rows:,} judgments, batches of {batch_size}: measured "
                f"{(BYTES_READ + BYTES_WRITTEN) / ours / 1e9:.1f} GB/s read and written, "
                f"{seconds[STREAM_COPY] / ours:.0%} of the stream copy (aim: 50%)"
            )
    return shares


def _median_seconds(ways: Sequence[Way], rounds: int) -> dict[str, float]:
    turns = [[way.seconds() for way in ways] for _ in range(rounds)]
    return {way.name: statistics.median(own) for way, own in zip(ways, zip(*turns, strict=True), strict=True)}


def _ways(training: Training) -> list[Way]:
    ours, read = training.batches(), Read(training)
    hand = training.by_hand
    stream, again = Copy(STREAM), Copy(training.batch_size)
    return [
        Way(OURS, lambda: seconds_per_picture(lambda: ours, TIMED)),
        Way("by hand, each batch a tensor of its own", lambda: seconds_per_picture(hand.shuffled, TIMED), 1),
        Way("by hand, each batch over the one before", lambda: seconds_per_picture(hand.overwriting, TIMED), 1),
        Way(STREAM_COPY, lambda: stream.seconds_per_picture(TIMED), 0.5),
        Way("copy of a batch's bytes again and again", lambda: again.seconds_per_picture(TIMED)),
        Way(f"{OURS}, keep_in_memory=False, first epoch, which draws the pictures", lambda: read.first_epoch),
        Way(f"{OURS}, keep_in_memory=False, later epochs (aim: at most 3)", lambda: read.seconds_per_picture(READ)),
    ]


def _loader_ways(training: Training) -> list[Way]:
    return [
        Way(
            f'with_format("torch"), DataLoader, {workers} workers',
            partial(seconds_per_picture, training.loader(workers), LOADED, skip=4 * workers),
            20,
        )
        for workers in (0, 2)
    ]


def _prediction() -> str:
    """Predict the share of the copy from what passes through memory: caches hold the steps between."""
    # What is written is read first: processors fetch a line before they write to it.
    copied, ours = 1.5 * (BYTES_READ + BYTES_WRITTEN), BYTES_READ + 2 * BYTES_WRITTEN
    return (
        f"predicted: {BYTES_READ:,} bytes read and {BYTES_WRITTEN:,} written a picture, which are fetched before: "
        f"{copied / ours:.0%} of a stream copy of as many bytes; more where the cache holds batches"
    )


def _print_memory(sizes: Sequence[int]) -> None:
    """Print how much memory of its own a loop adds, with tensors held and with mapped files."""
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
            training = Training(Workload(rows, Path(folder)), BATCH_SIZE)
            training.batches(keep_in_memory=False)
            parts = []
            for in_memory in (True, False):
                found = _memory_of_own(rows, folder, in_memory=in_memory)
                parts.append(f"{found} with keep_in_memory={in_memory}")
        print(f"* memory that an epoch of batches of {BATCH_SIZE} adds at {rows:,} judgments: {', '.join(parts)}")


def _memory_of_own(rows: int, folder: str, *, in_memory: bool) -> str:
    """Return what a process of its own prints."""
    command = [sys.executable, __file__, MEMORY_SWITCH, str(rows), folder, str(int(in_memory))]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _print_mapped_memory(rows: int, folder: Path, *, in_memory: bool) -> None:
    """Print the most memory of its own (not of mapped files) that making and using batches adds to this process."""
    training = Training(Workload(rows, folder), BATCH_SIZE)
    # What the first use of the libraries takes is no part of it.
    hmix_hub.render(training.workload.dataset.select(range(10)), image_sets=training.image_sets)
    before = memory_status("RssAnon")
    if before is None:
        print("?")
        return
    most = before
    for number, _ in enumerate(training.batches(keep_in_memory=in_memory)):
        if number % 20 == 0:
            most = max(most, memory_status("RssAnon") or 0)
    print(f"{(most - before) / 1024:,.0f} MiB")


if __name__ == "__main__":
    if MEMORY_SWITCH in sys.argv:
        _, _, rows, folder, in_memory = sys.argv
        _print_mapped_memory(int(rows), Path(folder), in_memory=bool(int(in_memory)))
