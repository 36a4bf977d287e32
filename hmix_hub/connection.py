"""Connections to a Dask cluster whose machines run the same code as this process."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from hmix_hub.errors import ClusterError, ConfigurationError, Where, first_line

if TYPE_CHECKING:
    from distributed import Client

Cluster: TypeAlias = "Client | str | None"
"""A client of `dask.distributed`, the address of a scheduler, or `None`: this process."""

_PACKAGE = "hmix-hub"
_ENGINES = ("duckdb", "numpy", "pyarrow")
"""Packages that affect bytes and hashes, so that all processes need the same version."""
CONNECT_SECONDS = 20.0
"""Maximum wait for a scheduler to respond, and for a worker if there is none."""


@contextmanager
def connected(cluster: Cluster, *, seconds: float = CONNECT_SECONDS) -> Iterator[Client | None]:
    """Yield a client whose scheduler and workers run this version of hmix-hub; `None` for this process.

    Parameters
    ----------
    cluster
        A client, which stays open; or an address such as `tcp://10.0.0.1:8786`, whose client is closed at the end.
    seconds
        Maximum wait for the scheduler, and for a first worker.

    Raises
    ------
    ClusterError
        If the scheduler does not respond or has no workers, or a machine lacks hmix-hub or runs another version.
    ConfigurationError
        If it is neither a client nor an address, or Dask is not installed.
    """
    if cluster is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        msg = "work on a cluster requires Dask, which is not installed"
        raise ConfigurationError(msg, hint="python3 -m pip install 'hmix-hub[dask]'") from None
    # Arrow warns about rows received over the network, which it copies if necessary.
    os.environ.setdefault("ACERO_ALIGNMENT_HANDLING", "reallocate")
    if isinstance(cluster, Client):
        _check_versions(cluster, seconds)
        yield cluster
        return
    if not isinstance(cluster, str):
        msg = f"a cluster is a dask.distributed client or the address of its scheduler, not a {type(cluster)}"
        raise ConfigurationError(msg, hint="pass Client('tcp://HOST:8786') or the address itself")
    _knock(cluster, seconds)
    with Client(cluster, timeout=seconds, set_as_default=False) as client:
        _check_versions(client, seconds)
        yield client


def _knock(address: str, seconds: float) -> None:
    """Check that a scheduler responds: otherwise a client keeps trying in the background."""
    from distributed.comm import connect
    from distributed.security import Security

    async def knock() -> None:
        connection = await connect(address, timeout=seconds, **Security().get_connection_args("client"))
        await connection.close()

    try:
        # In a separate thread: the caller's may have a running event loop, as in a notebook.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, knock()).result()
    except (OSError, ValueError, TypeError) as error:
        msg = f"no Dask scheduler responds: {first_line(error)}"
        hint = "start one with `dask scheduler`, and `dask worker ADDRESS` on each machine; ADDRESS is tcp://HOST:8786"
        raise ClusterError(msg, where=Where(address), hint=hint) from None


def _check_versions(client: Client, seconds: float) -> None:
    """Check that the scheduler and all workers run this version of hmix-hub."""
    where = Where(address_of(client))
    try:
        client.wait_for_workers(1, timeout=seconds)
        _check_package(client, _PACKAGE, _our_version())
        for name in _ENGINES:
            _check_package(client, name, importlib.metadata.version(name))
    except TimeoutError:
        msg = "the scheduler has no workers"
        raise ClusterError(msg, where=where, hint=f"start some: `dask worker {where.file}`") from None
    except OSError as error:
        raise lost(client, error) from None


def _check_package(client: Client, name: str, ours: str) -> None:
    """Check that the scheduler and all workers have this process's version of a package."""
    # A standard library function, which also works on a worker without hmix-hub.
    found = client.run(importlib.metadata.version, name, on_error="return")
    if name == _PACKAGE:
        try:
            found["the scheduler"] = client.run_on_scheduler(importlib.metadata.version, name)
        except importlib.metadata.PackageNotFoundError as error:
            found["the scheduler"] = error
    others = {place: version for place, version in found.items() if version != ours}
    for place, version in others.items():
        what = f"runs {name} {version}" if isinstance(version, str) else f"has no {name}"
        more = f", nor do {len(others) - 1} more" if len(others) > 1 else ""
        msg = f"{place} {what}, not {ours} like this process{more}"
        package = "hmix-hub[dask]" if name == _PACKAGE else name
        hint = f"install it on every machine: python3 -m pip install '{package}=={ours}'"
        raise ClusterError(msg, where=Where(address_of(client)), hint=hint)


def _our_version() -> str:
    return importlib.metadata.version(_PACKAGE)


def address_of(client: Client) -> str:
    """Return the address of a client's scheduler, for messages."""
    return str(client.scheduler.address) if client.scheduler else "the cluster"


def lost(client: Client, error: BaseException) -> ClusterError:
    """Return the error for a lost scheduler."""
    msg = f"the scheduler was lost: {first_line(error)}"
    return ClusterError(msg, where=Where(address_of(client)), hint="check its log, restart it, and try again")
