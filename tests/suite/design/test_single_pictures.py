"""Single pictures, shown as they are: drawn by class, or listed; refused where a task is about two."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from suite.study.files import STUDY, pair_study, write_study

from hmix_hub.cli.main import main
from hmix_hub.errors import StudyFileError
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.design.overview import overview_of
from hmix_hub.suite.study.manifest import manifest_of
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.tasks import CHOICE, RATING

HEAD = STUDY[: STUDY.index("  construct_midpoint:")]


def _drawn(folder: Path, pairs: str, *, task: str = CHOICE, keys: str = "batch_size: 8") -> FrozenStudy:
    own = "".join(f"    {key}\n" for key in keys.split("\n"))
    text = f"{HEAD}  {task}:\n    question: What?\n    people_per_batch: 2\n{own}    pairs: {{{pairs}}}\n"
    page = "    instructions:\n      - text: Look.\n        examples: [{image_1_index: 0, text: So it looks.}]\n"
    return draw_design(folder, read_study_file(write_study(folder, text + page)))[0]


def _listed(folder: Path, columns: str, rows: list[str], *, task: str = CHOICE, keys: str) -> FrozenStudy:
    study, pairs = pair_study(columns, rows, task=task, keys=keys)
    write_study(folder, study)
    (folder / "pairs.csv").write_text(pairs)
    return draw_design(folder, read_study_file(folder))[0]


def test_as_many_of_each_class_are_drawn_and_dealt_to_batches(tmp_path: Path) -> None:
    frozen = _drawn(tmp_path, "per_class: 4", keys="batch_size: 10\nbatches: 4")

    stimuli = [one for batch in frozen.batches for one in batch.stimuli]
    assert len({one.image_1_index for one in stimuli}) == 40
    # The picture of the worked example was shown before.
    assert 0 not in {one.image_1_index for one in stimuli}
    assert {(one.image_2_index, one.image_2_label, one.mixing_coefficient) for one in stimuli} == {(None, None, 1.0)}
    assert all(sorted(one.image_1_label for one in batch.stimuli) == list(range(10)) for batch in frozen.batches)
    assert FrozenStudy.from_json(frozen.to_json()) == frozen
    [overview] = overview_of(frozen)
    assert (overview.stimuli, overview.per_class_pair, overview.pictures_twice) == ((10, 10), (4, 4), 0)


def test_the_draw_is_the_same_everywhere(tmp_path: Path) -> None:
    one, other = (_drawn(tmp_path / name, "per_class: 3") for name in ("one", "other"))
    assert one == other


def test_a_study_of_single_pictures_says_that_nothing_was_mixed(tmp_path: Path) -> None:
    study = _drawn(tmp_path, "per_class: 2").study
    assert manifest_of(study, first="2026-01", last="2026-01", is_synthetic=False)["stimuli"]["mixing"] == "none"


def test_a_list_names_single_pictures_by_one_index(tmp_path: Path) -> None:
    frozen = _listed(tmp_path, "image_1_index,batch", ["5,0", "3,0", "9,1", "0,1"], keys="batch_size: 2")

    found = [{one.image_1_index for one in batch.stimuli} for batch in frozen.batches]
    assert found == [{3, 5}, {0, 9}]


def test_a_list_may_hold_single_pictures_and_mixtures(tmp_path: Path) -> None:
    columns = "image_1_index,image_2_index,mixing_coefficient"
    frozen = _listed(tmp_path, columns, ["5,,", "5,3,0.25", "9,,1"], keys="batch_size: 3")

    found = {(one.image_1_index, one.image_2_index, one.mixing_coefficient) for one in frozen.batches[0].stimuli}
    # The automobile comes before the dog in the alphabet.
    assert found == {(5, None, 1.0), (3, 5, 0.75), (9, None, 1.0)}


@pytest.mark.parametrize(
    ("columns", "rows", "said"),
    [
        ("image_1_index,image_2_index,mixing_coefficient", ["5,,0.5"], "a single picture is shown unmixed"),
        ("image_1_index,image_2_index", ["5,", "3,5"], "other rows are single pictures"),
        ("image_1_index", ["5", "5"], "is already listed, in line 2"),
        ("image_1_index", ["999"], "there is no picture 999"),
        ("image_2_index", ["5"], "the column image_1_index is missing"),
    ],
)
def test_what_is_wrong_with_a_list_is_told(tmp_path: Path, columns: str, rows: list[str], said: str) -> None:
    with pytest.raises(StudyFileError, match=said):
        _listed(tmp_path, columns, rows, keys="batch_size: 1")


def test_a_task_about_two_pictures_takes_no_single_one(tmp_path: Path) -> None:
    with pytest.raises(
        StudyFileError, match="infer_mixing_factor requires two pictures; single ones are for class_choice"
    ):
        _drawn(tmp_path / "drawn", "per_class: 2", task="infer_mixing_factor")
    with pytest.raises(StudyFileError, match="the column image_2_index is missing"):
        _listed(tmp_path / "list", "image_1_index", ["5"], task="infer_mixing_factor", keys="batch_size: 1")


@pytest.mark.parametrize(
    ("pairs", "keys", "said"),
    [
        ("per_class: 2, per_class_pair: 1", "batch_size: 8", "per_class_pair and per_class are given"),
        ("per_class: 2", "batch_size: 8\ncoefficients: [0.5]", "shown unmixed; remove this"),
        ("per_class: 2, coefficients_per_pair: 2", "batch_size: 8", "shown unmixed; remove this"),
        ("per_class: 2", "batch_size: 30", "10 classes with 2 pictures each"),
        (
            "per_class: 99",
            "batch_size: 8",
            "99 different pictures of airplane cannot be drawn: there are 19, plus 1 in examples and practice",
        ),
    ],
)
def test_what_cannot_be_drawn_is_told(tmp_path: Path, pairs: str, keys: str, said: str) -> None:
    with pytest.raises(StudyFileError, match=said):
        _drawn(tmp_path, pairs, keys=keys)


def test_pictures_that_are_only_rated_may_be_of_one_class(tmp_path: Path) -> None:
    head = HEAD.replace("source: sample/pictures", "source: own\n  classes: [face]")
    scale = "{name: trust, question: How much?, low: not at all, high: very, steps: 7}"
    task = f"  {RATING}:\n    question: How?\n    people_per_batch: 2\n    batch_size: 2\n    scales: [{scale}]\n"
    page = "    instructions: [{text: Look.}]\n    pairs: {per_class: 2}\n"
    folder = write_study(tmp_path, head + task + page)
    (folder / "stimuli").mkdir()
    for number in range(2):
        Image.new("RGB", (4 + number, 4)).save(folder / f"stimuli/{number}.png")
    (folder / "stimuli/images.csv").write_text("file,label\n0.png,face\n1.png,face\n")

    frozen, _ = draw_design(folder, read_study_file(folder))

    assert [one.image_1_label for batch in frozen.batches for one in batch.stimuli] == [0, 0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["5,,", "9,,"], "2 single pictures of 2 classes, 1 stimulus of each"),
        (["5,,", "5,3,0.25"], "1 pairs and 1 single pictures of 2 class pairs or classes"),
    ],
)
def test_check_tells_how_many_there_are(tmp_path: Path, rows: list[str], said: str) -> None:
    _listed(tmp_path, "image_1_index,image_2_index,mixing_coefficient", rows, keys="batch_size: 2")
    printed = CliRunner().invoke(main, ["collect", "check", str(tmp_path)], catch_exceptions=False).output
    assert f"class_choice: {said}" in printed


def test_one_class_alone_is_enough(tmp_path: Path) -> None:
    frozen = _drawn(tmp_path, "per_class: 8, classes: [cat]")
    assert np.unique([one.image_1_label for one in frozen.batches[0].stimuli]).tolist() == [3]
