"""Routes that take what people answer: trials, the quiz, comments."""

from __future__ import annotations

import json
import re
from asyncio import wrap_future

from starlette.requests import Request
from starlette.responses import Response

from hmix_hub.suite.server.replies import Refusal, json_reply
from hmix_hub.suite.server.requests import MalformedError, parse_json, read_body, read_object
from hmix_hub.suite.server.sessions import Found, find_session
from hmix_hub.suite.session.trials import check_answer
from hmix_hub.suite.store.records import Outcome
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.model import Quiz
from hmix_hub.suite.tasks.task import Trial

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_LONGEST_COMMENT = 5000
"""Characters of comments at most."""


class AnswerRoutes:
    """Answers, each acknowledged when it is on the disk.

    Parameters
    ----------
    store
        The collection.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def trial(self, request: Request) -> Response:
        """Take the answer to a trial; one with a fault is kept aside, and so is a second one that differs."""
        found = find_session(self._store, request)
        trial = found.record.plan.trial(_number_in(request, "trial_index"))
        if trial is None:
            raise Refusal(404, "no_such_trial", "The session has no such trial.")
        payload, fault = self._checked(await read_body(request), found, trial)
        outcome = await wrap_future(self._store.put_trial(found.record.id, trial.trial_index, payload, fault=fault))
        if outcome is Outcome.QUARANTINED:
            return json_reply({"outcome": outcome.value, "fault": fault}, 202)
        return _outcome(outcome)

    def _checked(self, body: bytes, found: Found, trial: Trial) -> tuple[str, str | None]:
        """Give what is stored of a body, and its fault."""
        text = body.decode("utf-8", "backslashreplace")
        try:
            value = parse_json(body)
        except MalformedError as error:
            return json.dumps({"unreadable": text}), error.fault
        fault = check_answer(value, trial, found.batch, self._store.frozen, self._store.key)
        if fault is None and found.design.quiz is not None and not found.record.quiz_passed:
            fault = "the quiz was not passed before"
        return text, fault

    async def quiz(self, request: Request) -> Response:
        """Take an attempt at the quiz, and say what was wrong."""
        found = find_session(self._store, request)
        record, quiz = found.record, found.design.quiz
        attempt = _number_in(request, "attempt")
        if quiz is None:
            raise Refusal(404, "no_quiz", "The session has no quiz.")
        sent = await read_object(request, answers=list)
        wrong = _graded(sent["answers"], quiz)
        if attempt < 1 or attempt > record.quiz_attempts + 1:
            raise Refusal(409, "wrong_attempt", f"The next attempt is number {record.quiz_attempts + 1}.")
        if attempt > record.quiz_attempts and (record.quiz_passed or record.state == "failed_quiz"):
            raise Refusal(409, "quiz_over", "The quiz is over.")
        outcome = await wrap_future(self._store.put_quiz(record.id, attempt, json.dumps(sent), not wrong))
        if outcome is Outcome.CONFLICT:
            return _outcome(outcome)
        ended = bool(wrong) and quiz.attempts is not None and attempt >= quiz.attempts
        return json_reply({"passed": not wrong, "wrong": wrong, "ended": ended})

    async def comments(self, request: Request) -> Response:
        """Take the comments."""
        found = find_session(self._store, request)
        if self._store.frozen.study.comments is None:
            raise Refusal(404, "no_comments", "The study asks for no comments.")
        text = (await read_object(request, text=str))["text"]
        if len(text) > _LONGEST_COMMENT:
            raise Refusal(400, "malformed", f"Comments have at most {_LONGEST_COMMENT} characters.")
        return _outcome(await wrap_future(self._store.put_comments(found.record.id, text)))


def _number_in(request: Request, name: str) -> int:
    """Read a number of the address.

    Raises
    ------
    Refusal
        404, if it is none.
    """
    text = request.path_params[name]
    if not _NUMBER.fullmatch(text):
        raise Refusal(404, "not_found", "There is nothing at this address.")
    return int(text)


def _graded(answers: list[object], quiz: Quiz) -> list[int]:
    """Give the questions that were answered wrongly, from 1.

    Raises
    ------
    Refusal
        400, if there is not one choice to each question.
    """
    good = len(answers) == len(quiz.questions) and all(
        isinstance(answer, int) and not isinstance(answer, bool) and 1 <= answer <= len(asked.choices)
        for answer, asked in zip(answers, quiz.questions, strict=False)
    )
    if not good:
        raise Refusal(400, "malformed", "answers is not one choice to each question.")
    pairs = zip(answers, quiz.questions, strict=True)
    return [number for number, (answer, asked) in enumerate(pairs, 1) if answer != asked.answer]


def _outcome(outcome: Outcome) -> Response:
    return json_reply({"outcome": outcome.value}, 409 if outcome is Outcome.CONFLICT else 200)
