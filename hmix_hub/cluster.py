"""Work in pieces: sequentially in this process, or on the workers of a Dask cluster, with the same results."""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hmix_hub.connection import CONNECT_SECONDS, address_of, lost
from hmix_hub.errors import ClusterError, HMixError, Where, first_line

if TYPE_CHECKING:
    from distributed import Client

P = TypeVar("P")
R = TypeVar("R")
S = TypeVar("S")
D = TypeVar("D")

_LOOK_SECONDS, _LOOK_PIECES = 1.0, 64
"""Seconds between checks whether any worker is left, and pieces between checks of their number."""
_FETCH_SECONDS = 600.0
"""Maximum wait for an existing result: checks would repeatedly interrupt its transfer."""
RETRIES = 2
"""Number of retries of a piece after failures other than the package's errors, such as a broken connection."""
_SENT_WITH_EACH = 100_000
"""Maximum size of shared data to send with each call rather than once, in bytes."""
_AHEAD = 3
"""Pieces in progress or waiting per thread of a worker: results come in order, and few are held at a time."""


def map_pieces(
    function: Callable[[S, P], R],
    shared: S,
    pieces: Iterable[P],
    *,
    client: Client | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[R]:
    """Yield the results of a function for each piece, in order, computed here or on workers.

    Parameters
    ----------
    function
        Called with `shared` and a piece. With a client, it and its arguments and results are pickled, and it may run
        more than once for a piece, so it must write files accordingly.
    shared
        Data shared by all pieces; sent once, not with every piece.
    pieces
        Consumed as needed.
    client
        From `connected`; `None`: this process, one piece at a time.
    progress
        Called with the number of finished pieces.

    Yields
    ------
    R
        One for each piece.

    Raises
    ------
    ClusterError
        If the scheduler or all workers are lost, or a piece kills every worker that runs it.
    HMixError
        Errors of the package raised by the function; other errors are also raised, after `RETRIES` retries.
    """
    results = (
        map(partial(function, shared), pieces) if client is None else _on_workers(client, function, shared, pieces)
    )
    for done, result in enumerate(results, 1):
        if progress is not None:
            progress(done)
        yield result


def _on_workers(client: Client, function: Callable[[S, P], R], shared: S, pieces: Iterable[P]) -> Iterator[R]:
    waiting: deque[tuple[int, Any]] = deque()
    ahead = 1
    try:
        # A task rather than scattered data: it is computed again if its worker is lost.
        held = client.submit(_itself, shared, pure=False)
        for number, piece in enumerate(pieces):
            waiting.append((number, client.submit(_outcome, function, held, piece, pure=False, retries=RETRIES)))
            if number % _LOOK_PIECES == 0:
                ahead = _AHEAD * max(1, sum(client.nthreads().values()))
            if len(waiting) >= ahead:
                yield _result(client, *waiting.popleft())
        while waiting:
            yield _result(client, *waiting.popleft())
    finally:
        # After an error, or if the caller stops early.
        with suppress(Exception):
            client.cancel([future for _, future in waiting], force=True)


def _result(client: Client, number: int, future: Any) -> Any:
    """Return a result, or raise it if it is an error of the package."""

    def get() -> Any:
        return future.result(timeout=_FETCH_SECONDS if future.done() else _LOOK_SECONDS)

    return _checked(_awaited(client, get, f"piece {number}"))


def _checked(outcome: Any) -> Any:
    if isinstance(outcome, HMixError):
        raise outcome
    return outcome


def _awaited(client: Client, get: Callable[[], R], what: str = "a piece") -> R:
    """Return the result of a function, calling it again after a timeout as long as there are workers."""
    from distributed import KilledWorker
    from distributed.client import CancelledError

    try:
        alone_since = None
        while True:
            with suppress(TimeoutError):
                return get()
            has_workers = client.status == "running" and client.nthreads()
            alone_since = None if has_workers else alone_since or time.monotonic()
            if alone_since and time.monotonic() - alone_since > CONNECT_SECONDS:
                msg = "all workers are gone"
                raise ClusterError(msg, where=Where(address_of(client)), hint="start workers, and run it again")
    except KilledWorker as error:
        msg = f"{what} killed every worker that ran it: {first_line(error)}"
        hint = "probably for lack of memory: give each worker more, or fewer threads (`dask worker --nthreads 1`)"
        raise ClusterError(msg, where=Where(address_of(client)), hint=hint) from None
    except (CancelledError, ConnectionError) as error:
        raise lost(client, error) from None


def _itself(value: S) -> S:
    return value


def _outcome(function: Callable[[S, P], R], shared: S, piece: P) -> R | HMixError:
    """Return the result for a piece, or an error of the package, which need not be retried."""
    if isinstance(piece, HMixError):
        # The failed result of another function.
        return piece
    try:
        return function(shared, piece)
    except HMixError as error:
        return error


def hold_pieces(function: Callable[[S, P], object], shared: S, pieces: Iterable[P], *, client: Client) -> list[Any]:
    """Compute a result for each piece on the workers and keep it there; see `map_pieces`.

    Returns
    -------
    list
        One for each piece, in order, to be used as pieces for `map_pieces` and `exchange`, whose functions receive the
        results. They are kept as long as this list.
    """
    held = client.submit(_itself, shared, pure=False)
    return [client.submit(_outcome, function, held, piece, pure=False, retries=RETRIES) for piece in pieces]


def exchange(
    deal: Callable[[S, P], Sequence[D]],
    join: Callable[[S, Sequence[D]], R],
    shared: S,
    pieces: Iterable[P],
    n_parts: int,
    *,
    client: Client,
) -> Iterator[R]:
    """Yield the results of a function for each part, when every piece holds some of every part.

    Parameters
    ----------
    deal
        Called with `shared` and a piece; returns its share of each part.
    join
        Called with `shared` and the pieces' shares of one part, in the order of the pieces.
    shared, pieces, client
        See `map_pieces`; shares stay on the workers.
    n_parts
        Number of parts.

    Yields
    ------
    R
        One for each part, in order.

    Raises
    ------
    ClusterError, HMixError
        As `map_pieces`.
    """
    held = client.submit(_itself, shared, pure=False)
    dealt = hold_pieces(deal, shared, pieces, client=client)
    # Each separately, so that a worker fetches only the part of a piece that it joins.
    parts = [[client.submit(_item, piece, part, pure=False) for piece in dealt] for part in range(n_parts)]
    joined = deque(
        (part, client.submit(_join_outcome, join, held, own, pure=False, retries=RETRIES))
        for part, own in enumerate(parts)
    )
    del dealt, parts
    try:
        while joined:
            yield _result(client, *joined.popleft())
    finally:
        with suppress(Exception):
            client.cancel([future for _, future in joined], force=True)


def _item(dealt: Sequence[D] | HMixError, part: int) -> D | HMixError:
    return dealt if isinstance(dealt, HMixError) else dealt[part]


def _join_outcome(join: Callable[[S, Sequence[D]], R], shared: S, own: Sequence[D | HMixError]) -> R | HMixError:
    """Return the result for a part, or the first error of a piece."""
    held = []
    for one in own:
        if isinstance(one, HMixError):
            return one
        held.append(one)
    return _outcome(join, shared, held)


def _made(make: Callable[[D], P], part: D) -> P:
    return make(part)


class Held(Generic[P]):
    """Pieces for repeated calls: with a client, each stays on the worker that made it.

    Parameters
    ----------
    make
        Creates a piece from its part; repeated if a worker is lost.
    parts
        Data from which the pieces are created.
    client
        See `map_pieces`.
    """

    def __init__(self, make: Callable[[D], P], parts: Iterable[D], client: Client | None = None) -> None:
        self._client = client
        self._pieces: list[Any] = (
            list(map(make, parts)) if client is None else hold_pieces(_made, make, parts, client=client)
        )

    def map(self, function: Callable[[S, P], R], shared: S) -> list[R]:
        """Return the results of a function for each piece, in order; see `map_pieces`."""
        client = self._client
        if client is None:
            return [function(shared, piece) for piece in self._pieces]
        from distributed import wait

        # All at once: requesting one after another would take longer than most of them.
        given = shared if len(pickle.dumps(shared)) < _SENT_WITH_EACH else client.submit(_itself, shared, pure=False)
        options = {"pure": False, "retries": RETRIES}
        futures = [client.submit(_outcome, function, given, piece, **options) for piece in self._pieces]
        with client.as_current():
            _awaited(client, lambda: wait(futures, timeout=_LOOK_SECONDS))
        return [_checked(outcome) for outcome in _awaited(client, lambda: client.gather(futures))]
