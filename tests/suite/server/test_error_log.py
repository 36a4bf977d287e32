"""The error log: once a minute each, counted meanwhile, nothing of what people sent."""

from __future__ import annotations

import logging

import pytest

from hmix_hub.suite.server.error_log import SERVER_LOG, ErrorLog

LOG = logging.getLogger(SERVER_LOG)


def test_an_error_that_comes_often_is_written_once_a_minute_with_its_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = [0.0]
    with ErrorLog(elapsed=lambda: now[0]).attached() as errors:
        for second in range(120):
            now[0] = float(second)
            for _ in range(10):
                LOG.error("the disk is away")
        LOG.error("another")
    assert capsys.readouterr().err.splitlines() == [
        "hmix: the disk is away",
        "hmix: the disk is away (599 times more since it was last written)",
        "hmix: another",
    ]
    assert [(told.text, told.times, told.last) for told in errors.recent()] == [
        ("another", 1, 119.0),
        ("the disk is away", 1200, 119.0),
    ]


def test_nothing_of_what_people_sent_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with ErrorLog().attached() as errors:
        try:
            int("someone@example.org")
        except ValueError as error:
            logging.getLogger("uvicorn.error").error("Exception in ASGI application\n", exc_info=error)
        logging.getLogger("uvicorn.error").warning("unsupported upgrade of %s", "203.0.113.7")
        errors.of_loop(None, {"message": "it failed", "exception": OSError("203.0.113.7"), "transport": "203.0.113.7"})  # type: ignore[arg-type]
    said = capsys.readouterr().err
    assert "a request failed: ValueError" in said
    assert "in test_nothing_of_what_people_sent_is_written" in said
    assert "hmix: unsupported upgrade of %s\n" in said
    assert "hmix: it failed: OSError\n" in said
    assert "someone" not in said
    assert "203.0.113.7" not in said


def test_kinds_without_end_do_not_fill_the_memory() -> None:
    errors = ErrorLog()
    for number in range(1000):
        errors.handle(logging.LogRecord(SERVER_LOG, logging.ERROR, "", 0, f"kind {number}", (), None))
    assert len(errors.recent()) == 50
    assert errors.recent()[0].text == "kind 999"
