"""A session as its browser sees it: its pages, the names of their pictures, and the check of answers to its trials.

Coefficients, indices, stimulus ids and repeats are not disclosed; pictures have opaque names, in the order of the page.

A page has an index, its position on the timeline; the consent form is page 0. Each kind of page is a function in
`_BEFORE` or `_AFTER`, in the order in which participants see them; `client/way.js` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import draw_practice, pages_before, stimulus_of
from hmix_hub.suite.mixtures import example_pictures, former_trial_pictures, mixtures_of_example, trial_pictures
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.study.model import TaskDesign
from hmix_hub.suite.study.questionnaire import AskedPage, measured_surroundings, read_focus
from hmix_hub.suite.study.recruiting import OUTCOMES, outcome_of
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import FaultError, Trial, read_fields, read_number

LONGEST_MS = 31 * 24 * 3_600_000
"""Longest accepted response time: the longest time-out that a study can set, plus a day."""
Page = dict[str, Any]
"""JSON: `kind`, and the content of a page of this kind."""


def session_view(
    session: SessionRecord,
    held: Iterable[int],
    frozen: FrozenStudy,
    key: StudyKey,
    *,
    parts: Sequence[SessionRecord] = (),
    expired: bool = False,
) -> dict[str, Any]:
    """Return the view of a session.

    Parameters
    ----------
    held
        Indices of the trials whose answers the server has stored.
    parts
        All sessions of its sitting, in order; empty if it is the only one.
    expired
        Whether the time to return has passed, so that no more trials are shown.

    Returns
    -------
    dict
        JSON: state, pages in order with their positions on the timeline, what is stored, and codes.
    """
    batch = frozen.batches[session.batch]
    design = frozen.design_of(batch)
    finished = session.state == "finished"
    return {
        # A lapsed place makes no difference to the participant, who can continue.
        "state": "live" if session.state == "lapsed" else session.state,
        "expired": expired and not finished,
        "task": batch.task,
        "fallback_code": key.fallback_code(session.sitting),
        "question": design.question,
        "classes": list(frozen.study.pictures.shown_names),
        "size": frozen.study.pictures.size,
        "scaling": frozen.study.pictures.scaling,
        "pages": pages_of(Shown(session, frozen, key)),
        "sitting": _sitting(session, parts or (session,), frozen, key),
        "quiz": {"attempts_made": session.quiz_attempts, "passed": session.quiz_passed or design.quiz is None},
        "held": sorted(held),
        "replied": sorted(session.replied),
        "comments_held": session.has_comments,
        "surroundings": [] if session.has_surroundings else measured_surroundings(frozen.study),
        "watches_focus": "focus" in frozen.study.surroundings,
        "completion": completion(session.sitting, frozen, key) if finished else None,
        "outcome": outcome_of(session.state, frozen.study.completion) if session.state in OUTCOMES else None,
    }


def _sitting(
    session: SessionRecord, parts: Sequence[SessionRecord], frozen: FrozenStudy, key: StudyKey
) -> dict[str, Any]:
    """Return the session's part of its sitting, the number of parts, and the pages before it and in total."""
    tasks = [part.task for part in parts]
    if frozen.study.sitting is None:
        # A session begun with a different link is not part of the same sequence of pages.
        parts = (session,)
    pages = [Shown(part, frozen, key).number_of_pages for part in parts]
    place = [part.id for part in parts].index(session.id)
    return {
        "part": place + 1,
        "of": len(parts),
        "pages_before": sum(pages[:place]),
        "pages": sum(pages),
        "tasks": tasks,
    }


def completion(sitting: str, frozen: FrozenStudy, key: StudyKey) -> dict[str, str | None]:
    """Return what a participant receives at the end: a code, an address with the code if there is one, and a text."""
    told = frozen.study.completion
    code = told.code or key.completion_code(sitting)
    return {"code": code, "url": told.url and told.url.replace("{code}", code), "text": told.text}


def check_answer(
    payload: object, session: SessionRecord, trial: Trial, frozen: FrozenStudy, key: StudyKey
) -> str | None:
    """Check an answer against the trial that the participant was shown.

    Parameters
    ----------
    payload
        Any JSON value: `{"response_time_ms", "pictures", "answer"}`, and `focus` if the study records it.

    Returns
    -------
    str or None
        What is wrong, quoting nothing that was sent; `None` for a valid answer.
    """
    batch = frozen.batches[session.batch]
    try:
        watched = ("focus",) if "focus" in frozen.study.surroundings else ()
        sent = read_fields(payload, "the answer", "response_time_ms", "pictures", "answer", *watched)
        elapsed = read_number(sent["response_time_ms"], "response_time_ms", LONGEST_MS)
        if watched:
            read_focus(sent["focus"], elapsed)
        shown = SUITE_TASKS[batch.task].check(sent["answer"], trial, frozen.design_of(batch), elapsed)
    except FaultError as fault:
        return str(fault)

    def are_pictures(names: list[str]) -> bool:
        return bool(sent["pictures"] == (names if shown is None else [names[shown]]))

    if are_pictures(trial_pictures(session.id, trial, batch, key)):
        return None
    if are_pictures(former_trial_pictures(frozen, key, batch, trial)):
        return None
    return "the pictures do not match the trial and the answer"


