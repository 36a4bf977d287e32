"""Human fit: exact figures of the release, laws, planted ceilings, and refusals."""

import json
import math

import numpy as np
import pytest
import torch

import hmix_hub
from hmix_hub.errors import ConfigurationError, PerceptionError, SchemaError

K = 10


@pytest.fixture(scope="module")
def released(release):
    return {
        task: hmix_hub.load_dataset("h-mix", task, split="train", source=release)
        for task in ("infer_mixing_factor", "categorical_soft_labels")
    }


@pytest.fixture(scope="module")
def infer(load_sample):
    return load_sample()


@pytest.fixture(scope="module")
def categorical(load_sample):
    return load_sample("categorical_soft_labels")


def two_class(dataset, shares):
    labels = np.zeros((len(dataset), K))
    each = np.arange(len(dataset))
    labels[each, dataset["image_1_label"]] = shares
    labels[each, dataset["image_2_label"]] += 1 - np.asarray(shares)
    return labels


def test_synthetic_labels_against_the_released_judgments(released):
    dataset = released["infer_mixing_factor"]
    fit = hmix_hub.human_fit(dataset["mixing_coefficient"], dataset)
    assert (fit.n_judgments, fit.n_stimuli, fit.n_participants) == (4950, 2070, 81)
    assert fit.rmse.value == pytest.approx(0.22573771, abs=1e-8)
    assert fit.ceiling.value == pytest.approx(0.18380871, abs=1e-8)
    assert fit.bias.value == pytest.approx(0.01714141, abs=1e-8)
    assert fit.correlation.value == pytest.approx(0.76682337, abs=1e-8)
    assert fit.gain.value == 0
    assert fit.explained.value == pytest.approx(0.8054, abs=1e-4)
    assert fit.bias.low < 0.0171 < fit.bias.high
    # Wider than intervals over judgments would be: answers of one participant are alike.
    assert 0.01 < fit.rmse.high - fit.rmse.low < 0.04


def test_means_by_coefficient_gain_a_little(released):
    dataset = released["infer_mixing_factor"]
    shown, people = (np.array(dataset[name]) for name in ("mixing_coefficient", "inferred_coefficient"))
    levels, number = np.unique(shown, return_inverse=True)
    means = np.array([people[number == level].mean() for level in range(len(levels))])
    fit = hmix_hub.human_fit(means[number], dataset)
    assert fit.rmse.value == pytest.approx(0.22217052, abs=1e-8)
    assert abs(fit.bias.value) < 1e-12
    assert 0.05 < fit.gain.value < 0.15


def test_the_mean_soft_label_of_a_stimulus_is_the_least_cross_entropy(released):
    dataset = released["categorical_soft_labels"]
    by_stimulus = hmix_hub.by_stimulus(dataset)
    fit = hmix_hub.human_fit(by_stimulus["mean_soft_label"], by_stimulus)
    assert (fit.n_judgments, fit.n_stimuli, fit.n_participants) == (216, 100, None)
    assert fit.cross_entropy.value == pytest.approx(fit.least_cross_entropy, abs=1e-12)
    # Its own answers are in the mean, so that it fits better than the ceiling of others' answers.
    assert fit.explained.value > 1


@pytest.mark.parametrize("name", ["infer_mixing_factor", "categorical_soft_labels"])
def test_shares_are_the_same_as_soft_labels_over_two_classes(name, load_sample):
    dataset = load_sample(name)
    shares = np.linspace(0.05, 0.95, len(dataset))
    for labels in (two_class(dataset, shares), torch.from_numpy(two_class(dataset, shares)), shares.tolist()):
        fit = hmix_hub.human_fit(labels, dataset)
        assert fit.rmse.value == pytest.approx(hmix_hub.human_fit(shares, dataset).rmse.value, abs=1e-12)


def test_what_a_soft_label_gives_to_other_classes_does_not_count_where_people_chose_between_two(infer):
    shares = np.linspace(0.05, 0.95, len(infer))
    spread = 0.5 * two_class(infer, shares) + 0.05
    each, one, two = np.arange(len(infer)), infer["image_1_label"], infer["image_2_label"]
    expected = spread[each, one] / (spread[each, one] + spread[each, two])
    assert hmix_hub.human_fit(spread, infer).rmse == hmix_hub.human_fit(expected, infer).rmse
    elsewhere = np.zeros((len(infer), K))
    third = [next(c for c in range(K) if c not in pair) for pair in zip(one, two, strict=True)]
    elsewhere[each, third] = 1
    assert hmix_hub.human_fit(elsewhere, infer).rmse == hmix_hub.human_fit(np.full(len(infer), 0.5), infer).rmse


