"""Chosen classes: what the server takes of them, and the columns that they become."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from suite_maker import TRIAL, fault_of

from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CHOICE

checked = partial(fault_of, CHOICE)


def sure(confidence: object, *, touched: object = True, path: object = ..., chosen: object = 1) -> dict[str, Any]:
    path = [[5, confidence]] if path is ... else path
    return {"chosen": chosen, "confidence": confidence, "touched": touched, "confidence_path": path}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (sure(50), None),
        (sure(50, chosen=3), "chosen is not a whole number from 0 to 2"),
        (sure(50, chosen=True), "chosen is not"),
        (sure(101), "a value of confidence_path is not"),
        (sure(50, path=[[5, 51]]), "confidence_path does not end at confidence"),
        (sure(50, path=[[901.1, 50]]), "a time of confidence_path"),
        (sure(None, touched=False, path=[]), "confidence was not touched, but the study requires it"),
        (sure(50, touched="yes"), "touched is not true or false"),
        ({"chosen": 1}, "answer lacks confidence"),
    ],
)
def test_a_choice_with_confidence(answer: object, fault: str | None) -> None:
    found = checked(answer, confidence=True)
    assert found is None if fault is None else fault in (found or "")


def test_a_choice_without_confidence_is_a_class_alone() -> None:
    assert checked({"chosen": 2}, confidence=False) is None
    assert "has fields other" in (checked(sure(50), confidence=False) or "")


def test_a_confidence_that_need_not_be_set_has_no_value_then() -> None:
    assert checked(sure(None, touched=False, path=[]), must_touch=False) is None
    assert "has a value but was not touched" in (checked(sure(50, touched=False), must_touch=False) or "")


def test_the_columns_of_a_choice() -> None:
    sent = sure(70, path=[[5.04, 60], [9, 70]])
    assert SUITE_TASKS[CHOICE].columns(sent, TRIAL) == {
        "chosen_class": 1,
        "confidence": 0.7,
        "class_order": [2, 0, 1],
        "confidence_touched": True,
        "confidence_path": [0.6, 0.7],
        "confidence_path_times_ms": [5.0, 9.0],
    }
    not_asked = SUITE_TASKS[CHOICE].columns({"chosen": 0}, TRIAL)
    assert {name for name, value in not_asked.items() if value is None} == set(not_asked) - {
        "chosen_class",
        "class_order",
    }
