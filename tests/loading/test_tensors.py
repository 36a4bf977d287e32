import gc
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor

import datasets
import numpy as np
import pyarrow as pa
import pytest
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub import tables
from hmix_hub.errors import ConfigurationError
from hmix_hub.tasks import FLAGS, RELEASED_CONFIGURATIONS


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_every_tensor_is_contiguous_owns_its_memory_and_has_a_row_per_row(config, load_sample):
    dataset = load_sample(config)
    tensors = hmix_hub.to_tensors(dataset)
    for name, tensor in tensors.items():
        assert tensor.is_contiguous(), name
        assert len(tensor) == len(dataset), name
        tensor.zero_()
    assert len(torch.utils.data.TensorDataset(*tensors.values())) == len(dataset)
    assert hmix_hub.to_tensors(dataset)[next(iter(tensors))].shape == tensors[next(iter(tensors))].shape


def test_types_and_values_of_inferences(load_sample):
    dataset = load_sample()
    tensors = hmix_hub.to_tensors(dataset)
    for name in ("mixing_coefficient", "inferred_coefficient", "confidence", "response_time_ms"):
        assert tensors[name].dtype == torch.float32
        np.testing.assert_allclose(tensors[name], np.array(dataset[name], dtype=np.float32))
    for name in ("image_1_label", "image_1_index", "trial_index", "presentation", "condition"):
        assert tensors[name].dtype == torch.int64
        assert tensors[name].tolist() == list(dataset[name])
    assert tensors["is_repeat"].dtype == torch.bool
    assert tensors["is_repeat"].tolist() == list(dataset["is_repeat"])
    assert tensors["confidence_mask"].all()


@pytest.mark.parametrize(
    "name", ["participant_id", "stimulus_id", "pair_id", "study_id", "batch_id", "collection_round"]
)
def test_ids_are_codes_over_a_vocabulary(name, load_sample):
    dataset = load_sample()
    tensors = hmix_hub.to_tensors(dataset, [name])
    vocabulary = tensors.vocabularies[name]
    assert tensors[name].dtype == torch.int64
    assert [vocabulary[code] for code in tensors[name]] == list(dataset[name])
    assert vocabulary == dataset.unique(name)


def test_soft_labels_are_a_matrix(load_sample):
    tensors = hmix_hub.to_tensors(load_sample("categorical_soft_labels"), dtype=torch.float64)
    assert tensors["soft_label"].shape == (216, 10)
    torch.testing.assert_close(tensors["soft_label"].sum(dim=1), torch.ones(216, dtype=torch.float64))


def test_nulls_are_marked(load_sample):
    dataset = load_sample("categorical_soft_labels")
    tensors = hmix_hub.to_tensors(dataset)
    has_second = [value is not None for value in dataset["second_class"]]
    assert tensors["second_class_mask"].tolist() == has_second
    assert (tensors["second_class"] == -1).logical_not().tolist() == has_second
    assert tensors["second_probability"].isnan().logical_not().tolist() == tensors["second_probability_mask"].tolist()
    assert not all(has_second)


def test_class_lists_and_flags_are_memberships(load_sample):
    dataset = load_sample("categorical_soft_labels")
    tensors = hmix_hub.to_tensors(dataset)
    assert tensors["impossible_classes"].shape == (216, 10)
    assert [row.nonzero().ravel().tolist() for row in tensors["impossible_classes"]] == [
        sorted(labels) for labels in dataset["impossible_classes"]
    ]
    assert tensors.vocabularies["flags"] == list(FLAGS)
    assert [[tensors.vocabularies["flags"][i] for i in row.nonzero().ravel()] for row in tensors["flags"]] == list(
        dataset["flags"]
    )


def test_lists_by_stimulus_are_padded(load_sample):
    dataset = load_sample("infer_mixing_factor_by_stimulus")
    tensors = hmix_hub.to_tensors(dataset, dtype=torch.float64)
    values, mask = tensors["inferred_coefficients"], tensors["inferred_coefficients_mask"]
    assert [row[m].tolist() for row, m in zip(values, mask, strict=True)] == list(dataset["inferred_coefficients"])
    assert values[~mask].isnan().all()
    soft = hmix_hub.to_tensors(load_sample("categorical_soft_labels_by_stimulus"))
    assert soft["soft_labels"].shape[::2] == (100, 10)
    torch.testing.assert_close(soft["soft_labels"].nansum(dim=(1, 2)), soft["n_judgments"].float())


def test_selections_are_respected(load_sample):
    chosen = load_sample().select([5, 3, 3, 900])
    assert hmix_hub.to_tensors(chosen)["trial_index"].tolist() == list(chosen["trial_index"])
    filtered = hmix_hub.filter(load_sample(), mixing_coefficient=0.5)
    assert set(hmix_hub.to_tensors(filtered, dtype=torch.float64)["mixing_coefficient"].tolist()) == {0.5}
    assert hmix_hub.to_tensors(load_sample().select([]))["flags"].shape == (0, len(FLAGS))


