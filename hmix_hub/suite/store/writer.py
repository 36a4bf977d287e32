"""The writer: one thread that owns the writing connection and commits jobs in groups; and the study clock it saves.

A group consists of all waiting jobs. Each job runs in its own savepoint, so that a refused one does not affect the
others; one commit writes the group to disk; only then is the memory updated, and only then are the futures done.
"""

from __future__ import annotations

import contextlib
import math
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hmix_hub.errors import HMixError, Where
from hmix_hub.suite.design.design import Versions
from hmix_hub.suite.store.cache import Cache
from hmix_hub.suite.store.database import StoreError, as_store_error
from hmix_hub.suite.store.erasing import Eraser
from hmix_hub.suite.store.reading import Plans
from hmix_hub.suite.store.work import Work

_DAY_S = 86_400.0
SAVE_SECONDS = 60.0
"""Interval at which the clock is saved while nobody answers."""


@dataclass(frozen=True)
class Times:
    """The computer's clocks, seconds.

    Parameters
    ----------
    wall
        Seconds since 1970, which may jump; only used for the month.
    elapsed
        Monotonic seconds.
    """

    wall: Callable[[], float] = time.time
    elapsed: Callable[[], float] = time.monotonic

    def month(self, latest: float = math.inf) -> str:
        """Return the month, UTC, "2026-03", but none later than that of `latest`, seconds since 1970."""
        return time.strftime("%Y-%m", time.gmtime(min(self.wall(), latest)))


class StudyClock:
    """The study clock of a serving process, which continues from its last saved value."""

    def __init__(self, saved_ms: int, times: Times) -> None:
        self.times = times
        self._start = saved_ms
        self._begin, self._wall = times.elapsed(), times.wall()
        self._latest = self._start

    def now(self) -> int:
        """Return the time, milliseconds of serving."""
        now = self._start + int((self.times.elapsed() - self._begin) * 1000)
        self._latest = max(self._latest, now)
        return self._latest

    def month(self) -> str:
        """Return the month, UTC; dates that jump ahead of the elapsed time are ignored."""
        return self.times.month(self._wall + (self.times.elapsed() - self._begin) + _DAY_S)


T = TypeVar("T")
Job = Callable[[Work], T]

MOST_JOBS = 256
"""Maximum number of jobs per commit, so that the first ones do not wait too long."""


@dataclass(eq=False)
class _Waiting:
    job: Job[Any]
    future: Future[Any]
    result: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """The writing thread, which takes over the connection, and the memory that it maintains, `cache`."""

    def __init__(self, folder: Path, database: sqlite3.Connection, versions: Versions, clock: StudyClock) -> None:
        self._folder, self._database, self._versions, self._clock = folder, database, versions, clock
        self._plans: Plans = {}
        # What was withdrawn just before the last process ended must still be erased from the files.
        self._eraser = Eraser(database, folder)
        self._eraser.rewrite(now=True)
        run = "INSERT INTO runs (started_ms) VALUES (?) RETURNING number"
        self._run_number = int(database.execute(run, (clock.now(),)).fetchone()[0])
        self.cache = Cache(database, versions.now, self._plans)
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="hmix-store-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job[T]) -> Future[T]:
        """Queue a job; the future is done once its commit is on disk, and cannot be cancelled.

        Raises
        ------
        StoreError
            If the store was closed.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        with self._gate:
            if self._is_closed:
                msg = "the store is closed"
                raise StoreError(msg, where=Where(str(self._folder)))
            self._queue.put(_Waiting(job, future))
        return future

    def close(self) -> None:
        """Carry out queued jobs, then end the thread and close the connection."""
        with self._gate:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            if group:
                self._carry_out(group)
            else:
                self._save_clock_alone()
            if self._queue.empty():
                self._eraser.rewrite()
        self._save_clock_alone()
        self._eraser.rewrite(now=True)
        self._database.close()

    def _next_group(self) -> tuple[list[_Waiting], bool]:
        group: list[_Waiting] = []
        try:
            wait = self._eraser.wait_seconds
            entry = self._queue.get(timeout=SAVE_SECONDS if wait is None else min(wait, SAVE_SECONDS))
            while entry is not None:
                group.append(entry)
                if len(group) == MOST_JOBS:
                    return group, True
                entry = self._queue.get_nowait()
        except queue.Empty:
            return group, True
        return group, False

    def _carry_out(self, group: list[_Waiting]) -> None:
        works: list[Work] = []
        try:
            self._database.execute("BEGIN IMMEDIATE")
            erasing = [waiting for waiting in group if self._carry_out_one(waiting, works)]
            self._save_clock()
            self._database.execute("COMMIT")
        except Exception as error:
            self._roll_back()
            for work in works:
                work.undo()
            for waiting in group:
                waiting.error = self._as_ours(error)
                waiting.tell()
            return
        for work in works:
            for effect in work.effects:
                effect(self.cache)
        for waiting in group:
            if waiting not in erasing:
                waiting.tell()
        if erasing:
            # A withdrawal is confirmed once the rows and the log are overwritten.
            self._eraser.need()
            self._eraser.empty_log()
            for waiting in erasing:
                waiting.tell()

    def _carry_out_one(self, waiting: _Waiting, works: list[Work]) -> bool:
        """Carry out a job in a savepoint; return whether it deleted something that must be erased from the files."""
        database = self._database
        clock = self._clock
        work = Work(database, self._versions, self._plans, clock.now(), self._run_number, clock.month())
        works.append(work)
        database.execute("SAVEPOINT job")
        try:
            waiting.result = waiting.job(work)
        except sqlite3.OperationalError:
            # The disk failed, not the job: the whole group fails, because nothing more can be written.
            raise
        except Exception as error:
            database.execute("ROLLBACK TO job")
            database.execute("RELEASE job")
            works.pop()
            work.undo()
            waiting.error = self._as_ours(error)
            return False
        database.execute("RELEASE job")
        return work.erases

    def _save_clock(self) -> None:
        self._database.execute("UPDATE clock SET study_ms = ?", (self._clock.now(),))

    def _save_clock_alone(self) -> None:
        # If there is no space, the next commit saves it.
        with contextlib.suppress(sqlite3.Error):
            self._save_clock()

    def _roll_back(self) -> None:
        if self._database.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")

    def _as_ours(self, error: Exception) -> HMixError:
        if isinstance(error, HMixError):
            return error
        if isinstance(error, sqlite3.Error):
            made = as_store_error(error, self._folder)
        else:
            msg = f"the store failed: {type(error).__name__}: {error}"
            made = StoreError(msg, where=Where(str(self._folder)), hint="nothing was stored; please report this")
        made.__cause__ = error
        return made
