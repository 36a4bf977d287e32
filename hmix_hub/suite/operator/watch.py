"""The watch: snapshots of a collection, computed off the event loop and at most once a second, however many look."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hmix_hub.suite.operator import figures
from hmix_hub.suite.operator.ledger import Judged, Ledger, is_class
from hmix_hub.suite.operator.people import FLAGS, STAGES, PersonRow, by_stage, people_of
from hmix_hub.suite.store.database import DATABASE_NAME
from hmix_hub.suite.store.progress import Progress, progress_of
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.store import Store

Told = dict[str, Any]
"""JSON."""

EVERY_SECONDS = 1.0
"""Minimum time for which a snapshot is reused."""
SHARE = 10
"""A snapshot is reused for this many times its computing time, so that the dashboard uses at most a tenth of a core."""
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Moment:
    """A snapshot of a collection."""

    now_ms: int
    progress: Progress
    people: list[PersonRow]
    judged: Judged
    overview: Told


class Watch:
    """Takes snapshots of a collection that this process serves.

    Parameters
    ----------
    store
        The collection, open for writing.
    elapsed
        Clock in seconds; only differences matter.
    """

    def __init__(self, store: Store, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._store, self._elapsed = store, elapsed
        self._ledger = Ledger(store)
        self._guard = threading.Lock()
        self._moment: Moment | None = None
        self._next = 0.0
        self._names: dict[str, str] = {}

    def close(self) -> None:
        """Close the ledger."""
        with self._guard:
            self._ledger.close()

    def moment(self, *, now: bool = False) -> Moment:
        """Return a recent snapshot, or a new one if `now` is set; callable from any thread."""
        with self._guard:
            if now or self._moment is None or self._elapsed() >= self._next:
                begun = time.thread_time()
                self._moment = self._look()
                self._next = self._elapsed() + max(EVERY_SECONDS, SHARE * (time.thread_time() - begun))
            return self._moment

    def _look(self) -> Moment:
        store, frozen = self._store, self._store.frozen
        sessions, now_ms = store.sessions(), store.now()
        self._ledger.read({session.id: session.plan for session in sessions})
        judged = self._ledger.judged
        counts = self._ledger.counts()
        progress = progress_of(store, counts, sessions)
        people = people_of(sessions, self._ledger, held=lambda session: len(store.held(session)), name_of=self._name)
        flags = Counter(flag for person in people for flag in person.flags)
        overview = {
            "study": {"id": frozen.study.id, "title": frozen.study.title, "is_synthetic": store.is_synthetic},
            "amendments": frozen.version,
            "is_closed": progress.is_closed,
            "is_full": store.is_full(),
            "is_paused": store.news.is_paused,
            "message": store.news.message,
            "served_minutes": now_ms // _MINUTE_MS,
            "wanted": progress.wanted,
            "finished": progress.finished,
            "flagged": sum(bool(person.flags) for person in people),
            "people_per_hour": None if progress.pace is None else round(progress.pace, 1),
            "hours_left": None if progress.hours_left is None else round(progress.hours_left, 1),
            "stages": [
                {"stage": stage, "meaning": STAGES[stage], "people": number}
                for stage, number in by_stage(people).items()
            ],
            "links": self._ledger.links(),
            "withdrawn": sum(count.withdrawn for count in counts),
            "batches": [{**asdict(count), "open": count.open_places} for count in counts],
            "answers": figures.answers_by_hour(judged, now_ms),
            "response_times": figures.response_times(judged, frozen),
            "agreement": figures.agreement(judged, frozen),
            "flags": [{"flag": flag, "meaning": FLAGS[flag], "people": flags[flag]} for flag in FLAGS],
            "storage": self._storage(),
        }
        return Moment(now_ms, progress, people, judged, overview)

    def _name(self, session: SessionRecord) -> str:
        if session.id not in self._names:
            self._names[session.id] = self._store.key.participant(session.sitting)
        return self._names[session.id]

    def _storage(self) -> Told:
        folder = self._store.folder
        sizes = {}
        for name, suffix in (("database_bytes", ""), ("log_bytes", "-wal")):
            path = folder / f"{DATABASE_NAME}{suffix}"
            sizes[name] = path.stat().st_size if path.exists() else 0
        # Rounded to a tenth of a gigabyte, because other programs write too and small changes are not worth an update.
        free = round(shutil.disk_usage(folder).free / 1e8) * 10**8
        return {**sizes, "free_bytes": free}

    # -- Stimuli --------------------------------------------------------------------------------------------------

    def stimuli(self, number: int) -> Told:
        """Return the stimuli of a batch with their answers so far, including repeats."""
        frozen = self._store.frozen
        batch = frozen.batches[number]
        names, design = frozen.study.pictures.shown_names, frozen.design_of(batch)
        rows = self.moment().judged
        rows = rows.where(rows.batch == number)
        facets = range(len(design.scales)) if design.scales else range(1)
        shown = []
        for place, stimulus in enumerate(batch.stimuli):
            here = rows.where(rows.stimulus == place)
            label_2 = None if stimulus.image_2_label is None else names[stimulus.image_2_label]
            shown.append(
                {
                    "place": place,
                    "classes": [names[stimulus.image_1_label], label_2],
                    "coefficient": stimulus.mixing_coefficient,
                    "answers": [self._answers(here.where(here.facet == facet), batch.task, facet) for facet in facets],
                }
            )
        return {
            "batch": number,
            "task": batch.task,
            "question": design.question,
            "class_names": list(names) if is_class(batch.task) else None,
            "stimuli": shown,
        }

    def _answers(self, rows: Judged, task: str, facet: int) -> Told:
        frozen = self._store.frozen
        scales = frozen.study.tasks[task].scales
        steps = scales[facet].scale.steps if scales else None
        n_classes = len(frozen.study.pictures.vocabulary)
        known = rows.value[~np.isnan(rows.value)]
        return {
            "scale": figures.scale_name(frozen, task, facet),
            "number": len(known),
            "mean": None if is_class(task) or not len(known) else round(float(known.mean()), 3),
            "counts": figures.spread_of_answers(known, task, n_classes, steps),
            # A page with several scales has one response time.
            "median_ms": None if facet or not len(known) else float(np.median(rows.response_time_ms)),
        }
