from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite_maker import TASKS, answer_to, chance, frozen_study

from hmix_hub.suite.design.design import Batch
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.mixtures import former_trial_pictures, trial_pictures
from hmix_hub.suite.session import check_answer, session_view
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.tasks.trial import MOST_STEPS, Trial
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

KEY = StudyKey(b"k" * 32)
FROZEN = frozen_study()
LENIENT = frozen_study(design={"must_touch": False})

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.integers(min_value=10**300)
    | st.text(max_size=8)
    | st.sampled_from(["position", "path", "answer"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
        | st.fixed_dictionaries({"response_time_ms": inner, "pictures": inner, "answer": inner})
        | st.fixed_dictionaries({"position": inner, "path": inner})
        | st.fixed_dictionaries({"place": inner})
        | st.fixed_dictionaries(
            dict.fromkeys(("share", "confidence", "touched", "share_path", "confidence_path"), inner)
        )
        | st.fixed_dictionaries(dict.fromkeys(("top", "top_percent", "second", "second_percent", "ruled_out"), inner))
    ),
    max_leaves=20,
)


class Session:
    """A session that was just begun."""

    id = sitting = "0" * 32
    state = "live"
    quiz_passed = has_comments = has_surroundings = False
    part, replied = 0, frozenset()
    quiz_attempts = 0

    def __init__(self, task: str, seed: int, *, lenient: bool = False) -> None:
        self.frozen = LENIENT if lenient else FROZEN
        self.of_batch: Batch = next(batch for batch in self.frozen.batches if batch.task == task)
        self.task = task
        self.batch, self.seed = self.of_batch.number, seed
        self.plan = draw_plan(self.frozen, self.of_batch, seed % 7, seed)
        pages = session_view(self, (), self.frozen, KEY)["pages"]
        self.pages = [page for page in pages if page["kind"] == "trial"]

    def trial(self, number: int = 0) -> Trial:
        return self.plan.trials[number]

    def check(self, payload: object, number: int = 0) -> str | None:
        return check_answer(payload, self, self.trial(number), self.frozen, KEY)


@given(seed=st.integers(0, 2**32), lenient=st.booleans())
@pytest.mark.parametrize("task", TASKS)
def test_what_a_page_can_send_is_accepted_whatever_the_plan(task: str, seed: int, lenient: bool) -> None:
    session = Session(task, seed, lenient=lenient)
    rng = chance(seed)
    for number, page in enumerate(session.pages):
        sent = json.loads(json.dumps(answer_to(page, task, rng)))
        assert session.check(sent, number) is None


@given(payload=json_values)
@pytest.mark.parametrize("task", TASKS)
def test_no_json_raises_and_none_made_at_random_is_accepted(task: str, payload: object) -> None:
    fault = Session(task, 1).check(payload)
    assert isinstance(fault, str)
    assert fault


@given(payload=json_values, seed=st.integers(0, 99))
@pytest.mark.parametrize("task", TASKS)
def test_no_field_holding_anything_raises(task: str, payload: object, seed: int) -> None:
    session = Session(task, 1)
    rng = chance(seed)
    sent = answer_to(session.pages[0], task, rng)
    for place in (sent, sent["answer"]):
        name = rng.choice(sorted(place))
        before = place[name]
        place[name] = payload
        assert session.check(sent) is None or isinstance(session.check(sent), str)
        place[name] = before


def good(task: str, **answer: Any) -> dict[str, Any]:
    """Return an answer to the first trial of seed 3, with some fields of its answer changed."""
    session = Session(task, 3)
    sent = answer_to(session.pages[0], task, chance(5))
    sent["response_time_ms"] = 9000.0
    if task == CONSTRUCT:
        start = session.pages[0]["start"]
        step = 1 if start < 5 else -1
        path = [[0, start], [100.5, start + step], [100.5, start + 2 * step], [9000.9, start + step]]
        sent["answer"] = {"position": start + step, "path": path}
        sent["pictures"] = [session.pages[0]["pictures"][start + step]]
    if task == INFER:
        sent["answer"] = {
            "share": 50,
            "confidence": 0,
            "touched": [True, True],
            "share_path": [[10, 50]],
            "confidence_path": [[20, 3], [20, 0]],
        }
    if task == CATEGORICAL:
        sent["answer"] = {"top": 1, "top_percent": 70.5, "second": 2, "second_percent": 29.5, "ruled_out": [0, 9]}
    sent["answer"] |= answer
    return sent


