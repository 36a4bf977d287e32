"""The ledger: the answers of a collection as numeric columns, each read once, for figures during the collection.

It reads over its own connection, so that participants never wait for it.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hmix_hub.schema import Kind
from hmix_hub.schema.arrays import Floats, Ints, Mask
from hmix_hub.suite.design.plan import Plan
from hmix_hub.suite.store.database import database_errors, open_reading
from hmix_hub.suite.store.reading import read_counts
from hmix_hub.suite.store.records import BatchCount
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.store.work import timeout_ms
from hmix_hub.suite.study.questionnaire import attention_of
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import Trial
from hmix_hub.tasks import TASKS

_PAGE = 1000
_NEW = """SELECT arrival, session, trial_index, payload, received_ms, run
    FROM answers WHERE arrival > ? ORDER BY arrival LIMIT ?"""
_FAILED = "SELECT session, page, payload FROM replies WHERE passed = 0"


@dataclass(frozen=True)
class Judged:
    """Judgments, N rows; a page with several scales has one row per scale.

    Parameters
    ----------
    session
        int64 (N,): number of the session in `Ledger.ids`.
    batch, stimulus
        int64 (N,): what was judged: the batch, and the position in it.
    facet
        int64 (N,): number of the scale; 0 if there is one question.
    value
        float64 (N,): a share or a rating, 0 to 1, or the code of a class.
    response_time_ms
        float64 (N,): response time as reported by the browser.
    received_ms
        float64 (N,): time of arrival on the study clock; NaN if unknown.
    run
        int64 (N,): run of the server in which the answer arrived; 0 if unknown.
    is_repeat, is_first
        bool (N,): whether the trial is a deliberate repeat; whether it is the page's first judgment.
    """

    session: Ints
    batch: Ints
    stimulus: Ints
    facet: Ints
    value: Floats
    response_time_ms: Floats
    received_ms: Floats
    run: Ints
    is_repeat: Mask
    is_first: Mask

    def __len__(self) -> int:
        return len(self.session)

    def where(self, mask: Mask) -> Judged:
        """Return some of the rows."""
        return Judged(*(getattr(self, field.name)[mask] for field in fields(self)))


_INTEGERS = ("session", "batch", "stimulus", "facet", "run")
_FLOATS = ("value", "response_time_ms", "received_ms")


class Ledger:
    """The answers so far.

    Parameters
    ----------
    store
        The collection, open for writing in this process; its study may be amended in the meantime.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection = open_reading(store.folder)
        self._clear()

    def _clear(self) -> None:
        self._arrival = -1
        self.ids: list[str] = []
        """Sessions with answers, by their number."""
        self._numbers: dict[str, int] = {}
        self._columns: dict[str, array[Any]] = {name: array("q") for name in _INTEGERS}
        self._columns |= {name: array("d") for name in _FLOATS}
        self._columns |= {name: array("b") for name in ("is_repeat", "is_first")}
        self.judged = self._judged()
        """All judgments, as of the last reading."""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with database_errors(self._store.folder):
            return self._connection.execute(query, values).fetchall()

    def counts(self) -> list[BatchCount]:
        """Count participants and answers by batch, as of now."""
        store = self._store
        with database_errors(store.folder):
            return read_counts(self._connection, store.frozen, store.now() - timeout_ms(store.frozen))

    def quarantined(self) -> Counter[str]:
        """Count the quarantined (invalid) answers by session."""
        return Counter(dict(self._rows("SELECT session, count(*) FROM quarantine GROUP BY session")))

    def read(self, plans: dict[str, Plan]) -> None:
        """Read the answers that arrived since the last call.

        Parameters
        ----------
        plans
            Plans of all existing sessions. If one is gone, its participant withdrew and everything is read again,
            because arrival numbers are reused once the last rows are deleted.
        """
        if not self._are_there(plans):
            self._clear()
        while True:
            rows = self._rows(_NEW, self._arrival, _PAGE)
            for arrival, session, *rest in rows:
                if session not in plans:
                    # The session has just begun or been withdrawn; the store's memory will follow.
                    break
                self._add(session, plans[session], tuple(rest))
                self._arrival = arrival
            if len(rows) < _PAGE or self._arrival < rows[-1][0]:
                break
        self.judged = self._judged()

    def links(self) -> dict[str, int]:
        """Count the issued personal links, and those that have been opened."""
        [(issued, used)] = self._rows("SELECT count(*), count(sitting) FROM links")
        return {"issued": issued, "used": used}

    def inattentive(self, sittings: Mapping[str, str]) -> list[str]:
        """Return the sessions of participants who failed more attention checks than the study allows."""
        replies: dict[str, dict[int, Any]] = {}
        for session, page, payload in self._rows(_FAILED):
            replies.setdefault(sittings.get(session, session), {})[int(page)] = json.loads(payload)
        allowed, pages = self._store.frozen.study.attention_failures, self._store.frozen.questionnaire
        failed = {sitting for sitting, answers in replies.items() if attention_of(pages, answers)[1] > allowed}
        return [session for session, sitting in sittings.items() if sitting in failed]

    def _are_there(self, sessions: Collection[str]) -> bool:
        return all(session in sessions for session in self.ids)

    def _add(self, session: str, plan: Plan, row: tuple[int, str, float | None, int | None]) -> None:
        trial_index, text, received_ms, run = row
        trial = plan.trial(trial_index)
        if trial is None:
            return
        batch = self._store.frozen.batches[plan.batch]
        try:
            payload = json.loads(text)
            judged = SUITE_TASKS[batch.task].judgments(payload["answer"], self._store.frozen.design_of(batch))
            values = [_value(batch.task, judgment, trial) for judgment in judged]
            time = float(payload["response_time_ms"])
        except (KeyError, IndexError, TypeError, ValueError):
            # The answer was edited by hand; the export reports it, the figures leave it out.
            return
        number = self._numbers.setdefault(session, len(self._numbers))
        if number == len(self.ids):
            self.ids.append(session)
        for facet, value in enumerate(values):
            cells = {
                "session": number,
                "batch": plan.batch,
                "stimulus": trial.stimulus,
                "facet": facet,
                "value": value,
                "response_time_ms": time,
                "received_ms": np.nan if received_ms is None else received_ms,
                "run": run or 0,
                "is_repeat": trial.is_repeat,
                "is_first": facet == 0,
            }
            for name, cell in cells.items():
                self._columns[name].append(cell)

    def _judged(self) -> Judged:
        # Copy, because an array with exported buffers cannot grow.
        columns = {name: np.array(column) for name, column in self._columns.items()}
        return Judged(
            **{name: array_.astype(bool) if name.startswith("is_") else array_ for name, array_ in columns.items()}
        )


def answer_column(task: str) -> str:
    """Return the column of a task's judgments that figures show as the answer: a share, a rating or a class."""
    known = TASKS[task]
    return known.answered or next(column.name for column in known.answer_columns if column.kind is Kind.LABEL)


def is_class(task: str) -> bool:
    """Return whether a task's answer is a class."""
    return not TASKS[task].answered


def _value(task: str, judgment: Any, trial: Trial) -> float:
    # Drop the long paths, which no figure uses.
    brief = {name: [] if name.endswith("_path") else part for name, part in judgment.items()}
    value = SUITE_TASKS[task].columns(brief, trial)[answer_column(task)]
    return np.nan if value is None else float(value)
