"""Collections that were answered without a server: people join the store, and their answers are put into it."""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from pathlib import Path

from suite.export.studies import answer

from hmix_hub.suite.store.store import Store
from hmix_hub.suite.store.writer import Times
from hmix_hub.suite.tasks.perception import Mind, Perception

RECRUITING_ID = "5f3c9a7e21b04d8896fe0a1b"


class Collection:
    """A collection of a frozen study, written by this process; the study clock is moved by hand."""

    def __init__(self, folder: Path, frozen, *, is_synthetic: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.frozen = folder, frozen
        self.seconds = 0.0
        # June 2026.
        times = Times(wall=lambda: 1_781_000_000 + self.seconds, elapsed=lambda: self.seconds)
        self.store = Store.create(folder, frozen, is_synthetic=is_synthetic, times=times)
        self.joined = 0

    def join(self, task=None):
        """Let somebody begin."""
        self.joined += 1
        token = hashlib.sha256(f"token {self.joined}".encode()).digest()
        recruiting = self.store.key.recruiting(f"{RECRUITING_ID}{self.joined}")
        return self.store.join(token, recruiting_hash=recruiting, task=task).result()

    def payloads(self, session, *, seed: int = 0) -> dict[int, dict]:
        """Return a scripted person's answers to all trials."""
        batch = self.frozen.batches[session.batch]
        mind = Mind(Perception(), seed, session.number + 100 * session.batch)
        return {
            trial.trial_index: answer(self.frozen, batch, trial, mind, int(trial.is_repeat))
            for trial in session.plan.trials
        }

    def answer(self, session, *, trials: int | None = None) -> None:
        """Let somebody answer the first trials, or all."""
        for index, payload in list(self.payloads(session).items())[:trials]:
            self.store.put_trial(session.id, index, json.dumps(payload), fault=None).result()

    def take_part(self, task=None):
        """Let somebody begin, answer everything and finish."""
        session = self.join(task)
        self.answer(session)
        assert self.store.finish(session.id).result() == []
        return session

    def fill(self, *, but: int = 0) -> list:
        """Let people take part until every batch is full; `but` places stay open."""
        places = sum(batch.quota for batch in self.frozen.batches)
        return [self.take_part() for _ in range(places - but)]

    def participant(self, session) -> str:
        """Return somebody's id in exports."""
        return self.store.key.participant(session.id)


@contextmanager
def collecting(folder: Path, frozen, **options):
    """Begin a collection, and close it in the end."""
    collection = Collection(folder, frozen, **options)
    try:
        yield collection
    finally:
        collection.store.close()