@dataclass(frozen=True)
class Shown:
    """The data from which the pages of a session are made."""

    session: SessionRecord
    frozen: FrozenStudy
    key: StudyKey

    @property
    def batch(self) -> Batch:
        """The session's batch."""
        return self.frozen.batches[self.session.batch]

    @property
    def design(self) -> TaskDesign:
        """The settings of the session's task in the study file."""
        return self.frozen.design_of(self.batch)

    @property
    def number_of_pages(self) -> int:
        """Number of pages of the session."""
        first, last = self.session.plan.rows[0], self.session.plan.rows[-1]
        before = pages_before(self.frozen, self.design, is_first=self.session.part == 0)
        return before + last[0] - first[0] + 1 + sum(1 for pages in _AFTER for _ in pages(self))


def pages_of(shown: Shown) -> list[Page]:
    """Return the pages of a session in order, each with its index, the position on the timeline."""
    before = [page for pages in _BEFORE for page in pages(shown)]
    rest = [page for pages in (_trials, *_AFTER) for page in pages(shown)]
    first = shown.session.plan.trials[0].trial_index - len(before)
    return [{"index": index, **page} for index, page in enumerate(before + rest, first)]


def asked_pages(session: SessionRecord, frozen: FrozenStudy) -> list[AskedPage]:
    """Return a session's pages of questions; in a sitting, the first part has those before, the last those after."""
    last = frozen.tasks_each - 1
    return [page for page in frozen.questionnaire if session.part == (0 if page.is_before else last)]


def unanswered(session: SessionRecord, frozen: FrozenStudy, *, are_before: bool | None = None) -> list[int]:
    """Return the numbers of the unanswered pages of questions, before or after the trials (`None`: both)."""
    asked = (page for page in asked_pages(session, frozen) if are_before in {None, page.is_before})
    return [page.number for page in asked if page.number not in session.replied]


def _questions(shown: Shown, *, is_before: bool) -> Iterator[Page]:
    for page in asked_pages(shown.session, shown.frozen):
        if page.is_before == is_before:
            yield {"kind": "questions", "is_before": is_before, **page.told()}


def _part(shown: Shown) -> Iterator[Page]:
    if shown.session.part > 0 and shown.frozen.tasks_each > 1:
        yield {"kind": "part"}


def _instructions(shown: Shown) -> Iterator[Page]:
    names = iter(example_pictures(shown.session.id, shown.batch.task, shown.frozen, shown.key))
    for page in shown.design.instructions:
        examples = [
            {
                "pictures": list(islice(names, len(mixtures_of_example(shown.batch.task, example)))),
                "text": example.text,
            }
            for example in page.examples
        ]
        yield {"kind": "instructions", "text": page.text, "examples": examples}


def _quiz(shown: Shown) -> Iterator[Page]:
    if quiz := shown.design.quiz:
        questions = [{"question": asked.question, "choices": list(asked.choices)} for asked in quiz.questions]
        yield {"kind": "quiz", "questions": questions, "attempts": quiz.attempts}


def _trials(shown: Shown) -> Iterator[Page]:
    trials, breaks = shown.session.plan.trials, shown.design.breaks
    reached = trials[0].trial_index
    for number, trial in enumerate(trials, 1):
        if breaks is not None and trial.trial_index > reached:
            yield {"kind": "break", "text": breaks.text, "number": number - 1, "of": len(trials)}
        yield {"kind": "trial", "number": number, "of": len(trials), **_trial(shown, trial)}
        reached = trial.trial_index + 1


def _practice(shown: Shown) -> Iterator[Page]:
    trials = draw_practice(shown.frozen, shown.session.plan, shown.session.seed)
    for number, (trial, said) in enumerate(zip(trials, shown.design.practice, strict=True), 1):
        practised = {"number": number, "of": len(trials), **_trial(shown, trial, is_practice=True)}
        yield {"kind": "practice", **practised, "feedback": said.feedback}


def _trial(shown: Shown, trial: Trial, *, is_practice: bool = False) -> Page:
    batch = shown.frozen.practice_of(shown.batch) if is_practice else shown.batch
    page: Page = {
        "pictures": trial_pictures(shown.session.id, trial, batch, shown.key, is_practice=is_practice),
    }
    stimulus = stimulus_of(batch, trial)
    if trial.image_1_side is not None and stimulus.image_2_label is not None:
        classes = shown.frozen.study.pictures.shown_names
        left, right = classes[stimulus.image_1_label], classes[stimulus.image_2_label]
        page |= {"left": left, "right": right} if trial.image_1_side == "left" else {"left": right, "right": left}
    if trial.class_order is not None:
        page["class_order"] = list(trial.class_order)
    return page | SUITE_TASKS[batch.task].page(trial, shown.design)


def _comments(shown: Shown) -> Iterator[Page]:
    if shown.session.part + 1 >= shown.frozen.tasks_each and (question := shown.frozen.study.comments) is not None:
        yield {"kind": "comments", "question": question}


_Kind = Callable[[Shown], Iterator[Page]]
_BEFORE: tuple[_Kind, ...] = (partial(_questions, is_before=True), _part, _instructions, _quiz, _practice)
"""Kinds of pages before the trials; `hmix_hub.suite.design.plan.pages_before` counts the same ones."""
_AFTER: tuple[_Kind, ...] = (partial(_questions, is_before=False), _comments)
