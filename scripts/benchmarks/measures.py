"""Measuring: times turn by turn, resident memory, and how figures are written."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Job = Callable[[], Any]
MANY_ROWS = 1_000_000
SIZES = (10_000, 100_000, MANY_ROWS)
_SCRIPTS = Path(__file__).parent.parent
_CALL = (
    "import importlib, json, sys; _, scripts, module, name, arguments = sys.argv; sys.path.insert(0, scripts);"
    "print(json.dumps(getattr(importlib.import_module(module), name)(*json.loads(arguments))))"
)


@dataclass(frozen=True)
class Comparison:
    """One job, done two ways that must give the same.

    Parameters
    ----------
    name, other_name
        What is done, and the other way.
    aim
        What the project aims at: the other way's time over ours.
    jobs
        Ours and the other way.
    is_same
        Whether what they gave is the same.
    """

    name: str
    other_name: str
    aim: float
    jobs: tuple[Job, Job]
    is_same: Callable[[Any, Any], bool]

    def check(self, ours: Any, theirs: Any) -> None:
        """Check that both ways gave the same.

        Raises
        ------
        SystemExit
            If they did not: a ratio of different results means nothing.
        """
        if not self.is_same(ours, theirs):
            msg = f"{self.name}: {self.other_name} gave something else"
            raise SystemExit(msg)

    def line(self, rows: int, rounds: int) -> str:
        """Time both ways, and return the line of a table up to the aim."""
        ours, theirs = medians(self.jobs, rounds)
        return (
            f"| {rows:,} | {self.name} | {milliseconds(ours)} | {self.other_name} | {milliseconds(theirs)} "
            f"| {theirs / ours:.2f} | {self.aim:g} |"
        )


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


def call_words(function: Callable[..., Any], *arguments: Any) -> list[str]:
    """Return the command that calls a function of a module here, and prints its result as JSON."""
    return [sys.executable, "-c", _CALL, str(_SCRIPTS), function.__module__, function.__name__, json.dumps(arguments)]


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a function of a module here gives in a new process; arguments and result pass as JSON."""
    printed = subprocess.run(call_words(function, *arguments), check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def raised_memory(job: Job) -> int | None:
    """Return by how many KiB a job raises this process's resident memory, pages of files included, at its highest."""
    before = memory_status("VmRSS")
    if before is not None:
        # Sets the high-water mark back to what is resident now.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    result = job()
    raised = None if before is None else (memory_status("VmHWM") or 0) - before
    del result
    return raised


def mebibytes(kibibytes: int | None) -> str:
    """Write an amount of memory."""
    return "?" if kibibytes is None else f"{kibibytes / 1024:,.0f} MiB"


def memory_status(name: str, process: int | str = "self") -> int | None:
    """Return a line of a process's /proc/PID/status in KiB; `None` where the system has none, or it is gone."""
    values = [line.split()[1] for line in lines(f"/proc/{process}/status") if line.startswith(name + ":")]
    return int(values[0]) if values else None


def lines(path: str) -> list[str]:
    """Return the lines of a file; none where it is not there."""
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).is_file() else []
