"""The study clock: milliseconds for which the collection was served; whatever the computer's clock does, it goes on.

Time in which nobody could answer is not counted: while the server is stopped, and, on most systems, while the computer
sleeps. So no restart takes anybody's place, and no wrong date does; whoever began before a night without the server
has as long to come back as if there had been no night. The clock is saved with every commit and once a minute, so
that a power cut costs it a minute at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

SAVE_SECONDS = 60.0
"""The clock is saved so often while nobody answers."""


@dataclass(frozen=True)
class Times:
    """The computer's clocks, seconds.

    Parameters
    ----------
    wall
        Seconds since 1970, which may jump; only the month is taken of it.
    elapsed
        Seconds since some moment, which only grow.
    """

    wall: Callable[[], float] = time.time
    elapsed: Callable[[], float] = time.monotonic

    def month(self) -> str:
        """Give the month, UTC, "2026-03"."""
        return time.strftime("%Y-%m", time.gmtime(self.wall()))


class StudyClock:
    """The study clock of one process that serves.

    Parameters
    ----------
    saved_ms
        Where the study clock stood when it was saved last; it goes on from there.
    times
        The computer's clocks.
    """

    def __init__(self, saved_ms: int, times: Times) -> None:
        self.times = times
        self._start = saved_ms
        self._begin = times.elapsed()
        self._latest = self._start

    def now(self) -> int:
        """Give the time, milliseconds of serving."""
        now = self._start + int((self.times.elapsed() - self._begin) * 1000)
        self._latest = max(self._latest, now)
        return self._latest
