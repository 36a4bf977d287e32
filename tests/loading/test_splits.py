import warnings

import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ConfigurationError, FilterError, SplitWarning


def pictures(rows):
    return {(r["image_set"], r[f"image_{i}_index"]) for r in rows for i in (1, 2)} - {("sample/pictures", None)}


@pytest.fixture(scope="module")
def sparse(load_sample):
    """Few rows, so that their pictures fall into many components."""
    return load_sample().shuffle(seed=1).select(range(60))


def test_no_picture_is_shared_by_default(sparse):
    parts = hmix_hub.split(sparse)
    assert not pictures(parts["train"]) & pictures(parts["test"])
    assert sorted(parts["train"]["judgment_id"][:] + parts["test"]["judgment_id"][:]) == sorted(sparse["judgment_id"])
    assert len(parts["test"]) > 0


def test_no_person_is_shared_by_participant(load_sample):
    parts = hmix_hub.split(load_sample(), by="participant")
    assert not set(parts["train"]["participant_id"]) & set(parts["test"]["participant_id"])
    assert abs(len(parts["test"]) / 1236 - 0.2) < 0.05


@pytest.mark.parametrize(("by", "column"), [("stimulus", "stimulus_id"), ("pair", "pair_id")])
def test_no_stimulus_or_pair_is_shared(by, column, load_sample):
    parts = hmix_hub.split(load_sample(), by=by, fractions={"a": 0.5, "b": 0.3, "c": 0.2})
    sets = [set(part[column]) for part in parts.values()]
    assert sum(map(len, sets)) == len(set.union(*sets))
    assert [round(len(part) / 1236, 1) for part in parts.values()] == [0.5, 0.3, 0.2]


def test_datasets_given_together_are_split_alike(load_sample):
    infer = load_sample().shuffle(seed=2).select(range(40))
    construct = load_sample("construct_midpoint").shuffle(seed=3).select(range(20))
    one, two = hmix_hub.split([infer, construct])
    assert not pictures([*one["train"], *two["train"]]) & pictures([*one["test"], *two["test"]])


@settings(max_examples=15)
@given(st.integers(0, 100), st.sampled_from(["image", "participant", "stimulus", "pair"]), st.integers(0, 5))
def test_the_deal_does_not_depend_on_the_order_of_rows(order, by, seed):
    dataset = hmix_hub.load_dataset("h-mix", split="train", source="sample").select(range(0, 1236, 11))
    one = hmix_hub.split(dataset, by=by, seed=seed)
    two = hmix_hub.split(dataset.shuffle(seed=order), by=by, seed=seed)
    for name in ("train", "test"):
        assert set(one[name]["judgment_id"]) == set(two[name]["judgment_id"])


def test_seeds_differ_and_repeat(load_sample):
    deals = [tuple(hmix_hub.split(load_sample(), by="pair", seed=seed)["test"]["judgment_id"]) for seed in (0, 0, 1)]
    assert deals[0] == deals[1]
    assert deals[1] != deals[2]


def test_single_pictures_are_components_of_one(load_sample):
    single = load_sample().select(range(20)).map(lambda row: {"image_2_index": None, "image_2_label": None})
    parts = hmix_hub.split(single)
    assert not pictures(parts["train"]) & pictures(parts["test"])


def test_by_stimulus_tables_split_too(load_sample):
    parts = hmix_hub.split(load_sample("infer_mixing_factor_by_stimulus"), by="stimulus")
    assert len(parts["train"]) + len(parts["test"]) == 360


@pytest.mark.parametrize(
    "options",
    [
        {"by": "picture"},
        {"fractions": {"a": 0.5, "b": 0.4}},
        {"fractions": {}},
        {"fractions": {"a": 1.5, "b": -0.5}},
        {"fractions": {"a": "0.5", "b": "0.5"}},
        {"fractions": {1: 0.5, 2: 0.5}},
    ],
)
def test_a_split_that_makes_no_sense_is_refused(options, load_sample):
    with pytest.raises(ConfigurationError):
        hmix_hub.split(load_sample(), **options)


def test_a_by_stimulus_table_has_no_people_to_split_by(load_sample):
    with pytest.raises(ConfigurationError, match="participant_id"):
        hmix_hub.split(load_sample("infer_mixing_factor_by_stimulus"), by="participant")


@pytest.mark.parametrize(
    ("by", "fractions", "message"),
    [
        ("participant", None, r"1 participant cannot be divided into 2 splits \(train, test\)"),
        ("image", {"a": 0.5, "b": 0.3, "c": 0.2}, "1 group of connected pictures cannot be divided into 3 splits"),
    ],
)
def test_fewer_groups_than_splits_are_refused_as_scikit_learn_refuses_them(by, fractions, message, load_sample):
    one_group = hmix_hub.filter(load_sample(), participants="sample000000001") if by == "participant" else load_sample()
    with pytest.raises(ConfigurationError, match=message) as refused:
        hmix_hub.split(one_group, by=by, fractions=fractions)
    assert isinstance(refused.value, ValueError)


