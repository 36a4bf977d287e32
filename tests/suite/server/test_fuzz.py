"""Requests of all kinds: a clear status, nobody else's session changed, nothing let in."""

from __future__ import annotations

import contextlib
import json
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from suite_maker import TASKS, Asker, Person, frozen_study, sample_pictures

from hmix_hub.suite.server.app import build_app
from hmix_hub.suite.store.store import Store

STATUSES = {200, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415}

methods = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "X"])
numbers = st.integers(-2, 12).map(str) | st.text(max_size=6)
paths = st.one_of(
    st.sampled_from(["/", "/api/study", "/api/sessions", "/api/session"]),
    st.sampled_from(["finish", "comments", "surroundings"]).map("/api/session/{}".format),
    numbers.map("/api/session/trials/{}".format),
    numbers.map("/api/session/quiz/{}".format),
    numbers.map("/api/session/questions/{}".format),
    st.text(max_size=40).map("/pictures/{}".format),
    st.text(max_size=40).map("/static/{}".format),
    st.text(max_size=80).map("/{}".format),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
shaped = st.one_of(
    st.fixed_dictionaries({"recruiting_id": values, "task": values | st.sampled_from(TASKS), "consent_sha256": values}),
    st.fixed_dictionaries({"answers": st.lists(st.integers(0, 4) | values, max_size=3)}),
    st.fixed_dictionaries({"text": st.text() | values}),
    st.fixed_dictionaries({"answers": st.fixed_dictionaries({"screen": values, "years": values})}),
    st.fixed_dictionaries({"surroundings": st.fixed_dictionaries({"window": values, "pointer": values})}),
    st.fixed_dictionaries({"response_time_ms": values, "pictures": values, "answer": values}),
    st.just({}),
)
bodies = (shaped | values).map(lambda value: [json.dumps(value).encode()]) | st.lists(
    st.binary(max_size=40), max_size=4
)
header = st.tuples(
    st.sampled_from(
        ["Content-Type", "Content-Length", "Authorization", "If-None-Match", "Cookie", "Range", "Host", "X-Y"]
    ),
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60) | st.just("application/json"),
)
strangers = st.none() | st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=43, max_size=43)
ASKED = [
    {
        "title": "Afterwards",
        "questions": [
            {"name": "screen", "kind": "several", "question": "Which?", "choices": ["one", "another"]},
            {"name": "years", "kind": "number", "question": "How many?"},
        ],
    }
]


class Collection:
    """A collection where one person has begun, one has withdrawn, and others try everything."""

    def __init__(self, asker: Asker, store: Store) -> None:
        self.store, self.asker = store, asker
        self.known, self.trying, gone = (self.person(seed) for seed in range(3))
        for page in self.known.begin("construct_midpoint")[:2]:
            self.known.answer(page)
        self.trying.join("infer_mixing_factor")
        gone.join()
        gone.ask("DELETE", "/api/session")
        self.tokens = [self.trying.token, gone.token]
        self.before = self.state()

    def person(self, seed: int) -> Person:
        return Person(self.asker, self.store.frozen.consent_sha256, seed=seed)

    def state(self) -> Any:
        """Return all that is held of the person who has begun."""
        session = self.store.session(self.known.token_hash)
        assert session is not None
        stored = [(answer.trial_index, answer.payload) for answer in self.store.answers(session.id)]
        return session, stored, self.store.aside(session.id), self.known.view(), self.store.frozen.sha256


@pytest.fixture(scope="module")
def collection() -> Iterator[Collection]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        frozen = frozen_study(quota=1000, after=ASKED, surroundings=["window", "pointer"])
        store = stack.enter_context(Store.create(folder, frozen))
        yield Collection(stack.enter_context(Asker(build_app(store, sample_pictures()))), store)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    method=methods,
    path=paths,
    how=st.fixed_dictionaries({"pieces": st.none() | bodies, "headers": st.lists(header, max_size=3)}),
    data=st.data(),
)
def test_no_request_breaks_the_server_or_touches_another_session(
    collection: Collection, method: str, path: str, how: dict[str, Any], data: st.DataObject
) -> None:
    token = data.draw(strangers | st.sampled_from(collection.tokens))
    address = path.encode("utf-8", "replace").decode()
    quoted = "".join(letter if letter.isascii() and letter.isprintable() else "%C3%A9" for letter in address)
    reply = collection.asker.ask(method, quoted, token=token, **how)
    assert reply.status in STATUSES
    assert reply.headers["x-content-type-options"] == "nosniff"
    if reply.status >= 400 and method != "HEAD" and b'"outcome"' not in reply.body:
        assert {"error", "message"} <= set(reply.json)
    assert collection.state() == collection.before


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(body=shaped | values, task=st.sampled_from(TASKS), place=st.integers(0, 5))
def test_no_answer_made_at_random_is_stored_as_data(collection: Collection, body: Any, task: str, place: int) -> None:
    person = collection.person(place)
    page = person.begin(task)[place]
    reply = person.answer(page, pieces=[json.dumps(body).encode()])
    assert (reply.status, reply.json["outcome"]) == (202, "quarantined")
    session = collection.store.session(person.token_hash)
    assert session is not None
    assert not list(collection.store.answers(session.id))
    assert person.ask("DELETE", "/api/session").status == 200
    assert collection.state() == collection.before


def test_replaying_a_whole_session_changes_nothing(serve: Any) -> None:
    served = serve("infer_mixing_factor")
    person = served.person()
    asked: list[tuple[Any, ...]] = []
    ask = person.ask

    def recorded(method: str, path: str, sent: Any = None, **how: Any) -> Any:
        asked.append((method, path, sent))
        return ask(method, path, sent, **how)

    person.ask = recorded  # type: ignore[method-assign]
    person.take_part("infer_mixing_factor")
    before = served.store.sessions(), list(served.store.answers()), served.store.comments(), person.view()
    for method, path, sent in [*asked, *reversed(asked)]:
        assert ask(method, path, sent).status == 200
        forged = served.ask(method, path, sent, token=secrets.token_urlsafe(32))
        assert forged.status == (200 if path == "/api/sessions" else 401)
    [first, *_] = served.store.sessions()
    kept = list(served.store.answers()), served.store.comments(), person.view()
    assert kept == before[1:]
    assert replace_last(first) == replace_last(before[0][0])
    assert not served.store.aside()


def replace_last(session: Any) -> Any:
    """Return a session without the time of its last request."""
    return {name: value for name, value in vars(session).items() if name != "last_ms"}
