"""Personal links and the list of those who may take part: who is let in, and which browser a link goes on in.

A link is a number and its signature; see `StudyKey.link`. The number keeps a place until its person has one. What a
link has begun goes on with the link in another browser, if the person says so; the browser before is told, and what it
has still to send is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

from hmix_hub.suite.store.database import JoinRefusedError, StoreRefusedError
from hmix_hub.suite.store.layout import get_meta, put_meta
from hmix_hub.suite.store.places import open_places, part_now
from hmix_hub.suite.store.work import Work

MOST_TOKENS = 100
"""Tokens of one session: each browser that went on with the person's link has one."""


def issue_links(work: Work, count: int, hashes: Sequence[str] = ()) -> list[int]:
    """Issue personal links, each of which keeps a place.

    Parameters
    ----------
    count
        How many new links of nobody in particular.
    hashes
        Of recruiting ids: each gets a link of its own, or keeps the one that it has.

    Returns
    -------
    list of int
        Numbers of the links: of the hashes in their order, then of the new ones.

    Raises
    ------
    StoreRefusedError
        If there are not as many free places.
    """
    query = "SELECT recruiting, number FROM links WHERE recruiting IS NOT NULL"
    known = dict(work.database.execute(query).fetchall())
    unknown: list[str | None] = [given for given in dict.fromkeys(hashes) if given not in known]
    wanted = [*unknown, *[None] * count]
    free = max(0, open_places(work) // work.frozen.tasks_each)
    if len(wanted) > free:
        msg = f"{len(wanted)} new links need a place each, and only {free} can still be kept"
        hint = "issue fewer links, revoke unopened ones (`hmix collect links --revoke`), or set people_per_batch higher"
        raise StoreRefusedError(msg, hint=hint)
    first = int(get_meta(work.database, "links_issued") or 0) + 1
    # A number is never given twice: a link that was revoked stays dead.
    numbers = range(first, first + len(wanted))
    rows = list(zip(numbers, wanted, strict=True))
    work.database.executemany("INSERT INTO links (number, recruiting) VALUES (?, ?)", rows)
    put_meta(work.database, "links_issued", str(numbers.stop - 1))
    _note_links(work)
    known |= {given: number for number, given in rows if given is not None}
    return [*(known[given] for given in hashes), *numbers[len(unknown) :]]


def revoke_links(work: Work) -> int:
    """Revoke the links that nobody has opened; return how many they were. Their places are free."""
    revoked = work.database.execute("DELETE FROM links WHERE sitting IS NULL").rowcount
    _note_links(work)
    return revoked


def give_back_link(work: Work, sitting: str, *, is_dead: bool) -> None:
    """Free the link of a sitting that was withdrawn: its person may begin anew with it, unless they were excluded."""
    if is_dead:
        work.database.execute("DELETE FROM links WHERE sitting = ?", (sitting,))
        _note_links(work)
    else:
        work.database.execute("UPDATE links SET sitting = NULL, recruiting = NULL WHERE sitting = ?", (sitting,))


def _note_links(work: Work) -> None:
    total = work.count("SELECT count(*) FROM links")
    work.effects.append(lambda cache: cache.places.set_links(total))


def session_of_link(work: Work, number: int, *, takes_over: bool) -> str | None:
    """Return the id of the session that a link has begun, whose other browsers are then told; `None`: none yet.

    Parameters
    ----------
    takes_over
        Whether the person wants to go on here, where the session is open in another browser.

    Raises
    ------
    JoinRefusedError
        If the link was never issued, or was revoked; or if its session is open elsewhere.
    """
    found = work.one("SELECT sitting FROM links WHERE number = ?", number)
    if found is None:
        msg = "this link does not exist any more"
        raise JoinRefusedError(msg, reason="bad_link")
    if found[0] is None:
        return None
    if not takes_over:
        msg = "the session of this link is open in another browser"
        raise JoinRefusedError(msg, reason="link_opened")
    query = """UPDATE tokens SET is_moved = 1
        WHERE session IN (SELECT id FROM sessions WHERE sitting = ?) RETURNING hash"""
    hashes = [bytes(token_hash) for (token_hash,) in work.database.execute(query, found).fetchall()]
    work.effects.append(lambda cache: cache.move_tokens(hashes))
    return part_now(work, str(found[0]))


def add_token(work: Work, token_hash: bytes, session_id: str) -> None:
    """Let a browser into a session.

    Raises
    ------
    StoreRefusedError
        If it was opened in too many.
    """
    if work.count("SELECT count(*) FROM tokens WHERE session = ?", session_id) >= MOST_TOKENS:
        msg = "this session was opened in too many browsers"
        raise StoreRefusedError(msg, hint="go on in one of those where it was opened before")
    work.database.execute("INSERT INTO tokens (hash, session) VALUES (?, ?)", (token_hash, session_id))
    work.effects.append(lambda cache: cache.add_token(token_hash, session_id))


def recruited_by(work: Work, link: int | None, recruiting_hash: str | None) -> str | None:
    """Return the hash of the recruiting id of somebody who begins: the link's, else the one that was given.

    Raises
    ------
    JoinRefusedError
        If a session of this id began in another browser: an id, which others know, opens nothing. Or if the study has
        a list of those who may take part, and the person is not on it and has no link.
    """
    of_link = None if link is None else work.one("SELECT recruiting FROM links WHERE number = ?", link)
    recruiting = str(of_link[0]) if of_link and of_link[0] is not None else recruiting_hash
    if recruiting is not None and work.one("SELECT 1 FROM sessions WHERE recruiting = ?", recruiting):
        msg = "a session of this recruiting id began in another browser"
        raise JoinRefusedError(msg, reason="id_taken")
    is_let_in = work.frozen.study.recruiting.allow_list is None or link is not None
    if not is_let_in and not work.one("SELECT 1 FROM allowed WHERE recruiting = ?", recruiting):
        msg = "the recruiting id is not on the list of those who may take part"
        raise JoinRefusedError(msg, reason="not_allowed")
    return recruiting


def allow(work: Work, hashes: Sequence[str]) -> None:
    """Put people on the list of those who may take part; who was on it before stays on it."""
    work.database.executemany("INSERT OR IGNORE INTO allowed VALUES (?)", [(given,) for given in hashes])
