"""The store of a collection: what the server, the export and the commands read and write."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from hmix_hub.errors import Where
from hmix_hub.suite.design.design import FrozenStudy, Versions
from hmix_hub.suite.store.backup import back_up
from hmix_hub.suite.store.database import DATABASE_NAME, StoreError, database_errors, open_reading, open_writing
from hmix_hub.suite.store.jobs import Jobs
from hmix_hub.suite.store.keys import StudyKey, read_key
from hmix_hub.suite.store.layout import check_integrity, create_database, get_meta, put_meta, read_about
from hmix_hub.suite.store.migration import bring_up
from hmix_hub.suite.store.news import News, catch_up, read_news, write_news
from hmix_hub.suite.store.reading import (
    Plans,
    read_answers,
    read_aside,
    read_comments,
    read_counts,
    read_held,
    read_recruited,
    read_replies,
    read_session,
    read_sessions,
    read_surroundings,
    read_token,
    session_gone,
)
from hmix_hub.suite.store.records import AnswerRecord, AsideRecord, BatchCount, ReplyRecord, SessionRecord
from hmix_hub.suite.store.work import as_of, resume_ms, timeout_ms
from hmix_hub.suite.store.writer import Job, StudyClock, T, Times, Writer


class Store(Jobs):
    """A collection's database and key; use `create` or `open`.

    Writes return a future that is done once their commit is on disk. Only one process writes, as ensured by
    `folder_lock`; others can read, and open or close the study. Every method can be called from any thread.

    Attributes
    ----------
    folder
        The collection.
    key
        The key from which codes and names are derived.
    frozen_sha256
        Hash of the frozen study as stored in the database, the same in every version of hmix-hub.
    is_synthetic
        Whether scripted participants answer.
    versions
        The original study and its amendments.
    """

    def __init__(self, folder: Path, *, read_only: bool, times: Times) -> None:
        self.folder, self._times = folder, times
        self._lock = threading.RLock()
        self._plans: Plans = {}
        self._writer: Writer | None = None
        bring_up(folder, is_locked=not read_only)
        self._database = open_reading(folder)
        try:
            self.key: StudyKey = read_key(folder)
            with database_errors(folder):
                about = read_about(self._database, str(folder / DATABASE_NAME), self.key)
                self.versions = Versions(about.frozen)
                catch_up(self._database, self.versions)
                self.frozen_sha256: str = about.sha256
                self.is_synthetic: bool = about.is_synthetic
                self._news = read_news(self._database)
                self._clock = StudyClock(self._saved_ms(), self._times)
                if not read_only:
                    self._writer = self._begin_writing()
        except BaseException:
            self._database.close()
            raise

    @classmethod
    def create(
        cls, folder: Path, frozen: FrozenStudy, *, is_synthetic: bool = False, times: Times | None = None
    ) -> Store:
        """Start a collection: a new database, and a key if there is none.

        Raises
        ------
        StoreError
            If there is already a database, or it cannot be created.
        """
        create_database(folder, frozen, is_synthetic=is_synthetic)
        return cls.open(folder, times=times)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False, times: Times | None = None) -> Store:
        """Open a collection.

        Parameters
        ----------
        read_only
            Whether to open it only for reading, which is possible while another process serves.
        times
            The computer's clocks, replaceable in tests.

        Raises
        ------
        StoreError
            If there is no collection, it was made by a newer hmix-hub, it was edited by hand, or its key is missing.
        """
        return cls(Path(folder), read_only=read_only, times=times or Times())

    def _begin_writing(self) -> Writer:
        writing = open_writing(self.folder)
        try:
            return Writer(self.folder, writing, self.versions, self._clock)
        except BaseException:
            writing.close()
            raise

    @property
    def frozen(self) -> FrozenStudy:
        """The study as it is collected now."""
        return self.versions.now

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Carry out queued jobs and close the database; does nothing if it is closed."""
        # The writing connection closes last, because only it can merge the log into a single database file.
        with self._lock:
            self._database.close()
        if self._writer is not None:
            self._writer.close()

    def _submit(self, job: Job[T]) -> Future[T]:
        if self._writer is None:
            msg = "the store is read-only"
            raise StoreError(msg, where=Where(str(self.folder)))
        return self._writer.submit(job)

    # -- Reads of the serving process: from memory ----------------------------------------------------------------

    def session(self, token_hash: bytes) -> SessionRecord | None:
        """Return the session of a token as of now; `None` for an unknown token.

        Raises
        ------
        SessionGoneError
            If the participant withdrew.
        """
        if self._writer is None:
            with self._reading() as database:
                session_id = read_token(database, token_hash)
                session = session_id and read_session(database, self.frozen, session_id, self._plans)
            return self._as_of_now(session) if session else None
        if self._writer.cache.is_tombstone(token_hash):
            raise session_gone()
        session = self._writer.cache.session_of(token_hash)
        return session and self._as_of_now(session)

    def is_moved(self, token_hash: bytes) -> bool:
        """Return whether the session of a token continues in another browser, as far as this process knows."""
        return self._writer is not None and self._writer.cache.is_moved(token_hash)

    def session_of_participant(self, recruiting_id: str) -> SessionRecord | None:
        """Return the session of a recruiting id as of now; `None` if there is none."""
        with self._reading() as database:
            session_id = read_recruited(database, self.key.recruiting(recruiting_id.strip()))
            session = session_id and read_session(database, self.frozen, session_id, self._plans)
        return self._as_of_now(session) if session else None

    def parts(self, session: SessionRecord) -> list[SessionRecord]:
        """Return all sessions of a session's sitting as of now, in order."""
        if self._writer is not None:
            return [self._as_of_now(part) for part in self._writer.cache.parts(session.sitting)]
        return [one for one in self.sessions() if one.sitting == session.sitting]

    def held(self, session_id: str) -> set[int]:
        """Return the trials whose answers the store holds, valid or quarantined."""
        if self._writer is not None:
            return self._writer.cache.held(session_id)
        with self._reading() as database:
            return read_held(database, session_id)

    def sessions(self) -> list[SessionRecord]:
        """Return all sessions as of now, in the order in which they began."""
        if self._writer is not None:
            found = self._writer.cache.sessions()
        else:
            with self._reading() as database:
                found = read_sessions(database, self.frozen, self._plans)
        return [self._as_of_now(session) for session in found]

    def is_expired(self, session: SessionRecord) -> bool:
        """Return whether an unfinished session can no longer continue, because its last answer is too long ago."""
        return session.is_open and self.now() - session.last_ms > resume_ms(self.frozen)

    def is_full(self) -> bool:
        """Return whether nobody new can start without a personal link."""
        if self._writer is None:
            return not any(count.open_places for count in self.counts())
        places = self._writer.cache.places
        taken = places.taken(self.now() - timeout_ms(self.frozen))
        open_places = sum(batch.quota - taken[batch.number] for batch in self.frozen.batches)
        return open_places <= places.kept(self.now() - resume_ms(self.frozen)) * self.frozen.tasks_each

    def _as_of_now(self, session: SessionRecord) -> SessionRecord:
        return as_of(session, self.now(), self.frozen)

    # -- Reads of the database ------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, database_errors(self.folder):
            yield self._database

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Make all reads of a read-only store see the same state of the database, whatever is written meanwhile."""
        with self._reading() as database:
            database.execute("BEGIN")
            try:
                yield
            finally:
                database.execute("COMMIT")

    def answers(self, session_id: str | None = None) -> Iterator[AnswerRecord]:
        """Yield the stored answers of one session or of all, in the order of arrival."""
        with database_errors(self.folder):
            yield from read_answers(self._database, session_id, self._lock)

    def comments(self) -> dict[str, str]:
        """Return the comments by session."""
        with self._reading() as database:
            return read_comments(database)

    def replies(self) -> list[ReplyRecord]:
        """Return the answers to pages of questions, in the order of arrival."""
        with self._reading() as database:
            return read_replies(database)

    def surroundings(self) -> dict[str, dict[str, Any]]:
        """Return participants' surroundings, by session."""
        with self._reading() as database:
            return read_surroundings(database)

    def aside(self, session_id: str | None = None) -> list[AsideRecord]:
        """Return what was set aside, for one session or all: the quarantine, then the conflicts."""
        with self._reading() as database:
            return read_aside(database, session_id)

    def counts(self) -> list[BatchCount]:
        """Count participants and answers by batch, as of now."""
        with self._reading() as database:
            if self._writer is None:
                catch_up(database, self.versions)
            return read_counts(database, self.frozen, self.now() - timeout_ms(self.frozen))

    def months(self) -> tuple[str, str] | None:
        """Return the months of the first and the last answer, UTC, "2026-03"; `None` before the first answer."""
        with self._reading() as database:
            first, last = get_meta(database, "first_month"), get_meta(database, "last_month")
        return None if first is None or last is None else (first, last)

    def now(self) -> int:
        """Return the study clock in milliseconds of serving; a read-only store returns its last saved value."""
        if self._writer is None:
            with self._reading():
                return self._saved_ms()
        return self._clock.now()

    def _saved_ms(self) -> int:
        return int(self._database.execute("SELECT study_ms FROM clock").fetchone()[0])

    def check_integrity(self) -> None:
        """Check the integrity of the database; see `layout.check_integrity`."""
        with self._reading() as database:
            check_integrity(database, self.versions.begun, self.folder)

    def backup(self, target: Path) -> None:
        """Copy the collection into a new folder; see `backup.back_up`."""
        with contextlib.closing(open_reading(self.folder)) as source:
            back_up(source, self.folder, self.frozen, Path(target))

    # -- Open or closed ---------------------------------------------------------------------------------------------

    def is_closed(self) -> bool:
        """Return whether the study is closed to new participants, possibly by another process."""
        with self._reading() as database:
            return get_meta(database, "closed") == "1"

    def set_closed(self, closed: bool) -> None:
        """Close the study to new participants, or reopen it; also works in a read-only store."""
        with database_errors(self.folder), contextlib.closing(open_writing(self.folder)) as database:
            put_meta(database, "closed", str(int(closed)))

    @property
    def news(self) -> News:
        """The news for all participants; cached in the serving process, which alone changes them."""
        if self._writer is None:
            with self._reading() as database:
                return read_news(database)
        return self._news

    def set_news(self, news: News) -> None:
        """Store the news for all participants; see `news.News`."""
        write_news(self.folder, news)
        self._news = news
