"""`hmix collect init` and `check`: what they print, and their exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from suite.study.files import STUDY, changed, write_study

from hmix_hub.cli import collect_design
from hmix_hub.cli.main import main
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.starter import DEFAULT_PRESET, PRESETS
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.yaml_file import plain_yaml


def _hmix(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["collect", *map(str, words)])


def test_init_writes_a_study_that_check_takes(tmp_path: Path) -> None:
    folder = tmp_path / "my study"

    begun, checked = _hmix("init", folder), _hmix("check", folder)

    assert (begun.exit_code, checked.exit_code) == (0, 0)
    assert f"next: hmix collect check '{folder}'" in begun.output
    assert all(task in checked.output for task in SUITE_TASKS)
    assert read_study_file(folder).id == "my-study"


SITTING = """\
sitting:
  tasks: [infer_mixing_factor, construct_midpoint]
  order: balanced
tasks:
"""


def _sitting(*more: tuple[str, str]) -> str:
    text = changed("    people_per_batch: 2", "    people_per_batch: 3\n    batches: 2").replace("tasks:\n", SITTING)
    for old, new in more:
        assert old in text
        text = text.replace(old, new)
    return text


def test_check_shows_how_many_people_do_all_tasks_of_a_sitting(tmp_path: Path) -> None:
    checked = _hmix("check", write_study(tmp_path, _sitting()))

    assert checked.exit_code == 0, checked.output
    assert "sitting: 6 participants do all 2 tasks, in 2 orders, used equally often; " in checked.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("people_per_batch: 3\n    batches: 2", "people_per_batch: 2"), "the tasks have different numbers"),
        (
            ("[infer_mixing_factor, construct_midpoint]", "[infer_mixing_factor, class_choice]"),
            "not a task of the study",
        ),
        (("[infer_mixing_factor,", "[construct_midpoint,"), "infer_mixing_factor is missing"),
        (("[infer_mixing_factor,", "[construct_midpoint,"), "is already listed (entry 1"),
        (("[infer_mixing_factor, construct_midpoint]", "[infer_mixing_factor]"), "at least 2 items"),
    ],
)
def test_a_sitting_that_cannot_be_held_is_refused(change: tuple[str, str], said: str, tmp_path: Path) -> None:
    refused = _hmix("check", write_study(tmp_path, _sitting(change)))

    assert refused.exit_code == 1
    assert said in refused.output
    assert "collection.yaml" in refused.output


def test_init_names_the_presets_that_there_are() -> None:
    assert tuple(PRESETS) == collect_design.PRESETS
    assert collect_design.PRESETS[0] == DEFAULT_PRESET


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()

    refused = _hmix("init", tmp_path)

    assert refused.exit_code == 2
    assert "not an empty folder" in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_check_tells_the_numbers_of_the_design(tmp_path: Path) -> None:
    checked = json.loads(_hmix("check", write_study(tmp_path), "--json").output)

    construct, infer = checked["tasks"]
    assert (construct["batches"], construct["stimuli"], construct["trials"]) == (2, [6, 6], [8, 8])
    assert (construct["people"], construct["judgments"]) == (6, 48)
    assert (infer["batches"], infer["people"], infer["judgments"], infer["class_pairs"]) == (10, 20, 180, 45)
    assert checked["sha256"] == draw_design(tmp_path, read_study_file(tmp_path))[0].sha256
    assert checked["collected"] is None
    assert (construct["sides"], construct["starts"]) == ({"left": 6, "right": 0}, {"0.1": 3, "0.9": 3})
    assert (infer["sides"], infer["starts"]) == ({"left": 20, "right": 0}, {})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("sides: fixed", "left for 6 participants, on the right for 0; people by start value 0.1: 3, 0.9: 3"),
        ("sides: counterbalanced", "left for 3 participants, on the right for 3; people by start value 0.1: 3, 0.9: 3"),
        (
            "start: { vary: within }",
            "left for 6 participants, on the right for 0; trials by start value 0.1: 24, 0.9: 24",
        ),
    ],
)
def test_check_tells_how_many_people_get_each_side_and_start_value(keys: str, said: str, tmp_path: Path) -> None:
    text = changed("repeats: [2, 5]", f"repeats: [2, 5]\n    {keys}")
    if "within" in keys:
        text = text.replace("    start:\n      values: [0.1, 0.9]\n", "")

    checked = _hmix("check", write_study(tmp_path, text))

    assert f"construct_midpoint: image 1 on the {said}" in checked.output


def test_check_tells_what_is_wrong_with_its_line(tmp_path: Path) -> None:
    text = changed("image_2_index: 3", "image_2_index: 999").replace("per_class_pair: 1", "per_class_pair: 900", 1)

    refused = _hmix("check", write_study(tmp_path, text))

    assert refused.exit_code == 1
    lines = [line.strip() for line in text.split("\n")]
    for key in ("image_2_index: 999", "per_class_pair: 900"):
        assert f"collection.yaml, line {lines.index(key) + 1}: " in refused.output


def test_check_shows_the_design_of_a_draft_and_says_what_is_to_be_written(tmp_path: Path) -> None:
    drafted = _hmix("check", write_study(tmp_path, changed("Nobody yet.", "TODO")))

    assert drafted.exit_code == 1
    assert "construct_midpoint" in drafted.output
    assert "collection.yaml, line 11: about.recruitment: TODO must still be replaced" in drafted.output


def test_check_tells_both_what_is_to_be_written_and_what_cannot_be_drawn(tmp_path: Path) -> None:
    text = changed("Nobody yet.", "TODO").replace("per_class_pair: 1", "per_class_pair: 900", 1)

    refused = _hmix("check", write_study(tmp_path, text))

    assert refused.exit_code == 1
    assert "TODO must still be replaced" in refused.output
    assert "900 different pairs" in refused.output


@pytest.mark.parametrize(
    ("old", "new", "status", "said"),
    [
        ("seed: 3", "seed: 3 # a comment", 0, "is collected with the hash"),
        ("seed: 3", "seed: 4", 1, "the study was changed since its collection began"),
        ("Please take part.", "Please do.", 1, "the study was changed since its collection began"),
    ],
)
def test_check_says_whether_the_design_is_the_one_that_is_collected(
    old: str, new: str, status: int, said: str, tmp_path: Path
) -> None:
    folder = write_study(tmp_path)
    Store.create(folder, draw_design(folder, read_study_file(folder))[0]).close()

    checked = _hmix("check", write_study(folder, changed(old, new)))

    assert checked.exit_code == status
    assert said in checked.output


def test_check_sums_up_the_questions_around_the_trials(tmp_path: Path) -> None:
    shared = {"kind": "choice", "question": "Which?", "choices": ["red", "blue"]}
    screening, check = shared | {"name": "screen", "screen_out": [1]}, shared | {"name": "blue", "answer": 2}
    remark = {"name": "remark", "kind": "text", "question": "What was hard?"}
    pages = [{"preset": "demographics"}, {"title": "You", "questions": [screening, check]}]
    asked = plain_yaml({"before": pages, "after": [{"title": "End", "questions": [remark]}]}, width=100)

    said = _hmix("check", write_study(tmp_path, f"{STUDY}\n{asked}")).output

    assert "questions before the trials: age_group, gender, eyesight, colour_vision, screen, blue\n" in said
    assert "questions after the trials: remark\n" in said
    assert "attention checks, none of which may be failed: blue\n" in said
    assert "screening questions: screen\n" in said
