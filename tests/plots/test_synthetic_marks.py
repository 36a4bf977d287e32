"""Marks of synthetic judgments: in figures, in joined and filtered tables, and in tables by stimulus."""

import pytest
from matplotlib.text import Text

import hmix_hub
from hmix_hub.origin import origin_of
from hmix_hub.plots.figure import WARNING
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.tasks import INFER, TASKS

MARK = "SYNTHETIC: made by a program, not by people"


def loaded(folder, task, *, by_people):
    """Load the example study; or its answers as if participants had given them, under another id."""
    files = example_study(task)
    if by_people:
        text = files["study.yaml"].replace(b"synthetic: true\n", b"").replace(b"id: example-study", b"id: of-people")
        files["study.yaml"] = text
    return hmix_hub.load_dataset(write_files(folder, files), task, split="train")


def texts_of(figure):
    return {text.get_text().strip(): text.get_color() for text in figure.findobj(Text)}


@pytest.fixture
def joined(tmp_path):
    parts = [loaded(tmp_path / str(by_people), INFER, by_people=by_people) for by_people in (True, False)]
    return hmix_hub.join(parts)


@pytest.mark.parametrize("task", TASKS)
def test_every_row_of_a_synthetic_study_has_the_flag_and_its_figure_a_red_mark(task, tmp_path):
    judgments = loaded(tmp_path / "study", task, by_people=False)
    assert all("synthetic" in flags for flags in judgments["flags"])
    texts = texts_of(hmix_hub.plot(judgments))
    assert texts[MARK] == WARNING
    assert not any("people see" in text or "people take" in text or "people put" in text for text in texts)


def test_answers_of_participants_have_no_mark(tmp_path):
    judgments = loaded(tmp_path / "study", INFER, by_people=True)
    assert not any("synthetic" in flags for flags in judgments["flags"])
    texts = texts_of(hmix_hub.plot(judgments))
    assert "What people see against the synthetic label" in texts
    assert WARNING not in texts.values()
    assert "n_synthetic" not in hmix_hub.by_stimulus(judgments).column_names


def test_a_joined_figure_says_which_part_is_synthetic(joined):
    texts = texts_of(hmix_hub.plot(joined))
    assert texts["SYNTHETIC in part: 144 of 288 judgments (example-study: 144)"] == WARNING
    assert MARK not in texts


def test_without_its_synthetic_rows_a_joined_table_is_of_people(joined):
    left = hmix_hub.filter(joined, exclude_flags="synthetic")
    assert left.unique("study_id") == ["of-people"]
    assert WARNING not in texts_of(hmix_hub.plot(left)).values()


def test_by_stimulus_the_synthetic_judgments_are_counted_and_marked(joined):
    stimuli = hmix_hub.by_stimulus(joined)
    assert stimuli["n_synthetic"] == [n // 2 for n in stimuli["n_judgments"]]
    assert texts_of(hmix_hub.plot(stimuli))["SYNTHETIC in part: 144 of 288 judgments"] == WARNING


def test_the_mark_survives_parquet_and_concatenation(joined, tmp_path):
    from datasets import Dataset, concatenate_datasets

    half = joined.filter(lambda row: row["study_id"] == "example-study")
    half.to_parquet(tmp_path / "half.parquet")
    read = Dataset.from_parquet(str(tmp_path / "half.parquet"), cache_dir=str(tmp_path / "cache"))
    assert origin_of(read).mark == MARK
    assert origin_of(concatenate_datasets([read, joined])).n_synthetic == 288


def test_a_mark_names_three_studies_and_counts_the_others():
    from hmix_hub.origin import Origin

    mark = Origin(20, 10, {"a": 1, "b": 2, "c": 3, "d": 2, "e": 2}).mark
    assert mark == "SYNTHETIC in part: 10 of 20 judgments (a: 1, b: 2, c: 3, 2 more studies)"


def test_a_data_frame_of_stimuli_keeps_the_count_of_synthetic_judgments(joined):
    stimuli = hmix_hub.by_stimulus(joined)
    assert hmix_hub.from_pandas(hmix_hub.to_pandas(stimuli)).features == stimuli.features