def test_figures_are_those_of_the_formulas(categorical):
    rng = np.random.default_rng(0)
    labels = rng.dirichlet(np.ones(K), len(categorical))
    people = hmix_hub.soft_labels(categorical)
    fit = hmix_hub.human_fit(labels, categorical)
    assert fit.rmse.value == pytest.approx(np.sqrt(((labels - people) ** 2).sum(1).mean()), abs=1e-12)
    one = (np.arange(len(labels)), categorical["image_1_label"])
    assert fit.bias.value == pytest.approx((labels[one] - people[one]).mean(), abs=1e-12)
    assert fit.correlation.value == pytest.approx(np.corrcoef(labels.ravel(), people.ravel())[0, 1], abs=1e-12)
    assert fit.cross_entropy.value == pytest.approx(-(people * np.log(labels)).sum(1).mean(), abs=1e-12)
    explainable = people.var(axis=0).sum() - fit.ceiling.value**2
    assert fit.explained.value == pytest.approx((people.var(axis=0).sum() - fit.rmse.value**2) / explainable, abs=1e-9)


def test_a_label_that_rules_out_what_was_seen_costs_infinitely_many_nats(categorical):
    labels = np.eye(K)[categorical["image_1_label"]]
    fit = hmix_hub.human_fit(labels, categorical)
    assert fit.cross_entropy.value == math.inf
    assert math.isnan(fit.cross_entropy.low)
    assert json.loads(json.dumps(fit.to_dict(), allow_nan=False))["cross_entropy"]["value"] is None


def test_the_same_label_everywhere_explains_nothing_and_correlates_with_nothing(infer):
    mean = np.mean(infer["inferred_coefficient"])
    fit = hmix_hub.human_fit(np.full(len(infer), mean), infer)
    assert fit.explained.value == pytest.approx(0, abs=1e-12)
    assert math.isnan(fit.correlation.value)
    assert abs(fit.bias.value) < 1e-12


def planted(infer, rng, people=60, stimuli=80, noise=0.1):
    """Judgments whose stimulus means are known, by participants who differ by normal noise alone."""
    frame = hmix_hub.to_pandas(infer).iloc[:1].loc[[0] * (people * stimuli)].reset_index(drop=True)
    person, stimulus = np.divmod(np.arange(people * stimuli), stimuli)
    truth = np.linspace(0.3, 0.7, stimuli)
    frame["participant_id"] = [f"person{p}" for p in person]
    frame["stimulus_id"] = [f"mixed_0.5_Dog_{s}_Frog_{s}" for s in stimulus]
    frame["judgment_id"] = [f"sample/infer_mixing_factor/p{p}/{s}" for p, s in zip(person, stimulus, strict=True)]
    frame["inferred_coefficient"] = truth[stimulus] + noise * rng.standard_normal(len(frame))
    return hmix_hub.from_pandas(frame), truth[stimulus]


def test_a_planted_ceiling_is_found_and_the_true_means_reach_it(infer):
    rng = np.random.default_rng(0)
    dataset, truth = planted(infer, rng)
    fit = hmix_hub.human_fit(truth, dataset)
    assert fit.ceiling.low < 0.1 < fit.ceiling.high
    assert fit.ceiling.value == pytest.approx(0.1, abs=0.003)
    assert fit.explained.value == pytest.approx(1, abs=0.02)
    assert fit.gain.value == pytest.approx(1, abs=0.02)


def test_the_ceiling_counts_no_participant_twice(infer):
    dataset, truth = planted(infer, np.random.default_rng(1), people=3, stimuli=40)
    twice = hmix_hub.from_pandas(
        hmix_hub.to_pandas(dataset).loc[np.repeat(np.arange(len(dataset)), 2)].reset_index(drop=True)
    )
    once, again = hmix_hub.human_fit(truth, dataset), hmix_hub.human_fit(np.repeat(truth, 2), twice)
    assert again.ceiling == once.ceiling


