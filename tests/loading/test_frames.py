"""Data frames: class names on the way out, types and nulls on the way back."""

import io

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset

import hmix_hub
from hmix_hub.cli.screen_table import csv_text
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.tasks import RELEASED_CONFIGURATIONS

NAMES = ("zebra", "ant", "mole")


@pytest.fixture(params=RELEASED_CONFIGURATIONS)
def dataset(request, load_sample):
    return load_sample(request.param).select(range(40))


@pytest.fixture
def judgments(load_sample):
    return load_sample("categorical_soft_labels").select(range(40))


def same(ours, theirs):
    assert ours.features == theirs.features
    assert ours.to_list() == theirs.to_list()


def test_a_frame_shows_class_names(judgments):
    frame, names = hmix_hub.to_pandas(judgments), judgments.features["top_class"].names
    assert list(frame.columns) == judgments.column_names
    assert list(frame["second_class"].cat.categories) == names
    for row, shown in zip(judgments, frame.to_dict("records"), strict=True):
        assert shown["top_class"] == names[row["top_class"]]
        assert shown["impossible_classes"] == [names[code] for code in row["impossible_classes"]]
        assert pd.isna(shown["second_class"]) == (row["second_class"] is None)
        assert shown["image_2_index"] == row["image_2_index"]


def test_a_frame_of_the_core_columns_or_of_those_named(dataset, judgments):
    core = hmix_hub.to_pandas(dataset, "core")
    assert tuple(core.columns) in {configuration.core for configuration in RELEASED_CONFIGURATIONS.values()}
    assert list(hmix_hub.to_pandas(judgments, ["top_class", "task"]).columns) == ["top_class", "task"]
    with pytest.raises(ConfigurationError, match="no column 'top_clas'"):
        hmix_hub.to_pandas(judgments, ["top_clas"])


def test_there_and_back_it_is_the_same_dataset(dataset):
    same(hmix_hub.from_pandas(hmix_hub.to_pandas(dataset)), dataset)


def test_from_the_plain_frame_of_codes_it_is_the_same_dataset(dataset):
    same(hmix_hub.from_pandas(dataset.to_pandas()), dataset)


def test_through_a_csv_file_it_is_the_same_dataset(dataset):
    same(hmix_hub.from_pandas(pd.read_csv(io.StringIO(csv_text(dataset)))), dataset)


@pytest.mark.parametrize("text", ['"ab"', '{"a": 1}', "0.5", "[" * 9999])
def test_a_text_whose_json_is_no_list_is_refused(text):
    with pytest.raises(SchemaError, match="not of type list of string") as refused:
        hmix_hub.from_pandas(pd.DataFrame({"flags": ["[]", text]}))
    assert refused.value.where.row == 1


def test_the_features_of_a_configuration_restore_a_frame_of_codes(dataset, load_sample):
    config = next(name for name in RELEASED_CONFIGURATIONS if load_sample(name).features == dataset.features)
    # The release has no judgments that a program made, and so nothing that counts them.
    dataset = dataset.select_columns(list(hmix_hub.features(config)))
    frame = dataset.to_pandas()
    kept = Dataset.from_pandas(frame[frame.index % 2 == 1], features=hmix_hub.features(config), preserve_index=False)
    same(kept, dataset.select(range(1, 40, 2)))


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_older_layouts_come_back_too(version, load_sample):
    dataset = load_sample("construct_midpoint", schema_version=version).select(range(9))
    same(hmix_hub.from_pandas(hmix_hub.to_pandas(dataset)), dataset)


def test_rows_and_columns_may_go_and_come(judgments):
    frame = hmix_hub.to_pandas(judgments)
    frame = frame[frame["second_class"].notna()].assign(score=0.5).drop(columns=["soft_label", "flags"])
    back = hmix_hub.from_pandas(frame.sample(frac=1, random_state=0))
    assert back.column_names == [*(n for n in judgments.column_names if n not in {"soft_label", "flags"}), "score"]
    assert back.features["top_class"] == judgments.features["top_class"]
    assert sorted(back["judgment_id"]) == sorted(frame["judgment_id"])


