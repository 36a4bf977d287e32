import math

import numpy as np
import pandas as pd
import pytest
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub import between
from hmix_hub.errors import ConfigurationError, EmptyResultWarning, FilterError


@pytest.fixture(scope="module")
def rows(load_sample):
    return load_sample().to_list()


def kept(dataset, **filters):
    return [row["judgment_id"] for row in hmix_hub.filter(dataset, **filters)]


COEFFICIENTS = [0.1, 0.25, 0.5, 0.75, 0.9]
LABELS = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
CASES = {
    "one participant": ({"participants": "sample000000003"}, lambda r: r["participant_id"] == "sample000000003"),
    "several": (
        {"participants": {"sample000000003", "sample000000009"}},
        lambda r: r["participant_id"] in {"sample000000003", "sample000000009"},
    ),
    "a study": ({"studies": "sample"}, lambda r: True),
    "a number": ({"mixing_coefficient": 0.5}, lambda r: r["mixing_coefficient"] == 0.5),
    "an interval is closed": ({"mixing_coefficient": (0.25, 0.75)}, lambda r: 0.25 <= r["mixing_coefficient"] <= 0.75),
    "between": ({"mixing_coefficient": between(0.25, 0.75)}, lambda r: 0.25 <= r["mixing_coefficient"] <= 0.75),
    "open below": ({"confidence": (None, 0.3)}, lambda r: r["confidence"] <= 0.3 + 1e-9),
    "open above": ({"confidence": between(low=0.3)}, lambda r: r["confidence"] >= 0.3 - 1e-9),
    "any of numbers": ({"mixing_coefficient": [0.1, 0.9]}, lambda r: r["mixing_coefficient"] in {0.1, 0.9}),
    "any of intervals": (
        {"inferred_coefficient": [(None, 0.1), (0.9, None)]},
        lambda r: not 0.1 + 1e-9 < r["inferred_coefficient"] < 0.9 - 1e-9,
    ),
    "milliseconds": ({"response_time_ms": (None, 2000)}, lambda r: r["response_time_ms"] <= 2000),
    "a label, either picture": ({"labels": "DOG"}, lambda r: 5 in {r["image_1_label"], r["image_2_label"]}),
    "labels": ({"labels": ["dog", "frog"]}, lambda r: {5, 6} & {r["image_1_label"], r["image_2_label"]}),
    "a label's code": ({"labels": 5}, lambda r: 5 in {r["image_1_label"], r["image_2_label"]}),
    "a code of numpy's": ({"labels": np.int64(0)}, lambda r: 0 in {r["image_1_label"], r["image_2_label"]}),
    "codes and names": (
        {"labels": [np.uint8(5), "frog"]},
        lambda r: {5, 6} & {r["image_1_label"], r["image_2_label"]},
    ),
    "a class pair by codes": (
        {"class_pair": (6, 5)},
        lambda r: {r["image_1_label"], r["image_2_label"]} == {5, 6},
    ),
    "a class pair, any order": (
        {"class_pair": ("frog", "Dog")},
        lambda r: {r["image_1_label"], r["image_2_label"]} == {5, 6},
    ),
    "class pairs": (
        {"class_pair": [("frog", "dog"), ("ship", "truck")]},
        lambda r: {r["image_1_label"], r["image_2_label"]} in ({5, 6}, {8, 9}),
    ),
    "a round": ({"collection_round": "A"}, lambda r: r["collection_round"] == "A"),
    "no repeats": ({"repeats": False}, lambda r: not r["is_repeat"]),
    "repeats alone": ({"repeats": True}, lambda r: r["is_repeat"]),
    "flags": ({"exclude_flags": ["untouched_sliders"]}, lambda r: "untouched_sliders" not in r["flags"]),
    "presentation": ({"presentation": 2}, lambda r: r["presentation"] == 2),
    "several filters": (
        {"labels": "dog", "repeats": False, "mixing_coefficient": 0.5},
        lambda r: (
            5 in {r["image_1_label"], r["image_2_label"]} and not r["is_repeat"] and r["mixing_coefficient"] == 0.5
        ),
    ),
    "none": ({"labels": None}, lambda r: True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_filter_keeps_the_rows_that_a_loop_keeps(case, load_sample, rows):
    filters, predicate = CASES[case]
    expected = [r["judgment_id"] for r in rows if predicate(r)]
    assert expected
    assert kept(load_sample(), **filters) == expected
    assert [r["judgment_id"] for r in load_sample(**filters)] == expected
    stream = hmix_hub.load_dataset("h-mix", split="train", source="sample", streaming=True, **filters)
    assert [r["judgment_id"] for r in stream] == expected
    whole = hmix_hub.load_dataset("h-mix", split="train", source="sample", streaming=True)
    assert [r["judgment_id"] for r in hmix_hub.filter(whole, **filters)] == expected


def test_stimuli_and_pairs_by_id_with_or_without_the_file_ending(load_sample, rows):
    name = rows[5]["stimulus_id"]
    expected = [r["judgment_id"] for r in rows if r["stimulus_id"] == name]
    assert kept(load_sample(), stimuli=name) == kept(load_sample(), stimuli=[f"{name}.png"]) == expected
    assert set(expected) <= set(kept(load_sample(), pairs=rows[5]["pair_id"]))


def test_in_the_midpoint_tasks_stimuli_are_pairs(load_sample):
    judgments = load_sample("select_shuffled_midpoint")
    pair = judgments[0]["pair_id"]
    assert kept(judgments, stimuli=pair) == kept(judgments, pairs=pair)


def test_no_bound_loses_rows_to_the_last_bit(load_sample):
    # 1 - 0.7 is 0.30000000000000004; whoever asks up to 0.3 means it too.
    judgments = load_sample().select([0]).map(lambda row: {"inferred_coefficient": 1 - 0.7})
    assert len(hmix_hub.filter(judgments, inferred_coefficient=(None, 0.3))) == 1
    assert len(hmix_hub.filter(judgments, inferred_coefficient=0.3)) == 1


interval = st.tuples(st.none() | st.integers(0, 20), st.none() | st.integers(0, 20)).filter(
    lambda i: i != (None, None) and (None in i or i[0] <= i[1])
)


@settings(max_examples=20)
@given(interval, st.sets(st.sampled_from(LABELS), min_size=1), st.booleans())
def test_filters_commute_and_are_idempotent(ends, labels, repeats):
    dataset = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    span = tuple(None if end is None else end / 20 for end in ends)
    a, b = {"confidence": span}, {"labels": labels, "repeats": repeats}
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmptyResultWarning)
        once = kept(dataset, **a, **b)
        assert kept(hmix_hub.filter(dataset, **a), **b) == once
        assert kept(hmix_hub.filter(dataset, **b), **a) == once
        assert kept(hmix_hub.filter(dataset, **a, **b), **a, **b) == once


@pytest.mark.parametrize(
    ("filters", "message", "hint"),
    [
        ({"participants": "sample00000003"}, "not found", "'sample000000003'"),
        ({"participants": ["sample000000003", "nobody"]}, "'nobody' not found", "20 participants"),
        ({"stimuli": "mixed_0.5_Dog_1_Frog_2"}, "not found", "did you mean"),
        ({"labels": "dragon"}, "no class", ""),
        ({"labels": "trucks"}, "no class", "'truck'"),
        ({"class_pair": ("dog", "frogs")}, "no class", "'frog'"),
        ({"labels": 10}, "10 is not the code of a class", "airplane"),
        ({"labels": -1}, "-1 is not the code of a class", "airplane"),
        ({"labels": 5.0}, "5.0 is not a class", "names or codes"),
        ({"labels": True}, "True is not a class", "names or codes"),
        ({"exclude_flags": "untouched"}, "no flag", "'untouched_sliders'"),
        ({"mixing_coeficient": 0.5}, "no filter", "'mixing_coefficient'"),
        ({"mixing_coefficient": (0.7, 0.2)}, "reversed", "(0.2, 0.7)"),
        ({"mixing_coefficient": 1.2}, "not from 0 to 1", "share of image 1"),
        ({"mixing_coefficient": (0.2, 75)}, "not from 0 to 1", ""),
        ({"confidence": math.nan}, "not a number", ""),
        ({"confidence": (math.nan, None)}, "not a number", ""),
        ({"confidence": "high"}, "not a number", ""),
        ({"confidence": True}, "not a number", ""),
        ({"confidence": []}, "chooses nothing", "leave the filter out"),
        ({"confidence": (0.1, 0.2, 0.3)}, "an interval is", "list"),
        ({"participants": 7}, "7 is not a valid id", "a string"),
        ({"participants": ""}, "is not a valid id", "a string"),
        ({"class_pair": "dog"}, "two classes", ""),
        ({"class_pair": ["dog", "frog", "cat"]}, "two classes", ""),
        ({"repeats": "no"}, "keeps only repeats", ""),
        ({"selected_coefficient": 0.5}, "no column 'selected_coefficient'", "a column of construct_midpoint"),
    ],
)
def test_a_wrong_filter_is_refused_with_advice(filters, message, hint, load_sample):
    with pytest.raises(FilterError) as after:
        hmix_hub.filter(load_sample(), **filters)
    with pytest.raises(FilterError) as during:
        load_sample(**filters)
    assert str(during.value) == str(after.value)
    assert message in str(after.value)
    assert hint in (after.value.hint or "")


def test_in_the_midpoint_tasks_the_error_points_to_the_answer(load_sample):
    with pytest.raises(FilterError) as caught:
        load_sample("construct_midpoint", mixing_coefficient=0.5)
    assert "selected_coefficient" in caught.value.hint


def test_a_by_stimulus_table_points_to_the_judgments(load_sample):
    with pytest.raises(FilterError) as caught:
        load_sample("infer_mixing_factor_by_stimulus", participants="sample000000001")
    assert "by_stimulus()" in caught.value.hint


def test_an_empty_result_warns_and_names_the_filter(load_sample):
    with pytest.warns(EmptyResultWarning, match="'confidence'"):
        result = hmix_hub.filter(load_sample(), repeats=False, confidence=0.987654, labels="dog")
    assert len(result) == 0
    assert result.features == load_sample().features


def test_an_empty_stream_warns_too():
    stream = hmix_hub.load_dataset("h-mix", split="train", source="sample", streaming=True, confidence=0.987654)
    with pytest.warns(EmptyResultWarning, match="'confidence'"):
        assert list(stream) == []


def test_a_dict_of_splits_is_filtered_split_by_split():
    splits = hmix_hub.filter(hmix_hub.load_dataset("h-mix", source="sample"), mixing_coefficient=0.5)
    assert set(splits["train"]["mixing_coefficient"]) == {0.5}


def test_what_is_no_dataset_is_refused():
    with pytest.raises(hmix_hub.HMixError, match="not list"):
        hmix_hub.filter([1], repeats=True)


def test_filtering_writes_no_cache_file(load_sample):
    from pathlib import Path

    dataset = load_sample()
    folder = Path(dataset.cache_files[0]["filename"]).parents[3]
    before = sorted(p.name for p in folder.rglob("*"))
    assert len(hmix_hub.filter(dataset, labels="dog", repeats=False)) < len(load_sample(labels="dog"))
    assert sorted(p.name for p in folder.rglob("*")) == before


@pytest.mark.parametrize(
    "several",
    [
        list,
        set,
        frozenset,
        np.array,
        pd.Series,
        pd.Index,
        dict.fromkeys,
        iter,
    ],
)
def test_any_collection_means_any_of(several, load_sample):
    people = load_sample().unique("participant_id")[:2]
    expected = hmix_hub.filter(load_sample(), participants=people, mixing_coefficient=[0.1, 0.9])
    got = hmix_hub.filter(load_sample(), participants=several(people), mixing_coefficient=several([0.1, 0.9]))
    assert got["judgment_id"][:] == expected["judgment_id"][:]


def test_numbers_and_truths_of_numpy_are_numbers_and_truths(load_sample):
    got = hmix_hub.filter(load_sample(), mixing_coefficient=np.float32(0.5), repeats=np.True_, presentation=np.int64(2))
    assert len(got) == len(hmix_hub.filter(load_sample(), mixing_coefficient=0.5, repeats=True, presentation=2)) > 0


@pytest.mark.parametrize(
    "call",
    [
        hmix_hub.to_tensors,
        hmix_hub.by_stimulus,
        hmix_hub.split,
        hmix_hub.plot,
        hmix_hub.soft_labels,
        lambda dataset: hmix_hub.join([dataset]),
    ],
)
def test_what_is_no_dataset_is_refused_everywhere_with_the_way_to_one(call):
    with pytest.raises(ConfigurationError, match="DatasetDict") as refused:
        call(hmix_hub.load_dataset("h-mix", source="sample"))
    assert 'dataset["train"]' in refused.value.hint
    with pytest.raises(ConfigurationError, match="IterableDataset") as refused:
        call(hmix_hub.load_dataset("h-mix", source="sample", split="train", streaming=True))
    assert "streaming" in refused.value.hint
    with pytest.raises(ConfigurationError, match="DataFrame"):
        call(pd.DataFrame())


def test_a_filtered_stream_keeps_its_format():
    stream = hmix_hub.load_dataset("h-mix", source="sample", split="train", streaming=True).with_format("torch")
    first = next(iter(hmix_hub.filter(stream, repeats=True)))
    assert isinstance(first["confidence"], torch.Tensor)


def test_a_dict_of_streams_is_filtered_stream_by_stream(load_sample):
    streams = hmix_hub.load_dataset("h-mix", source="sample", streaming=True)
    got = [row["judgment_id"] for row in hmix_hub.filter(streams, repeats=True)["train"]]
    assert got == kept(load_sample(), repeats=True)


def test_a_stream_that_does_not_know_its_columns_is_refused_with_advice():
    stream = hmix_hub.load_dataset("h-mix", source="sample", split="train", streaming=True)
    with pytest.raises(ConfigurationError, match="columns") as refused:
        hmix_hub.filter(stream.map(lambda row: row), labels="dog")
    assert "before map" in refused.value.hint


def test_labels_without_class_names_are_refused_with_the_way_to_them(load_sample):
    untyped = Dataset.from_pandas(load_sample().to_pandas())
    for filters in ({"labels": "dog"}, {"class_pair": ("dog", "frog")}):
        with pytest.raises(FilterError, match="no class names") as refused:
            hmix_hub.filter(untyped, **filters)
        assert "hmix_hub.from_pandas" in refused.value.hint
        restored = hmix_hub.from_pandas(untyped.to_pandas())
        assert kept(restored, **filters) == kept(load_sample(), **filters)
    flags = untyped.remove_columns("flags").add_column("flags", ["[]"] * len(untyped))
    with pytest.raises(FilterError, match="not lists of flags"):
        hmix_hub.filter(flags, exclude_flags="straightlining")
    for filters in ({"participants": "sample000000003"}, {"exclude_flags": "untouched_sliders"}, {"confidence": 0.5}):
        assert kept(untyped, **filters) == kept(load_sample(), **filters)


def test_a_bound_may_leave_the_range_in_its_last_bits(load_sample):
    below = 0.3 - 0.1 * 3
    assert below < 0
    assert kept(load_sample(), mixing_coefficient=(below, 0.5)) == kept(load_sample(), mixing_coefficient=(0, 0.5))


@pytest.mark.parametrize("number", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_a_number_of_lower_precision_means_its_digits(number, coefficient, load_sample):
    got = kept(load_sample(), mixing_coefficient=number(coefficient))
    assert got == kept(load_sample(), mixing_coefficient=coefficient) != []


def test_only_ids_of_pictures_may_end_as_files_do(load_sample):
    with pytest.raises(FilterError, match=r"anna\.png"):
        hmix_hub.filter(load_sample(), participants="anna.png")


def test_an_empty_result_says_which_numbers_there_were(load_sample):
    with pytest.warns(EmptyResultWarning, match=r"its values were 0\.1, 0\.25, 0\.5, 0\.75, 0\.9"):
        hmix_hub.filter(load_sample(), mixing_coefficient=0.55)
    with pytest.warns(EmptyResultWarning, match=r"its values were from \d+"):
        hmix_hub.filter(load_sample(), response_time_ms=(0, 0.5))