def test_columns_come_in_the_order_asked_for_each_with_its_mask(load_sample):
    tensors = hmix_hub.to_tensors(load_sample(), ["confidence", "is_repeat"])
    assert list(tensors) == ["confidence", "confidence_mask", "is_repeat"]


def test_views_share_memory_where_it_fits_and_outlive_the_dataset(tmp_path):
    dataset = hmix_hub.load_dataset("h-mix", split="train", source="sample", cache_dir=tmp_path)
    expected = dataset["mixing_coefficient"][:]
    views = hmix_hub.to_tensors(dataset, ["mixing_coefficient", "image_1_label"], torch.float64, copy=False)
    again = hmix_hub.to_tensors(dataset, ["mixing_coefficient"], torch.float64, copy=False)
    assert views["mixing_coefficient"].data_ptr() == again["mixing_coefficient"].data_ptr()
    copied = hmix_hub.to_tensors(dataset, ["mixing_coefficient"], torch.float64)
    assert copied["mixing_coefficient"].data_ptr() != again["mixing_coefficient"].data_ptr()
    del dataset, again
    gc.collect()
    assert views["mixing_coefficient"].tolist() == expected


def test_tensors_pickle_with_their_vocabularies(load_sample):
    tensors = hmix_hub.to_tensors(load_sample(), ["participant_id"])
    copy = pickle.loads(pickle.dumps(tensors))
    assert torch.equal(copy["participant_id"], tensors["participant_id"])
    assert copy.vocabularies == tensors.vocabularies


def test_a_wrong_column_or_type_is_refused(load_sample):
    with pytest.raises(ConfigurationError) as caught:
        hmix_hub.to_tensors(load_sample(), ["confidance"])
    assert "'confidence'" in caught.value.hint
    with pytest.raises(ConfigurationError, match="floating"):
        hmix_hub.to_tensors(load_sample(), dtype=torch.int64)


def test_ids_are_counted_alike_where_the_vocabularies_are_given(load_sample):
    parts = load_sample().shuffle(seed=0).train_test_split(0.3, seed=0)
    train = hmix_hub.to_tensors(parts["train"])
    test = hmix_hub.to_tensors(parts["test"], vocabularies=train.vocabularies)
    for name in ("participant_id", "stimulus_id"):
        names = train.vocabularies[name]
        expected = [names.index(value) if value in names else -1 for value in parts["test"][name]]
        assert test[name].tolist() == expected
        assert test.vocabularies[name] == names
    assert -1 in test["stimulus_id"]
    assert -1 not in test["participant_id"]


def test_labels_that_count_in_other_classes_are_refused(load_sample):
    names = list(reversed(load_sample().features["image_1_label"].names))
    with pytest.raises(ConfigurationError, match="other classes"):
        hmix_hub.to_tensors(load_sample(), ["image_1_label"], vocabularies={"image_1_label": names})


def test_many_threads_at_once_leave_pythons_warning_filters_alone(load_sample):
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        for copy in (True, False):
            list(pool.map(lambda _, copy=copy: hmix_hub.to_tensors(load_sample(), copy=copy), range(100)))
    assert warnings.filters == before


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_any_floating_type(dtype, load_sample):
    # Without the response times, which float16 cannot hold.
    names = ["soft_label", "top_probability", "second_probability"]
    tensors = hmix_hub.to_tensors(load_sample("categorical_soft_labels"), names, dtype=dtype)
    exact = hmix_hub.to_tensors(load_sample("categorical_soft_labels"), names, dtype=torch.float64)
    for name in names:
        assert tensors[name].dtype == dtype
        torch.testing.assert_close(tensors[name].double(), exact[name], atol=1e-2, rtol=1e-2, equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.int64, "float32", np.float32, None])
def test_what_is_no_floating_type_is_refused(dtype, load_sample):
    with pytest.raises(ConfigurationError, match="floating"):
        hmix_hub.to_tensors(load_sample(), dtype=dtype)


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_a_table_that_went_through_pandas_gives_the_same_tensors(config, load_sample):
    # The release has no judgments that a program made, and so nothing that counts them.
    dataset = load_sample(config).select_columns(list(hmix_hub.features(config)))
    back = Dataset.from_pandas(dataset.to_pandas(), features=hmix_hub.features(config))
    assert back.to_list() == dataset.to_list()
    untyped = Dataset.from_pandas(dataset.to_pandas())
    expected = hmix_hub.to_tensors(dataset)
    for name, tensor in hmix_hub.to_tensors(back).items():
        torch.testing.assert_close(tensor, expected[name], equal_nan=True)
    columns = [name for name in dataset.column_names if name in {"participant_id", "flags", "confidence", "pair_id"}]
    for name, tensor in hmix_hub.to_tensors(untyped, columns).items():
        torch.testing.assert_close(tensor, expected[name], equal_nan=True)


def test_nullable_columns_of_the_released_layout_bring_their_masks(load_sample):
    tensors = hmix_hub.to_tensors(load_sample("construct_midpoint", schema_version="1.0.0"))
    assert {"rt_mask", "index_mask", "time_elapsed_mask", "trial_type_mask"} <= set(tensors)


