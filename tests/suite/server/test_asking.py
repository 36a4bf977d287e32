"""The tests' own way of asking an application."""

from __future__ import annotations

from typing import Any

from suite_maker import run_apart


def test_it_asks_while_another_loop_runs_in_the_same_thread(shared: Any) -> None:
    async def ask() -> Any:
        return shared.ask("GET", "/api/health")

    assert run_apart(ask()).json == {"ok": True}