def test_integers_that_became_floats_and_back(judgments):
    frame = judgments.to_pandas().astype({"image_1_index": float, "top_class": float})
    frame["second_class"] = frame["second_class"].astype(object)
    same(hmix_hub.from_pandas(frame), judgments)


def test_single_pictures_keep_their_nulls(judgments):
    frame = hmix_hub.to_pandas(judgments)
    frame["image_2_label"], frame["image_2_index"] = None, np.nan
    back = hmix_hub.from_pandas(frame)
    assert back["image_2_label"][:] == back["image_2_index"][:] == [None] * 40


def test_other_classes_are_those_of_the_categories_or_those_named():
    frame = pd.DataFrame({"image_1_label": pd.Categorical(["mole", "ant"], categories=NAMES)})
    assert hmix_hub.from_pandas(frame).features["image_1_label"].names == list(NAMES)
    assert hmix_hub.from_pandas(frame)["image_1_label"][:] == [2, 1]
    plain = frame.astype(str)
    assert hmix_hub.from_pandas(plain, classes=NAMES)["image_1_label"][:] == [2, 1]
    assert hmix_hub.from_pandas(frame, classes=NAMES[::-1])["image_1_label"][:] == [0, 1]
    with pytest.raises(ConfigurationError, match="classes") as refused:
        hmix_hub.from_pandas(plain)
    assert "classes=" in refused.value.hint


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"image_1_label": [0, 3]}, "3 is not a code of one of the 3 classes"),
        ({"image_1_label": ["ant", "auk"]}, "there is no class 'auk'"),
        ({"image_1_label": [0.5, 1]}, "0.5 is not of type ClassLabel"),
        ({"impossible_classes": [[0], [7]]}, "7 is not a code"),
        ({"trial_index": [1, 2.5]}, "2.5 is not of type int32"),
        ({"trial_index": [1, 2**40]}, "is not of type int32"),
        ({"confidence": [1, "high"]}, "'high' is not of type float64"),
        ({"is_repeat": [True, 2]}, "2 is not of type bool"),
        ({"flags": ["[", "[]"]}, "is not of type list of string"),
        ({"soft_label": [[0.5, 0.5], [1, 0]]}, "over 2 instead of 3 classes"),
        ({"of_ones_own": [1, "a"]}, "do not have one type"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_column(values, complaint):
    with pytest.raises(SchemaError, match=complaint) as refused:
        hmix_hub.from_pandas(pd.DataFrame(values), classes=NAMES)
    assert refused.value.where.column == next(iter(values))


def test_lists_come_back_from_csv_as_json_alone(load_sample, tmp_path):
    dataset = load_sample("categorical_soft_labels").select(range(20))
    (tmp_path / "a.csv").write_text(csv_text(dataset), encoding="utf-8")
    assert hmix_hub.from_pandas(pd.read_csv(tmp_path / "a.csv")).to_list() == dataset.to_list()
    hmix_hub.to_pandas(dataset).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(SchemaError, match="is not of type list") as refused:
        hmix_hub.from_pandas(pd.read_csv(tmp_path / "b.csv"))
    assert "JSON" in refused.value.hint


def test_columns_may_be_numbered():
    assert hmix_hub.from_pandas(pd.DataFrame([[1.5, "a"]])).to_list() == [{"0": 1.5, "1": "a"}]


@pytest.mark.parametrize("classes", ["dog", 7, [], ["dog", 5]])
def test_classes_that_are_no_names_are_refused(classes):
    with pytest.raises(ConfigurationError, match="classes must be a list of class names"):
        hmix_hub.from_pandas(pd.DataFrame({"image_1_label": [0]}), classes=classes)


@pytest.mark.parametrize("wrong", [[1], pd.DataFrame(np.zeros((1, 2)), columns=["task", "task"])])
def test_what_is_no_frame_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="requires a pandas"):
        hmix_hub.from_pandas(wrong)


def test_label_columns_of_different_categories_are_refused():
    frame = pd.DataFrame({"image_1_label": ["a", "b"], "image_2_label": ["a", "c"]}).astype("category")
    with pytest.raises(ConfigurationError, match="different categories"):
        hmix_hub.from_pandas(frame)
