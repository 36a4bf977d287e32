"""A process that is killed while it writes: no answer that was acknowledged is missing."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import threading
from pathlib import Path

from suite.store import kill_target
from suite.store.small_study import frozen_study

from hmix_hub.suite.store.store import Store

KILLS = 20
# Each is forked from one that has imported what they need.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([kill_target.__name__])


def test_twenty_kills_under_load_lose_nothing(tmp_path, monkeypatch):
    # Where the process that forks the others finds what it imports.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    Store.create(tmp_path, frozen_study(100_000, stimuli=20)).close()
    acknowledged: set[tuple[str, int, int]] = set()
    for kill in range(KILLS):
        before = len(acknowledged)
        acknowledged |= acknowledged_until_killed(tmp_path, after=0.05 + 0.01 * kill)
        assert len(acknowledged) > before
        with Store.open(tmp_path, read_only=True) as store:
            store.check_integrity()
            held = {(sent.session_id, sent.trial_index, sent.payload["answer"]["share"]) for sent in store.answers()}
        assert acknowledged <= held


def acknowledged_until_killed(folder: Path, after: float) -> set[tuple[str, int, int]]:
    """Start the process, kill it some time after its first acknowledgement, seconds; give all that it acknowledged."""
    acknowledged, tell = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=kill_target.main, args=(folder, tell))
    process.start()
    tell.close()
    found = {acknowledged.recv()}
    timer = threading.Timer(after, process.kill)
    timer.start()
    # Until there is no more; the last one may have been cut off.
    with acknowledged, contextlib.suppress(EOFError, OSError):
        while True:
            found.add(acknowledged.recv())
    timer.join()
    process.join()
    return found
