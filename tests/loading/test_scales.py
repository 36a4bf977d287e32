"""Scales of a loaded dataset: its description carries them, whatever happens to it, and never more than it holds."""

import json

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ScaleWarning
from hmix_hub.scales import joined_scales, rename_scale, set_scales
from hmix_hub.schema.scale import Scale
from hmix_hub.tables import add_picture_places, class_orders, picture_places

LIKENESS = Scale("likeness", "How alike?", "not at all", "very", 7)
EMPTY = datasets.Dataset.from_dict({"n": []})
BEAUTY = Scale("beauty", "How beautiful?", "ugly", "beautiful")


def rated(*scales, names=None):
    """A dataset of one rating on each scale, which tells of all of them."""
    dataset = datasets.Dataset.from_dict({"scale": names or [scale.name for scale in scales], "n": range(len(scales))})
    set_scales(dataset.info, scales)
    return dataset


def test_a_dataset_tells_of_the_scales_that_its_rows_are_rated_on():
    dataset = rated(LIKENESS, BEAUTY)
    assert hmix_hub.scales_of(dataset) == {"likeness": LIKENESS, "beauty": BEAUTY}
    assert hmix_hub.scales_of(dataset.select([1])) == {"beauty": BEAUTY}
    assert hmix_hub.scales_of(dataset.remove_columns("scale")) == {"likeness": LIKENESS, "beauty": BEAUTY}


def test_scales_survive_a_disk(tmp_path):
    rated(LIKENESS).save_to_disk(tmp_path / "kept")
    assert hmix_hub.scales_of(datasets.load_from_disk(tmp_path / "kept")) == {"likeness": LIKENESS}


def test_a_dataset_without_a_description_tells_of_none():
    assert hmix_hub.scales_of(datasets.Dataset.from_dict({"scale": ["likeness"]})) == {}


texts = st.text(min_size=1, max_size=30) | st.sampled_from(
    ["Scale {", '"}.', 'Scale {"name": "x"}.', '\\"', "Distributions count the classes [", 'Pictures of ["x", "/etc"].']
)


@given(st.lists(st.tuples(texts, texts, texts, texts, st.none() | st.integers(2, 9)), max_size=3), st.lists(texts))
def test_a_description_tells_exactly_of_what_was_written_whatever_its_texts(written, others):
    scales = list({name: Scale(name, *rest) for name, *rest in written}.values())
    info = datasets.DatasetInfo(description=f"Distributions count the classes {json.dumps(['a', *others])}.")
    add_picture_places(info, [("a/pictures", *others, "folder")])
    before = picture_places(info), class_orders(info)
    set_scales(info, scales)
    set_scales(info, scales)
    EMPTY.info.description = info.description
    assert list(hmix_hub.scales_of(EMPTY).values()) == scales
    assert (picture_places(info), class_orders(info)) == before


def test_class_names_are_no_scales():
    info = datasets.DatasetInfo(description='Distributions count the classes ["Scale {", ": 1}", "Scale {\\"name"].')
    EMPTY.info.description = info.description
    assert hmix_hub.scales_of(EMPTY) == {}


def test_scales_of_one_name_with_other_ends_are_not_joined():
    turned = Scale("likeness", "How alike?", "very", "not at all", 7)
    with pytest.raises(hmix_hub.HMixError, match="different ends: 0 not at all, 1 very; 7 steps; and 0 very") as caught:
        joined_scales([{"likeness": LIKENESS}, {"likeness": turned}])
    assert "rename_scale" in caught.value.hint


def test_ends_are_the_same_whatever_their_case():
    assert joined_scales(
        [{"likeness": LIKENESS}, {"likeness": Scale("likeness", "How alike?", " Not at all", "Very", 7)}]
    )


@pytest.mark.parametrize(
    "other",
    [Scale("likeness", "Alike?", "not at all", "very", 7), Scale("likeness", "How alike?", "not at all", "very")],
)
def test_scales_of_one_name_with_another_question_or_other_steps_warn(other):
    with pytest.warns(ScaleWarning, match="the joined dataset keeps the first"):
        assert joined_scales([{"likeness": LIKENESS}, {"likeness": other}]) == [LIKENESS]


def test_studies_that_datasets_put_together_are_noticed():
    turned = Scale("likeness", "How alike?", "very", "not at all", 7)
    both = datasets.concatenate_datasets([rated(LIKENESS), rated(turned)])
    with pytest.raises(hmix_hub.HMixError, match="different ends"):
        hmix_hub.scales_of(both)


def test_a_scale_is_renamed_in_its_rows_and_in_the_description():
    dataset = rated(LIKENESS, BEAUTY).select([1, 0])
    renamed = rename_scale(dataset, "likeness", "alike")
    assert renamed["scale"][:] == ["beauty", "alike"]
    assert renamed.column_names == dataset.column_names
    assert renamed.features == dataset.features
    assert hmix_hub.scales_of(renamed)["alike"] == Scale("alike", "How alike?", "not at all", "very", 7)
    assert set(hmix_hub.scales_of(renamed)) == {"beauty", "alike"}


@pytest.mark.parametrize(
    ("name", "new", "said"),
    [("likenes", "x", "likeness"), ("likeness", "beauty", "not in use"), ("likeness", "", "name")],
)
def test_a_scale_that_is_not_there_or_a_name_that_is_taken_is_refused(name, new, said):
    with pytest.raises(hmix_hub.HMixError) as caught:
        rename_scale(rated(LIKENESS, BEAUTY), name, new)
    assert said in caught.value.hint
