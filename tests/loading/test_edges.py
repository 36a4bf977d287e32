"""Edges: options that are none, tables of unexpected types, and what must never be written or shared."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value, load_dataset

import hmix_hub
from hmix_hub.errors import ConfigurationError, FilterError, SchemaError, SchemaVersionError


@pytest.mark.parametrize("option", ["config_id", "config_name", "dataset_name", "hash", "base_path"])
def test_no_option_of_a_builder_passes_for_a_filter(option):
    with pytest.raises(FilterError, match=option):
        hmix_hub.load_dataset("h-mix", split="train", source="sample", **{option: "x"})


def test_the_cache_key_cannot_be_given():
    with pytest.raises(FilterError, match="config_id"):
        load_dataset("h-mix", split="train", source="sample", config_id="x")


def test_arguments_for_the_hub_are_taken_and_do_nothing():
    options = {"token": "secret", "revision": "main", "save_infos": False, "storage_options": None}
    assert len(hmix_hub.load_dataset("h-mix", split="train", source="sample", **options)) == 1236


def cache_files():
    return set(Path(os.environ["HF_HOME"]).rglob("cache-*"))


def test_nothing_that_is_done_with_picked_rows_writes_a_cache_file(load_sample, tmp_path):
    before = cache_files()
    for config in ("infer_mixing_factor", "categorical_soft_labels", "construct_midpoint"):
        picked = hmix_hub.filter(load_sample(config), repeats=False, labels=["dog", "cat"])
        other = hmix_hub.filter(load_sample(config), repeats=True)
        hmix_hub.by_stimulus(picked)
        hmix_hub.join([picked, other])
        hmix_hub.plot(picked, tmp_path / "picture.png")
        hmix_hub.to_tensors(picked)
        hmix_hub.split(picked, by="stimulus")
    assert cache_files() == before


@pytest.mark.parametrize(
    "call",
    [
        lambda ds: hmix_hub.filter(ds, confidence=(0, 1)),
        hmix_hub.to_tensors,
        hmix_hub.split,
        hmix_hub.plot,
        hmix_hub.by_stimulus,
    ],
)
def test_rows_of_a_newer_schema_are_refused_everywhere(call, load_sample):
    rows = [row | {"schema_version": "3.0.0"} for row in load_sample().select(range(4))]
    with pytest.raises(SchemaVersionError, match="newer"):
        call(Dataset.from_list(rows, features=load_sample().features))


def reversed_classes(dataset):
    """The same labels, counted in the classes in reverse order."""
    names = dataset.features["image_1_label"].names
    features = dataset.features.copy()
    frame = dataset.to_pandas()
    for column in ("image_1_label", "image_2_label"):
        features[column] = ClassLabel(names=names[::-1])
        frame[column] = len(names) - 1 - frame[column]
    return Dataset.from_pandas(frame, features=features)


def test_each_split_is_filtered_by_its_own_classes(load_sample):
    one = load_sample()
    parts = DatasetDict({"a": one, "b": reversed_classes(one)})
    kept = hmix_hub.filter(parts, labels="dog")
    assert len(kept["a"]) == len(kept["b"]) == len(hmix_hub.filter(one, labels="dog"))
    assert hmix_hub.filter(DatasetDict(), labels="dog") == DatasetDict()


def test_a_filter_that_keeps_all_rows_gives_a_dataset_of_its_own(load_sample):
    dataset = load_sample()
    kept = hmix_hub.filter(dataset, confidence=(0, 1))
    assert len(kept) == len(dataset)
    kept.set_format("torch")
    assert dataset.format["type"] is None


@pytest.mark.parametrize("values", [torch.tensor([0.1, 0.9]), np.array([0.1, 0.9], np.float32), [np.float64(0.1), 0.9]])
def test_arrays_and_tensors_mean_any_of(values, load_sample):
    assert len(hmix_hub.filter(load_sample(), mixing_coefficient=values)) == len(
        hmix_hub.filter(load_sample(), mixing_coefficient=[0.1, 0.9])
    )
    assert len(hmix_hub.filter(load_sample(), mixing_coefficient=torch.tensor(0.1))) > 0


@pytest.mark.parametrize(
    ("column", "kind", "filters"),
    [
        ("is_repeat", "string", {"repeats": True}),
        ("confidence", "string", {"confidence": 0.5}),
        ("participant_id", "int64", {"participants": "7"}),
    ],
)
def test_a_column_of_another_type_is_refused(column, kind, filters, load_sample):
    values = pa.array(range(1236)).cast(kind)
    changed = load_sample().remove_columns(column).add_column(column, values.to_pylist())
    with pytest.raises(FilterError, match="the column holds") as refused:
        hmix_hub.filter(changed, **filters)
    assert "hmix_hub.from_pandas" in refused.value.hint


def test_a_column_of_nothing_keeps_nothing(load_sample):
    empty = load_sample().remove_columns("confidence").add_column("confidence", [None] * 1236)
    with pytest.warns(UserWarning, match="no values"):
        assert len(hmix_hub.filter(empty, confidence=(0, 1))) == 0


@pytest.mark.parametrize("split", ["all", {"a": "train[:4]", "b": "train[4:]"}])
def test_every_spelling_of_a_split_works_with_and_without_filters(split, load_sample):
    whole = hmix_hub.load_dataset("h-mix", split=split, source="sample")
    kept = hmix_hub.load_dataset("h-mix", split=split, source="sample", confidence=(0, 1))
    if split == "all":
        assert kept["judgment_id"][:] == whole["judgment_id"][:]
    else:
        assert {name: len(part) for name, part in kept.items()} == {name: len(part) for name, part in whole.items()}


@pytest.mark.parametrize("options", [{}, {"repeats": True}, {"streaming": True}])
@pytest.mark.parametrize("load", [load_dataset, hmix_hub.load_dataset])
def test_a_split_that_does_not_exist_is_refused_with_the_one_that_does(load, options):
    with pytest.raises(ConfigurationError) as refused:
        load("h-mix", split="test", source="sample", **options)
    assert "'train'" in refused.value.hint


def test_a_slice_of_a_stream_is_refused_with_what_to_do():
    with pytest.raises(ConfigurationError) as refused:
        hmix_hub.load_dataset("h-mix", split="train[:5]", source="sample", streaming=True)
    assert ".take(n)" in refused.value.hint


def test_a_join_gives_what_was_asked_for_or_says_no(load_sample):
    with pytest.raises(ConfigurationError, match="construct_midpoint"):
        hmix_hub.load_dataset([load_sample("construct_midpoint")], "infer_mixing_factor")
    for path in (load_sample(), {"h-mix"}):
        with pytest.raises(ConfigurationError, match="by name"):
            hmix_hub.load_dataset(path)


def test_a_join_names_a_missing_column_and_casts_other_types(load_sample):
    first, second = load_sample().select(range(10)), load_sample().select(range(10, 20))
    with pytest.raises(SchemaError, match="confidence"):
        hmix_hub.join([first, second.remove_columns("confidence")])
    wider = second.cast_column("image_1_index", Value("int64")).cast_column("trial_index", Value("int64"))
    assert hmix_hub.join([first, wider]).to_list() == load_sample().to_list()[:20]


def test_soft_labels_in_lists_of_no_fixed_length_are_read(load_sample):
    dataset = load_sample("categorical_soft_labels")
    features = Features({**dataset.features, "soft_label": List(Value("float64"))})
    loose = Dataset.from_list(dataset.to_list(), features=features)
    assert hmix_hub.by_stimulus(loose).to_list() == hmix_hub.by_stimulus(dataset).to_list()


def test_views_share_memory_with_the_table(load_sample):
    dataset = load_sample("categorical_soft_labels")
    views = hmix_hub.to_tensors(dataset, ["soft_label", "mixing_coefficient"], torch.float64, copy=False)
    for name, tensor in views.items():
        values = dataset.data.column(name).chunk(0)
        values = values.flatten() if name == "soft_label" else values
        assert tensor.data_ptr() == values.to_numpy(zero_copy_only=True).ctypes.data


def test_other_tensors_may_stand_for_their_vocabularies(load_sample):
    train = hmix_hub.to_tensors(load_sample().select(range(600)), ["participant_id"])
    one = hmix_hub.to_tensors(load_sample(), ["participant_id"], vocabularies=train)
    assert torch.equal(one["participant_id"][:600], train["participant_id"])
