"""Fixtures: one Dask cluster of two worker processes for the whole session, and a way to end one of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def dask() -> Iterator[Any]:
    """Yield a client of two worker processes with one thread each; a worker that ends is started again."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address=":0", silence_logs="CRITICAL"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def dask_address(dask) -> str:
    """Return the address of the session's scheduler."""
    return str(dask.scheduler.address)


def end_worker_once(mark: Path) -> None:
    """End the process that calls this, a worker, unless one was ended before: the mark is there, then."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
