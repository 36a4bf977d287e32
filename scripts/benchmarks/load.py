"""Load for a collecting server: people on keep-alive connections who answer at a pace, and what was acknowledged.

It runs in a process of its own and measures its own lag, so that it can be seen not to be the limit.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

RETRY_SECONDS = 0.1
LAG_STEP = 0.01
LOOK_SECONDS = 2.0


@dataclass
class Load:
    """What one run saw.

    Parameters
    ----------
    saved_ms
        From an answer sent to its acknowledgement read, ms, one for each acknowledged answer.
    joined_ms
        The same of joining.
    lag_ms
        How late this process woke from short sleeps, ms.
    acknowledged
        Token and trial index of each acknowledged answer.
    joined, refused
        People who got a place, and who were told that there is none.
    retries
        Requests that had to be sent again, since the server was away.
    looked_ms
        From a look of the dashboard to what it shows, ms.
    """

    saved_ms: list[float] = field(default_factory=list)
    joined_ms: list[float] = field(default_factory=list)
    lag_ms: list[float] = field(default_factory=list)
    acknowledged: list[tuple[str, int]] = field(default_factory=list)
    joined: int = 0
    refused: int = 0
    retries: int = 0
    looked_ms: list[float] = field(default_factory=list)


class Connection:
    """A keep-alive connection of one person, opened again where it broke."""

    def __init__(self, port: int, load: Load) -> None:
        self.port, self.load = port, load
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.token = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()

    async def request(self, method: str, path: str, body: object | None = None) -> tuple[int, Any]:
        """Send until there is an answer; gives status and JSON."""
        while True:
            try:
                return await self._request(method, path, body)
            except (OSError, asyncio.IncompleteReadError, ValueError):
                self.drop()
                self.load.retries += 1
                await asyncio.sleep(RETRY_SECONDS)

    def drop(self) -> None:
        """Close the connection."""
        if self.streams:
            self.streams[1].close()
            self.streams = None

    async def _request(self, method: str, path: str, body: object | None) -> tuple[int, Any]:
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        content = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        answer = await reader.readuntil(b"\r\n\r\n")
        status_line, *lines = answer.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        received = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self.drop()
        return int(status_line.split()[1]), json.loads(received)


@dataclass(frozen=True)
class Pace:
    """How people come and answer: seconds."""

    interval: float
    seconds: float
    arrive_within: float


async def take_part(port: int, pace: Pace, consent: str, load: Load, rng: np.random.Generator) -> None:
    """Let one person join and answer trials at the pace until the time is over or the trials are."""
    start = time.monotonic()
    await asyncio.sleep(rng.uniform(0, pace.arrive_within))
    person = Connection(port, load)
    began = time.perf_counter()
    joining = {"recruiting_id": None, "task": None, "consent_sha256": consent}
    status, view = await person.request("POST", "/api/sessions", joining)
    if status != 200:
        load.refused += 1
        return
    load.joined += 1
    load.joined_ms.append((time.perf_counter() - began) * 1000)
    trials = [page for page in view["pages"] if page["kind"] == "trial"]
    due = time.monotonic() + rng.uniform(0, pace.interval)
    for trial in trials:
        await asyncio.sleep(max(0, due - time.monotonic()))
        if time.monotonic() - start > pace.seconds:
            break
        due += pace.interval
        began = time.perf_counter()
        path = f"/api/session/trials/{trial['index']}"
        status, answer = await person.request("PUT", path, answer_of(trial, rng))
        while status == 503:
            await asyncio.sleep(RETRY_SECONDS)
            status, answer = await person.request("PUT", path, answer_of(trial, rng))
        if answer.get("outcome") not in {"stored", "same", "conflict"}:
            msg = f"an answer was not stored: {status} {answer}"
            raise RuntimeError(msg)
        load.saved_ms.append((time.perf_counter() - began) * 1000)
        load.acknowledged.append((person.token, trial["index"]))
    person.drop()


def answer_of(trial: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Answer a trial of construct_midpoint: a walk of some steps, as a person would make it."""
    position, at = trial["start"], 0.0
    path = [[at, position]]
    for _ in range(rng.integers(3, 13)):
        step = int(rng.choice((-1, 1)))
        if 0 <= position + step <= 10:
            position += step
            at += rng.uniform(80, 600)
            path.append([round(at, 1), position])
    pictures = [trial["pictures"][position]]
    return {
        "response_time_ms": round(at + 500, 1),
        "pictures": pictures,
        "answer": {"position": position, "path": path},
    }


async def look_on(port: int, token: str, load: Load) -> None:
    """Keep a dashboard open: as its page does, it looks every two seconds, here at all of its views at once."""
    dashboard = Connection(port, load)
    dashboard.token = token
    while True:
        for path in ("/api/overview", "/api/people", "/api/batches/0"):
            began = time.perf_counter()
            status, _ = await dashboard.request("GET", path)
            if status != 200:
                msg = f"the dashboard was refused {path}: {status}"
                raise RuntimeError(msg)
            load.looked_ms.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(LOOK_SECONDS)


async def _watch_lag(load: Load) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LAG_STEP)
        load.lag_ms.append((time.perf_counter() - began - LAG_STEP) * 1000)


async def run(port: int, people: int, pace: Pace, seed: int, dashboard: tuple[int, str] | None) -> Load:
    """Let people take part, with a dashboard open where its port and token are given; gives what was seen."""
    load = Load()
    around = [asyncio.create_task(_watch_lag(load))]
    if dashboard is not None:
        around.append(asyncio.create_task(look_on(*dashboard, load)))
    _, study = await Connection(port, Load()).request("GET", "/api/study")
    consent = study["consent"]["sha256"]
    rngs = [np.random.default_rng((seed, number)) for number in range(people)]
    await asyncio.gather(*(take_part(port, pace, consent, load, rng) for rng in rngs))
    for task in around:
        if task.done():
            task.result()
        task.cancel()
    return load


def record(options: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a load, `run` with these options, as JSON has it."""
    pace = Pace(**options.pop("pace"))
    load = asyncio.run(run(pace=pace, **options))
    return asdict(load) | {"cpu_seconds": sum(os.times()[:2])}
