"""Tests of `write_explorer`: a folder whose tables, pictures and words are those of the judgments."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from explored import bytes_of, metadata_of, table_of
from PIL import Image
from study_generator.own_pictures import with_own_pictures

import hmix_hub
from hmix_hub.errors import PerceptionWarning
from hmix_hub.explorer import predictions
from hmix_hub.explorer.writing import write_explorer
from hmix_hub.studies.example import example_study, write_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("explorer") / "sample"
    assert write_explorer("h-mix", place, source="sample") == place / "index.html"
    return place


@pytest.fixture(scope="module")
def metadata(folder):
    return metadata_of(folder)


def test_rows_are_those_of_load_dataset_in_their_order(folder, load_sample, task):
    loaded = load_sample(task)
    table, stimuli = table_of(folder, task), table_of(folder, f"{task}.stimuli")
    participants = table_of(folder, "participants")
    key = "stimulus_id" if "stimulus_id" in loaded.column_names else "pair_id"
    assert stimuli["stimulus_id"].take(table["stimulus"]).to_pylist() == loaded[key]
    assert participants["participant_id"].take(table["participant"]).to_pylist() == loaded["participant_id"]
    assert table["study_id"].to_pylist() == loaded["study_id"]
    for name in set(table.column_names) & {"trial_index", "presentation", "is_repeat", "response_time_ms"}:
        assert table[name].to_pylist() == loaded[name]


def test_answers_are_the_same_to_the_last_bit_and_null_is_not_a_number(folder, load_sample):
    loaded = load_sample("infer_mixing_factor").with_format("numpy")
    table = table_of(folder, "infer_mixing_factor")
    for name in ("inferred_coefficient", "confidence"):
        assert np.array_equal(table[name].to_numpy(), np.array(loaded[name], dtype=float), equal_nan=True)
        assert table[name].null_count == 0


def test_flags_are_bits_in_the_order_of_the_metadata(folder, metadata, load_sample, task):
    names = list(metadata["flags"])
    bits = table_of(folder, task)["flags"].to_pylist()
    loaded = load_sample(task)["flags"]
    assert [{name for i, name in enumerate(names) if row >> i & 1} for row in bits] == list(map(set, loaded))


def test_every_table_is_one_batch_without_nulls(folder):
    for path in (folder / "data").glob("*.arrow"):
        table = table_of(folder, path.stem)
        assert all(column.num_chunks == 1 and column.null_count == 0 for column in table.columns), path.name


def test_tiles_are_the_pictures_that_participants_saw(folder, metadata, load_sample):
    stimuli = table_of(folder, "infer_mixing_factor.stimuli")
    height, width = metadata["pictures"]["tile"]
    across, down = metadata["pictures"]["per_sheet"]
    sheets = [np.asarray(Image.open(path)) for path in sorted((folder / "data").glob("pictures-*.png"))]
    assert len(sheets) == metadata["pictures"]["sheets"]

    def tile(number):
        row, column = divmod(number % (across * down), across)
        sheet = sheets[number // (across * down)]
        return sheet[row * height : (row + 1) * height, column * width : (column + 1) * width].astype(float)

    seen = hmix_hub.render(stimuli["stimulus_id"].to_pylist(), source="sample").numpy().transpose(0, 2, 3, 1)
    for row, stimulus in enumerate(stimuli.to_pylist()):
        share = stimulus["mixing_coefficient"]
        mixed = (tile(stimulus["image_1"]) * share + tile(stimulus["image_2"]) * (1 - share)) / 255 * 255
        assert stimulus["can_mix"]
        assert np.array_equal(mixed.astype(np.uint8), seen[row])


def test_scripts_hand_the_page_what_the_files_hold(folder):
    for path in (*(folder / "data").glob("*.arrow"), *(folder / "data").glob("*.png")):
        assert bytes_of(path.with_name(f"{path.name}.js")) == path.read_bytes()


def test_predictions_are_those_of_the_model(folder, metadata, load_sample):
    stimuli = table_of(folder, "infer_mixing_factor.stimuli")
    model = hmix_hub.PerceptualModel.fit(load_sample())
    columns = (stimuli[name].to_numpy() for name in ("mixing_coefficient", "image_1_label", "image_2_label"))
    expected = model.predict(*columns, level=metadata["model"]["level"])
    assert np.array_equal(stimuli["prediction"].to_numpy(), expected.mean)
    assert np.array_equal(stimuli["prediction_low"].to_numpy(), expected.low)
    assert np.array_equal(stimuli["prediction_high"].to_numpy(), expected.high)


def test_a_saved_model_predicts(tmp_path, load_sample):
    model = hmix_hub.PerceptualModel.fit(load_sample(mixing_coefficient=[0.25, 0.5, 0.75]), people=False)
    model.save(tmp_path / "model.json")
    write_explorer("h-mix", tmp_path / "page", source="sample", model=tmp_path / "model.json")
    assert metadata_of(tmp_path / "page")["model"]["title"] == f"fitted to {model.n_judgments:,} judgments elsewhere"
    stimuli = table_of(tmp_path / "page", "infer_mixing_factor.stimuli")
    columns = (stimuli[name].to_numpy() for name in ("mixing_coefficient", "image_1_label", "image_2_label"))
    assert np.array_equal(stimuli["prediction"].to_numpy(), model.predict(*columns).mean)


def test_classes_that_a_model_does_not_know_have_no_prediction(tmp_path):
    files = example_study()
    with_own_pictures(files)
    cats_and_foxes = hmix_hub.load_dataset(write_files(tmp_path / "study", files), split="train")
    with pytest.warns(PerceptionWarning):
        hmix_hub.PerceptualModel.fit(cats_and_foxes).save(tmp_path / "model.json")
    write_explorer("h-mix", tmp_path / "page", source="sample", model=tmp_path / "model.json")
    assert np.isnan(table_of(tmp_path / "page", "infer_mixing_factor.stimuli")["prediction"].to_numpy()).all()


def test_more_judgments_than_are_fitted_on_the_spot_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(predictions, "MOST_FITTED", 1000)
    write_explorer("h-mix", tmp_path / "page", source="sample", for_disk=False)
    told = metadata_of(tmp_path / "page")
    assert told["model"] is None
    assert told["notes"] == ["With more than 1,000 judgments, no model is fitted; --model shows one that was saved."]
    assert "prediction" not in table_of(tmp_path / "page", "infer_mixing_factor.stimuli").column_names


def test_synthetic_judgments_are_marked(metadata):
    assert metadata["mark"] == "SYNTHETIC: made by a program, not by people"


def test_the_page_reads_all_of_its_metadata(folder, metadata):
    scripts = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.js"))
    (*_, task) = metadata["tasks"]
    read = {*metadata, *metadata["pictures"], *metadata["model"], *metadata["datasets"][0], *task, *task["filters"][0]}
    # Descriptions of the columns are for people who read the tables.
    read -= {"columns"}
    assert [name for name in sorted(read) if not re.search(rf"[.{{,]\s*{name}\b", scripts)] == []


def test_code_loads_the_same_judgments(metadata, load_sample):
    described = next(one for one in metadata["tasks"] if one["name"] == "infer_mixing_factor")
    assert described["code"] == {
        "python": '"h-mix"',
        "python_options": 'source="sample"',
        "command": "--dataset h-mix --source sample",
    }
    assert described["n_judgments"] == len(load_sample())
    assert described["kind"] == "inferred"


def test_nothing_that_a_participant_typed_and_no_file_is_in_the_tables(folder, task):
    names = set(table_of(folder, task).column_names)
    assert names.isdisjoint({"judgment_id", "source_file", "source_row", "condition", "batch_id", "class_order"})


def test_the_same_judgments_give_the_same_bytes(folder, tmp_path):
    write_explorer("h-mix", tmp_path / "again", source="sample")
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert (tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_what_is_no_explorer_is_not_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(hmix_hub.HMixError, match="not an explorer"):
        write_explorer("h-mix", tmp_path / "mine", source="sample")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_an_explorer_is_replaced_whole(folder, tmp_path):
    place = tmp_path / "explorer"
    write_explorer("h-mix", place, source="sample")
    (place / "data" / "old.arrow").write_bytes(b"")
    write_explorer("h-mix", place, source="sample", for_disk=False)
    assert not (place / "data" / "old.arrow").exists()
    assert [path.name for path in (place / "data").glob("*.js")] == ["explorer.js"]


def test_sheets_are_without_loss(folder):
    sheet = Image.open(io.BytesIO((folder / "data" / "pictures-000.png").read_bytes()))
    assert (sheet.format, sheet.mode) == ("PNG", "RGB")
