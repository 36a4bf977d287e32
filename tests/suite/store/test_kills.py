"""A process that is killed while it writes: no answer that was acknowledged is missing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from suite.store.small_study import frozen_study

from hmix_hub.suite.store.store import Store

KILLS = 20
TARGET = Path(__file__).with_name("kill_target.py")
TESTS = Path(__file__).parents[2]


def test_twenty_kills_under_load_lose_nothing(tmp_path):
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
    words = [sys.executable, str(TARGET), str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as process:
        lines = [process.stdout.readline()]
        reader = threading.Thread(target=lambda: lines.extend(process.stdout))
        reader.start()
        time.sleep(after)
        process.kill()
        reader.join()
    # The last line may have been cut off.
    whole = [line.split() for line in lines if line.endswith("\n")]
    return {(session_id, int(index), int(person)) for session_id, index, person in whole}
