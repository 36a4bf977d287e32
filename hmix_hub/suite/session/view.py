"""The view of a session: all that a browser is told of it, and nothing of what it must not know.

No coefficient, index, stimulus id or mark of a repeat is in it; pictures have opaque names, in the order of the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import Plan, stimulus_of
from hmix_hub.suite.session.trials import mixtures_of_example, picture_name, trial_pictures
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.study.model import Page, TaskDesign
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import Trial

FIRST_PAGE = 1
"""Place of the first instruction page on the timeline; the consent form is page 0."""


def session_view(
    session: SessionRecord, held: Iterable[int], frozen: FrozenStudy, key: StudyKey, *, expired: bool = False
) -> dict[str, Any]:
    """Return the view of a session.

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
        # That a seat was given back means nothing to the participant, who may go on.
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


def completion(session_id: str, frozen: FrozenStudy, key: StudyKey) -> dict[str, str | None]:
    """Return what a participant gets in the end: a code, perhaps an address with it, and the study's text."""
    told = frozen.study.completion
    code = told.code or key.completion_code(session_id)
    return {"code": code, "url": told.url and told.url.replace("{code}", code), "text": told.text}


def _pages(plan: Plan, frozen: FrozenStudy, key: StudyKey, batch: Batch, design: TaskDesign) -> list[dict[str, Any]]:
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


def _instructions(page: Page, frozen: FrozenStudy, key: StudyKey, task: str) -> dict[str, Any]:
    examples = [
        {
            "pictures": [picture_name(frozen, key, mixture) for mixture in mixtures_of_example(task, example)],
            "text": example.text,
        }
        for example in page.examples
    ]
    return {"kind": "instructions", "text": page.text, "examples": examples}


def _trial(trial: Trial, frozen: FrozenStudy, key: StudyKey, batch: Batch, design: TaskDesign) -> dict[str, Any]:
    shown: dict[str, Any] = {"pictures": trial_pictures(frozen, key, batch, trial)}
    if trial.image_1_side is not None:
        stimulus = stimulus_of(batch, trial)
        names = frozen.study.pictures.shown_names
        left, right = names[stimulus.image_1_label], names[stimulus.image_2_label]
        shown |= {"left": left, "right": right} if trial.image_1_side == "left" else {"left": right, "right": left}
    if trial.class_order is not None:
        shown["class_order"] = list(trial.class_order)
    return shown | SUITE_TASKS[batch.task].page(trial, design)
