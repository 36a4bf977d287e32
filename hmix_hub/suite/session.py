"""A session as its browser sees it: its pages, the names of their pictures, and whether an answer can be to a trial.

No coefficient, index, stimulus id or mark of a repeat is told; pictures have opaque names, in the order of the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from hmix_hub.stimuli.mixtures import walked
from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import Plan, stimulus_of
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.study.model import Example, Page, TaskDesign
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import FaultError, Stimulus, Trial, read_fields, read_number
from hmix_hub.tasks.midpoint import WALK

FIRST_PAGE = 1
"""Place of the first instruction page on the timeline; the consent form is page 0."""
LONGEST_MS = 31 * 24 * 3_600_000
"""Longest response time that is believed: the longest time-out that a study may set, and a day."""


def session_view(
    session: SessionRecord, held: Iterable[int], frozen: FrozenStudy, key: StudyKey, *, expired: bool = False
) -> dict[str, Any]:
    """Return the view of a session.

    Parameters
    ----------
    held
        Trial indices that the server holds an answer of.
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
    stimulus = stimulus_of(batch, trial)
    if trial.image_1_side is not None and stimulus.image_2_label is not None:
        names = frozen.study.pictures.shown_names
        left, right = names[stimulus.image_1_label], names[stimulus.image_2_label]
        shown |= {"left": left, "right": right} if trial.image_1_side == "left" else {"left": right, "right": left}
    if trial.class_order is not None:
        shown["class_order"] = list(trial.class_order)
    return shown | SUITE_TASKS[batch.task].page(trial, design)


class Mixture(NamedTuple):
    """A picture on a screen.

    Parameters
    ----------
    image_1_index, image_2_index
        Rows of the study's image set; `None` for the second of a single picture, which is shown as it is.
    coefficient
        Share of image 1 that it is drawn with, 0 to 1.
    """

    image_1_index: int
    image_2_index: int | None
    coefficient: float


def mixtures_of_stimulus(task: str, stimulus: Stimulus) -> tuple[Mixture, ...]:
    """Return the mixtures that a task shows of a stimulus: all eleven of a pair by step, or the one."""
    pair = stimulus.image_1_index, stimulus.image_2_index
    if SUITE_TASKS[task].shows_pair:
        return tuple(Mixture(*pair, coefficient) for coefficient in WALK.tolist())
    if stimulus.mixing_coefficient is None:
        msg = f"a stimulus of {task} has no mixing coefficient"
        raise ValueError(msg)
    return (Mixture(*pair, float(stimulus.mixing_coefficient)),)


def mixtures_of_example(task: str, example: Example) -> tuple[Mixture, ...]:
    """Return the mixtures of a worked example; tenths are drawn as the task's own pictures are."""
    if example.image_2_index is None:
        return (Mixture(example.image_1_index, None, 1.0),)
    shown = walked(example.coefficients).tolist() if SUITE_TASKS[task].shows_pair else map(float, example.coefficients)
    return tuple(Mixture(example.image_1_index, example.image_2_index, coefficient) for coefficient in shown)


def picture_name(frozen: FrozenStudy, key: StudyKey, mixture: Mixture) -> str:
    """Name a picture, 32 hex digits: the same for all participants of a study, another one under another key."""
    return _name(key, frozen.image_set, frozen.pictures, mixture)


def trial_pictures(frozen: FrozenStudy, key: StudyKey, batch: Batch, trial: Trial) -> list[str]:
    """Name the pictures of a trial in the order of the page."""
    names = _names(key, frozen.image_set, frozen.pictures, batch.task, stimulus_of(batch, trial))
    return [names[place] for place in SUITE_TASKS[batch.task].order(trial)]


# Every view of a session names the pictures of all its trials, eleven of each.
@lru_cache(maxsize=2**14)
def _names(key: StudyKey, image_set: str, pictures: str, task: str, stimulus: Stimulus) -> tuple[str, ...]:
    return tuple(_name(key, image_set, pictures, mixture) for mixture in mixtures_of_stimulus(task, stimulus))


def _name(key: StudyKey, image_set: str, pictures: str, mixture: Mixture) -> str:
    first, second, coefficient = mixture
    return key.picture_name(f"{image_set}\n{pictures}\n{first}\n{second}\n{coefficient!r}")


def check_answer(payload: object, trial: Trial, batch: Batch, frozen: FrozenStudy, key: StudyKey) -> str | None:
    """Check an answer against the trial that the participant was shown.

    Parameters
    ----------
    payload
        Any JSON value: `{"response_time_ms", "pictures", "answer"}`.

    Returns
    -------
    str or None
        The fault in words, without anything of what was sent; `None` for a good answer.
    """
    try:
        sent = read_fields(payload, "the answer", "response_time_ms", "pictures", "answer")
        elapsed = read_number(sent["response_time_ms"], "response_time_ms", LONGEST_MS)
        shown = SUITE_TASKS[batch.task].check(sent["answer"], trial, frozen.design_of(batch), elapsed)
    except FaultError as fault:
        return str(fault)
    names = trial_pictures(frozen, key, batch, trial)
    if sent["pictures"] != (names if shown is None else [names[shown]]):
        return "pictures are not those that the trial shows for this answer"
    return None
