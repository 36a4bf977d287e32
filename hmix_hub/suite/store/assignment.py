"""Assignment: the batch with the fewest finished and live people, counted and taken in one transaction."""

from __future__ import annotations

import secrets

from hmix_hub.errors import CollectionError, nearest
from hmix_hub.suite.session.plan import draw_plan
from hmix_hub.suite.store.errors import StudyClosedError, StudyFullError
from hmix_hub.suite.store.layout import TAKES_PLACE, get_meta
from hmix_hub.suite.store.reading import read_token
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.work import Work, as_of, refuse, resume_ms

MOST_TOKENS = 100
"""Tokens of one session: each browser, or emptied browser, that came with the same recruiting id has one."""


def join(work: Work, token_hash: bytes, recruiting_hash: str | None, task: str | None) -> SessionRecord:
    """Give the session of a token or of a recruiting id; else begin one.

    Raises
    ------
    SessionGoneError
        If the token is of a person who withdrew.
    StudyClosedError, StudyFullError
        If somebody new cannot begin.
    StoreRefusedError
        If the session has too many tokens.
    """
    session_id = read_token(work.database, token_hash)
    if session_id is None and recruiting_hash is not None:
        known = work.one("SELECT id FROM sessions WHERE recruiting = ?", recruiting_hash)
        if known is not None:
            session_id = str(known[0])
            _add_token(work, token_hash, session_id)
    if session_id is not None:
        keep_alive(work, work.session(session_id))
        return as_of(work.remember(session_id), work.now, work.frozen)
    return _begin(work, token_hash, recruiting_hash, task)


def _add_token(work: Work, token_hash: bytes, session_id: str) -> None:
    if work.count("SELECT count(*) FROM tokens WHERE session = ?", session_id) >= MOST_TOKENS:
        msg = "this session was opened in too many browsers"
        raise refuse(msg)
    work.database.execute("INSERT INTO tokens VALUES (?, ?)", (token_hash, session_id))
    work.effects.append(lambda cache: cache.add_token(token_hash, session_id))


def _begin(work: Work, token_hash: bytes, recruiting_hash: str | None, task: str | None) -> SessionRecord:
    if get_meta(work.database, "closed") == "1":
        msg = "the study takes no new people"
        raise StudyClosedError(msg, hint="who has begun may still finish")
    number = _choose_batch(work, task)
    batch = work.frozen.batches[number]
    given = work.count("UPDATE batches SET given = given + 1 WHERE number = ? RETURNING given", number) - 1
    session_id, seed = secrets.token_hex(16), secrets.randbelow(2**63)
    plan = draw_plan(work.frozen, batch, given, seed)
    version, consent_sha256 = work.frozen.study.consent.version, work.frozen.consent_sha256
    work.database.execute(
        """INSERT INTO sessions
            (id, batch, number, seed, state, recruiting, consent_version, consent_sha256, started_ms, last_ms)
        VALUES (?, ?, ?, ?, 'live', ?, ?, ?, ?, ?)""",
        (session_id, number, given, seed, recruiting_hash, version, consent_sha256, work.now, work.now),
    )
    work.database.execute("INSERT INTO plans VALUES (?, ?)", (session_id, plan.to_json()))
    work.plans[session_id] = plan
    _add_token(work, token_hash, session_id)
    return work.remember(session_id)


def _choose_batch(work: Work, task: str | None) -> int:
    tasks = {batch.task for batch in work.frozen.batches}
    if task is not None and task not in tasks:
        msg = f"the study has no task {task!r}"
        raise CollectionError(msg, hint=nearest(task, sorted(tasks), label="tasks"))
    lapse(work)
    people = _people_by_batch(work)
    free = [
        (people.get(batch.number, 0), batch.number)
        for batch in work.frozen.batches
        if task in {None, batch.task} and people.get(batch.number, 0) < batch.quota
    ]
    if not free:
        msg = "the study has all the people that it wants"
        raise StudyFullError(msg, hint="a place may be given back later")
    return min(free)[1]


def _people_by_batch(work: Work) -> dict[int, int]:
    query = f"SELECT batch, count(*) FROM sessions WHERE {TAKES_PLACE} GROUP BY batch"  # noqa: S608
    return dict(work.database.execute(query).fetchall())


def has_place(work: Work, number: int) -> bool:
    """Say whether a batch has a free place, once all that was given back is counted."""
    lapse(work)
    taken = work.count(f"SELECT count(*) FROM sessions WHERE batch = ? AND {TAKES_PLACE}", number)  # noqa: S608
    return taken < work.frozen.batches[number].quota


def lapse(work: Work) -> None:
    """Give back the places of all who have not answered for the time-out."""
    lapsed = work.database.execute(
        "UPDATE sessions SET state = 'lapsed' WHERE state = 'live' AND last_ms < ? RETURNING id", (work.lapses_before,)
    ).fetchall()
    for (session_id,) in lapsed:
        work.remember(session_id)


def keep_alive(work: Work, session: SessionRecord) -> None:
    """Take that a person did something: who gave the place back has it again, if it is still free.

    A session whose resume window has passed stays as it is, so that a browser that sends old answers does not open it.
    """
    if session.state not in {"live", "lapsed"} or work.now - session.last_ms > resume_ms(work.frozen):
        return
    is_live = session.state == "live" or has_place(work, session.batch)
    work.database.execute(
        "UPDATE sessions SET last_ms = ?, state = ? WHERE id = ?",
        (work.now, "live" if is_live else "lapsed", session.id),
    )
