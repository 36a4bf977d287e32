"""The error log: errors while serving, each kind written at most once a minute, without anything participants sent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

SERVER_LOG = "hmix_hub.suite.server"
"""Name of the server's logger."""
QUIET_SECONDS = 60.0
"""Time after an error is written during which others of its kind are only counted."""
_LOGGERS = (SERVER_LOG, "uvicorn.error")
_MOST_KINDS = 50


@dataclass(frozen=True)
class ErrorKind:
    """A kind of error.

    Parameters
    ----------
    text
        Description, without addresses or anything participants sent.
    times
        Number of occurrences.
    last
        Time of the last one, seconds of the log's clock.
    """

    text: str
    times: int
    last: float


class ErrorLog(logging.Handler):
    """Writes errors to standard error, each kind at most once a minute, and remembers the latest kinds.

    Parameters
    ----------
    elapsed
        Clock in seconds; only differences matter.
    """

    def __init__(self, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.WARNING)
        self._elapsed = elapsed
        self._kinds: dict[str, ErrorKind] = {}
        self._written: dict[str, tuple[float, int]] = {}
        self._guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Write an error, or only count it."""
        text = _text_of(record)
        now = self._elapsed()
        with self._guard:
            known = self._kinds.pop(text, ErrorKind(text, 0, now))
            kind = self._kinds[text] = replace(known, times=known.times + 1, last=now)
            written, times = self._written.get(text, (-QUIET_SECONDS, 0))
            is_due = now - written >= QUIET_SECONDS
            if is_due:
                self._written[text] = now, kind.times
            if len(self._kinds) > _MOST_KINDS:
                oldest = next(iter(self._kinds))
                del self._kinds[oldest]
                self._written.pop(oldest, None)
        if is_due:
            missed = kind.times - times - 1
            sys.stderr.write(f"hmix: {text}{f' ({missed:,} times more since it was last written)' if missed else ''}\n")

    def recent(self) -> list[ErrorKind]:
        """Return the kinds of errors, latest first."""
        with self._guard:
            return list(self._kinds.values())[::-1]

    def told(self) -> list[dict[str, Any]]:
        """Return the kinds of errors as JSON: text, times, and how many whole minutes ago the last one was."""
        now = self._elapsed()
        return [
            {"text": kind.text, "times": kind.times, "minutes": int((now - kind.last) // 60)} for kind in self.recent()
        ]

    def of_loop(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log an error of the event loop, without its own message, which would contain network addresses."""
        error = context.get("exception")
        what = type(error).__name__ if error is not None else ""
        logging.getLogger(SERVER_LOG).error("%s", ": ".join(filter(None, (context["message"], what))))

    @contextlib.contextmanager
    def attached(self) -> Iterator[ErrorLog]:
        """Handle the errors of the server while it runs."""
        loggers = [logging.getLogger(name) for name in _LOGGERS]
        for logger in loggers:
            logger.addHandler(self)
        try:
            yield self
        finally:
            for logger in loggers:
                logger.removeHandler(self)


def told_without_values(error: BaseException) -> str:
    """Return a description of an error by its type and locations only; messages may contain what participants sent."""
    places = [
        f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    return "\n".join([f"a request failed: {type(error).__name__}", *places])


def _text_of(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        return told_without_values(error)
    # For other loggers, write only the message's template, without its arguments.
    return record.getMessage() if record.name == SERVER_LOG else str(record.msg).strip()
