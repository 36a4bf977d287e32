"""The tests' own way of asking an application."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def test_it_asks_while_another_loop_runs_in_the_same_thread(shared: Any) -> None:
    async def ask() -> Any:
        return shared.ask("GET", "/api/health")

    # Not in this thread, where the loop of a browser's tests may run.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(ask())).result().json == {"ok": True}
