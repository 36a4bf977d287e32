"""The study clock: milliseconds since the study was created; it never goes back, whatever the computer's clock does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


def _elapsed() -> float:
    # Unlike the monotonic clock, this one goes on while a laptop sleeps.
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(frozen=True)
class Times:
    """The computer's clocks, seconds.

    Parameters
    ----------
    wall
        Seconds since 1970, which may jump; asked when a collection is opened.
    elapsed
        Seconds since some moment, which only grow; asked while it is open.
    """

    wall: Callable[[], float] = time.time
    elapsed: Callable[[], float] = _elapsed

    def wall_ms(self) -> int:
        """Give the wall clock, milliseconds."""
        return int(self.wall() * 1000)

    def month(self) -> str:
        """Give the month, UTC, "2026-03"."""
        return time.strftime("%Y-%m", time.gmtime(self.wall()))


class StudyClock:
    """The study clock of one process.

    Parameters
    ----------
    saved_ms
        Where the study clock stood when it was saved last.
    saved_wall_ms
        The wall clock at that moment; what passed since is added, unless the wall clock went back.
    times
        The computer's clocks.
    """

    def __init__(self, saved_ms: int, saved_wall_ms: int, times: Times) -> None:
        self.times = times
        self._start = saved_ms + max(0, times.wall_ms() - saved_wall_ms)
        self._begin = times.elapsed()
        self._latest = self._start

    def now(self) -> int:
        """Give the time, milliseconds since the study was created."""
        now = self._start + int((self.times.elapsed() - self._begin) * 1000)
        self._latest = max(self._latest, now)
        return self._latest
