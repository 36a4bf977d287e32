"""Routes of what people say of themselves: pages of questions, and what surrounds the pictures."""

from __future__ import annotations

import json
from asyncio import wrap_future
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hmix_hub.suite.pages import asked_pages
from hmix_hub.suite.server.replies import Refusal, json_reply
from hmix_hub.suite.server.requests import Sent, read_sent
from hmix_hub.suite.server.session_routes import find_session, number_in, outcome_reply
from hmix_hub.suite.store.records import Outcome
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.questionnaire import attention_of
from hmix_hub.suite.study.surroundings import measured_surroundings, read_surroundings
from hmix_hub.suite.tasks.trial import FaultError


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
        """Store the answers to a page of questions; those of who is not asked to take part end the session."""
        found = find_session(self._store, request, goes_on_here=False)
        record = found.record
        number = number_in(request, "page")
        page = next((page for page in asked_pages(record, found.frozen) if page.number == number), None)
        if page is None:
            raise Refusal(404, "no_such_page", "The session has no such page of questions.")
        sent = await read_sent(request, Answers)
        try:
            answers = page.read(sent.answers)
        except FaultError as fault:
            raise Refusal(400, "malformed", f"The answers cannot be taken: {fault}.") from None
        checks, failed = attention_of((page,), {number: answers})
        stored = self._store.put_reply(
            record.id,
            number,
            json.dumps(answers, sort_keys=True, separators=(",", ":")),
            passed=None if not checks else not failed,
            screened_out=page.screens_out(answers),
        )
        return outcome_reply(await wrap_future(stored))

    async def surroundings(self, request: Request) -> Response:
        """Store what surrounds the pictures, where the study asks for it."""
        found = find_session(self._store, request, goes_on_here=False)
        record, study = found.record, found.frozen.study
        if not measured_surroundings(study):
            raise Refusal(404, "no_surroundings", "The study asks for no surroundings.")
        try:
            kept = read_surroundings(study, (await read_sent(request, Surroundings)).surroundings)
        except FaultError as fault:
            # Whatever a browser measures, the person goes on.
            return json_reply({"outcome": Outcome.QUARANTINED.value, "fault": str(fault)}, 202)
        payload = json.dumps(kept, sort_keys=True, separators=(",", ":"))
        return outcome_reply(await wrap_future(self._store.put_surroundings(record.id, payload)))
