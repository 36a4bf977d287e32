"""Small collections that are really served, from this process or from one of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import uvicorn
import yaml
from suite_maker import SCALES

from hmix_hub.suite.server.app import build_app
from hmix_hub.suite.server.beginning import begin_collection
from hmix_hub.suite.server.proxy import DIRECT, Proxy
from hmix_hub.suite.server.serving import listening
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

QUESTION = "Out of 100 other people, what would most say? <Please click the picture & take your time"
CONSENT = "You look at mixed pictures.\n\nYou may stop at any time; a < b & c stays as it is.\nThank you."
INSTRUCTIONS = [
    "Each picture is a mixture.\n\n<Please click the picture that a < b & c would call half and half.",
    "Take as long as you like.",
]
QUIZ = [
    {"question": "What do you see?", "choices": ["One picture", "A mixture of two", "Nothing"], "answer": 2},
    {"question": "Is there a right answer?", "choices": ["Yes", "No"], "answer": 2},
]
OWN: dict[str, dict[str, Any]] = {
    CONSTRUCT: {"start": {"values": [0.1], "vary": "between"}},
    SELECT: {},
    INFER: {"coefficients": [0.1, 0.5, 0.9]},
    CATEGORICAL: {"coefficients": [0.25, 0.5], "class_order": "shuffled"},
    "class_choice": {"coefficients": [0.25, 0.5], "class_order": "shuffled", "confidence": True},
    "scale_rating": {"coefficients": [0.25, 0.5], "scales": list(SCALES)},
}


def study_file(*tasks: str, design: dict[str, Any] | None = None, **more: Any) -> StudyFile:
    """Describe a study of three trials and a repeat for each task."""
    example = {"image_1_index": 0, "image_2_index": 7, "text": "From one end to the other."}
    pages = [{"text": text} for text in INSTRUCTIONS]
    pages[0] |= {"examples": [example | {"coefficients": [0, 0.5, 1]}]}  # type: ignore[dict-item]
    designs = {
        task: {
            "question": QUESTION,
            "instructions": pages,
            "quiz": {"questions": QUIZ},
            "pairs": {"per_class_pair": 1},
            "batch_size": 3,
            "batches": 1,
            "people_per_batch": 9,
            "repeats": [2],
            **OWN[task],
            **(design or {}),
        }
        for task in tasks or tuple(SUITE_TASKS)
    }
    content = {
        "id": "browser-study",
        "title": "What do people see?",
        "about": {
            "description": "What people see in mixtures of the synthetic pictures.",
            "authors": [{"name": "Ada Example"}],
            "licence": "CC0-1.0",
            "approval": "None was needed.",
            "recruitment": "By a notice in the hall.",
            "contact": "https://example.org/contact",
        },
        "pictures": {"source": "sample/pictures"},
        "consent": {"version": "3", "text": CONSENT},
        "comments": "Is there anything else?",
        "completion": {"url": "https://example.org/done?code={code}"},
        "tasks": designs,
    }
    return StudyFile.model_validate(content | more)


def write_study(folder: Path, study: StudyFile) -> None:
    """Write a study file into a folder."""
    content = study.model_dump(mode="json", exclude_unset=True)
    (folder / "collection.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


class _Server(uvicorn.Server):
    """Ends once all is answered, within milliseconds, where uvicorn takes up to 200 more; after a second nothing is."""

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        answered_by = time.monotonic() + 1
        while self.server_state.tasks and time.monotonic() < answered_by:
            await asyncio.sleep(0.005)
        # A request that is broken off, uvicorn would answer by an error of the server.
        for connection in list(self.server_state.connections):
            connection.transport.abort()


class Running:
    """An application that this process serves, in a thread."""

    def __init__(self, app: Any) -> None:
        self._app, self.port = app, 0
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve; again at the same port after `stop`."""
        self._listening = contextlib.ExitStack()
        listener = self._listening.enter_context(listening("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        options = {"lifespan": "off", "log_config": None, "access_log": False, "ws": "none", "http": "h11"}
        self._server = _Server(uvicorn.Config(self._app, **options))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        wait_for(lambda: self._server.started)

    def stop(self) -> None:
        """Stop answering; the store stays open."""
        self._server.should_exit = True
        self._thread.join(10)
        self._listening.close()


class Served(Running):
    """A collection that this process serves.

    Parameters
    ----------
    folder
        Its folder, which holds the study file.
    proxy
        What stands between people and the server.
    """

    def __init__(self, folder: Path, proxy: Proxy = DIRECT) -> None:
        self.store, self.image_set = begin_collection(folder)
        self.expects_aside = False
        super().__init__(build_app(self.store, self.image_set, proxy=proxy))

    def close(self) -> None:
        self.stop()
        self.store.close()

    def answers(self, number: int = 0) -> list[dict[str, Any]]:
        """Return what is stored of the only session, once so many answers are, in trial order."""
        wait_for(lambda: len(stored(self.store)) >= number)
        return stored(self.store)


def stored(store: Store) -> list[dict[str, Any]]:
    """Return stored answers in trial order, each with its trial_index."""
    rows = [{"trial_index": row.trial_index, **row.payload} for row in store.answers()]
    return sorted(rows, key=lambda row: row["trial_index"])


class Process:
    """A collection that `hmix collect serve` serves, which can be killed.

    Parameters
    ----------
    folder
        Its folder, which holds the study file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, 0
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve; again at the same port after `kill`."""
        command = [sys.executable, "-u", "-c", "from hmix_hub.cli.main import main; main()"]
        arguments = ["collect", "serve", str(self._folder), "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if found := re.search(r"http://[^\s:]+:(\d+)", line):
                self.port = int(found[1])
                break
        assert self.port, said
        wait_for(self._answers)

    def _answers(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{self.address}/api/health", timeout=5).ok
        return False

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def answers(self) -> list[dict[str, Any]]:
        """Return what is stored, read from the killed process's database."""
        with Store.open(self._folder, read_only=True) as store:
            return stored(store)


def wait_for(condition: Any, seconds: float = 10) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(0.01)


@contextlib.contextmanager
def serving(folder: Path, study: StudyFile, proxy: Proxy = DIRECT) -> Iterator[Served]:
    """Serve a study from a folder."""
    write_study(folder, study)
    served = Served(folder, proxy)
    try:
        yield served
    finally:
        served.close()


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
