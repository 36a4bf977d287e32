"""Scripted people: they take part as the browser's page does, from the consent form to the completion code."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmix_hub.errors import CollectionError
from hmix_hub.suite.design.design import FrozenStudy, Stimulus
from hmix_hub.suite.simulation.answering import Mind
from hmix_hub.suite.simulation.connection import Connection
from hmix_hub.suite.simulation.eyes import Eyes

_FULL = ("full", "closed")
_WRONG_FIRST_SHARE = 0.1
"""Share of people who fail the quiz at first, where it may be tried again for ever."""
_COMMENTING_SHARE = 0.3
COMMENT = "A synthetic comment, of a scripted person."


@dataclass(frozen=True)
class Part:
    """What became of one person.

    Parameters
    ----------
    task
        Task of the batch.
    answers
        Trials that were answered.
    code
        The completion code; `None`: the person left before the end.
    """

    task: str
    answers: int
    code: str | None


class ScriptedPerson:
    """A person of a simulation.

    Parameters
    ----------
    connection
        The person's own.
    frozen
        The study, from which the right answers of its quiz are known.
    eyes, mind
        What the person sees, and thinks of it.
    leaves_after
        Trials after which the person leaves for good; `None`: stays to the end.
    rng
        Where whims come from: a quiz that is failed at first, a comment.
    """

    def __init__(
        self,
        connection: Connection,
        frozen: FrozenStudy,
        eyes: Eyes,
        mind: Mind,
        *,
        leaves_after: Callable[[int], int | None] = lambda _: None,
        rng: np.random.Generator | None = None,
    ) -> None:
        self._connection = connection
        self._frozen = frozen
        self._eyes, self._mind = eyes, mind
        self._leaves_after = leaves_after
        self._rng = rng or np.random.default_rng()
        self._view: dict[str, Any] = {}
        self._seen: Counter[Stimulus] = Counter()

    def join(self, task: str | None = None) -> bool:
        """Read the consent form, agree, and take a place; false where none is left.

        Raises
        ------
        CollectionError
            If the server refuses for another reason.
        """
        _, study = self._connection.call("GET", "/api/study")
        if study["state"] != "open":
            return False
        recruiting_id = f"scripted-{secrets.token_hex(8)}" if study["recruiting"]["required"] else None
        body = {"recruiting_id": recruiting_id, "task": task, "consent_sha256": study["consent"]["sha256"]}
        status, answer = self._connection.call("POST", "/api/sessions", body, also=(409,))
        if status != 200:
            if answer.get("error") in _FULL:
                return False
            msg = f"the server let nobody in: {answer.get('error')}"
            raise CollectionError(msg, hint=answer.get("message"))
        self._view = answer
        return True

    def take_part(self, told: Callable[[], None] = lambda: None) -> Part:
        """Go through all pages.

        Parameters
        ----------
        told
            Called after every answer that the server acknowledged.
        """
        task = self._view["task"]
        trials = [page for page in self._view["pages"] if page["kind"] == "trial"]
        last = self._leaves_after(len(trials))
        answered = 0
        for page in self._view["pages"]:
            if page["kind"] == "instructions":
                for example in page["examples"]:
                    for name in example["pictures"]:
                        self._connection.picture(name)
            elif page["kind"] == "quiz":
                self._pass_quiz(task, page)
            elif page["kind"] == "trial":
                if answered == last:
                    return Part(task, answered, None)
                self._answer(task, page)
                answered += 1
                told()
            elif page["kind"] == "comments" and self._rng.random() < _COMMENTING_SHARE:
                self._connection.call("PUT", "/api/session/comments", {"text": COMMENT})
        _, completion = self._connection.call("POST", "/api/session/finish", {})
        return Part(task, answered, completion["code"])

    def _answer(self, task: str, page: dict[str, Any]) -> None:
        scene = self._eyes.look(task, page, self._connection.picture)
        payload = self._mind.answer(task, page, scene, self._seen[scene.stimulus])
        self._seen[scene.stimulus] += 1
        path = f"/api/session/trials/{page['index']}"
        status, answer = self._connection.call("PUT", path, payload, also=(202, 409))
        if status != 200:
            msg = f"the server kept an answer to {task} aside ({answer.get('outcome')}): {answer.get('fault')}"
            raise CollectionError(msg, hint="server and simulation are of different versions")

    def _pass_quiz(self, task: str, page: dict[str, Any]) -> None:
        right = self._right_answers(task, page)
        attempt = self._view["quiz"]["attempts_made"] + 1
        if page["attempts"] is None and self._rng.random() < _WRONG_FIRST_SHARE:
            wrong = [answer % len(asked["choices"]) + 1 for answer, asked in zip(right, page["questions"], strict=True)]
            self._connection.call("PUT", f"/api/session/quiz/{attempt}", {"answers": wrong})
            attempt += 1
        _, result = self._connection.call("PUT", f"/api/session/quiz/{attempt}", {"answers": right})
        if not result["passed"]:
            msg = f"the quiz of {task} does not take its own right answers: questions {result['wrong']}"
            raise CollectionError(msg, hint="is the server's study the one of this folder?")

    def _right_answers(self, task: str, page: dict[str, Any]) -> list[int]:
        """Give the numbers of the right choices, found by their text, in the order of the page."""
        design = self._frozen.study.design_of(task) if task in self._frozen.study.tasks else None
        asked_of_all = design.quiz.questions if design and design.quiz else []
        known = {asked.question: asked.choices[asked.answer - 1] for asked in asked_of_all}
        try:
            return [asked["choices"].index(known[asked["question"]]) + 1 for asked in page["questions"]]
        except (KeyError, ValueError):
            msg = f"the server's quiz of {task} is not the study's"
            raise CollectionError(msg, hint="is the server's study the one of this folder?") from None
