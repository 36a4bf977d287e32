"""GPU part of the benchmark: batches made on the device against a copy of as many bytes within it."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.batches import BYTES_READ, BYTES_WRITTEN, Copy, Training
from benchmarks.workload import Workload

ROWS, BATCH_SIZE = 1_000_000, 4096
_COPIED = 1 << 17
"""Pictures whose bytes are copied at a time: a gigabyte read, a gigabyte written."""


def print_gpu(rounds: int) -> None:
    """Print pictures per second on the GPU, and the share of the bytes that a copy within it moves."""
    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
        training = Training(Workload(ROWS, Path(folder)), BATCH_SIZE)
        loader = training.batches(device="cuda", drop_last=True)
        copy = Copy(_COPIED, "cuda")

        def epoch() -> None:
            # From here on, an operation that makes the host wait for the device is an error.
            torch.cuda.set_sync_debug_mode("error")
            try:
                for _ in loader:
                    pass
            finally:
                torch.cuda.set_sync_debug_mode("default")

        def copies() -> None:
            for _ in range(8):
                copy.target.copy_(copy.source)

        epoch()
        turns = [(_device_seconds(epoch), _device_seconds(copies)) for _ in range(rounds)]
    per_epoch, per_copies = (statistics.median(each) for each in zip(*turns, strict=True))
    ours, copied = per_epoch / (ROWS // BATCH_SIZE * BATCH_SIZE), per_copies / (8 * _COPIED)
    # The gathered bytes are written, and read once more to be scaled.
    predicted = (BYTES_READ + BYTES_WRITTEN) / (3 * BYTES_READ + BYTES_WRITTEN)
    print(
        f"* {torch.cuda.get_device_name()}: batches of {BATCH_SIZE} at {1 / ours:,.0f} pictures per second, "
        f"{copied / ours:.0%} of the bytes that a copy within the device moves (predicted: {predicted:.0%}; aim: 60%); "
        "the host never waited for the device"
    )


def _device_seconds(job: Callable[[], None]) -> float:
    make_event: Any = torch.cuda.Event
    start, end = (make_event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    start.record()
    job()
    end.record()
    torch.cuda.synchronize()
    return float(start.elapsed_time(end)) / 1000
