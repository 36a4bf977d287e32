"""Routes of a session: look, answer, finish, withdraw; every answer is acknowledged once it is on disk.

Questions around the trials and surroundings have separate routes.
"""

from __future__ import annotations

import json
import re
from asyncio import wrap_future
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.server.replies import Refusal, json_reply
from hmix_hub.suite.server.requests import MalformedError, Sent, parse_json, read_body, read_sent, token_hash
from hmix_hub.suite.session import asked_pages, check_answer, completion, session_view, unanswered
from hmix_hub.suite.store.database import SessionGoneError
from hmix_hub.suite.store.records import Outcome, SessionRecord
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.model import Quiz, TaskDesign
from hmix_hub.suite.study.questionnaire import AskedPage, attention_of, measured_surroundings, read_surroundings
from hmix_hub.suite.tasks.trial import FaultError, Trial

ENDED = {
    "failed_quiz": "The session ended with the quiz.",
    "screened_out": "The session ended with the questions.",
    "full": "No place was left when the quiz was passed.",
}
"""States in which a session ended before its trials."""
PRETENDED = "Pretended-Ms"
"""Header of scripted participants with the time they pretend to wait; ignored in real studies."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_LONGEST_COMMENT = 5000
"""Maximum length of comments."""


class QuizAttempt(Sent):
    """Choices, from 1, one for each question of the quiz."""

    answers: list[int]


class Comments(Sent):
    """A participant's comments."""

    text: str


@dataclass(frozen=True)
class Found:
    """A session, and the study in the version of its participant."""

    record: SessionRecord
    frozen: FrozenStudy

    @property
    def design(self) -> TaskDesign:
        """The settings of the session's task."""
        return self.frozen.study.tasks[self.record.task]


def find_session(store: Store, request: Request, *, goes_on_here: bool = True) -> Found:
    """Find the session of a request's token; 401 if there is none, `SessionGoneError` if it was withdrawn.

    Parameters
    ----------
    goes_on_here
        Whether to refuse, also with 401, a browser whose session continues in another one. What it still has to send is
        accepted.
    """
    token = token_hash(request)
    record = store.session(token)
    if record is None:
        raise Refusal(401, "unknown_session", "This session does not exist.")
    if goes_on_here and store.is_moved(token):
        raise Refusal(401, "moved", "The session continues in another browser.")
    return found_of(store, record)


def found_of(store: Store, record: SessionRecord) -> Found:
    """Return a session with its study."""
    return Found(record, store.versions.of(record.amendment))