@pytest.mark.parametrize("task", TASKS)
def test_the_answers_that_defects_are_planted_in_are_good(task: str) -> None:
    assert Session(task, 3).check(good(task)) is None


_NOT_A_TIME = [True, "12", None, -0.1, float("nan"), float("inf"), 10**400, [], 32 * 24 * 3_600_000]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("time", _NOT_A_TIME, ids=repr)
def test_a_response_time_that_is_none(task: str, time: object) -> None:
    assert "response_time_ms" in (Session(task, 3).check(good(task) | {"response_time_ms": time}) or "")


@pytest.mark.parametrize("task", TASKS)
def test_fields_that_are_missing_or_too_many(task: str) -> None:
    session = Session(task, 3)
    for field in ("response_time_ms", "pictures", "answer"):
        lacking = {name: value for name, value in good(task).items() if name != field}
        assert session.check(lacking) == f"the answer lacks {field}"
    assert "has fields other" in (session.check(good(task) | {"coefficient": 0.5}) or "")
    for field in good(task)["answer"]:
        sent = good(task)
        del sent["answer"][field]
        assert session.check(sent) == f"answer lacks {field}"
    assert "has fields other" in (session.check(good(task, coefficient=0.5)) or "")
    assert "not an object" in (session.check([good(task)]) or "")


@pytest.mark.parametrize("task", TASKS)
def test_pictures_that_the_trial_does_not_show_for_the_answer(task: str) -> None:
    session = Session(task, 3)
    right = good(task)["pictures"]
    others = trial_pictures(session.id, session.trial(1), session.of_batch, KEY)
    wrong: list[object] = [[], right[:-1], [*right, right[0]], right[0], others, [others[0], *right[1:]], None, {}]
    if task == SELECT:
        wrong += [right[::-1], sorted(right)]
    if task == CONSTRUCT:
        start = session.pages[0]["start"]
        wrong += [[session.pages[0]["pictures"][start]], session.pages[0]["pictures"]]
    for pictures in wrong:
        assert "pictures do not" in (session.check(good(task) | {"pictures": pictures}) or "")


@pytest.mark.parametrize("task", TASKS)
def test_an_answer_that_names_pictures_as_servers_did_before_is_taken(task: str) -> None:
    session = Session(task, 3)
    sent = good(task)
    former = former_trial_pictures(FROZEN, KEY, session.of_batch, session.trial())
    sent["pictures"] = [former[session.pages[0]["pictures"].index(name)] for name in sent["pictures"]]
    assert session.check(sent) is None
    assert "pictures do not" in (session.check(sent, 1) or "")


def walk(*path: tuple[object, object], position: object = ...) -> dict[str, Any]:
    """Return a constructed midpoint whose picture is that of its position."""
    end = path[-1][1] if position is ... and path else position
    sent = good(CONSTRUCT, position=end, path=[list(entry) for entry in path])
    if isinstance(end, int) and 0 <= end <= 10:
        sent["pictures"] = [Session(CONSTRUCT, 3).pages[0]["pictures"][end]]
    return sent