@pytest.mark.parametrize("nothing", [[], "no rows"])
def test_no_rows_to_split_are_refused(nothing, load_sample):
    with pytest.raises(ConfigurationError, match="no rows to split"):
        hmix_hub.split(load_sample().select([]) if nothing else nothing)


def by_participant(*sizes):
    ids = [f"p{number}" for number, size in enumerate(sizes) for _ in range(size)]
    return Dataset.from_dict({"study_id": ["s"] * len(ids), "participant_id": ids})


def sizes_of(parts):
    return {name: len(part) for name, part in parts.items()}


def test_connected_pictures_that_leave_a_split_nearly_empty_are_named(load_sample):
    wide = hmix_hub.filter(load_sample(), mixing_coefficient=(0.25, 0.75), repeats=False)
    with pytest.warns(SplitWarning, match="split by image") as told:
        parts = hmix_hub.split(wide)
    assert sizes_of(parts) == {"train": 712, "test": 9}
    message = str(told[0].message)
    assert "train has 712 rows, 98.8% (requested: 80.0%), test has 9 rows, 1.2% (requested: 20.0%)" in message
    assert f"the largest of 3: 177 pictures such as those of {parts['train'][0]['pair_id']}, 712 rows" in message
    assert told[0].filename == __file__


def test_participants_too_large_for_the_fractions_are_named():
    with pytest.warns(SplitWarning, match="split by participant") as told:
        parts = hmix_hub.split(
            by_participant(90, 4, 3, 3), by="participant", fractions={"train": 0.5, "validation": 0.3, "test": 0.2}
        )
    assert sizes_of(parts) == {"train": 90, "validation": 6, "test": 4}
    assert str(told[0].message).endswith("A participant is never divided; the largest of 4: participant p0, 90 rows")


def test_a_split_short_of_rows_in_one_of_several_datasets_is_told_of_that_one(load_sample):
    with pytest.warns(SplitWarning) as told:
        hmix_hub.split([by_participant(*[10] * 10), by_participant(10, 10, 10)], by="participant")
    assert [str(warning.message).partition(":")[0] for warning in told] == ["split of dataset 2 of 2 by participant"]


@pytest.mark.parametrize("sizes", [(1, 1, 1), (20, 20, 20, 20, 25), (1, 2, 3, 4)])
def test_a_row_more_or_less_or_a_quarter_is_no_warning(sizes):
    assert sum(sizes_of(hmix_hub.split(by_participant(*sizes), by="participant")).values()) == sum(sizes)


def test_large_groups_are_dealt_so_that_the_fractions_are_met():
    # Dealt last, the group of 50 would come on top of a half of 25.
    for seed in range(10):
        parts = hmix_hub.split(
            by_participant(50, *[1] * 50), by="participant", fractions={"a": 0.5, "b": 0.5}, seed=seed
        )
        assert 37 <= len(parts["a"]) <= 63


@given(st.lists(st.integers(1, 50), min_size=4, max_size=12), st.integers(2, 4), st.integers(0, 3))
def test_every_split_gets_a_group_where_there_are_enough(sizes, n_splits, seed):
    fractions = {f"s{number}": 0.01 for number in range(1, n_splits)} | {"s0": 1 - 0.01 * (n_splits - 1)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SplitWarning)
        parts = hmix_hub.split(by_participant(*sizes), by="participant", fractions=fractions, seed=seed)
    assert min(sizes_of(parts).values()) > 0
    assert sum(sizes_of(parts).values()) == sum(sizes)


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(ConfigurationError, match="seed"):
        hmix_hub.split(by_participant(1, 1), by="participant", seed=seed)


def test_rows_without_what_is_split_by_are_refused():
    rows = Dataset.from_dict({"study_id": ["s", "s"], "participant_id": ["a", None]})
    with pytest.raises(ConfigurationError, match="participant_id"):
        hmix_hub.split(rows, by="participant")


def test_fractions_are_named(load_sample):
    with pytest.raises(ConfigurationError, match="by split name"):
        hmix_hub.split(load_sample(), fractions=[0.8, 0.2])


def test_an_id_of_one_split_filters_all_of_them(load_sample):
    parts = hmix_hub.split(load_sample(), by="participant")
    person = parts["test"][0]["participant_id"]
    kept = hmix_hub.filter(parts, participants=person)
    assert (len(kept["train"]), len(kept["test"])) == (0, len(hmix_hub.filter(parts["test"], participants=person)))
    with pytest.raises(FilterError, match="nobody"):
        hmix_hub.filter(parts, participants="nobody")
