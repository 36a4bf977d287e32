"""The view of a session: all that a browser is told of it, and nothing of what it must not know.

No coefficient, index, stimulus id or mark of a repeat is in it; pictures have opaque names, in the order of the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.session.plan import Plan, Trial, stimulus_of
from hmix_hub.suite.session.shown import Naming, mixtures_of_example, picture_name, trial_pictures
from hmix_hub.suite.study.model import Page, TaskDesign
from hmix_hub.tasks import CONSTRUCT, INFER

FIRST_PAGE = 1
"""Place of the first instruction page on the timeline; the consent form is page 0."""


class Codes(Naming, Protocol):
    """What names pictures and makes codes: the study's key."""

    def fallback_code(self, session_id: str) -> str:
        """Give the code that pays a person whom the server did not answer in the end."""
        ...

    def completion_code(self, session_id: str) -> str:
        """Give the code of a finished session."""
        ...


class Session(Protocol):
    """What a view needs of a session's record."""

    @property
    def id(self) -> str:
        """Name of the session."""
        ...

    @property
    def batch(self) -> int:
        """Number of its batch."""
        ...

    @property
    def plan(self) -> Plan:
        """Its trials."""
        ...

    @property
    def state(self) -> str:
        """One of live, lapsed, finished, failed_quiz."""
        ...

    @property
    def quiz_passed(self) -> bool:
        """Whether the quiz was passed."""
        ...

    @property
    def quiz_attempts(self) -> int:
        """Attempts made at the quiz."""
        ...

    @property
    def has_comments(self) -> bool:
        """Whether comments are stored."""
        ...


def session_view(
    session: Session, held: Iterable[int], frozen: FrozenStudy, key: Codes, *, expired: bool = False
) -> dict[str, Any]:
    """Give the view of a session.

    Parameters
    ----------
    session
        Its record.
    held
        Trial indices that the server holds an answer of.
    frozen, key
        The study, and its key.
    expired
        Whether the time to come back has passed: no trial is shown any more.

    Returns
    -------
    dict
        JSON: state, pages in order with their places on the timeline, what is held, and codes.
    """
    batch = frozen.batches[session.batch]
    design = frozen.design_of(batch)
    finished = session.state == "finished"
    return {
        # That a place was given back says nothing to the person, who may go on.
        "state": "live" if session.state == "lapsed" else session.state,
        "expired": expired and not finished,
        "task": batch.task,
        "fallback_code": key.fallback_code(session.id),
        "question": design.question,
        "classes": list(frozen.study.pictures.shown_names),
        "size": frozen.study.pictures.size,
        "pages": _pages(session.plan, frozen, key, batch, design),
        "quiz": {"attempts_made": session.quiz_attempts, "passed": session.quiz_passed or design.quiz is None},
        "held": sorted(held),
        "comments_held": session.has_comments,
        "completion": completion(session.id, frozen, key) if finished else None,
    }


def completion(session_id: str, frozen: FrozenStudy, key: Codes) -> dict[str, str | None]:
    """Give what a person gets in the end: a code, perhaps an address with it, and the study's text."""
    told = frozen.study.completion
    code = told.code or key.completion_code(session_id)
    return {"code": code, "url": told.url and told.url.replace("{code}", code), "text": told.text}


def _pages(plan: Plan, frozen: FrozenStudy, key: Naming, batch: Batch, design: TaskDesign) -> list[dict[str, Any]]:
    pages = [_instructions(page, frozen, key, batch.task) for page in design.instructions]
    if quiz := design.quiz:
        questions = [{"question": asked.question, "choices": list(asked.choices)} for asked in quiz.questions]
        pages.append({"kind": "quiz", "questions": questions, "attempts": quiz.attempts})
    of = {"of": len(plan.trials)}
    for number, trial in enumerate(plan.trials, 1):
        pages.append({"kind": "trial", "number": number, **of, **_trial(trial, frozen, key, batch, design)})
    if frozen.study.comments is not None:
        pages.append({"kind": "comments", "question": frozen.study.comments})
    return [{"index": index, **page} for index, page in enumerate(pages, FIRST_PAGE)]


def _instructions(page: Page, frozen: FrozenStudy, key: Naming, task: str) -> dict[str, Any]:
    examples = [
        {
            "pictures": [picture_name(frozen, key, mixture) for mixture in mixtures_of_example(task, example)],
            "text": example.text,
        }
        for example in page.examples
    ]
    return {"kind": "instructions", "text": page.text, "examples": examples}


def _trial(trial: Trial, frozen: FrozenStudy, key: Naming, batch: Batch, design: TaskDesign) -> dict[str, Any]:
    shown: dict[str, Any] = {"pictures": trial_pictures(frozen, key, batch, trial)}
    if trial.image_1_side is not None:
        stimulus = stimulus_of(batch, trial)
        names = frozen.study.pictures.shown_names
        left, right = names[stimulus.image_1_label], names[stimulus.image_2_label]
        shown |= {"left": left, "right": right} if trial.image_1_side == "left" else {"left": right, "right": left}
    if batch.task == CONSTRUCT:
        shown["start"] = trial.position_of(trial.start_step or 0)
    if batch.task == INFER:
        shown["must_touch"] = design.must_touch
    if trial.class_order is not None:
        shown["class_order"] = list(trial.class_order)
    return shown