@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize(("dtype", "most"), [(torch.float16, 65504.0), (torch.float32, 3e38), (torch.bfloat16, 3e38)])
def test_a_number_that_the_type_cannot_hold_is_refused(dtype, most, copy):
    numbers = [1.0, None, most, float("inf"), float("nan")]
    kept = hmix_hub.to_tensors(Dataset.from_dict({"ms": numbers}), dtype=dtype, copy=copy)["ms"]
    assert torch.isfinite(kept[[0, 2]]).all()
    assert torch.isinf(kept[3])
    for bad in ({"ms": [*numbers, most * 12]}, {"ms": [[most * 12], [1.0]]}):
        with pytest.raises(ConfigurationError, match="'ms' has numbers beyond") as refused:
            hmix_hub.to_tensors(Dataset.from_dict(bad), dtype=dtype, copy=copy)
        assert "torch.float32" in refused.value.hint


def test_response_times_do_not_become_infinite(load_sample):
    table = load_sample().select(range(8)).data.table
    times = pa.array([791_234.5] * 8)
    table = table.slice(0, 8).set_column(table.column_names.index("response_time_ms"), "response_time_ms", times)
    dataset = Dataset(table, info=load_sample().info)
    with pytest.raises(ConfigurationError, match="response_time_ms"):
        hmix_hub.to_tensors(dataset, dtype=torch.float16)
    with pytest.raises(ConfigurationError, match="response_time_ms"):
        hmix_hub.batches(dataset, images=None, dtype=torch.float16, columns="response_time_ms")
    with pytest.raises(ConfigurationError, match="std"):
        hmix_hub.batches(dataset, dtype=torch.float16, normalize=((0, 0, 0), (1e-6, 1, 1)))
    assert hmix_hub.to_tensors(dataset, "confidence", torch.float16)["confidence"].dtype == torch.float16


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(-(2**62), 2**62) | st.none(), max_size=3) | st.none(), min_size=1, max_size=5))
def test_lists_of_integers_keep_every_digit(lists):
    column = pa.table({"codes": pa.array(lists, pa.list_(pa.int64()))})
    tensors = hmix_hub.to_tensors(Dataset(column), dtype=torch.bfloat16)
    values, mask = tensors["codes"], tensors["codes_mask"]
    assert values.dtype == torch.int64
    for row, items in enumerate(lists):
        expected = [-1 if item is None else item for item in items or []]
        assert values[row].tolist() == expected + [-1] * (values.shape[1] - len(expected))
        assert int(mask[row].sum()) == sum(item is not None for item in items or [])


def test_unsigned_integers_are_whole_numbers_or_refused():
    small = Dataset(pa.table({"n": pa.array([1, None, 255], pa.uint8())}))
    assert hmix_hub.to_tensors(small)["n"].tolist() == [1, -1, 255]
    large = Dataset(pa.table({"n": pa.array([2**63], pa.uint64())}))
    with pytest.raises(ConfigurationError, match="beyond"):
        hmix_hub.to_tensors(large)


def test_more_than_256_classes_in_bfloat16():
    feature = datasets.List(datasets.ClassLabel(names=[f"class {number}" for number in range(300)]))
    shown = Dataset.from_dict({"class_order": [[299, 257, 0]]}, features=datasets.Features({"class_order": feature}))
    assert hmix_hub.to_tensors(shown, "class_order", torch.bfloat16)["class_order"].tolist() == [[299, 257, 0]]


texts = st.lists(st.sampled_from(["a", "b", "c", "", None]), min_size=1, max_size=12)


@given(st.lists(texts, min_size=1, max_size=3), st.data())
def test_texts_that_were_encoded_once_count_as_those_that_were_not(chunks, data):
    whole = Dataset(pa.table({"x": pa.chunked_array(chunks, pa.string())}))
    places = st.lists(st.integers(0, len(whole) - 1), max_size=15)
    known = {"x": data.draw(st.lists(st.sampled_from("abz"), unique=True))}
    for rows in (range(len(whole)), data.draw(places), data.draw(places)):
        picked = whole.select(rows)
        fresh = Dataset(pa.table({"x": pa.array(picked["x"][:], pa.string())}))
        for vocabularies in (None, known):
            ours, expected = (hmix_hub.to_tensors(dataset, vocabularies=vocabularies) for dataset in (picked, fresh))
            assert ours.vocabularies == expected.vocabularies
            assert {name: values.tolist() for name, values in ours.items()} == {
                name: values.tolist() for name, values in expected.items()
            }


def test_codes_are_kept_as_long_as_their_table_and_not_made_for_a_few_rows():
    before = set(tables._CODES)
    dataset = Dataset(pa.table({"x": [f"p{number % 7}" for number in range(100)]}))
    assert hmix_hub.to_tensors(dataset.select([99, 3]))["x"].tolist() == [0, 1]
    assert set(tables._CODES) == before
    hmix_hub.to_tensors(dataset)
    (added,) = set(tables._CODES) - before
    kept = tables._CODES[added][1]["x"]
    hmix_hub.to_tensors(dataset.select(range(50)))
    assert tables._CODES[added][1]["x"] is kept
    del dataset
    gc.collect()
    assert set(tables._CODES) <= before
