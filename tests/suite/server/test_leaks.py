"""What must not be readable in any reply: coefficients, indices, stimulus ids, and which trial is a repeat."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from suite_maker import TASKS, frozen_study

from hmix_hub.stimuli.identifiers import parse_stimulus_id
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.session import session_view
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.tasks.trial import Stimulus

KEYS = {
    "": {"state", "expired", "task", "fallback_code", "question", "classes", "size", "pages", "quiz", "held"}
    | {"comments_held", "completion", "replied", "surroundings", "watches_focus", "scaling", "sitting", "outcome"},
    "instructions": {"kind", "index", "text", "examples"},
    "quiz": {"kind", "index", "questions", "attempts"},
    "comments": {"kind", "index", "question"},
    "construct_midpoint": {"kind", "index", "number", "of", "pictures", "start", "left", "right", "must_touch"},
    "select_shuffled_midpoint": {"kind", "index", "number", "of", "pictures"},
    "infer_mixing_factor": {"kind", "index", "number", "of", "pictures", "left", "right", "must_touch"},
    "categorical_soft_labels": {"kind", "index", "number", "of", "pictures", "class_order"},
    "class_choice": {"kind", "index", "number", "of", "pictures", "class_order", "confidence", "must_touch"},
    "scale_rating": {"kind", "index", "number", "of", "pictures", "scales", "must_touch"},
}
NAME = re.compile(r"[0-9a-f]{40}")


def leaves(value: Any) -> Iterator[Any]:
    """Return keys and values, however deep."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from leaves(part)
    else:
        yield value


@pytest.mark.parametrize("task", TASKS)
def test_no_reply_of_a_whole_session_tells_of_coefficients_pictures_or_repeats(shared: Any, task: str) -> None:
    person = shared.person()
    person.join(task)
    person.quiz(1, 1)
    person.quiz(2, 1, attempt=2)
    for page in person.pages():
        assert person.answer(page).status == 200
        person.answer(page, {"nothing": 0.25})
        person.view()
    person.ask("PUT", "/api/session/comments", {"text": "Fine."})
    assert person.ask("POST", "/api/session/finish", {}).status == 200
    view = person.view()
    shown = {name for page in person.pages() for name in page["pictures"]}
    pictures = [shared.ask("GET", f"/pictures/{name}.png") for name in sorted(shown)]
    study = shared.ask("GET", "/api/study")
    assert len(person.replies) > 20
    for reply in [*person.replies, study]:
        for leaf in leaves(reply.json):
            assert not isinstance(leaf, float)
            if not isinstance(leaf, str) or NAME.fullmatch(leaf):
                continue
            assert not re.search(
                r"\d[.,]\d|coefficient|lambda|repeat|stimul|catch|[A-Za-z]_\d|image_?[12]|cifar|sample",
                leaf,
                re.IGNORECASE,
            )
            with pytest.raises(ValueError, match="stimulus"):
                parse_stimulus_id(leaf)
    for reply in [*person.replies, study, *pictures]:
        said = " ".join(f"{name}: {value}" for name, value in reply.headers.items())
        assert not re.search(r"[^=]0\.\d|coefficient|etag|last-modified", said)
    assert set(view) == KEYS[""]
    for page in view["pages"]:
        assert set(page) == KEYS[task if page["kind"] == "trial" else page["kind"]]


def otherwise(frozen: FrozenStudy) -> FrozenStudy:
    """Return the same study about other pictures of the same classes, with other coefficients."""

    def change(stimulus: Stimulus) -> Stimulus:
        coefficient = stimulus.mixing_coefficient
        return replace(
            stimulus,
            image_1_index=(stimulus.image_1_index + 10) % 200,
            image_2_index=(stimulus.image_2_index + 50) % 200,
            mixing_coefficient=None if coefficient is None else 1 - coefficient / 2,
        )

    batches = [replace(batch, stimuli=tuple(map(change, batch.stimuli))) for batch in frozen.batches]
    return replace(frozen, batches=tuple(batches))


class Session:
    """A session that was just begun."""

    id = sitting = "0" * 32
    state = "live"
    quiz_passed = has_comments = has_surroundings = False
    part, replied = 0, frozenset()
    quiz_attempts = 0

    def __init__(self, frozen: FrozenStudy, batch: int, seed: int) -> None:
        self.batch, self.task, self.seed = batch, frozen.batches[batch].task, seed
        self.plan = draw_plan(frozen, frozen.batches[batch], seed, seed)


@pytest.mark.parametrize("seed", range(4))
def test_the_view_tells_nothing_of_coefficients_and_pictures(seed: int) -> None:
    frozen = frozen_study()
    for batch in range(len(frozen.batches)):
        views = [
            json.dumps(session_view(Session(study, batch, seed), (), study, StudyKey(b"k" * 32)))
            for study in (frozen, otherwise(frozen))
        ]
        assert views[0] == views[1]


def test_a_repeat_looks_like_any_other_trial() -> None:
    frozen = frozen_study("categorical_soft_labels", "infer_mixing_factor")
    for batch in range(len(frozen.batches)):
        session = Session(frozen, batch, 3)
        pages = [
            page for page in session_view(session, (), frozen, StudyKey(bytes(32)))["pages"] if page["kind"] == "trial"
        ]
        for trial, page in zip(session.plan.trials, pages, strict=True):
            if trial.is_repeat:
                first = pages[[one.stimulus for one in session.plan.trials].index(trial.stimulus)]
                places = {"index", "number", "pictures"}
                assert {name: first[name] for name in set(first) - places} == {
                    name: page[name] for name in set(page) - places
                }
        names = [name for page in pages for name in page["pictures"]]
        assert len(set(names)) == len(names)


def test_no_picture_has_one_name_on_two_pages(serve: Callable[..., Any]) -> None:
    """The row of construct_midpoint tells eleven coefficients by their order: nothing else may have its names."""
    served = serve(batches=1)
    names = []
    for task in (*TASKS, *TASKS):
        person = served.person()
        person.join(task)
        pages = [*person.pages("instructions"), *person.pages()]
        names += [name for page in pages for name in page.get("pictures", ())]
        names += [name for page in pages for one in page.get("examples", ()) for name in one["pictures"]]
    assert len(names) > 8 * 24
    assert len(set(names)) == len(names)


def test_names_do_not_follow_the_order_of_coefficients(serve: Callable[..., Any]) -> None:
    person = serve("construct_midpoint", batches=1).person()
    pages = person.begin("construct_midpoint")
    orders = {tuple(sorted(range(11), key=page["pictures"].__getitem__)) for page in pages}
    assert len(orders) == len(pages)
