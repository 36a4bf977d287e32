"""Labels of HumanMixup: the laws that hold exactly, and what people see."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made_model import CONFIDENCE, DEVICES, NAMES, OUTSIDE, Model, batch_of
from torch.nn.functional import one_hot

import hmix_hub
from hmix_hub import HumanMixup, PerceptualModel
from hmix_hub.errors import PerceptionError, SchemaError

MIXUPS = {ends: HumanMixup(Model(), ends=ends) for ends in ("pinned", "model")}


@given(st.floats(0, 1), st.integers(0, 9), st.integers(0, 9), st.booleans(), st.sampled_from(["pinned", "model"]))
def test_shares_of_both_sides_sum_to_exactly_one(coefficient, one, two, single, ends):
    mixup = MIXUPS[ends]
    given_as = np.float32(coefficient) if single else coefficient
    there, back = mixup.share(given_as, one, two), mixup.share(1 - given_as, two, one)
    assert there + back == 1
    assert 0 <= there <= 1
    there, back = mixup.relabel(given_as, [one], [two]), mixup.relabel(1 - given_as, [two], [one])
    assert torch.equal(there, back)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("as_floats", [False, True])
@pytest.mark.parametrize("symmetric", [False, True])
def test_rows_sum_to_exactly_one_and_one_class_is_one_hot(symmetric, as_floats, device):
    mixup = HumanMixup(Model(), symmetric=symmetric, seed=0).to(device)
    images, labels = batch_of(5000, device)
    _, soft = mixup(images[:, 0, 0], one_hot(labels, 10).float() if as_floats else labels)
    assert bool((soft.sum(1) == 1).all())
    same = labels == labels.roll(1)
    assert int(same.sum()) > 300
    assert torch.equal(soft[same], one_hot(labels, 10).float()[same])
    outside = one_hot(labels, 10) + one_hot(labels.roll(1), 10) == 0
    assert not soft[outside].any()


def test_shares_are_those_of_the_model_averaged_over_sides():
    model, mixup = Model(), HumanMixup(Model())
    coefficient = torch.linspace(0.1, 0.9, 481, dtype=torch.float64)
    for one, two in ((2, 7), (7, 2), (0, 9)):
        first = model.shares(coefficient.numpy())[:, one, two]
        second = 1 - model.shares(1 - coefficient.numpy())[:, two, one]
        expected = ((first + second) / 2).float()
        torch.testing.assert_close(mixup.share(coefficient, one, two), expected, atol=1e-4, rtol=0)
        one_sided = HumanMixup(model, symmetric=False).share(coefficient, one, two)
        torch.testing.assert_close(one_sided, first.float(), atol=1e-4, rtol=0)
    assert float((first - second).abs().max()) > 0.05


def test_pinned_ends_are_straight_lines_from_the_outermost_coefficients_that_were_shown():
    for model, outermost in ((Model(), 0.9), (Model(shown_coefficients=(0.25, 0.8)), 0.8)):
        mixup = HumanMixup(model)
        assert mixup.share(0, 1, 2) == 0
        assert mixup.share(1, 1, 2) == 1
        edge = float(mixup.share(outermost, 1, 2))
        for part in (0.25, 0.5, 0.75):
            found = float(mixup.share(outermost + part * (1 - outermost), 1, 2))
            assert found == pytest.approx(edge + part * (1 - edge), abs=1e-6)
        assert model.asked[0].min() == pytest.approx(1 - outermost)
        assert model.asked[0].max() == pytest.approx(outermost)
    free = HumanMixup(Model(), ends="model", symmetric=False)
    assert float(free.share(1, 1, 2)) == pytest.approx(float(Model().shares([1.0])[0, 1, 2]), abs=1e-6)


def test_labels_of_the_same_classes_in_either_form_are_the_same():
    images, labels = batch_of(300)
    for options in ({}, {"symmetric": False}, {"uncertainty": CONFIDENCE}, {"uncertainty": OUTSIDE}):
        _, soft = HumanMixup(Model(), seed=2, **options)(images, labels)
        for hot in (one_hot(labels, 10), one_hot(labels, 10).double(), one_hot(labels, 10).half()):
            _, of_distributions = HumanMixup(Model(), seed=2, **options)(images, hot)
            assert of_distributions.dtype == (hot.dtype if hot.dtype.is_floating_point else torch.float32)
            tolerance = 1e-3 if hot.dtype == torch.float16 else 2e-7
            torch.testing.assert_close(of_distributions.float(), soft, atol=tolerance, rtol=0)


def test_labels_of_distributions_are_means_over_pairs_of_classes():
    one, two = (torch.rand(6, 10, generator=torch.Generator().manual_seed(i)).softmax(1) for i in (1, 2))
    coefficient = torch.linspace(0.05, 0.95, 6)
    for uncertainty in (None, CONFIDENCE, OUTSIDE):
        mixup = HumanMixup(Model(), uncertainty=uncertainty)
        expected = torch.zeros(6, 10)
        for i in range(10):
            for j in range(10):
                pairs = mixup.relabel(coefficient, [i] * 6, [j] * 6)
                expected += (one[:, i] * two[:, j])[:, None] * pairs
        torch.testing.assert_close(mixup.relabel(coefficient, one, two), expected)


def test_confidence_smooths_as_the_authors_do():
    plain = HumanMixup(Model(confidence=CONFIDENCE))
    mixup = HumanMixup(Model(confidence=CONFIDENCE), uncertainty="confidence")
    for coefficient in (0.1, 0.3, 0.5, 0.9):
        k = 50 * 1e-4 ** float(CONFIDENCE(coefficient))
        y = plain.relabel(coefficient, [4], [6])
        torch.testing.assert_close(mixup.relabel(coefficient, [4], [6]), (10 * y + k) / (10 + 10 * k))
    three = HumanMixup(Model(classes=("a", "b", "c"), confidence=CONFIDENCE), uncertainty="confidence")
    k = 50 * 1e-4**0.6
    y = HumanMixup(Model(classes=("a", "b", "c"))).relabel(0.5, [0], [2])
    torch.testing.assert_close(three.relabel(0.5, [0], [2]), (3 * y + k) / (3 + 3 * k))


def test_mass_outside_goes_to_the_other_classes_in_equal_parts():
    y = HumanMixup(Model()).relabel(0.5, [4], [6])
    label = HumanMixup(Model(outside=OUTSIDE), uncertainty="outside").relabel(0.5, [4], [6])[0]
    torch.testing.assert_close(label[[4, 6]], 0.6 * y[0, [4, 6]])
    torch.testing.assert_close(label[[0, 1, 2, 3, 5, 7, 8, 9]], torch.full((8,), 0.05))


@pytest.mark.parametrize("uncertainty", [CONFIDENCE, OUTSIDE, "sample"])
def test_an_uncertain_label_is_a_distribution_one_hot_for_one_class_and_at_pinned_ends(uncertainty):
    mixup = HumanMixup(Model(), uncertainty=uncertainty, seed=4)
    images, labels = batch_of(2000)
    for given_labels in (labels, one_hot(labels, 10).float()):
        _, soft = mixup(images, given_labels)
        torch.testing.assert_close(soft.sum(1), torch.ones(2000))
        assert bool((soft >= 0).all())
        same = labels == labels.roll(1)
        torch.testing.assert_close(soft[same], one_hot(labels, 10).float()[same], atol=1e-6, rtol=0)
    assert torch.equal(mixup.relabel([0, 1], [3, 3], [5, 5]), one_hot(torch.tensor([5, 3]), 10).float())


def test_samples_are_answers_whose_mean_is_the_expected_label():
    mixup = HumanMixup(Model(), uncertainty="sample", seed=5)
    n = 40_000
    for coefficient in (0.3, 0.95):
        drawn = mixup.relabel(coefficient, torch.full((n,), 2), torch.full((n,), 7))
        # The model's people answer 0 or 1 alone.
        assert set(drawn.unique().tolist()) == {0.0, 1.0}
        expected = float(mixup.share(coefficient, 2, 7))
        assert float(drawn[:, 2].mean()) == pytest.approx(expected, abs=4 * (expected * (1 - expected) / n) ** 0.5)
    one = torch.tensor([0.25, 0.75, *[0.0] * 8]).expand(n, 10)
    drawn = mixup.relabel(1.0, one, one.flip(1))
    assert float(drawn[:, 1].mean()) == pytest.approx(0.75, abs=0.01)


def test_labels_are_what_a_fitted_model_predicts(load_sample):
    model = PerceptualModel.fit(load_sample(), people=False)
    mixup, drawn = HumanMixup(model), HumanMixup(model, uncertainty="sample", seed=0)
    n = 20_000
    for coefficient in (0.25, 0.6):
        there = model.predict(coefficient, "cat", "frog")
        back = model.predict(1 - coefficient, "frog", "cat")
        expected = (float(there.mean) + 1 - float(back.mean)) / 2
        assert float(mixup.share(coefficient, "cat", "frog")) == pytest.approx(expected, abs=1e-4)
        answers = drawn.relabel(coefficient, torch.full((n,), 3), torch.full((n,), 6))[:, 3]
        assert float(answers.mean()) == pytest.approx(expected, abs=0.02)
        found = torch.histc(answers, 101, -0.005, 1.005) / n
        torch.testing.assert_close(
            found, torch.from_numpy((there.mass + back.mass[::-1]) / 2).float(), atol=0.015, rtol=0
        )
    sure = HumanMixup(model, uncertainty="confidence").relabel(0.5, [3], [6])
    k = 50 * 1e-4 ** float(model.confidence(0.5))
    torch.testing.assert_close(sure, (10 * mixup.relabel(0.5, [3], [6]) + k) / (10 + 10 * k))


def test_on_the_release_labels_are_what_people_said(release):
    dataset = hmix_hub.load_dataset("h-mix", split="train", source=release)
    mixup = HumanMixup(PerceptualModel.fit(dataset))
    columns = ("mixing_coefficient", "inferred_coefficient", "image_1_label", "image_2_label")
    shown, inferred, one, two = (torch.tensor(dataset[name][:]) for name in columns)
    label = mixup.relabel(shown.double(), one, two)
    assert bool((label.sum(1) == 1).all())
    share = label.gather(1, one[:, None])[:, 0]
    for low in (0.1, 0.25, 0.5):
        near = (shown - low).abs() < 1e-6
        far = (shown - (1 - low)).abs() < 1e-6
        people = (inferred[near].mean() + 1 - inferred[far].mean()) / 2
        model = (share[near].mean() + 1 - share[far].mean()) / 2
        assert float(model) == pytest.approx(float(people), abs=0.015)
    # Nearer to what people say than the mixing coefficient is.
    assert float((share - inferred).square().mean()) < 0.95 * float((shown - inferred).square().mean())


def test_names_say_in_which_order_labels_count():
    mixup, turned = HumanMixup(Model()), HumanMixup(Model(), classes=NAMES[::-1])
    assert mixup.share(0.3, "Cat", "dog") == mixup.share(0.3, 3, 5)
    torch.testing.assert_close(mixup.relabel(0.3, [3], [5]), turned.relabel(0.3, [6], [4]).flip(1), atol=1e-7, rtol=0)
    few = HumanMixup(Model(), classes=["dog", "cat"])
    assert float(few.relabel(0.3, [1], [0])[0, 1]) == pytest.approx(float(mixup.share(0.3, "cat", "dog")), abs=1e-7)
    with pytest.raises(SchemaError, match="there is no class 'doge'"):
        HumanMixup(Model(), classes=["cat", "doge"])


def test_coefficients_and_labels_made_elsewhere_are_checked():
    mixup = HumanMixup(Model())
    for coefficient in (-0.1, 1.1, float("nan"), [0.5, 2.0]):
        with pytest.raises(PerceptionError, match="from 0 to 1"):
            mixup.relabel(coefficient, [1, 2], [2, 3])
    for labels, told in (
        (("half", [1], [2]), "numbers from 0 to 1, not 'half'"),
        ((0.5, ["cat"], ["dog"]), "convert names"),
        ((0.5, [[0.5, 0.5], [1]], [[0.5, 0.5], [1]]), "class codes"),
    ):
        with pytest.raises(PerceptionError, match=told):
            mixup.relabel(*labels)
    with pytest.raises(PerceptionError, match=r"\(2,\), \(3,\), \(\)"):
        mixup.share([0.2, 0.4], [1, 2, 3], 0)
    for n in (-1, 2.5):
        with pytest.raises(PerceptionError, match="an integer of at least 0"):
            mixup.coefficients(n)
    with pytest.raises(PerceptionError, match="one for each of 2 labels"):
        mixup.relabel([0.5, 0.5, 0.5], [1, 2], [2, 3])
    with pytest.raises(PerceptionError, match="must have the same shape"):
        mixup.relabel(0.5, [1, 2], [2])
    arrays = mixup.relabel(np.array([0.2, 0.4]), np.array([1, 2]), np.array([2, 3], dtype=np.int32))
    assert torch.equal(arrays, mixup.relabel(torch.tensor([0.2, 0.4], dtype=torch.float64), [1, 2], [2, 3]))
