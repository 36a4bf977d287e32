"""The loop: a planted bias goes over HTTP into the store, out as a valid study, through the loader, and is found again.

Scripted answers depend on the seed alone, not on who was quicker: the estimates are the same every time.
"""

import os

import pandas as pd
import pytest

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.simulation.recovery import recover_bias
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.tasks import SUITE_TASKS


@pytest.fixture(scope="module")
def exported(simulated):
    return export_study(simulated.folder, simulated.folder.parent / "export")


def test_everybody_found_a_place_until_all_was_full(simulated):
    assert simulated.is_full
    assert simulated.finished == dict.fromkeys(SUITE_TASKS, 8)
    assert (simulated.left, simulated.answers) == (0, len(SUITE_TASKS) * 8 * 14)
    assert len({part.code for part in simulated.parts}) == len(SUITE_TASKS) * 8


def test_the_collection_is_marked_as_synthetic(simulated):
    with Store.open(simulated.folder, read_only=True) as store:
        assert store.is_synthetic
        assert store.aside() == []
        assert 0 < len(store.comments()) < len(SUITE_TASKS) * 8
        assert {session.state for session in store.sessions()} == {"finished"}


def test_the_export_is_a_valid_contribution(exported):
    assert exported.is_synthetic
    assert check_study(Study.open(exported.path)).findings == []
    assert scan_privacy(Study.open(exported.path)).findings == []


def test_scripted_people_answer_every_question_and_pass_every_attention_check(exported):
    people = pd.read_csv(exported.path / "participants.csv", keep_default_na=False)
    assert len(people) == len(SUITE_TASKS) * 8
    assert set(people["attention_checks"]) == {1}
    assert set(people["attention_failed"]) == {0}
    assert set(people["years"]) <= {"18-39", "40-59", "60 and over"}
    assert set(people["seen"]) <= {"cats", "dogs", "cats|dogs"}
    assert set(people["ease"]) <= {1, 2, 3, 4, 5}
    assert set(people["picture_width"]) == {320}
    assert "remark" not in people.columns


def test_the_planted_bias_is_recovered_and_none_is_not(exported, simulated, task):
    judgments = hmix_hub.load_dataset(os.fspath(exported.path), task, split="train")
    found = recover_bias(judgments, task)
    assert found.people == 8
    assert found.holds(simulated.perception.bias)
    assert not found.holds(0)
    assert found.high - found.low < 0.16


def test_every_answer_has_its_time_and_its_way(exported, task):
    judgments = hmix_hub.load_dataset(os.fspath(exported.path), task, split="train")
    recorded = [column.name for column in hmix_hub.tasks.columns(task) if column.since]
    for row in judgments:
        assert row["response_time_ms"] >= 400
        assert all(row[name] is not None for name in recorded)
