"""The pages of a session, from the first instructions to the last question, as its browser is told of them.

Each kind of page has a function below, and its place in `_BEFORE` or `_AFTER`, in the order in which people see them.
A page has an index, its place on the timeline; the consent form is page 0. See `client/way.js` for how pages are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import draw_practice, pages_before, stimulus_of
from hmix_hub.suite.mixtures import example_pictures, mixtures_of_example, trial_pictures
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.study.model import TaskDesign
from hmix_hub.suite.study.questionnaire import AskedPage
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import Trial

Page = dict[str, Any]
"""JSON: `kind`, and what a page of this kind shows."""


@dataclass(frozen=True)
class Shown:
    """What the pages of a session are made of."""

    session: SessionRecord
    frozen: FrozenStudy
    key: StudyKey

    @property
    def batch(self) -> Batch:
        """The session's batch."""
        return self.frozen.batches[self.session.batch]

    @property
    def design(self) -> TaskDesign:
        """What the study file says of the session's task."""
        return self.frozen.design_of(self.batch)

    @property
    def number_of_pages(self) -> int:
        """How many pages the session has."""
        first, last = self.session.plan.rows[0], self.session.plan.rows[-1]
        before = pages_before(self.frozen, self.design, is_first=self.session.part == 0)
        return before + last[0] - first[0] + 1 + sum(1 for pages in _AFTER for _ in pages(self))


def pages_of(shown: Shown) -> list[Page]:
    """Return the pages of a session in order, each with its index: the place on the timeline."""
    before = [page for pages in _BEFORE for page in pages(shown)]
    rest = [page for pages in (_trials, *_AFTER) for page in pages(shown)]
    first = shown.session.plan.trials[0].trial_index - len(before)
    return [{"index": index, **page} for index, page in enumerate(before + rest, first)]


def asked_pages(session: SessionRecord, frozen: FrozenStudy) -> list[AskedPage]:
    """Return the pages of questions that a session has: of a sitting, the first has some, and the last has others."""
    last = frozen.tasks_each - 1
    return [page for page in frozen.questionnaire if session.part == (0 if page.is_before else last)]


def unanswered(session: SessionRecord, frozen: FrozenStudy, *, are_before: bool | None = None) -> list[int]:
    """Return the numbers of a session's pages of questions that were not answered, of all or one side of the trials."""
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
"""Kinds of pages before the trials; `pages_before` of the plan counts the same."""
_AFTER: tuple[_Kind, ...] = (partial(_questions, is_before=False), _comments)
