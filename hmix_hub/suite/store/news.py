"""News of a running study: the message to all participants, whether it is paused, and its amendments."""

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
"""Maximum length of a message, which is shown above every page."""


@dataclass(frozen=True)
class News:
    """The state shown to all participants.

    Parameters
    ----------
    is_paused
        Whether nobody can start and no trials are shown; answers on their way are still stored.
    message
        Text above every page; `None`: none.
    """

    is_paused: bool = False
    message: str | None = None

    @property
    def mark(self) -> str:
        """A header value that changes with the news: 16 hex digits, or empty if there are no news."""
        if self == News():
            return ""
        return hashlib.sha256(f"{self.is_paused}\n{self.message}".encode()).hexdigest()[:16]


def read_news(database: sqlite3.Connection) -> News:
    """Read the news of a collection."""
    return News(is_paused(database), get_meta(database, "message") or None)


def is_paused(database: sqlite3.Connection) -> bool:
    """Return whether a collection is paused."""
    return get_meta(database, "paused") == "1"


def write_news(folder: Path, news: News) -> None:
    """Write the news of a collection, which may be served at the same time.

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
    """Amend the study; the caller has checked that the changes are possible.

    Parameters
    ----------
    study
        The new study file.
    changed
        Keys that differ from the previous version.

    Raises
    ------
    StoreRefusedError
        If a batch already has more participants than its new quota, personal links reserve more places than there would
        be, or the tasks of a sitting would have different numbers of places.
    """
    versions = work.versions
    amended = versions.begun.amended(study, len(versions.amendments) + 1)
    if uneven := uneven_places(study, amended.batches):
        raise StoreRefusedError(uneven, hint="change people_per_batch in all tasks of the sitting")
    lapse(work)
    taken = taken_places(work)
    for batch in amended.batches:
        if (people := taken[batch.number]) > batch.quota:
            msg = (
                f"batch {batch.number} of {batch.task} would need {batch.quota} participants, but already has {people}"
            )
            raise StoreRefusedError(msg, hint=f"set people_per_batch to {people} or more, or close the study")
    left = sum(batch.quota for batch in amended.batches) - taken.total() - kept_places(work) * amended.tasks_each
    if left < 0:
        msg = f"personal links reserve {-left // amended.tasks_each} more places than there would be"
        hint = "raise people_per_batch, or revoke unopened links: `hmix collect links --revoke`"
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
        # A new time-out changes which sessions have lapsed.
        cache.recount()

    work.effects.append(take_up)
    return made


def catch_up(database: sqlite3.Connection, versions: Versions) -> None:
    """Add amendments made in the meantime or by another process."""
    versions.add(read_amendments(database, after=len(versions.amendments)))
