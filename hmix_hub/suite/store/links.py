"""Personal links and the allow list: who can take part, and in which browser a link continues.

A link is a number and its signature; see `StudyKey.link`. The number reserves a place until its participant has one. A
session begun with a link can continue in another browser if the participant confirms; the previous browser is informed,
and what it still has to send is accepted.
"""

from __future__ import annotations

from collections.abc import Sequence

from hmix_hub.suite.store.database import JoinRefusedError, StoreRefusedError
from hmix_hub.suite.store.layout import get_meta, put_meta
from hmix_hub.suite.store.places import open_places, part_now
from hmix_hub.suite.store.work import Work

MOST_TOKENS = 100
"""Maximum number of tokens of a session: each browser in which its link was used has one."""


def issue_links(work: Work, count: int, hashes: Sequence[str] = ()) -> list[int]:
    """Issue personal links, each of which reserves a place.

    Parameters
    ----------
    count
        Number of new links without a recruiting id.
    hashes
        Hashes of recruiting ids; each gets its own link, or keeps the one it has.

    Returns
    -------
    list of int
        Numbers of the links: those of the hashes in their order, then the new ones.

    Raises
    ------
    StoreRefusedError
        If there are not enough free places.
    """
    query = "SELECT recruiting, number FROM links WHERE recruiting IS NOT NULL"
    known = dict(work.database.execute(query).fetchall())
    unknown: list[str | None] = [given for given in dict.fromkeys(hashes) if given not in known]
    wanted = [*unknown, *[None] * count]
    free = max(0, open_places(work) // work.frozen.tasks_each)
    if len(wanted) > free:
        msg = f"{len(wanted)} new links need a place each, but only {free} can still be reserved"
        hint = "issue fewer links, revoke unopened ones (`hmix collect links --revoke`), or raise people_per_batch"
        raise StoreRefusedError(msg, hint=hint)
    first = int(get_meta(work.database, "links_issued") or 0) + 1
    # A number is never reused: a revoked link stays dead.
    numbers = range(first, first + len(wanted))
    rows = list(zip(numbers, wanted, strict=True))
    work.database.executemany("INSERT INTO links (number, recruiting) VALUES (?, ?)", rows)
    put_meta(work.database, "links_issued", str(numbers.stop - 1))
    _note_links(work)
    known |= {given: number for number, given in rows if given is not None}
    return [*(known[given] for given in hashes), *numbers[len(unknown) :]]


def revoke_links(work: Work) -> int:
    """Revoke unopened links and release their places; return how many there were."""
    revoked = work.database.execute("DELETE FROM links WHERE sitting IS NULL").rowcount
    _note_links(work)
    return revoked


def give_back_link(work: Work, sitting: str, *, is_dead: bool) -> None:
    """Release the link of a withdrawn sitting, so that it can be used again unless the participant was excluded."""
    if is_dead:
        work.database.execute("DELETE FROM links WHERE sitting = ?", (sitting,))
        _note_links(work)
    else:
        work.database.execute("UPDATE links SET sitting = NULL, recruiting = NULL WHERE sitting = ?", (sitting,))


def _note_links(work: Work) -> None:
    total = work.count("SELECT count(*) FROM links")
    work.effects.append(lambda cache: cache.places.set_links(total))


def session_of_link(work: Work, number: int, *, takes_over: bool) -> str | None:
    """Return the id of the session begun with a link, marking its other browsers as moved; `None`: none yet.

    Parameters
    ----------
    takes_over
        Whether the participant wants to continue here although the session is open in another browser.

    Raises
    ------
    JoinRefusedError
        If the link was never issued, or was revoked; or if its session is open elsewhere.
    """
    found = work.one("SELECT sitting FROM links WHERE number = ?", number)
    if found is None:
        msg = "this link no longer exists"
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
    """Grant another browser access to a session.

    Raises
    ------
    StoreRefusedError
        If the session was opened in too many browsers.
    """
    if work.count("SELECT count(*) FROM tokens WHERE session = ?", session_id) >= MOST_TOKENS:
        msg = "this session was opened in too many browsers"
        raise StoreRefusedError(msg, hint="continue in one of the browsers in which it was opened before")
    work.database.execute("INSERT INTO tokens (hash, session) VALUES (?, ?)", (token_hash, session_id))
    work.effects.append(lambda cache: cache.add_token(token_hash, session_id))


def recruited_by(work: Work, link: int | None, recruiting_hash: str | None) -> str | None:
    """Return the hash of the recruiting id of a new participant: the link's, otherwise the given one.

    Raises
    ------
    JoinRefusedError
        If a session with this id began in another browser (an id, which others know, grants no access), or if the study
        has an allow list and the participant is not on it and has no link.
    """
    of_link = None if link is None else work.one("SELECT recruiting FROM links WHERE number = ?", link)
    recruiting = str(of_link[0]) if of_link and of_link[0] is not None else recruiting_hash
    if recruiting is not None and work.one("SELECT 1 FROM sessions WHERE recruiting = ?", recruiting):
        msg = "a session with this recruiting id began in another browser"
        raise JoinRefusedError(msg, reason="id_taken")
    is_let_in = work.frozen.study.recruiting.allow_list is None or link is not None
    if not is_let_in and not work.one("SELECT 1 FROM allowed WHERE recruiting = ?", recruiting):
        msg = "the recruiting id is not on the study's allow list"
        raise JoinRefusedError(msg, reason="not_allowed")
    return recruiting


def allow(work: Work, hashes: Sequence[str]) -> None:
    """Add hashes of recruiting ids to the allow list; existing entries stay."""
    work.database.executemany("INSERT OR IGNORE INTO allowed VALUES (?)", [(given,) for given in hashes])
