"""The presets are valid and can be drawn; `paper-2023` has the numbers that are measured on the release."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from hmix_hub.errors import ConfigurationError, StudyFileError
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.design.overview import overview_of
from hmix_hub.suite.starter import PRESETS, preset_text, write_collection
from hmix_hub.suite.study.model import StudyFile, TaskDesign
from hmix_hub.suite.study.questionnaire import questionnaire_of, questions_of
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, RELEASED_FORMS, SELECT, TASKS


def _paper() -> StudyFile:
    return StudyFile.model_validate(yaml.safe_load(preset_text("paper-2023", "paper")))


def _design(task: str) -> TaskDesign:
    return {str(name): design for name, design in _paper().tasks.items()}[task]


@pytest.fixture(scope="module")
def judged(release: Path) -> dict[str, pd.DataFrame]:
    import hmix_hub

    loaded: dict[str, Any] = {
        task: hmix_hub.load_dataset("h-mix", task, split="train", source=str(release)) for task in RELEASED_FORMS
    }
    return {task: dataset.with_format("pandas")[:] for task, dataset in loaded.items()}


def test_the_starter_needs_nothing_and_shows_all_tasks_in_minutes(tmp_path: Path) -> None:
    write_collection(tmp_path / "study")

    frozen, image_set = draw_design(tmp_path / "study", read_study_file(tmp_path / "study"))

    assert image_set.name == "sample/pictures"
    tasks = overview_of(frozen)
    assert [task.task for task in tasks] == list(SUITE_TASKS)
    assert {(task.batches, task.stimuli, task.trials) for task in tasks} == {(2, (6, 6), (7, 7))}
    assert all(task.minutes < 5 for task in tasks)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("task", SUITE_TASKS)
def test_a_preset_of_one_task_holds_that_task_alone(preset: str, task: str, tmp_path: Path) -> None:
    write_collection(tmp_path / "study", preset=preset, tasks=[task])

    assert list(read_study_file(tmp_path / "study", allow_placeholders=True).tasks) == [task]


def test_the_paper_s_preset_is_to_be_adapted(tmp_path: Path) -> None:
    write_collection(tmp_path / "study", preset="paper-2023")

    with pytest.raises(StudyFileError) as told:
        read_study_file(tmp_path / "study")

    assert {"title", "about.approval", "consent.text"} <= {
        line.split(": ")[1] for line in str(told.value).split("\n")[1:]
    }
    assert all("TODO must still be replaced" in line for line in str(told.value).split("\n")[1:])


def test_what_a_preset_shows_as_comments_on_practice_breaks_and_sittings_can_be_asked(tmp_path: Path) -> None:
    text = preset_text("starter", "study", [INFER, CONSTRUCT])
    begin, end = text.index("#     practice:"), text.index("# To give every participant all tasks")
    around = text[begin:end].replace("#     ", "    ").replace("every: 20", "every: 2")
    text = text.replace("# sitting:", "sitting:").replace(f"  {INFER}:\n", f"  {INFER}:\n{around}")
    (tmp_path / "collection.yaml").write_text(text, encoding="utf-8")

    study = read_study_file(tmp_path)
    frozen, _ = draw_design(tmp_path, study)

    assert (len(frozen.practice[INFER]), study.tasks[INFER].breaks is not None) == (1, True)
    assert study.sitting is not None
    assert len(study.sitting.orders()) == 2


@pytest.mark.parametrize("preset", PRESETS)
def test_the_questions_that_a_preset_shows_as_comments_can_be_asked(preset: str, tmp_path: Path) -> None:
    text = preset_text(preset, "study", ["class_choice"])
    shown = text[text.index("# before:") : text.index("# What is stored about participants' screens")]
    asked = "\n".join(line.removeprefix("# ") for line in shown.split("\n"))
    (tmp_path / "collection.yaml").write_text(text.replace(shown, asked), encoding="utf-8")
    pages = questionnaire_of(read_study_file(tmp_path, allow_placeholders=True))
    names = [asked.name for _, asked in questions_of(pages)]
    assert names == ["age_group", "gender", "eyesight", "colour_vision", "device", "green", "ease", "remarks"]
    assert [page.is_before for page in pages] == [True, True, False]


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigurationError, match="not an empty folder"):
        write_collection(tmp_path)


def test_the_release_s_pairs_go_with_its_pictures_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not show the pictures"):
        write_collection(tmp_path / "study", pairs="release")


def test_the_sample_is_not_taken_for_the_release(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not the release"):
        write_collection(tmp_path / "study", preset="paper-2023", tasks=[CONSTRUCT], pairs="release", source="sample")
    assert not (tmp_path / "study").exists()


def _sizes(rows: pd.DataFrame, task: str) -> list[int]:
    return sorted(rows.groupby("batch_id")[TASKS[task].stimulus_column].nunique())


@pytest.mark.parametrize("task", RELEASED_FORMS)
def test_batches_are_as_large_and_as_many_people_see_them_as_in_the_release(
    task: str, judged: dict[str, pd.DataFrame]
) -> None:
    rows, design = judged[task], _design(task)

    assert design.batch_size == max(_sizes(rows, task))
    assert design.people_per_batch == rows.groupby("batch_id")["participant_id"].nunique().median()


@pytest.mark.parametrize("task", RELEASED_FORMS)
def test_the_same_places_are_shown_again_as_in_the_release(task: str, judged: dict[str, pd.DataFrame]) -> None:
    column = TASKS[task].stimulus_column
    places = set()
    for _, person in judged[task].groupby("participant_id"):
        ordered = person.sort_values("trial_index")
        first = ordered[~ordered["is_repeat"]][column].tolist()
        places.add(tuple(first.index(stimulus) + 1 for stimulus in ordered[ordered["is_repeat"]][column]))

    assert places == {tuple(_design(task).repeats)}


def test_numbers_of_batches_and_pairs_are_the_release_s(judged: dict[str, pd.DataFrame]) -> None:
    infer = judged[INFER]
    later = infer[infer["collection_round"].isin(["B", "C"])]
    per_class_pair = later.drop_duplicates("pair_id").groupby(["image_1_label", "image_2_label"]).size()

    assert {judged[task]["batch_id"].nunique() for task in (CONSTRUCT, SELECT)} == {_design(CONSTRUCT).batches}
    assert later["batch_id"].nunique() == _design(INFER).batches
    assert set(per_class_pair) == {_design(INFER).pairs.per_class_pair}
    assert set(later.groupby("pair_id")["stimulus_id"].nunique()) == {1}
    assert judged[CATEGORICAL]["batch_id"].nunique() == _design(CATEGORICAL).batches
    assert set(judged[CONSTRUCT]["pair_id"]) == set(judged[SELECT]["pair_id"])


@pytest.mark.parametrize("task", [INFER, CATEGORICAL])
def test_coefficients_are_the_release_s(task: str, judged: dict[str, pd.DataFrame]) -> None:
    assert sorted(set(judged[task]["mixing_coefficient"])) == _design(task).coefficients


def test_start_values_are_the_release_s(judged: dict[str, pd.DataFrame]) -> None:
    of_person = judged[CONSTRUCT].groupby("participant_id")["start_coefficient"].agg(["min", "max"])

    assert (of_person["min"] == of_person["max"]).all()
    assert sorted(set(of_person["min"])) == _design(CONSTRUCT).start.values
    assert _design(CONSTRUCT).start.vary == "between"


@pytest.mark.parametrize("task", RELEASED_FORMS)
def test_the_estimated_time_is_the_release_s(task: str, judged: dict[str, pd.DataFrame]) -> None:
    assert SUITE_TASKS[task].seconds_per_trial == round(judged[task]["response_time_ms"].median() / 1000, 1)


def test_the_release_s_pairs_keep_its_batches(
    release: Path, cifar10: Path, judged: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    written = write_collection(tmp_path / "study", preset="paper-2023", pairs="release", source=str(release))
    study = read_study_file(tmp_path / "study", allow_placeholders=True)

    frozen, _ = draw_design(tmp_path / "study", study, cifar10)

    for task, rows in judged.items():
        batches = [batch for batch in frozen.batches if batch.task == task]
        assert sorted(len(batch.stimuli) for batch in batches) == _sizes(rows, task)
        columns = ["image_1_index", "image_2_index", "image_1_label", "image_2_label"]
        columns += ["mixing_coefficient"] if "mixing_coefficient" in rows else []
        released = {frozenset(map(tuple, batch[columns].values.tolist())) for _, batch in rows.groupby("batch_id")}
        kept = {
            frozenset(tuple(float(getattr(one, column)) for column in columns) for one in batch.stimuli)
            for batch in batches
        }
        assert kept == released
    assert Counter(note.split(":")[0] for note in written.notes) == {CONSTRUCT: 1, SELECT: 1}
    assert all("2 pairs occurred twice" in note for note in written.notes)


def test_a_task_without_a_block_in_the_presets_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(TASKS, "name_the_mood", replace(TASKS[INFER], name="name_the_mood"))

    with pytest.raises(ConfigurationError, match="no block for the task name_the_mood") as told:
        write_collection(tmp_path / "study", tasks=["name_the_mood", INFER])

    assert INFER in (told.value.hint or "")
    assert not (tmp_path / "study").exists()
    write_collection(tmp_path / "study")
    assert list(read_study_file(tmp_path / "study").tasks) == list(SUITE_TASKS)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_mark_of_the_templates_is_left(preset: str) -> None:
    text = preset_text(preset, "study")

    assert "#:" not in text
    assert "@" not in text
    assert yaml.safe_load(text)["id"] == "study"
