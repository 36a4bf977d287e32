"""Ratings: what the server takes of them, and the rows that they become."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from suite.export.collected import collecting
from suite_maker import SCALES, TRIAL, fault_of, frozen_study

from hmix_hub.contribute.checking import check_study
from hmix_hub.studies.study import Study
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.export.rows import Participant, observed_table
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import RATING

_, LIKING = SCALES
"""Seven steps; continuous."""

checked = partial(fault_of, RATING)


def rated(rating: object, *, touched: object = True, path: object = ...) -> dict[str, Any]:
    return {"rating": rating, "touched": touched, "rating_path": [[5, rating]] if path is ... else path}


@pytest.mark.parametrize(
    ("ratings", "fault"),
    [
        ([rated(6), rated(100)], None),
        ([rated(7), rated(100)], "a value of rating_path is not a whole number from 0 to 6"),
        ([rated(6), rated(101)], "from 0 to 100"),
        ([rated(6)], "differs from the number of scales"),
        ({"likeness": rated(6)}, "differs from the number of scales"),
        ([rated(6), {"rating": 1}], "a rating lacks touched"),
        ([rated(None, touched=False, path=[]), rated(1)], "rating was not touched"),
        ([rated(3, path=[[9, 3], [8, 3]]), rated(1)], "decrease"),
    ],
)
def test_ratings_on_two_scales(ratings: object, fault: str | None) -> None:
    found = checked({"ratings": ratings})
    assert found is None if fault is None else fault in (found or "")


def test_steps_have_to_be_chosen_even_where_sliders_need_not_be_touched() -> None:
    open_slider = rated(None, touched=False, path=[])
    assert checked({"ratings": [rated(0), open_slider]}, must_touch=False) is None
    found = checked({"ratings": [open_slider, rated(0)]}, must_touch=False)
    assert found == "rating was not touched, but the study requires it"


def test_each_scale_becomes_a_row_and_places_go_on_from_page_to_page() -> None:
    frozen = frozen_study(RATING, batches=1, stimuli=2, design={"repeats": [1], "batch_size": 2})
    plan = draw_plan(frozen, frozen.batches[0], 0, seed=1)
    answer = {"ratings": [rated(3, path=[[5, 2], [7, 3]]), rated(25)]}
    payloads = {trial.trial_index: {"response_time_ms": 900.0, "answer": answer} for trial in plan.trials}
    rows = observed_table(frozen, RATING, [Participant("ada", plan, payloads)]).to_pylist()
    assert [row["trial_index"] for row in rows] == list(range(4, 10))
    assert [row["scale"] for row in rows] == ["likeness", "liking"] * 3
    assert [row["rating"] for row in rows] == [0.5, 0.25] * 3
    assert rows[0]["rating_path"] == [2 / 6, 0.5]
    assert [row["is_repeat"] for row in rows] == [False] * 4 + [True] * 2
    assert len({row["response_time_ms"] for row in rows}) == 1


@pytest.mark.parametrize(("steps", "middle"), [(None, 0.5), (13, 0.5), (20, 10 / 19)])
def test_a_slider_that_was_not_touched_stood_in_its_middle(steps: int | None, middle: float) -> None:
    scale = LIKING | {"steps": steps}
    frozen = frozen_study(RATING, design={"scales": [scale], "must_touch": False})
    task, design = SUITE_TASKS[RATING], frozen.design_of(frozen.batches[0])
    [judgment] = task.judgments({"ratings": [rated(None, touched=False, path=[])]}, design)
    found = task.columns(judgment, TRIAL)
    assert (found["rating"], found["rating_touched"], found["rating_path"]) == (middle, False, [])


def test_an_export_with_untouched_sliders_of_any_number_of_places_is_valid(tmp_path: Path) -> None:
    scales = [LIKING | {"name": f"of{steps}", "steps": steps} for steps in (13, 20)]
    frozen = frozen_study(RATING, batches=1, design={"scales": scales, "must_touch": False})
    with collecting(tmp_path / "collection", frozen) as collection:
        session = collection.join()
        answer = {"response_time_ms": 900, "answer": {"ratings": [rated(None, touched=False, path=[])] * 2}}
        for trial in session.plan.trials:
            collection.store.put_trial(session.id, trial.trial_index, json.dumps(answer), fault=None).result()
        assert collection.store.finish(session.id).result() == []
        exported = export_study(collection.folder, tmp_path / "export")
    assert check_study(Study.open(exported.path)).findings == []
