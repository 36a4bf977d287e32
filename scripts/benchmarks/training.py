"""Training part of the benchmark: how many pictures with human labels a loop gets, in what memory, and the limits."""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

import hmix_hub
from benchmarks.batches import (
    BYTES_READ,
    BYTES_WRITTEN,
    Copy,
    Read,
    Training,
    check_same,
    seconds_per_picture,
)
from benchmarks.measures import apart, mebibytes, memory_status
from benchmarks.workload import Workload

SIZES = (5_000, 100_000, 1_000_000)
"""Of these, the smallest and the largest are timed; memory is measured at all."""
BATCH_SIZES = (64, 256, 4096)
BATCH_SIZE = 256
"""Of a `DataLoader`, of batches that are read from files, and of the memory that is measured."""
STREAM = 1 << 15
"""Pictures whose bytes are far more than any cache holds: 252 MB to read and 252 MB to write."""
TIMED, READ, LOADED = 100_000, 200_000, 3_000
"""Pictures that a turn takes: from tensors, from mapped files (more than a window), from a `DataLoader`."""
OURS = "hmix_hub.batches"


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
        What the project aims at: our pictures per second over this way's.
    """

    name: str
    seconds: Callable[[], float]
    aim: str = ""


def print_part(arguments: argparse.Namespace) -> None:
    """Print pictures per second of each way, then the memory of the mapped mode; and of a GPU where there is one."""
    sizes, rounds = arguments.rows or SIZES, arguments.rounds
    print(f"\n| judgments | batch | way | pictures per second | {OURS} is as fast, times | aim |")
    print("|---:|---:|---|---:|---:|---:|")
    smallest, largest = min(sizes), max(sizes)
    _compare(smallest, rounds, with_loader=True)
    if largest > smallest:
        _compare(largest, rounds, with_loader=False)
    print(f"\n* {_prediction()}")
    _print_memory(sizes)
    if torch.cuda.is_available():
        from benchmarks.gpu import print_gpu

        print_gpu(rounds)


def _compare(rows: int, rounds: int, *, with_loader: bool) -> None:
    """Print the lines of one size; a `DataLoader` takes minutes to prepare many rows, and is as slow with few."""
    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
        training = Training(Workload(rows, Path(folder)), BATCH_SIZE)
        check_same(training, with_loader=with_loader)
        for batch_size in BATCH_SIZES:
            training.batch_size = batch_size
            groups = [_ways(training)]
            if batch_size == BATCH_SIZE:
                groups[0] += _reading_ways(training)
                # Workers read ahead while others are timed, so that theirs is a turn of its own.
                groups += [[way] for way in _loader_ways(training)] if with_loader else []
            seconds = {name: each for group in groups for name, each in _median_seconds(group, rounds).items()}
            for name, aim in [(way.name, way.aim) for way in itertools.chain(*groups)]:
                ratio = "" if name == OURS else f"{seconds[name] / seconds[OURS]:.2f}"
                print(
                    f"| {rows:,} | {batch_size} | {name} | {1 / seconds[name]:,.0f} | {ratio} | {aim} |",
                    flush=True,
                )


def _median_seconds(ways: Sequence[Way], rounds: int) -> dict[str, float]:
    turns = [[way.seconds() for way in ways] for _ in range(rounds)]
    return {way.name: statistics.median(own) for way, own in zip(ways, zip(*turns, strict=True), strict=True)}


def _ways(training: Training) -> list[Way]:
    ours, hand, stream = training.batches(), training.by_hand, Copy(STREAM)
    return [
        Way(OURS, lambda: seconds_per_picture(lambda: ours, TIMED)),
        Way("by hand, tensors of their own", lambda: seconds_per_picture(hand.shuffled, TIMED), "1"),
        Way("by hand, one buffer", lambda: seconds_per_picture(hand.overwriting, TIMED), "1"),
        Way("stream copy of the same bytes", lambda: stream.seconds_per_picture(TIMED), "0.5"),
    ]


def _reading_ways(training: Training) -> list[Way]:
    read = Read(training)
    return [
        Way("from files", lambda: read.seconds_per_picture(READ), "at most 3"),
        Way("from files, first epoch", lambda: read.first_epoch),
    ]


def _loader_ways(training: Training) -> list[Way]:
    return [
        Way(
            f"DataLoader, {workers} workers",
            partial(seconds_per_picture, training.loader(workers), LOADED, skip=4 * workers),
            "20",
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
                found = mebibytes(apart(memory_of_own, rows, folder, in_memory))
                parts.append(f"{found} with keep_in_memory={in_memory}")
        print(f"* memory that an epoch of batches of {BATCH_SIZE} adds at {rows:,} judgments: {', '.join(parts)}")


def memory_of_own(rows: int, folder: str, in_memory: bool) -> int | None:
    """Return the most KiB of its own (not of mapped files) that making and using batches adds to this process."""
    training = Training(Workload(rows, Path(folder)), BATCH_SIZE)
    # What the first use of the libraries takes is no part of it.
    hmix_hub.render(training.workload.dataset.select(range(10)), image_sets=training.image_sets)
    before = memory_status("RssAnon")
    if before is None:
        return None
    most = before
    for number, _ in enumerate(training.batches(keep_in_memory=in_memory)):
        if number % 20 == 0:
            most = max(most, memory_status("RssAnon") or 0)
    return most - before
