"""The operator's token: without it nothing, guesses are slowed and told once a minute, who has it never waits."""

from __future__ import annotations

import asyncio

import pytest
from suite_maker import run_apart

from hmix_hub.suite.operator.channel import new_token
from hmix_hub.suite.server import operator
from hmix_hub.suite.server.error_log import ErrorLog
from hmix_hub.suite.server.operator import Access
from hmix_hub.suite.server.replies import Refusal

TOKEN = new_token()


def scope_of(token, path="/api/actions/close"):
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    return {"type": "http", "path": path, "method": "POST", "headers": headers}


async def ask(access, token, path="/api/actions/close"):
    """Return 200, or the status of the refusal."""
    try:
        await access(scope_of(token, path), None, None)
    except Refusal as refusal:
        return refusal.status
    return 200


async def _served(scope, receive, send):
    pass


@pytest.fixture
def access():
    return Access(_served, token=TOKEN)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(operator, "GUESS_SECONDS", 0)


@pytest.mark.parametrize(
    "token",
    [None, "", "x", new_token(), TOKEN[:-1], TOKEN + "A", TOKEN.swapcase()],
    ids=["none", "empty", "short", "another", "cut", "longer", "other case"],
)
def test_a_wrong_token_opens_nothing(access, impatient, token):
    assert run_apart(ask(access, token)) == 401


def test_the_right_token_opens_and_the_page_needs_none(access):
    assert run_apart(ask(access, TOKEN)) == 200
    assert run_apart(ask(access, None, "/")) == 200


def test_who_guesses_waits_and_who_knows_does_not(access):
    async def many():
        guesses = [asyncio.create_task(ask(access, new_token())) for _ in range(50)]
        await asyncio.sleep(0)
        known = await ask(access, TOKEN)
        told = {guess.result() for guess in guesses if guess.done()}
        waiting = [guess for guess in guesses if not guess.done()]
        for guess in waiting:
            guess.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return known, told, len(waiting)

    assert run_apart(many()) == (200, {429}, operator.MOST_WAITING)


def test_guesses_are_written_once_a_minute_and_never_quoted(access, impatient, capsys):
    now, guess = [0.0], new_token()
    with ErrorLog(elapsed=lambda: now[0]).attached():
        for seconds in (0, *range(20), 61):
            now[0] = seconds
            run_apart(ask(access, guess))
    told = capsys.readouterr().err
    assert told.splitlines() == [
        "hmix: the dashboard received a request without its token",
        "hmix: the dashboard received a request without its token (20 times more since it was last written)",
    ]
