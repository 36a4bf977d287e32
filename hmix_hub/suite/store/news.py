"""News: what those who run a study tell everybody who takes part while it runs, and whether it is paused."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from hmix_hub.suite.store.database import database_errors, open_writing
from hmix_hub.suite.store.layout import get_meta, put_meta

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
