"""Findings about judgments made by a known rule: what they recover, how often intervals hold it, what is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as set_up
from hypothesis import strategies as st
from made_judgments import CLASSES, LEVELS, design, judgments_of

from hmix_hub.findings.agreement import agreement, retest
from hmix_hub.findings.classes import class_visibility
from hmix_hub.findings.deviation import ceilings, deviation
from hmix_hub.findings.shown import confidence, inferred_against_shown
from hmix_hub.findings.shrinkage import _log_likelihoods, discoveries, shrink, two_sided
from hmix_hub.findings.wording import listed, slugs
from hmix_hub.resampling import resample
from hmix_hub.schema.groups import Groups
from hmix_hub.spread import Spread
from hmix_hub.tasks import INFER

SEEN = np.array([0.06, 0.02, 0.0, -0.03, -0.05])
"""How much more is seen of each class."""
PERSON, STIMULUS, TOGETHER, AGAIN = 0.03, 0.12, 0.1, 0.08
"""Standard deviations: of people, of stimuli, of a person on a stimulus, and of one answer."""
WITHIN = PERSON**2 + TOGETHER**2 + AGAIN**2


def made(rng, n_people=45, trials=20, **options):
    """Judgments of batches of three people, two stimuli of each person shown again; other people, other stimuli."""
    people, stimuli = design(n_people, 3, trials)
    n_stimuli = stimuli.max() + 1
    shown = LEVELS[np.arange(n_stimuli) % len(LEVELS)]
    labels = np.array([rng.choice(len(CLASSES), 2, replace=False) for _ in range(n_stimuli)])
    mean = 0.5 + 0.9 * (shown - 0.5) + SEEN[labels[:, 0]] - SEEN[labels[:, 1]] + rng.normal(0, STIMULUS, n_stimuli)
    again = np.repeat(np.arange(n_people), 2)
    repeated = again // 3 * trials + np.tile([3, 7], n_people)
    seen = mean + rng.normal(0, PERSON, (n_people, 1)) + rng.normal(0, TOGETHER, (n_people, n_stimuli))
    who, what = np.append(people, again), np.append(stimuli, repeated)
    inferred = seen[who, what] + rng.normal(0, AGAIN, len(who))
    presentation = np.append(np.ones(len(people), dtype=int), np.full(len(again), 2))
    return judgments_of(who, what, shown[what], inferred, labels=labels[what], presentation=presentation, **options)


def numbers_of(judgments, *findings):
    return {n.id: n for finding in findings for n in finding({INFER: judgments}).numbers}


def test_parts_of_the_deviation_are_those_that_it_was_made_of():
    found = numbers_of(made(np.random.default_rng(5), 600, resamples=100), deviation, ceilings)
    assert found["ceiling.new_person"].value == pytest.approx(np.sqrt(WITHIN), rel=0.02)
    assert found["ceiling.same_person"].value == pytest.approx(AGAIN, rel=0.05)
    total = found["deviation.total"].value
    stimulus = STIMULUS**2 + 2 * SEEN.var(ddof=1)
    assert found["deviation.people"].value * total / 100 == pytest.approx(WITHIN, rel=0.05)
    assert found["deviation.stimulus.corrected"].value * total / 100 == pytest.approx(stimulus, rel=0.08)
    assert found["deviation.curve.corrected"].value * total / 100 == pytest.approx(0.01 * LEVELS.var(), rel=0.25)


def test_intervals_hold_what_people_differ_in_about_as_often_as_they_say():
    """New people judge the same stimuli: what their answers would be on average is known."""
    rng, held, n_people = np.random.default_rng(3), [], 40
    stimuli = np.tile(np.arange(12), n_people)
    people, shown = np.repeat(np.arange(n_people), 12), LEVELS[stimuli % len(LEVELS)]
    for _ in range(60):
        inferred = shown + rng.normal(0, 0.08, n_people)[people] + rng.normal(0, 0.1, len(people))
        found = numbers_of(
            judgments_of(people, stimuli, shown, inferred, resamples=200), inferred_against_shown, ceilings
        )
        held.append(
            [
                *(found[f"infer.mean.{level:g}"].contains(level) for level in LEVELS),
                found["ceiling.new_person"].contains(np.sqrt(0.08**2 + 0.1**2)),
            ]
        )
    assert 0.9 <= np.mean(held) <= 0.98


def test_intervals_of_few_participants_are_widened():
    rng, held, stimuli = np.random.default_rng(6), [], np.tile(np.arange(5), 6)
    people, shown = np.repeat(np.arange(6), 5), LEVELS[stimuli]
    for _ in range(150):
        inferred = shown + rng.normal(0, 0.1, 6)[people]
        found = numbers_of(judgments_of(people, stimuli, shown, inferred, resamples=200), inferred_against_shown)
        held.append(found["infer.bias"].contains(0))
    assert np.mean(held) >= 0.88


def test_shrunk_classes_and_pairs_hold_their_effects_with_new_people_and_new_pictures():
    rng, classes, pairs = np.random.default_rng(8), [], []
    for _ in range(12):
        found = numbers_of(made(rng, 81, resamples=100), class_visibility)
        classes += [found[f"class.visibility.{name}"].contains(seen) for name, seen in zip(CLASSES, SEEN, strict=True)]
        for one, first in enumerate(CLASSES):
            for other, second in enumerate(CLASSES[one + 1 :], one + 1):
                truth = SEEN[one] - SEEN[other]
                pairs += [found[f"pair.{kind}.{first}-{second}"].contains(truth) for kind in ("raw", "visibility")]
    assert 0.85 <= np.mean(classes) <= 1
    assert 0.88 <= np.mean(pairs) <= 0.99


def test_where_classes_are_alike_no_pair_stands():
    rng, stands = np.random.default_rng(2), 0
    for _ in range(10):
        people, stimuli = design(60, 3, 20)
        labels = np.array([rng.choice(5, 2, replace=False) for _ in range(stimuli.max() + 1)])[stimuli]
        shown = LEVELS[stimuli % 5]
        inferred = shown + rng.normal(0, 0.1, len(people))
        found = numbers_of(judgments_of(people, stimuli, shown, inferred, labels=labels), class_visibility)
        stands += found["pair.discoveries"].value > 0
    assert stands <= 2


def test_effects_that_are_shrunk_to_nothing_have_no_interval():
    people, stimuli = design(12)
    shown = LEVELS[stimuli % 5]
    labels = np.stack([stimuli % 2, 2 + stimuli % 3], axis=1)
    # Answers deviate by participant alone, by equally many upwards and downwards.
    inferred = shown + 0.05 * (-1.0) ** people
    data = judgments_of(people, stimuli, shown, inferred, labels=labels)

    found = numbers_of(data, class_visibility)

    assert found["class.visibility.ant"].value == 0
    assert not found["class.visibility.ant"].has_interval
    assert "shrunk estimates are 0 and have no interval" in class_visibility({INFER: data}).text


def test_the_order_of_rows_does_not_matter():
    judgments = made(np.random.default_rng(1))
    order = np.random.default_rng(2).permutation(len(judgments))
    shuffled = replace(judgments, table=judgments.table.take(pa.array(order)), row_of=order, _known={}, _computed={})
    findings = (inferred_against_shown, confidence, class_visibility, retest, agreement, deviation, ceilings)
    one, other = (numbers_of(part, *findings) for part in (judgments, shuffled))
    assert list(one) == list(other)
    for name, number in one.items():
        for value, again in zip(
            (number.value, number.low, number.high), (other[name].value, other[name].low, other[name].high), strict=True
        ):
            assert value == pytest.approx(again, abs=1e-9), name
        assert set(order[other[name].rows.rows]) == set(number.rows.rows)


def test_one_participant_has_numbers_and_no_interval():
    shown = np.tile(LEVELS, 4)
    judgments = judgments_of(np.zeros(20, dtype=int), np.arange(20), shown, shown)
    found = numbers_of(judgments, inferred_against_shown, confidence)
    assert found["infer.mean.0.5"].value == pytest.approx(0.5)
    assert not any(number.has_interval for number in found.values())
    for finding in (agreement, deviation, ceilings, class_visibility, retest):
        assert isinstance(finding({INFER: judgments}), str)


def test_answers_that_never_differ_have_no_correlation_and_no_alpha():
    people, stimuli = design(6)
    judgments = judgments_of(people, stimuli, LEVELS[stimuli % 5], np.full(len(people), 0.5))
    found = numbers_of(judgments, confidence, agreement, deviation)
    for name in ("confidence.extremeness.pooled", "confidence.accuracy.within", f"agreement.alpha.{INFER}"):
        assert (found[name].value, found[name].low) == (None, None)
    assert found["deviation.people"].value == pytest.approx(0)


def test_without_any_confidence_the_finding_says_so():
    people, stimuli = design(6)
    shown = LEVELS[stimuli % 5]
    judgments = judgments_of(people, stimuli, shown, shown, confidence=np.full(len(people), np.nan))
    assert confidence({INFER: judgments}) == "nobody stated their confidence"


def test_more_classes_than_can_be_compared_are_said(monkeypatch):
    monkeypatch.setattr("hmix_hub.findings.classes.MOST_CLASSES", 4)
    assert "5 classes" in class_visibility({INFER: made(np.random.default_rng(1))})


def test_many_coefficients_are_put_into_tenths():
    rng = np.random.default_rng(0)
    people, stimuli = design(9)
    shown = rng.random(stimuli.max() + 1)[stimuli]
    found = inferred_against_shown({INFER: judgments_of(people, stimuli, shown, shown)})
    assert set(found.series[0].levels) <= set(np.round(np.arange(11) / 10, 1))


def test_shrunk_effects_of_classes_sum_to_zero_and_lie_nearer_to_the_classes():
    rng = np.random.default_rng(4)
    pairs = [(one, other) for one in range(6) for other in range(one + 1, 6)]
    design_ = np.zeros((len(pairs), 6))
    for row, (one, other) in enumerate(pairs):
        design_[row, [one, other]] = 1, -1
    effects = np.array([0.1, 0.05, 0, 0, -0.05, -0.1])
    raw = design_ @ effects + rng.normal(0, 0.03, len(pairs))
    found = shrink(raw, 0.03**2 * np.eye(len(pairs)), design_)
    assert found.classes.sum() == pytest.approx(0, abs=1e-12)
    assert np.abs(found.pairs - design_ @ effects).mean() < np.abs(raw - design_ @ effects).mean()
    assert (found.pair_sd < 0.03).all()
    nothing = shrink(np.zeros(len(pairs)), np.eye(len(pairs)), design_)
    assert (nothing.between_classes, nothing.between_pairs) == (0, 0)


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30))
def test_discoveries_are_between_bonferroni_and_no_correction(p):
    p = np.array(p)
    stands = discoveries(p)
    assert (stands >= (p <= 0.05 / len(p))).all()
    assert (stands <= (p <= 0.05)).all()


def test_two_sided_p_values():
    assert two_sided(np.array([0, 2.262157, -2.262157]), 10) == pytest.approx([1, 0.05, 0.05], abs=1e-6)


@set_up(max_examples=40)
@given(st.data())
def test_two_copies_of_a_person_are_no_pair(data):
    """An alpha of weights 0 and 1 is that of the rows kept; doubling everybody's weight leaves the variance within."""
    n = data.draw(st.integers(4, 24))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    groups = Groups(np.arange(n) // 2 % 5 if n >= 10 else np.arange(n) // 2)
    values, kept = rng.random(n), rng.random(n) < 0.7
    spread = Spread([values], groups, np.arange(n))
    weights = np.stack([kept.astype(float), np.ones(n), np.full(n, 2.0)])
    alpha, within = spread.krippendorff_alpha(weights), spread.variance_within(weights)
    if kept.any():
        codes = np.unique(groups.codes[kept], return_inverse=True)[1]
        alone = Spread.unweighted([values[kept]], Groups(codes))
        assert alpha[0] == pytest.approx(alone.krippendorff_alpha(np.ones((1, 1)))[0], nan_ok=True)
        assert within[0] == pytest.approx(alone.variance_within(np.ones((1, 1)))[0], nan_ok=True)
    assert within[1] == pytest.approx(within[2])


def test_copies_of_people_who_are_alone_with_their_stimuli_tell_no_variance():
    values, weights = np.random.default_rng(0).random(9), np.arange(45.0, 54.0)[None]
    assert np.isnan(Spread([values], Groups(np.arange(9)), np.arange(9)).variance_within(weights)).all()


def test_resampling_of_few_and_of_many_units():
    values = np.arange(5000.0)
    for n in (1, 2, 5000):
        found = resample(
            lambda w, n=n: (w @ values[:n, None]) / w.sum(axis=1, keepdims=True), n, width=n, resamples=100
        )
        assert found.mean[0] == pytest.approx(values[:n].mean())
        assert np.isnan(found.low[0]) == (n == 1)
        assert n == 1 or found.low[0] <= found.mean[0] <= found.high[0]


def test_words():
    assert slugs(["Cat", "Sea lion", "cat", "猫", "?", "cat-2"]) == [
        "cat",
        "sea-lion",
        "cat-2",
        "猫",
        "unnamed",
        "cat-2-2",
    ]
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_a_coefficient_at_which_nobody_gave_a_confidence_has_no_number():
    people, stimuli = design(6)
    shown = np.resize(LEVELS, len(people))
    given_at = np.where(shown == LEVELS[2], np.nan, 0.25)
    found = numbers_of(judgments_of(people, stimuli, shown, shown, confidence=given_at), confidence)
    assert "confidence.mean.0.5" not in found
    assert [found[f"confidence.mean.{level:g}"].value for level in LEVELS[[0, 1, 3, 4]]] == [0.25] * 4


def test_the_likelihood_of_shared_effects_is_that_of_the_whole_covariance():
    """Decomposed once for all strengths of the classes: forty classes take seconds, not a minute."""
    rng = np.random.default_rng(0)
    raw, of_classes, root = rng.normal(size=12), rng.normal(size=(12, 4)), rng.normal(size=(12, 12))
    own, common = root @ root.T + np.eye(12), np.array([0.0, 0.3, 2.0])
    expected = []
    for strength in common:
        covariance = own + strength**2 * of_classes @ of_classes.T
        expected.append(-0.5 * np.linalg.slogdet(covariance)[1] - 0.5 * raw @ np.linalg.solve(covariance, raw))
    np.testing.assert_allclose(_log_likelihoods(raw, own, of_classes, common), expected, atol=1e-10)
