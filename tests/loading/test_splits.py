import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ConfigurationError, EmptyResultWarning, FilterError


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
    [{"by": "picture"}, {"fractions": {"a": 0.5, "b": 0.4}}, {"fractions": {}}, {"fractions": {"a": 1.5, "b": -0.5}}],
)
def test_a_split_that_makes_no_sense_is_refused(options, load_sample):
    with pytest.raises(ConfigurationError):
        hmix_hub.split(load_sample(), **options)


def test_a_by_stimulus_table_has_no_people_to_split_by(load_sample):
    with pytest.raises(ConfigurationError, match="participant_id"):
        hmix_hub.split(load_sample("infer_mixing_factor_by_stimulus"), by="participant")


def test_a_part_without_rows_is_told(load_sample):
    person = hmix_hub.filter(load_sample(), participants="sample000000001")
    with pytest.warns(EmptyResultWarning, match=r"no rows for test: .* people \(1\)"):
        parts = hmix_hub.split(person, by="participant")
    assert len(parts["train"]) == len(person)


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
