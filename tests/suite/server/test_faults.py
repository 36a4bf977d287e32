from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from suite_maker import answer_to, chance

from hmix_hub.suite.store.database import StoreError, StoreFullError, StoreRefusedError

INFER = "infer_mixing_factor"


def failing(error: Exception) -> Callable[..., Future[Any]]:
    def submit(*_: object, **__: object) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(error)
        return future

    return submit


WRITES = {
    "join": ("POST", "/api/sessions"),
    "put_trial": ("PUT", "/api/session/trials/4"),
    "put_quiz": ("PUT", "/api/session/quiz/1"),
    "put_comments": ("PUT", "/api/session/comments"),
    "finish": ("POST", "/api/session/finish"),
    "withdraw": ("DELETE", "/api/session"),
}


FAULTS = {
    (503, "store_full"): StoreFullError("no space at /home/someone"),
    (503, "store_failed"): StoreError("the database failed: secret"),
    (409, "refused"): StoreRefusedError("too much of session 4711"),
    (500, "server_fault"): RuntimeError("secret of someone@example.org"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[1])
def test_what_the_store_refuses_is_not_acknowledged(
    served: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: tuple[int, str]
) -> None:
    person = served.person()
    page = person.begin(INFER)[0]
    sent = {
        "join": {"recruiting_id": "PERSON-7", "task": None, "consent_sha256": person.consent},
        "put_trial": answer_to(page, INFER, chance(1)),
        "put_quiz": {"answers": [2, 1]},
        "put_comments": {"text": "my own words"},
        "finish": {},
        "withdraw": None,
    }
    for method, (verb, path) in WRITES.items():
        with monkeypatch.context() as patch:
            patch.setattr(served.store, method, failing(FAULTS[fault]))
            reply = person.ask(verb, path, sent[method])
        assert (reply.status, reply.json["error"]) == fault
        assert ("retry-after" in reply.headers) == (reply.status == 503)
        for secret in ("someone", "secret", "4711"):
            assert secret not in reply.body.decode()
            assert secret not in caplog.text
    for personal in (person.token, "PERSON-7", "my own words", "203.0.113.7", served.store.sessions()[0].id):
        assert personal not in caplog.text
    assert ("RuntimeError" in caplog.text) == (fault[0] == 500)
    assert person.answer(page, sent["put_trial"]).json == {"outcome": "stored"}


def test_a_fault_of_the_server_is_logged_with_its_place(
    served: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> bool:
        msg = "secret"
        raise KeyError(msg)

    monkeypatch.setattr(served.store, "is_closed", broken)
    assert served.ask("GET", "/api/study").json["error"] == "server_fault"
    assert "test_faults.py" in caplog.text
    assert "in broken" in caplog.text
    assert "secret" not in caplog.text
