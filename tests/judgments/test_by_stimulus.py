from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub import by_stimulus, load_dataset
from hmix_hub.errors import SchemaError
from hmix_hub.tasks import BY_STIMULUS_COLUMNS


def naive(rows):
    groups = defaultdict(list)
    for row in rows:
        groups[row["stimulus_id"]].append(row)
    out = []
    for name, own in groups.items():
        p, c = [r["inferred_coefficient"] for r in own], [r["confidence"] for r in own]
        out.append(
            {
                "stimulus_id": name,
                "n_judgments": len(own),
                "n_participants": len({(r["study_id"], r["participant_id"]) for r in own}),
                "inferred_coefficients": p,
                "confidences": c,
                "mean_inferred_coefficient": np.mean(p),
                "std_inferred_coefficient": np.std(p),
                "relabel_difference": own[0]["mixing_coefficient"] - np.mean(p),
                "confidence_weighted_coefficient": np.average(p, weights=c) if sum(c) else None,
                "released_weighted_relabel": np.mean(np.multiply(p, c)),
            }
        )
    return out


@settings(max_examples=20)
@given(st.lists(st.integers(0, 1235), min_size=1, max_size=200))
def test_any_selection_in_any_order_is_gathered_as_by_hand(indices):
    chosen = load_dataset("h-mix", split="train", source="sample").select(indices)
    found = by_stimulus(chosen)
    expected = naive(chosen.to_list())
    assert len(found) == len(expected)
    for row, wanted in zip(found, expected, strict=True):
        for name, value in wanted.items():
            if isinstance(value, float):
                assert np.isclose(row[name], value, rtol=0, atol=1e-12), name
            else:
                assert row[name] == value, name


def test_columns_are_the_documented_ones_for_every_task(task, load_sample):
    names = [c.name for c in BY_STIMULUS_COLUMNS[task]]
    assert by_stimulus(load_sample(task)).column_names == [*names, "n_synthetic"]


@pytest.mark.parametrize("config", ["infer_mixing_factor", "categorical_soft_labels"])
def test_the_by_stimulus_configuration_is_by_stimulus_of_the_judgments(config, load_sample):
    assert by_stimulus(load_sample(config)).to_list() == load_sample(f"{config}_by_stimulus").to_list()


def test_in_the_midpoint_tasks_the_stimulus_is_the_pair(load_sample):
    judgments = load_sample("construct_midpoint")
    table = by_stimulus(judgments)
    assert table["pair_id"] == judgments.unique("pair_id")
    assert sum(table["n_judgments"]) == len(judgments)


def test_no_weight_at_all_gives_no_weighted_mean(load_sample):
    judgments = load_sample().select([0]).map(lambda row: {"confidence": 0.0})
    row = by_stimulus(judgments)[0]
    assert row["confidence_weighted_coefficient"] is None
    assert row["released_weighted_relabel"] == 0


def test_a_confidence_not_given_has_no_weight(load_sample):
    judgments = load_sample().select([0, 0]).map(lambda row, i: {"confidence": [None, 0.5][i]}, with_indices=True)
    row = by_stimulus(judgments)[0]
    assert np.isclose(row["confidence_weighted_coefficient"], judgments[0]["inferred_coefficient"])
    assert row["released_weighted_relabel"] is None
    assert row["confidences"] == [None, 0.5]


def test_an_empty_selection_gives_an_empty_table(task, load_sample):
    assert len(by_stimulus(load_sample(task).select([]))) == 0


def test_judgments_that_disagree_on_the_picture_are_refused(load_sample):
    judgments = load_sample().select([0, 0]).map(lambda row, i: {"image_1_index": i}, with_indices=True)
    with pytest.raises(SchemaError, match="image_1_index"):
        by_stimulus(judgments)


def test_a_by_stimulus_table_is_no_judgment_table(load_sample):
    with pytest.raises(SchemaError, match="one row per judgment"):
        by_stimulus(load_sample("infer_mixing_factor_by_stimulus"))
