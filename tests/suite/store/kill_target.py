"""A process that answers as quickly as it can, and tells each answer that was acknowledged, until it is killed."""

from __future__ import annotations

import threading
from multiprocessing.connection import Connection
from pathlib import Path

from suite.store.small_study import answer, token

from hmix_hub.suite.store.store import Store

PEOPLE = 16


def main(folder: Path, told: Connection) -> None:
    """Answer every trial of every person, several at once, and tell each acknowledgement."""
    store = Store.open(folder)
    telling = threading.Lock()

    def take_part(person: int) -> None:
        while True:
            run = store.counts()[0].given
            session = store.join(token((run, person)), recruiting_hash=None, task=None).result()
            for trial in session.plan.trials:
                store.put_trial(session.id, trial.trial_index, answer(person), fault=None).result()
                with telling:
                    told.send((session.id, trial.trial_index, person))

    for person in range(PEOPLE):
        threading.Thread(target=take_part, args=(person,)).start()
