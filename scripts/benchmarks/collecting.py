"""Benchmark of collecting: saving under load, 500 who join at once, twenty kills, withdrawals, and the store alone.

Server and people share this machine; the people run in one process of their own, which measures its own lag.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.load import record
from benchmarks.measures import call_words
from hmix_hub.suite.operator.channel import read_channel
from hmix_hub.suite.store.database import DATABASE_NAME
from hmix_hub.suite.store.store import Store

SECONDS = 60.0
"""How long people answer in each load."""
JOINING = 500
"""People who join at once."""
KILLS, KILLED_AFTER = 20, 1.0
ARRIVING = 20.0
"""Seconds within which people arrive, before and while others answer."""
_BATCHES, _TRIALS = 20, 90
_ADDRESS = re.compile(r"http://[^\s:]+:(\d+)/")
_PROBE_PEOPLE, _PROBE_COMMITS = 500, 400

_STUDY = f"""
format: 1
id: load
title: Load
about:
  description: A load test.
  authors: [name: Ada Example]
  licence: CC0-1.0
  approval: "None: nobody takes part."
  recruitment: "None: nobody takes part."
  contact: https://example.org/contact
pictures:
  source: sample/pictures
consent:
  version: "1"
  text: A load test.
tasks:
  construct_midpoint:
    question: Which picture is an equal mixture?
    batch_size: {_TRIALS}
    batches: {_BATCHES}
    people_per_batch: %d
    pairs:
      per_class_pair: {_BATCHES * _TRIALS // 45}
    instructions:
      - text: Look.
"""


@dataclass(frozen=True)
class Run:
    """A load and its aim.

    Parameters
    ----------
    people
        How many take part.
    interval
        Seconds between two answers of one person.
    aim_ms
        The 99th percentile of saving that is not to be passed.
    """

    people: int
    interval: float
    aim_ms: float


RUNS = (Run(200, 1.0, 150.0), Run(500, 3.0, 250.0))


def print_part(_: argparse.Namespace) -> None:
    """Print the figures of collecting."""
    print(
        "| people | answers a second | saving: median | 99th percentile | aim | longest | the clients' own lag, 99th "
        "| a look of the dashboard, 99th | CPU of the server |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for run in RUNS:
        _print_load(run, SECONDS)
    print()
    _print_joining(JOINING)
    _print_kills(KILLS)
    _print_disk()


def _print_load(run: Run, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = _begin(Path(scratch), people=run.people)
        server, port = _start_server(folder, 0)
        before = _cpu_seconds(server)
        pace = {"interval": run.interval, "seconds": seconds, "arrive_within": ARRIVING}
        seen = _end(_start_load(port, run.people, pace, dashboard=_dashboard(folder)))
        busy = (_cpu_seconds(server) - before) / seconds
        _stop(server)
        _check_stored(folder, seen)
    saved = np.array(seen["saved_ms"])
    median, late = np.percentile(saved, [50, 99])
    lag = np.percentile(seen["lag_ms"], 99)
    print(
        f"| {run.people} | {len(saved) / seconds:.0f} | {median:.1f} ms | {late:.1f} ms | {run.aim_ms:.0f} ms "
        f"| {saved.max():.0f} ms | {lag:.1f} ms | {np.percentile(seen['looked_ms'], 99):.0f} ms | {busy:.0%} |"
    )


def _print_joining(people: int) -> None:
    """Let people join at once, more than there are places for."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = _begin(Path(scratch), people=people - people // 10)
        with _served(folder, 0) as port:
            began = time.perf_counter()
            pace = {"interval": 1.0, "seconds": 0.0, "arrive_within": 0.0}
            seen = _end(_start_load(port, people, pace))
            elapsed = time.perf_counter() - began
        with Store.open(folder, read_only=True) as store:
            store.check_integrity()
            sizes = [count.live for count in store.counts()]
            wanted = sum(count.quota for count in store.counts())
    told = "within one of each other" if max(sizes) - min(sizes) <= 1 else "UNEVEN"
    late = np.percentile(seen["joined_ms"], 99)
    print(
        f"* {people} who join at once, {wanted} places: {seen['joined']} began, {seen['refused']} were told that it is "
        f"full; batches of {min(sizes)} to {max(sizes)}, {told}; {elapsed:.1f} s in all, 99th percentile {late:,.0f} ms"
    )


def _print_kills(kills: int) -> None:
    """Kill the server under load and start it again; every answer that was acknowledged has to be there."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = _begin(Path(scratch), people=50)
        server, port = _start_server(folder, 0)
        load = _start_load(port, 50, {"interval": 0.25, "seconds": 3 * KILLED_AFTER * kills, "arrive_within": 0.5})
        for _ in range(kills):
            time.sleep(KILLED_AFTER)
            server.kill()
            _wait(server)
            server, port = _start_server(folder, port)
        seen = _end(load)
        _check_stored(folder, seen)
        gone = sorted({token for token, _ in seen["acknowledged"]})[::5]
        texts = _withdraw(folder, port, gone)
        _stop(server)
        left = b"".join(file.read_bytes() for file in folder.glob(f"{DATABASE_NAME}*"))
    if remains := sum(text.encode() in left for text in texts):
        msg = f"{remains} texts of people who withdrew are left in the files"
        raise RuntimeError(msg)
    print(
        f"* {kills} times kill -9 under load: {len(seen['acknowledged']):,} answers acknowledged, none missing, "
        f"integrity check good; {seen['retries']:,} requests sent again"
    )
    print(
        f"* {len(gone)} of these people withdraw: of their {len(texts) - len(gone):,} answers and their ids no byte is "
        "left in the files"
    )


def _withdraw(folder: Path, port: int, tokens: Sequence[str]) -> list[str]:
    """Let people withdraw, and return what the files held of them: their ids and answers."""
    import requests

    with (
        contextlib.closing(sqlite3.connect(folder / DATABASE_NAME)) as database,
        Store.open(folder, read_only=True) as store,
    ):
        ids = [session.id for token in tokens if (session := _session_of(store, token)) is not None]
        query = "SELECT payload FROM answers WHERE session = ?"
        payloads = [row[0] for session_id in ids for row in database.execute(query, (session_id,))]
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}"}
        requests.delete(f"http://127.0.0.1:{port}/api/session", headers=headers, timeout=30).raise_for_status()
    return [*ids, *payloads]


def _print_disk() -> None:
    """Print what the store does without a server: answers one by one, and in groups."""
    from hmix_hub.suite.server.beginning import begin_collection

    with tempfile.TemporaryDirectory() as scratch:
        store, _ = begin_collection(_begin(Path(scratch), people=_PROBE_PEOPLE))
        with store:
            began = time.perf_counter()
            joining = [
                store.join(number.to_bytes(32, "big"), recruiting_hash=None, task=None)
                for number in range(_PROBE_PEOPLE)
            ]
            sessions = [joined.result() for joined in joining]
            joined_s = time.perf_counter() - began
            began = time.perf_counter()
            for session in sessions[:_PROBE_COMMITS]:
                store.put_trial(session.id, session.plan.trials[0].trial_index, '{"a":1}', fault=None).result()
            single = _PROBE_COMMITS / (time.perf_counter() - began)
            began = time.perf_counter()
            waiting = [
                store.put_trial(session.id, trial.trial_index, '{"a":1}', fault=None)
                for session in sessions
                for trial in session.plan.trials[1:41]
            ]
            for stored in waiting:
                stored.result()
            grouped = len(waiting) / (time.perf_counter() - began)
    print(
        f"* the store alone: {single:,.0f} answers a second with one fsync each, {grouped:,.0f} in groups, "
        f"{_PROBE_PEOPLE} people assigned in {joined_s:.2f} s"
    )


def _begin(scratch: Path, *, people: int) -> Path:
    folder = scratch / "load"
    folder.mkdir()
    (folder / "collection.yaml").write_text(_STUDY % -(-people // _BATCHES), encoding="utf-8")
    return folder


@contextlib.contextmanager
def _served(folder: Path, port: int) -> Iterator[int]:
    server, port = _start_server(folder, port)
    try:
        yield port
    finally:
        _stop(server)


def _start_server(folder: Path, port: int) -> tuple[subprocess.Popen[str], int]:
    words = [sys.executable, "-m", "hmix_hub", "collect", "serve", str(folder), "--port", str(port)]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    for line in server.stdout or ():
        if found := _ADDRESS.search(line):
            return server, int(found[1])
    msg = f"the server ended with status {server.wait()}"
    raise RuntimeError(msg)


def _stop(server: subprocess.Popen[str]) -> None:
    server.send_signal(signal.SIGTERM)
    _wait(server)


def _wait(server: subprocess.Popen[str]) -> None:
    server.wait()
    if server.stdout:
        server.stdout.close()


def _cpu_seconds(server: subprocess.Popen[str]) -> float:
    """Return the processor time that a server has used; Linux alone tells it of another process."""
    user, system = Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _dashboard(folder: Path) -> tuple[int, str]:
    """Return the dashboard's port and token, as the commands find them."""
    channel = read_channel(folder)
    if channel is None:
        msg = "the server does not say where its dashboard is"
        raise RuntimeError(msg)
    return int(channel.address.rpartition(":")[2]), channel.token


def _start_load(
    port: int, people: int, pace: dict[str, float], *, dashboard: tuple[int, str] | None = None
) -> subprocess.Popen[str]:
    options = {"port": port, "people": people, "seed": 1, "pace": pace, "dashboard": dashboard}
    return subprocess.Popen(call_words(record, options), stdout=subprocess.PIPE, text=True)


def _end(load: subprocess.Popen[str]) -> dict[str, Any]:
    said, _ = load.communicate()
    seen: dict[str, Any] = json.loads(said)
    return seen


def _check_stored(folder: Path, seen: dict[str, Any]) -> None:
    """Check that every acknowledged answer is in the database, which is whole."""
    with Store.open(folder, read_only=True) as store:
        store.check_integrity()
        missing = list(_missing(store, seen["acknowledged"]))
    if missing:
        msg = f"{len(missing)} acknowledged answers are missing"
        raise RuntimeError(msg)


def _missing(store: Any, acknowledged: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    stored = {(answer.session_id, answer.trial_index) for answer in store.answers()}
    sessions = {token: _session_of(store, token) for token in {token for token, _ in acknowledged}}
    for token, trial_index in acknowledged:
        session = sessions[token]
        if session is None or (session.id, trial_index) not in stored:
            yield token, trial_index


def _session_of(store: Any, token: str) -> Any:
    return store.session(hashlib.sha256(token.encode()).digest())
