"""Measuring: times turn by turn, resident memory, and how figures are written."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Job = Callable[[], Any]
MANY_ROWS = 1_000_000


def medians(jobs: Sequence[Job], rounds: int) -> list[float]:
    """Time each job in turn, so that a slow minute of the machine slows all of them; median seconds."""
    times: list[list[float]] = [[] for _ in jobs]
    for _ in range(rounds):
        for job, own in zip(jobs, times, strict=True):
            started = time.perf_counter()
            job()
            own.append(time.perf_counter() - started)
    return [statistics.median(own) for own in times]


def turns(rows: int, rounds: int) -> int:
    """Return how often ways over so many rows are timed: those over many take longer, and differ less."""
    return min(rounds, 3) if rows >= MANY_ROWS else rounds


def milliseconds(seconds: float) -> str:
    """Write a time."""
    return f"{1000 * seconds:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def memory_status(name: str, process: int | str = "self") -> int | None:
    """Return a line of a process's /proc/PID/status in KiB; `None` where the system has none, or it is gone."""
    values = [line.split()[1] for line in lines(f"/proc/{process}/status") if line.startswith(name + ":")]
    return int(values[0]) if values else None


def lines(path: str) -> list[str]:
    """Return the lines of a file; none where it is not there."""
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).is_file() else []
