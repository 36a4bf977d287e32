"""Health: whether answers can be stored, tried out at most every few seconds however often somebody asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future

from starlette.requests import Request
from starlette.responses import Response

from hmix_hub.suite.server.replies import Refusal, json_reply, refusal_of
from hmix_hub.suite.store.store import Store

TRIED_SECONDS = 5.0
"""What was found is told again for so long; nobody can keep the disk busy by asking."""
PATIENCE_SECONDS = 2.0
"""Where trying takes longer, people wait for their answers to be stored."""


class Health:
    """Whether the server can store answers.

    Parameters
    ----------
    store
        The collection, open for writing.
    elapsed
        Clock, seconds; only differences count.
    """

    def __init__(self, store: Store, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._store, self._elapsed = store, elapsed
        self._tried: Future[None] | None = None
        self._since = 0.0

    async def fault(self) -> Refusal | None:
        """Return why answers cannot be stored; `None` where they can."""
        try:
            tried = asyncio.wrap_future(self._try_out())
            await asyncio.wait_for(asyncio.shield(tried), PATIENCE_SECONDS)
        except TimeoutError:
            return Refusal(503, "store_slow", "The server has not stored anything for some seconds.")
        except Exception as error:
            if (refused := refusal_of(error)) is None:
                raise
            return refused
        return None

    async def look(self, _request: Request) -> Response:
        """Send whether answers can be stored: 200, or 503 with the reason."""
        fault = await self.fault()
        return json_reply({"ok": True}) if fault is None else json_reply({"ok": False, **fault.content}, 503)

    def _try_out(self) -> Future[None]:
        is_old = self._elapsed() - self._since >= TRIED_SECONDS
        if self._tried is None or (is_old and self._tried.done()):
            self._tried, self._since = self._store.try_out(), self._elapsed()
        return self._tried
