"""What surrounds trials: practice, which looks as they do and is never stored, and breaks among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite.study.files import STUDY, write_study
from suite_maker import TASKS, frozen_study, sample_pictures
from suite_maker.studies import practice_of

from hmix_hub.errors import StudyFileError
from hmix_hub.schema import CIFAR10
from hmix_hub.suite.design.dealing import pair_of
from hmix_hub.suite.design.design import FrozenStudy, Versions
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.design.plan import Plan, draw_plan
from hmix_hub.suite.server.pictures import Gallery
from hmix_hub.suite.session import session_view
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CONSTRUCT, INFER

KEY = StudyKey(bytes(32))
PRACTICE = """\
    practice:
      - image_1_index: 0
        image_2_index: 3
        feedback: So.
"""


def study(task: str, **design: Any) -> FrozenStudy:
    return frozen_study(task, design={"practice": practice_of(task), "breaks": {"every": 2}} | design)


def begun(frozen: FrozenStudy, seed: int) -> Any:
    """Make the record of a session, as far as its view needs one."""
    plan = draw_plan(frozen, frozen.batches[0], 0, seed)
    known = {"id": "0" * 32, "sitting": "0" * 32, "part": 0, "task": frozen.batches[0].task}
    known |= {"state": "live", "batch": 0, "plan": plan, "seed": seed}
    known |= {"quiz_passed": False, "has_comments": False, "quiz_attempts": 0}
    return type("Begun", (), known | {"has_surroundings": False, "replied": frozenset()})()


def pages(frozen: FrozenStudy, seed: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session_view(begun(frozen, seed), (), frozen, KEY)["pages"]
    return found


@pytest.mark.parametrize("task", TASKS)
def test_pages_stand_on_the_timeline_without_a_gap_and_trials_where_the_plan_has_them(task: str) -> None:
    frozen = study(task)
    shown = pages(frozen)
    kinds = [page["kind"] for page in shown]

    assert [page["index"] for page in shown] == list(range(1, len(shown) + 1))
    # Six trials, two of which are repeats.
    among = ["trial", "trial", "break", "trial", "trial", "break", "trial", "trial"]
    assert kinds == [*["instructions"] * 2, "quiz", *["practice"] * 2, *among, "comments"]
    trials = [page["index"] for page in shown if page["kind"] == "trial"]
    assert trials == [trial.trial_index for trial in begun(frozen, 1).plan.trials]
    assert [page["number"] for page in shown if page["kind"] == "break"] == [2, 4]


@given(every=st.integers(1, 6), seed=st.integers(0, 2**63 - 1))
def test_a_trial_is_found_by_its_place_and_a_break_is_none(every: int, seed: int) -> None:
    frozen = study(INFER, breaks={"every": every})
    plan = draw_plan(frozen, frozen.batches[0], 0, seed)
    found = [plan.trial(index) for index in range(plan.trials[-1].trial_index + 3)]

    assert [trial for trial in found if trial] == list(plan.trials)
    assert plan.trials[-1].trial_index - plan.trials[0].trial_index == 5 + 5 // every
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize("task", TASKS)
def test_practice_looks_as_the_trials_of_the_same_person_do(task: str) -> None:
    frozen = study(task)
    gallery = Gallery(Versions(frozen), KEY, sample_pictures())
    for seed in range(3):
        practice, trials = ([page for page in pages(frozen, seed) if page["kind"] == kind] for kind in TO_COMPARE)

        assert [page["feedback"] for page in practice] == ["So it is, 1.", "So it is, 2."]
        assert all(set(page) - {"feedback"} == set(trials[0]) for page in practice)
        assert {str(page.get("class_order")) for page in practice} == {str(trials[0].get("class_order"))}
        assert all(gallery.find(name) for page in practice for name in page["pictures"])
        if "left" in trials[0]:
            assert {frozenset({page["left"], page["right"]}) for page in practice} == {frozenset({"cat", "truck"})}
            # Image 1, the cat, is on one side for the person: in practice, too.
            assert len({page["left"] for page in practice}) == 1


TO_COMPARE = ("practice", "trial")


def test_practice_is_frozen_with_the_study_and_turned_as_pairs_are() -> None:
    frozen = study(INFER)
    cat, truck = CIFAR10.code("cat"), CIFAR10.code("truck")

    assert [(one.image_1_label, one.image_2_label) for one in frozen.practice[INFER]] == [(cat, truck)] * 2
    # 0.9 of the truck is 0.1 of the cat.
    assert [one.mixing_coefficient for one in frozen.practice[INFER]] == [0.1, 0.25]
    assert FrozenStudy.from_json(frozen.to_json()) == frozen


def drawn(folder: Path, *changes: tuple[str, str]) -> FrozenStudy:
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    write_study(folder, text)
    return draw_design(folder, read_study_file(folder))[0]


def test_a_picture_of_practice_is_drawn_for_no_trial(tmp_path: Path) -> None:
    plain = drawn(tmp_path)
    taken = plain.batches[0].stimuli[0]
    second = taken.image_2_index
    practice = PRACTICE.replace(": 0", f": {taken.image_1_index}").replace(": 3", f": {second}")
    frozen = drawn(tmp_path, ("    quiz:\n", f"{practice}    quiz:\n"))
    shown = {index for batch in frozen.batches for one in batch.stimuli for index in pair_of(one)}

    assert frozen.practice == {CONSTRUCT: (taken,)}
    assert {taken.image_1_index, second} & shown == set()
    assert plain.practice == {}


# What is changed, and what is said of it.
FAULTS = {
    "a picture that there is not": ((": 3", ": 999"), "practice[1].image_2_index: there is no picture 999"),
    "a picture with itself": ((": 3", ": 0"), "practice[1].image_2_index: picture 0 with itself is not a pair"),
    "one picture of a task about two": (("        image_2_index: 3\n", ""), "requires two pictures"),
    "a mixture where all are shown": ((": So.", ": So.\n        coefficient: 0.5"), "shows all eleven"),
    "no feedback": (("        feedback: So.\n", ""), "practice[1].feedback: this key is missing"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_practice_that_cannot_be_shown_is_refused(name: str, tmp_path: Path) -> None:
    change, said = FAULTS[name]
    with pytest.raises(StudyFileError) as told:
        drawn(tmp_path, ("    quiz:\n", f"{PRACTICE.replace(*change)}    quiz:\n"))
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("coefficient", "said"), [("", "choose it, as in coefficient: 0.7"), ("0.12345", "more than 4 decimals")]
)
def test_practice_of_one_mixture_needs_one_that_can_be_told(coefficient: str, said: str, tmp_path: Path) -> None:
    more = f"        coefficient: {coefficient}\n" if coefficient else ""
    with pytest.raises(StudyFileError, match="practice") as told:
        drawn(tmp_path, ("    coefficients: [0.25", f"{PRACTICE}{more}    coefficients: [0.25"))
    assert said in str(told.value)


def test_a_break_that_never_comes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="there would never be a break: a batch has 8 trials"):
        drawn(tmp_path, ("    quiz:\n", "    breaks:\n      every: 8\n    quiz:\n"))


@pytest.mark.parametrize("task", [task for task, one in SUITE_TASKS.items() if one.takes_single])
def test_practice_may_show_a_single_picture_where_trials_may(task: str) -> None:
    frozen = study(task, practice=[{"image_1_index": 0, "feedback": "One."}])
    (page,) = (page for page in pages(frozen) if page["kind"] == "practice")

    assert len(page["pictures"]) == 1