class SessionRoutes:
    """Sessions from beginning to end, and the answers in between."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def look(self, request: Request) -> Response:
        """Send a session; a participant who returns regains their place in the batch if it is still free."""
        record = find_session(self._store, request).record
        if record.state == "lapsed" and not self._store.is_expired(record):
            record = await wrap_future(self._store.resume(record.id))
        return view_reply(self._store, record)

    async def finish(self, request: Request) -> Response:
        """Finish a session, or its part of a sitting, if the server holds an answer to every trial."""
        found = find_session(self._store, request)
        await read_sent(request, Sent)
        record = found.record
        if record.state in ENDED:
            raise Refusal(409, record.state, ENDED[record.state])
        if found.design.quiz is not None and not record.quiz_passed:
            raise Refusal(409, "quiz_not_passed", "The quiz comes first.")
        if open_pages := unanswered(record, found.frozen):
            raise Refusal(409, "questions_missing", "Some questions are not answered.", missing=open_pages)
        missing = await wrap_future(self._store.finish(record.id))
        if missing:
            raise Refusal(409, "missing", "Answers are missing.", missing=missing)
        if find_session(self._store, request).record.id != record.id:
            return json_reply({"next": True})
        return json_reply(completion(record.sitting, found.frozen, self._store.key))

    async def withdraw(self, request: Request) -> Response:
        """Delete a session and everything stored about it; harmless if repeated."""
        try:
            record = find_session(self._store, request).record
            await wrap_future(self._store.withdraw(record.id))
        except SessionGoneError:
            pass
        return json_reply({"withdrawn": True})

    async def trial(self, request: Request) -> Response:
        """Store the answer to a trial; invalid ones, and second ones that differ, are set aside."""
        found = find_session(self._store, request, goes_on_here=False)
        found, trial = self._asked(found, number_in(request, "trial_index"))
        payload, fault = self._checked(await read_body(request), found, trial)
        pretended_ms = _pretended(request) if self._store.is_synthetic else 0
        storing = self._store.put_trial(
            found.record.id, trial.trial_index, payload, fault=fault, pretended_ms=pretended_ms
        )
        outcome = await wrap_future(storing)
        more = {"moved": True} if self._store.is_moved(token_hash(request)) else {}
        if outcome is Outcome.QUARANTINED:
            return json_reply({"outcome": outcome.value, "fault": fault, **more}, 202)
        return outcome_reply(outcome, **more)

    def _asked(self, found: Found, trial_index: int) -> tuple[Found, Trial]:
        """Find a trial of a session or of earlier parts of its sitting, whose answers may have waited in a browser."""
        for record in (found.record, *self._store.parts(found.record)):
            if (trial := record.plan.trial(trial_index)) is not None:
                return found_of(self._store, record), trial
        raise Refusal(404, "no_such_trial", "The session has no such trial.")

    def _checked(self, body: bytes, found: Found, trial: Trial) -> tuple[str, str | None]:
        """Return the text to store for a body, and its fault."""
        text = body.decode("utf-8", "backslashreplace")
        try:
            value = parse_json(body)
        except MalformedError as error:
            return json.dumps({"unreadable": text}), str(error)
        fault = check_answer(value, found.record, trial, found.frozen, self._store.key)
        if fault is None and found.record.state in ENDED:
            fault = "the session had ended before its trials"
        if fault is None and unanswered(found.record, found.frozen, are_before=True):
            fault = "the questions before were not answered"
        if fault is None and found.design.quiz is not None and not found.record.quiz_passed:
            fault = "the quiz was not passed before"
        return text, fault

    async def quiz(self, request: Request) -> Response:
        """Store an attempt at the quiz, and send what was wrong."""
        found = find_session(self._store, request)
        record, quiz = found.record, found.design.quiz
        attempt = number_in(request, "attempt")
        if quiz is None:
            raise Refusal(404, "no_quiz", "The session has no quiz.")
        sent = await read_sent(request, QuizAttempt)
        wrong = _graded(sent.answers, quiz)
        if attempt < 1 or attempt > record.quiz_attempts + 1:
            raise Refusal(409, "wrong_attempt", f"The next attempt is number {record.quiz_attempts + 1}.")
        if unanswered(record, found.frozen, are_before=True):
            raise Refusal(409, "questions_missing", "The questions before the quiz are not answered.")
        if attempt > record.quiz_attempts and (record.quiz_passed or record.state in ENDED):
            raise Refusal(409, "quiz_over", "The quiz is over.")
        outcome = await wrap_future(self._store.put_quiz(record.id, attempt, sent.model_dump_json(), not wrong))
        if outcome is Outcome.CONFLICT:
            return outcome_reply(outcome)
        ended = bool(wrong) and quiz.attempts is not None and attempt >= quiz.attempts
        told: dict[str, Any] = {"passed": not wrong, "wrong": wrong, "ended": ended}
        if not wrong:
            # The trials may now be of another batch, or no place may be left.
            told["view"] = _view_of(self._store, find_session(self._store, request).record)
        return json_reply(told)

    async def comments(self, request: Request) -> Response:
        """Store the comments."""
        found = find_session(self._store, request, goes_on_here=False)
        if found.frozen.study.comments is None:
            raise Refusal(404, "no_comments", "The study does not ask for comments.")
        text = (await read_sent(request, Comments)).text
        # Not a bound of the model, which would refuse lone surrogates.
        if len(text) > _LONGEST_COMMENT:
            raise Refusal(400, "malformed", f"Comments have at most {_LONGEST_COMMENT} characters.")
        return outcome_reply(await wrap_future(self._store.put_comments(found.record.id, text)))


def view_reply(store: Store, record: SessionRecord) -> Response:
    """Reply with a session as its browser sees it."""
    return json_reply(_view_of(store, record))


def _view_of(store: Store, record: SessionRecord) -> dict[str, Any]:
    parts, expired, frozen = store.parts(record), store.is_expired(record), store.versions.of(record.amendment)
    return session_view(record, store.held(record.id), frozen, store.key, parts=parts, expired=expired)


def _pretended(request: Request) -> int:
    """Return how many milliseconds later a scripted participant pretends to answer."""
    text = request.headers.get(PRETENDED, "")
    return int(text) if _NUMBER.fullmatch(text) else 0


def number_in(request: Request, name: str) -> int:
    """Read a number in the address; 404 if it is not one."""
    text = request.path_params[name]
    if not _NUMBER.fullmatch(text):
        raise Refusal(404, "not_found", "There is nothing at this address.")
    return int(text)


def _graded(answers: list[int], quiz: Quiz) -> list[int]:
    """Return the numbers of wrongly answered questions, from 1; 400 if there is not one choice per question."""
    pairs = list(zip(answers, quiz.questions, strict=False))
    if len(answers) != len(quiz.questions) or any(not 1 <= answer <= len(asked.choices) for answer, asked in pairs):
        raise Refusal(400, "malformed", "answers must contain one choice for each question.")
    return [number for number, (answer, asked) in enumerate(pairs, 1) if answer != asked.answer]


def outcome_reply(outcome: Outcome, **more: Any) -> Response:
    """Reply with the outcome of storing something."""
    return json_reply({"outcome": outcome.value, **more}, 409 if outcome is Outcome.CONFLICT else 200)


class Answers(Sent):
    """Answers to a page of questions, by name."""

    answers: dict[str, Any]


class Surroundings(Sent):
    """What a browser measured, by name."""

    surroundings: dict[str, Any]


class QuestionRoutes:
    """Answers to questions around the trials."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def questions(self, request: Request) -> Response:
        """Store the answers to a page of questions; answers that screen the participant out end the session."""
        found = find_session(self._store, request, goes_on_here=False)
        record, page = self._asked(found, number := number_in(request, "page"))
        sent = await read_sent(request, Answers)
        try:
            answers = page.read(sent.answers)
        except FaultError as fault:
            raise Refusal(400, "malformed", f"The answers are not valid: {fault}.") from None
        checks, failed = attention_of((page,), {number: answers})
        stored = self._store.put_reply(
            record.id,
            number,
            json.dumps(answers, sort_keys=True, separators=(",", ":")),
            passed=None if not checks else not failed,
            screened_out=page.screens_out(answers),
        )
        return outcome_reply(await wrap_future(stored))

    def _asked(self, found: Found, number: int) -> tuple[SessionRecord, AskedPage]:
        """Find a page of a session or of its sitting, whose answers may have waited in the browser."""
        for record in (found.record, *self._store.parts(found.record)):
            for page in asked_pages(record, found.frozen):
                if page.number == number:
                    return record, page
        raise Refusal(404, "no_such_page", "The session has no such page of questions.")

    async def surroundings(self, request: Request) -> Response:
        """Store the participant's surroundings, if the study records them."""
        found = find_session(self._store, request, goes_on_here=False)
        record, study = found.record, found.frozen.study
        if not measured_surroundings(study):
            raise Refusal(404, "no_surroundings", "The study does not record surroundings.")
        try:
            kept = read_surroundings(study, (await read_sent(request, Surroundings)).surroundings)
        except FaultError as fault:
            # Whatever a browser measures, the participant continues.
            return json_reply({"outcome": Outcome.QUARANTINED.value, "fault": str(fault)}, 202)
        payload = json.dumps(kept, sort_keys=True, separators=(",", ":"))
        return outcome_reply(await wrap_future(self._store.put_surroundings(record.id, payload)))