def test_intervals_of_many_resamplings_cover_the_figure_and_follow_their_level(infer):
    shares = np.full(len(infer), 0.5)
    wide, narrow = (hmix_hub.human_fit(shares, infer, level=level) for level in (0.95, 0.5))
    for name in ("rmse", "bias", "ceiling", "explained"):
        ends = [getattr(fit, name) for fit in (wide, narrow)]
        assert ends[0].low < ends[1].low < ends[1].high < ends[0].high
        assert ends[0].value == ends[1].value
    assert hmix_hub.human_fit(shares, infer, seed=1).rmse != wide.rmse
    assert hmix_hub.human_fit(shares, infer).rmse == wide.rmse


def test_one_participant_has_no_interval_and_no_ceiling(infer):
    alone = hmix_hub.filter(infer, participants=infer[0]["participant_id"])
    fit = hmix_hub.human_fit(alone["mixing_coefficient"], alone)
    assert fit.rmse.value > 0
    assert all(math.isnan(value) for value in (fit.rmse.low, fit.ceiling.value, fit.explained.value))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(seed, infer):
    order = np.random.default_rng(seed).permutation(len(infer))[:300]
    shares = np.linspace(0.2, 0.8, len(infer))
    sorted_fit, shuffled = (hmix_hub.human_fit(shares[rows], infer.select(rows)) for rows in (np.sort(order), order))
    assert shuffled.rmse.value == pytest.approx(sorted_fit.rmse.value, abs=1e-12)
    assert shuffled.bias.value == pytest.approx(sorted_fit.bias.value, abs=1e-12)
    assert shuffled.correlation.value == pytest.approx(sorted_fit.correlation.value, abs=1e-12)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (lambda n: np.full(n, np.nan), "row 0: label .* is not a share"),
        (lambda n: np.full(n, 1.5), "row 0: .*not a share"),
        (lambda n: np.full((n, K), 0.2), "not a distribution"),
        (lambda n: np.full((n, K), -0.1), "not a distribution"),
        (lambda n: np.full((n, K - 1), 1 / (K - 1)), "airplane"),
        (lambda n: np.full(n - 1, 0.5), r"labels must be \(\d+,\) shares"),
        (lambda n: ["half"] * n, "not <U4"),
        (lambda n: [[0.5]] * (n - 1) + [[0.5, 0.5]], "not list"),
        (lambda n: None, "shares of image 1"),
        (lambda n: np.full(n, 1j), "complex"),
    ],
)
def test_labels_that_are_none_are_refused(labels, said, infer):
    with pytest.raises(SchemaError, match=said):
        hmix_hub.human_fit(labels(len(infer)), infer)


def test_a_bad_label_is_named_by_its_row(infer):
    labels = np.full(len(infer), 0.5)
    labels[7] = -0.25
    with pytest.raises(SchemaError, match=r"row 7: label \[-0.25\]"):
        hmix_hub.human_fit(labels, infer)


def test_datasets_without_answers_to_mixtures_are_refused(load_sample, infer):
    pairs = load_sample("construct_midpoint")
    with pytest.raises(ConfigurationError, match="not of construct_midpoint"):
        hmix_hub.human_fit([0.5] * len(pairs), pairs)
    with pytest.raises(ConfigurationError, match="no rows"):
        hmix_hub.human_fit([], infer.select([]))
    with pytest.raises(ConfigurationError, match="columns are missing from the dataset: stimulus_id"):
        hmix_hub.human_fit([0.5] * len(infer), infer.remove_columns("stimulus_id"))
    with pytest.raises(ConfigurationError, match="not list"):
        hmix_hub.human_fit([0.5], [0.5])
    with pytest.raises(PerceptionError, match="between 0 and 1"):
        hmix_hub.human_fit([0.5] * len(infer), infer, level=95)


def test_the_table_says_what_each_figure_is(infer):
    said = str(hmix_hub.human_fit(infer["mixing_coefficient"], infer))
    assert said.startswith("infer_mixing_factor: ")
    assert "95% intervals, over" in said
    assert all(name in said for name in ("rmse", "bias", "ceiling", "explained", "nats, at least"))
