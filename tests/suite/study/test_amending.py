"""Amending a study file: what may change while people take part, for whom it holds, and what may not, with why."""

from __future__ import annotations

from copy import deepcopy

import pytest
from suite_maker import study_content

from hmix_hub.suite.study.amending import MOST_AMENDMENTS, Change, Holds, as_agreed, changes, refused
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import dotted
from hmix_hub.tasks import INFER, SELECT

PAGE = {"title": "You", "questions": [{"name": "age", "kind": "number", "question": "How old are you?"}]}


def study(change=lambda content: None):
    # Whatever a change does with it, the next one has its own.
    content = deepcopy(study_content(INFER, SELECT, before=[PAGE]))
    content["tasks"][INFER]["practice"] = [
        {"image_1_index": 0, "image_2_index": 3, "coefficient": 0.25, "feedback": "So it is."}
    ]
    content["tasks"][INFER]["breaks"] = {"every": 2, "text": "Rest."}
    change(content)
    return StudyFile.model_validate(content)


def put(*path_and_value):
    """Return a change that puts a value at a path of the study file."""
    *path, last, value = path_and_value

    def change(content):
        for part in path:
            content = content.setdefault(part, {}) if isinstance(part, str) else content[part]
        content[last] = value

    return change


def what_is_refused(change, versions=("1",)):
    now = study(change)
    return {dotted(path): said for path, said in refused(changes(study(), now), now, versions)}


@pytest.mark.parametrize(
    "change",
    [
        put("title", "Pictures"),
        put("about", "contact", "elsewhere@example.org"),
        put("about", "recruitment", "By a notice, too."),
        put("session", "timeout_minutes", 5),
        put("session", "resume_hours", 48),
        put("completion", "url", "https://example.org/done?code={code}"),
        put("recruiting", "required", True),
        put("words", "agree", "Yes, begin"),
        put("tasks", INFER, "people_per_batch", 30),
    ],
)
def test_some_things_hold_for_everybody_at_once(change):
    (found,) = changes(study(), study(change))
    assert found.rule is Holds.AT_ONCE
    assert what_is_refused(change) == {}


@pytest.mark.parametrize(
    "change",
    [
        put("consent", "text", "I agree to more."),
        put("comments", "Is there more?"),
        put("comments", None),
        put("tasks", INFER, "question", "And you?"),
        put("tasks", INFER, "instructions", [{"text": "Look closely."}]),
        put("tasks", INFER, "instructions", 0, "text", "Look closely."),
        put("tasks", INFER, "quiz", None),
        put("tasks", INFER, "quiz", "attempts", 1),
        put("tasks", INFER, "practice", 0, "feedback", "Half of it."),
        put("tasks", INFER, "breaks", "text", "Have a rest."),
        put("before", 0, "questions", 0, "question", "What is your age?"),
    ],
)
def test_texts_hold_for_those_who_agree_from_now_on_to_a_new_version(change):
    def with_version(content):
        change(content)
        content["consent"]["version"] = "2"

    (key, said), *more = what_is_refused(change).items()
    assert (key, more) == ("consent.version", [])
    assert said.startswith("must be a new version, because")
    assert said.endswith(" changes; '1' has already been used")
    assert what_is_refused(with_version) == {}
    assert list(what_is_refused(with_version, versions=("1", "2"))) == ["consent.version"]


@pytest.mark.parametrize(
    ("change", "key", "why"),
    [
        (put("id", "another-study"), "id", "every id in the export begins with it"),
        (put("seed", 5), "seed", "the batches are already drawn"),
        (put("language", "de"), "language", "a different study"),
        (put("pictures", "size", 200), "pictures.size", "the pictures as they were shown"),
        (put("about", "licence", "CC0-1.0"), "about.licence", "agreed to the publication"),
        (put("tasks", INFER, "batch_size", 3), f"tasks.{INFER}.batch_size", "the batches are already drawn"),
        (put("tasks", INFER, "coefficients", [0.5]), f"tasks.{INFER}.coefficients", "the batches are already drawn"),
        (put("tasks", INFER, "must_touch", False), f"tasks.{INFER}.must_touch", "comparable"),
        (put("tasks", INFER, "breaks", "every", 3), f"tasks.{INFER}.breaks.every", "comparable"),
        (put("tasks", INFER, "practice", []), f"tasks.{INFER}.practice", "comparable"),
        (lambda content: content["tasks"].pop(SELECT), f"tasks.{SELECT}", "comparable"),
        (put("before", []), "before", "would change their meaning"),
        (put("before", 0, "questions", 0, "least", 18), "before[1].questions[1].least", "would change their meaning"),
        (put("attention_failures", 2), "attention_failures", "would change their meaning"),
    ],
)
def test_what_would_make_answers_mean_something_else_is_refused_with_the_reason(change, key, why):
    found = what_is_refused(change)
    assert list(found) == [key]
    assert found[key].startswith("cannot change while the study runs: ")
    assert why in found[key]


def test_everything_is_told_at_once():
    def change(content):
        put("seed", 5)(content)
        put("tasks", INFER, "batch_size", 3)(content)
        put("tasks", INFER, "question", "And you?")(content)

    assert list(what_is_refused(change)) == ["seed", f"tasks.{INFER}.batch_size", "consent.version"]


def test_there_is_an_end_to_amendments():
    versions = [str(number) for number in range(MOST_AMENDMENTS + 1)]
    assert what_is_refused(put("title", "Pictures"), versions) == {"": "a study can be amended at most 200 times"}


def test_who_agreed_before_keeps_the_texts_and_has_all_else_as_it_is_now():
    def change(content):
        put("tasks", INFER, "question", "And you?")(content)
        put("tasks", INFER, "people_per_batch", 30)(content)
        put("consent", {"version": "2", "text": "More."})(content)
        put("session", "timeout_minutes", 5)(content)

    began, now = study(), study(change)
    kept = as_agreed(now, began)
    assert [dotted(one.path) for one in changes(began, kept)] == [
        f"tasks.{INFER}.people_per_batch",
        "session.timeout_minutes",
    ]
    assert {one.rule for one in changes(kept, now)} == {Holds.NEW_PEOPLE}
    assert as_agreed(now, now) == now


def test_long_texts_are_shown_from_where_they_differ():
    text = "The same beginning of both texts, which goes on for a while, "
    told = Change(("consent", "text"), text + "and then ends.", text + "and then goes on. " * 9)
    assert told.was.startswith("… '")
    assert "goes on" in told.now_is
    assert told.now_is.endswith(" …")
    assert Change(("comments",), None, "Well?").was == "absent"
    assert Change(("before",), [], [1, 2]).now_is == "a list of 2"
