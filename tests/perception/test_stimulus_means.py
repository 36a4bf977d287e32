"""Stimulus means: shrunk to the model, without the effects of who answered, and better than plain means."""

from __future__ import annotations

import numpy as np
import pytest

from hmix_hub import PerceptualModel, aggregate, by_stimulus, load_dataset
from hmix_hub.errors import PerceptionError
from hmix_hub.perception.stimulus_means import _folds, means_of_others, stimuli_of, stimulus_means
from hmix_hub.tasks import INFER


@pytest.fixture(scope="module")
def model(load_sample):
    return PerceptualModel.fit(load_sample(), people=False)


@pytest.fixture(scope="module")
def first_answers(release):
    return load_dataset("h-mix", INFER, split="train", source=release, repeats=False)


@pytest.fixture(scope="module")
def of_release(first_answers):
    return PerceptualModel.fit(first_answers)


def answered(dataset, share, people=1):
    """Return judgments of the first stimulus by so many, who all answer the same, and others that tell the variance."""
    first = dataset.select([0] * people)
    copies = {"participant_id": lambda n: f"new{n}", "inferred_coefficient": lambda n: share}
    changed = first.map(lambda row, n: {name: value(n) for name, value in copies.items()}, with_indices=True)
    from datasets import concatenate_datasets

    others = dataset.filter(lambda row: row["stimulus_id"] != dataset[0]["stimulus_id"])
    return concatenate_datasets([changed.cast(dataset.features), others])


def test_more_answers_outweigh_the_model(model, load_sample):
    means = [stimulus_means(model, answered(load_sample(), 0.95, people)).share[0] for people in (1, 30)]
    shown = load_sample()[0]
    expected = model.predict(shown["mixing_coefficient"], shown["image_1_label"], shown["image_2_label"]).mean
    assert expected < means[0] < means[1] < 0.95


def test_stimuli_stand_in_the_order_of_the_by_stimulus_table(model, load_sample):
    found = stimulus_means(model, load_sample())
    pooled = by_stimulus(load_sample())
    assert len(found.share) == len(pooled)
    assert np.corrcoef(found.share, pooled["mean_inferred_coefficient"])[0, 1] > 0.9
    shuffled = load_sample().shuffle(seed=0)
    other = dict(zip(by_stimulus(shuffled)["stimulus_id"], stimulus_means(model, shuffled).share, strict=True))
    np.testing.assert_allclose([other[name] for name in pooled["stimulus_id"]], found.share, atol=1e-6)


@pytest.mark.parametrize("at_once", [1, 7])
def test_a_few_answers_at_a_time_make_no_difference(at_once, model, load_sample, monkeypatch):
    few = load_sample().select(range(150))
    expected = stimulus_means(model, few)
    monkeypatch.setattr("hmix_hub.perception.stimulus_means._ANSWERS_AT_ONCE", at_once)
    found = stimulus_means(model, few)
    np.testing.assert_allclose(found.share, expected.share, atol=1e-9)


def test_participants_whom_the_model_does_not_know_count_as_anybody(release):
    ds = load_dataset("h-mix", INFER, split="train", source=release, collection_round="A")
    model = PerceptualModel.fit(ds)
    renamed = ds.map(lambda row: {"participant_id": f"new-{row['participant_id']}"})
    known, unknown = (stimulus_means(model, dataset).share for dataset in (ds, renamed))
    assert np.corrcoef(known, unknown)[0, 1] > 0.98
    assert np.abs(known - unknown).max() > 0.01


def test_turning_every_pair_turns_every_mean(load_sample):
    def turned(row):
        return {
            "image_1_label": row["image_2_label"],
            "image_2_label": row["image_1_label"],
            "mixing_coefficient": 1 - row["mixing_coefficient"],
            "inferred_coefficient": 1 - row["inferred_coefficient"],
        }

    sample = load_sample()
    other = sample.map(turned).cast(sample.features)
    means, mirrored = (stimulus_means(PerceptualModel.fit(ds, people=False), ds) for ds in (sample, other))
    assert means.own_share == pytest.approx(mirrored.own_share, abs=2e-3)
    np.testing.assert_allclose(means.share, 1 - mirrored.share, atol=1e-3)


def test_stimuli_judged_by_one_participant_each_are_refused(model, load_sample):
    sample = load_sample()
    _, first = np.unique(sample["stimulus_id"], return_index=True)
    with pytest.raises(PerceptionError, match="no stimulus was judged by two participants"):
        stimulus_means(model, sample.select(np.sort(first)))


def test_the_others_of_a_stimulus_are_all_but_who_answers(model, load_sample):
    sample = load_sample()
    plain, expected = means_of_others(sample, model)
    rows = sample.select_columns(["stimulus_id", "participant_id", "inferred_coefficient"]).to_list()
    for number in range(0, len(rows), 97):
        row = rows[number]
        others = [
            other["inferred_coefficient"]
            for other in rows
            if other["stimulus_id"] == row["stimulus_id"] and other["participant_id"] != row["participant_id"]
        ]
        assert np.isnan(plain[number]) == np.isnan(expected[number]) == (not others)
        if others:
            assert plain[number] == pytest.approx(np.mean(others))
    assert np.nanmin(expected) >= 0
    assert np.nanmax(expected) <= 1


def root_mean_square(values):
    return float(np.sqrt(np.nanmean(np.square(values))))


def test_a_stimulus_of_the_release_owns_a_third_of_the_variance(first_answers, of_release):
    found = stimulus_means(of_release, first_answers)
    assert found.own_share == pytest.approx(0.31, abs=0.02)
    aggregated = aggregate(first_answers, "model", model=of_release)
    np.testing.assert_array_equal(aggregated["aggregated_coefficient"], found.share)
    plain = np.array(aggregate(first_answers)["aggregated_coefficient"])
    # Shrunk: nearer to the even mixture at either end, and not at the ends themselves.
    assert np.std(found.share) < np.std(plain)
    assert 0 < found.share.min() < found.share.max() < 1


def test_a_held_out_participant_is_nearer_to_the_stimulus_mean_than_to_the_mean_of_the_others(first_answers):
    answers = np.array(first_answers["inferred_coefficient"])
    plain, expected = (root_mean_square(means - answers) for means in means_of_others(first_answers))
    assert plain == pytest.approx(0.2468, abs=1e-4)
    assert expected == pytest.approx(0.2069, abs=2e-4)


def test_participants_of_a_fold_share_no_stimulus(first_answers):
    from hmix_hub.perception.mixtures import observe

    stimuli, participants = stimuli_of(first_answers), observe(first_answers).participant
    folds = _folds(participants, stimuli)
    assert np.bincount(folds).tolist() == [35, 35, 9, 2]
    for fold in range(4):
        rows = np.flatnonzero(folds[participants] == fold)
        assert len(np.unique(stimuli.codes[rows])) == len(rows)
