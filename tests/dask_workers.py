"""Fixtures: one Dask cluster of worker processes for the whole session; ways to use some of them, and to end one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_N_WORKERS = 4
_USED = [
    "pandas",
    "hmix_hub.contribute.description.totals",
    "hmix_hub.findings.report",
    "hmix_hub.judgments.by_stimulus",
    "hmix_hub.perception.model",
    "hmix_hub.studies.study",
]
"""What workers need of the package, and what that imports on its way."""


@pytest.fixture(scope="session")
def dask() -> Iterator[Any]:
    """Yield a client of four worker processes with one thread each; a worker that ends is started again."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    from dask import config
    from distributed.utils import get_mp_context

    # Workers are forked off a process that has imported all they use: each by itself would need seconds for that.
    options = {"multiprocessing-method": "forkserver", "profile.enabled": False}
    with config.set({f"distributed.worker.{name}": value for name, value in options.items()}):
        get_mp_context().set_forkserver_preload(["distributed", *_USED])
        with (
            distributed.LocalCluster(
                n_workers=_N_WORKERS,
                threads_per_worker=1,
                memory_limit=0,
                dashboard_address=":0",
                silence_logs="CRITICAL",
            ) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            yield client


@pytest.fixture(scope="session")
def dask_address(dask) -> str:
    """Return the address of the session's scheduler."""
    return str(dask.scheduler.address)


@contextmanager
def alone(client: Any, n_workers: int) -> Iterator[None]:
    """Let so many workers do all that a client is given meanwhile, as if there were no others."""
    from dask import annotate

    client.wait_for_workers(_N_WORKERS)
    threads = dict(sorted(client.nthreads().items())[:n_workers])
    with pytest.MonkeyPatch.context() as patch, annotate(workers=list(threads)):
        patch.setattr(client, "nthreads", lambda: threads)
        yield


def end_worker_once(mark: Path) -> None:
    """End the process that calls this, a worker, unless one was ended before: the mark is there, then."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
