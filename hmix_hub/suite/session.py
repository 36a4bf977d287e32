"""A session as its browser sees it: its pages, the names of their pictures, and whether an answer can be to a trial.

No coefficient, index, stimulus id or mark of a repeat is told; pictures have opaque names, in the order of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.mixtures import former_trial_pictures, trial_pictures
from hmix_hub.suite.pages import Shown, pages_of
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.study.questionnaire import measured_surroundings, read_focus
from hmix_hub.suite.study.recruiting import OUTCOMES, outcome_of
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import FaultError, Trial, read_fields, read_number

LONGEST_MS = 31 * 24 * 3_600_000
"""Longest response time that is believed: the longest time-out that a study may set, and a day."""


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
        Trial indices that the server holds an answer of.
    parts
        All sessions of its sitting, in order; left out where there is no other.
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
    """Return where a session stands in its sitting: part and parts, pages of those before it and of all."""
    tasks = [part.task for part in parts]
    if frozen.study.sitting is None:
        # What was begun by another link is no part of the same way.
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
    """Return what a participant gets in the end: a code, perhaps an address with it, and the study's text."""
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
        Any JSON value: `{"response_time_ms", "pictures", "answer"}`, and `focus` where the study asks for it.

    Returns
    -------
    str or None
        The fault in words, without anything of what was sent; `None` for a good answer.
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
    return "pictures are not those that the trial shows for this answer"