START = Session(CONSTRUCT, 3).pages[0]["start"]
BEYOND = START + 1 if START == 9 else START - 1
FAR = 10 - START


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (walk((0, FAR)), "begin"),
        (walk((5, START)), "begin"),
        (walk(position=START), "begin"),
        (walk((0, START), (5, FAR)), "skips"),
        (walk((0, START), (5, START)), "skips"),
        (walk((0, START), (9, BEYOND), (8, START)), "decrease"),
        (walk((0, START), (9001.1, BEYOND)), "a time of path"),
        (walk((0, START), (-1, BEYOND)), "a time of path"),
        (walk((0, START), (True, BEYOND)), "a time of path"),
        (walk((0, START), (float("nan"), BEYOND)), "a time of path"),
        (walk((0, START), (5, float(BEYOND)), position=BEYOND), "a value of path"),
        (walk((0, START), (5, 10 if START == 9 else 0), (6, 11 if START == 9 else -1)), "position is not"),
        (walk((0, START), position=BEYOND), "end at the position"),
        (walk((0, START)), "not moved"),
        (walk((0, START), position=True), "position is not"),
        (walk((0, START), position="1"), "position is not"),
        (good(CONSTRUCT, path=None), "not a list"),
        (good(CONSTRUCT, path=[[0, START, 1]]), "a time and a value"),
        (good(CONSTRUCT, path=[5]), "a time and a value"),
        (walk((0, START), *[(1, BEYOND), (1, START)] * (MOST_STEPS // 2)), f"at most {MOST_STEPS}"),
    ],
)
def test_defects_of_a_constructed_midpoint(sent: dict[str, Any], fault: str) -> None:
    assert fault in (Session(CONSTRUCT, 3).check(sent) or "")


def test_the_start_is_an_answer_once_it_was_left_or_where_nothing_has_to_be_moved() -> None:
    assert Session(CONSTRUCT, 3).check(walk((0, START), (5, BEYOND), (6, START))) is None
    lenient = Session(CONSTRUCT, 3, lenient=True)
    assert lenient.check(walk((0, START))) is None


def test_both_ends_of_the_row_can_be_the_answer() -> None:
    for end in (0, 10):
        way = range(START, end - 1, -1) if end < START else range(START, end + 1)
        sent = walk(*[(time, position) for time, position in enumerate(way)])
        assert Session(CONSTRUCT, 3).check(sent) is None


@pytest.mark.parametrize("place", [-1, 11, 4.0, "4", True, None, [4]], ids=repr)
def test_defects_of_a_selected_midpoint(place: object) -> None:
    assert "place is not" in (Session(SELECT, 3).check(good(SELECT, place=place)) or "")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"share": 101}, "share is not"),
        ({"share": -1}, "share is not"),
        ({"share": 50.5}, "share is not"),
        ({"share": "banana"}, "share is not"),
        ({"share": True}, "share is not"),
        ({"share": None}, "share is not"),
        ({"share": 51}, "share_path does not end"),
        ({"share_path": []}, "share_path does not end"),
        ({"confidence": 3}, "confidence_path does not end"),
        ({"share_path": [[20, 50], [10, 50]]}, "decrease"),
        ({"share_path": [[10, 500], [10, 50]]}, "a value of share_path"),
        ({"touched": [True]}, "touched"),
        ({"touched": [1, 1]}, "touched"),
        ({"touched": True}, "touched"),
        ({"touched": [False, True], "share": None, "share_path": []}, "share was not touched"),
        ({"touched": [True, False], "confidence": None, "confidence_path": []}, "confidence was not touched"),
    ],
)
def test_defects_of_an_inferred_factor(changes: dict[str, Any], fault: str) -> None:
    assert fault in (Session(INFER, 3).check(good(INFER, **changes)) or "")


@pytest.mark.parametrize("changes", [{"share": 50, "share_path": []}, {"share": None, "share_path": [[1, 50]]}])
def test_an_untouched_slider_has_no_value_where_it_may_stay_untouched(changes: dict[str, Any]) -> None:
    session = Session(INFER, 3, lenient=True)
    untouched = good(INFER, touched=[False, True], share=None, share_path=[])
    assert session.check(untouched) is None
    untouched["answer"] |= changes
    assert session.check(untouched) == "share has a value but was not touched"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"top": 10}, "top is not"),
        ({"top": None}, "top is not"),
        ({"top": "cat"}, "top is not"),
        ({"top": True}, "top is not"),
        ({"top_percent": "banana"}, "top_percent is not"),
        ({"top_percent": None}, "top_percent is not"),
        ({"top_percent": 100.1}, "top_percent is not"),
        ({"top_percent": float("nan")}, "top_percent is not"),
        ({"second": 1}, "the same class"),
        ({"second": -1}, "second is not"),
        ({"second": None}, "without a second class"),
        ({"second_percent": None}, "second_percent is not"),
        ({"second_percent": 29.6}, "more than 100"),
        ({"ruled_out": [1]}, "a chosen class is ruled out"),
        ({"ruled_out": [2]}, "a chosen class is ruled out"),
        ({"ruled_out": [0, 0]}, "ruled out twice"),
        ({"ruled_out": [10]}, "a class of ruled_out"),
        ({"ruled_out": [False]}, "a class of ruled_out"),
        ({"ruled_out": None}, "not a list"),
        ({"ruled_out": {"0": 1}}, "not a list"),
        ({"ruled_out": [0] * 11}, "not a list"),
    ],
)
def test_defects_of_a_soft_label(changes: dict[str, Any], fault: str) -> None:
    assert fault in (Session(CATEGORICAL, 3).check(good(CATEGORICAL, **changes)) or "")


@pytest.mark.parametrize("task", TASKS)
def test_a_fault_repeats_nothing_of_what_was_sent_and_checking_changes_nothing(task: str) -> None:
    sent = good(task) | {"response_time_ms": "someone@example.org"}
    before = copy.deepcopy(sent)
    assert "someone" not in (Session(task, 3).check(sent) or "")
    assert sent == before
