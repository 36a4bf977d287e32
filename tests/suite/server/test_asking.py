"""The tests' own way of asking an application."""

from __future__ import annotations

import asyncio
from typing import Any


def test_it_asks_while_another_loop_runs_in_the_same_thread(shared: Any) -> None:
    async def ask() -> Any:
        return shared.ask("GET", "/api/health")

    assert asyncio.run(ask()).json == {"ok": True}
