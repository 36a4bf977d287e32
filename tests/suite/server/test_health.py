"""What `/api/health` says to those who watch a server."""

from __future__ import annotations

import asyncio
import gc
from concurrent.futures import Future
from typing import Any

import pytest
from suite_maker import run_apart

from hmix_hub.suite.server.app import Health
from hmix_hub.suite.store.database import StoreError


def look(served: Any) -> tuple[int, Any]:
    reply = served.ask("GET", "/api/health")
    return reply.status, reply.json


@pytest.fixture(autouse=True)
def tried_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmix_hub.suite.server.app.TRIED_SECONDS", 0.0)


def limit_pages(served: Any, more: int) -> None:
    """Have SQLite find the disk full after so many pages more."""

    def limit(work: Any) -> None:
        pages = work.count("PRAGMA page_count") - work.count("PRAGMA freelist_count")
        work.database.execute(f"PRAGMA max_page_count = {pages + more}").fetchone()

    served.store._writer.submit(limit).result()


def test_a_full_disk_is_told_until_there_is_space(served: Any) -> None:
    limit_pages(served, 0)
    status, said = look(served)
    assert (status, said["ok"], said["error"]) == (503, False, "store_full")
    limit_pages(served, 1000)
    assert look(served) == (200, {"ok": True})
    served.store.check_integrity()


def test_a_store_that_fails_or_does_not_answer_is_told(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmix_hub.suite.server.app.PATIENCE_SECONDS", 0.01)
    tried: Future[None] = Future()
    monkeypatch.setattr(served.store, "try_out", lambda: tried)
    for _ in range(2):
        assert (look(served)[0], look(served)[1]["error"]) == (503, "store_slow")
    tried.set_exception(StoreError("the disk failed: secret"))
    status, said = look(served)
    assert (status, said["error"]) == (503, "store_failed")
    assert "secret" not in str(said)


def test_what_fails_once_nobody_waits_for_it_is_not_logged_as_unheard_of(
    served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hmix_hub.suite.server.app.PATIENCE_SECONDS", 0.01)
    tries: list[Future[None]] = [Future()]
    monkeypatch.setattr(served.store, "try_out", lambda: tries[0])

    async def ask_too_early() -> list[str]:
        logged: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: logged.append(context["message"]))
        fault = await Health(served.store).fault()
        assert fault is not None
        assert fault.content["error"] == "store_slow"
        tries.pop().set_exception(StoreError("the disk failed"))
        for _ in range(3):
            await asyncio.sleep(0)
        gc.collect()
        return logged

    assert run_apart(ask_too_early()) == []


def test_who_asks_often_does_not_keep_the_disk_busy(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmix_hub.suite.server.app.TRIED_SECONDS", 5.0)
    now, tried = [0.0], []
    health = Health(served.store, elapsed=lambda: now[0])
    try_out = served.store.try_out
    monkeypatch.setattr(served.store, "try_out", lambda: tried.append(now[0]) or try_out())

    async def ask() -> None:
        for second in range(12):
            now[0] = float(second)
            for _ in range(10):
                assert await health.fault() is None

    run_apart(ask())
    assert tried == [0.0, 5.0, 10.0]
