"""News of a running study: what everybody who takes part is told, whether it is paused, and how it was amended."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hmix_hub.suite.design.design import Amendment, Versions, uneven_places
from hmix_hub.suite.store.cache import Cache
from hmix_hub.suite.store.database import StoreRefusedError, database_errors, open_writing
from hmix_hub.suite.store.layout import get_meta, put_meta
from hmix_hub.suite.store.places import kept_places, lapse, taken_places
from hmix_hub.suite.store.reading import read_amendments
from hmix_hub.suite.store.work import Work
from hmix_hub.suite.study.model import StudyFile

LONGEST_MESSAGE = 500
"""Characters of a message at most: it stands above every page."""


@dataclass(frozen=True)
class News:
    """What everybody is told.

    Parameters
    ----------
    is_paused
        Whether nobody begins and nobody is shown a trial; answers that are under way are stored.
    message
        Stands above every page; `None` where there is none.
    """

    is_paused: bool = False
    message: str | None = None

    @property
    def mark(self) -> str:
        """What tells these news from others, in a header: 16 hex digits, or nothing where there are no news."""
        if self == News():
            return ""
        return hashlib.sha256(f"{self.is_paused}\n{self.message}".encode()).hexdigest()[:16]


def read_news(database: sqlite3.Connection) -> News:
    """Read the news of a collection."""
    return News(is_paused(database), get_meta(database, "message") or None)


def is_paused(database: sqlite3.Connection) -> bool:
    """Whether a collection is paused."""
    return get_meta(database, "paused") == "1"


def write_news(folder: Path, news: News) -> None:
    """Write the news of a collection, which may be served meanwhile.

    Raises
    ------
    StoreError
        If they cannot be written.
    """
    with database_errors(folder), contextlib.closing(open_writing(folder)) as database:
        database.execute("BEGIN IMMEDIATE")
        put_meta(database, "paused", str(int(news.is_paused)))
        put_meta(database, "message", news.message or "")
        database.execute("COMMIT")


def amend(work: Work, study: StudyFile, changed: Sequence[str]) -> Amendment:
    """Amend the study; whoever calls has checked that it may change so.

    Parameters
    ----------
    study
        The study file as it is to hold from now on.
    changed
        Keys that differ from the version before.

    Raises
    ------
    StoreRefusedError
        If a batch has more people already than it would want, personal links keep more places than there would be, or
        the tasks of a sitting would have places for different numbers of people.
    """
    versions = work.versions
    amended = versions.begun.amended(study, len(versions.amendments) + 1)
    if uneven := uneven_places(study, amended.batches):
        raise StoreRefusedError(uneven, hint="change people_per_batch in all tasks of the sitting")
    lapse(work)
    taken = taken_places(work)
    for batch in amended.batches:
        if (people := taken[batch.number]) > batch.quota:
            msg = f"batch {batch.number} of {batch.task} would want {batch.quota} people, and has {people}"
            raise StoreRefusedError(msg, hint=f"set people_per_batch to {people} or more, or close the study")
    left = sum(batch.quota for batch in amended.batches) - taken.total() - kept_places(work) * amended.tasks_each
    if left < 0:
        msg = f"personal links keep {-left // amended.tasks_each} more places than there would be"
        hint = "set people_per_batch higher, or revoke links that nobody has opened: `hmix collect links --revoke`"
        raise StoreRefusedError(msg, hint=hint)
    made = Amendment(amended.version, study, tuple(changed), work.now, work.month)
    work.database.execute(
        "INSERT INTO amendments VALUES (?, ?, ?, ?, ?)",
        (made.number, study.model_dump_json(), json.dumps(made.changed), made.study_ms, made.month),
    )
    quotas = [(batch.quota, batch.number) for batch in amended.batches]
    work.database.executemany("UPDATE batches SET quota = ? WHERE number = ?", quotas)

    def take_up(cache: Cache) -> None:
        versions.add([made])
        # With another time-out others have lapsed.
        cache.recount()

    work.effects.append(take_up)
    return made


def catch_up(database: sqlite3.Connection, versions: Versions) -> None:
    """Take up what was amended meanwhile, or by another process."""
    versions.add(read_amendments(database, after=len(versions.amendments)))
