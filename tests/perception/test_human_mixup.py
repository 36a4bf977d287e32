"""HumanMixup: labels as people see mixtures, with the call of torchvision's v2.MixUp."""

import copy
import pickle
from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import one_hot
from torch.utils.data import DataLoader, TensorDataset

from hmix_hub import HumanMixup
from hmix_hub.errors import ConfigurationError, PerceptionError, SchemaError
from hmix_hub.perception.confidence import ConfidenceCurve
from hmix_hub.perception.outside import OutsideCurve
from hmix_hub.perception.prediction import predict_from

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@dataclass
class Model:
    """A model whose people favour later classes, and image 1."""

    classes: tuple[str, ...] = NAMES
    shown_coefficients: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 0.9)
    confidence: ConfidenceCurve | None = None
    outside: OutsideCurve | None = None
    slope: float = 1.2
    asked: list = field(default_factory=list)

    def eta(self, coefficient, one, two):
        value = np.linspace(-0.4, 0.4, len(self.classes))
        return self.slope * np.sin(np.pi * (coefficient - 0.5)) + value[one] - value[two] + 0.1

    def shares(self, coefficients):
        self.asked.append(np.asarray(coefficients))
        codes = np.arange(len(self.classes))
        eta = self.eta(np.asarray(coefficients)[:, None, None], codes[:, None], codes)
        return torch.special.ndtr(torch.from_numpy(eta))

    def predict(self, coefficient, class_1, class_2):
        share = torch.special.ndtr(torch.from_numpy(self.eta(coefficient, class_1, class_2))).numpy()
        mass = np.zeros((*share.shape, 101))
        mass[..., 0], mass[..., 100] = 1 - share, share
        return predict_from(mass, 0.9)


MIXUPS = {ends: HumanMixup(Model(), ends=ends) for ends in ("pinned", "model")}
CONFIDENCE, OUTSIDE = ConfidenceCurve((0.5, 0.9), (0.6, 0.8)), OutsideCurve((0.5, 0.75), (0.4, 0.3))


def batch_of(n, device="cpu", seed=0):
    made = torch.Generator().manual_seed(seed)
    images, labels = torch.rand(n, 3, 4, 4, generator=made), torch.randint(10, (n,), generator=made)
    return images.to(device), labels.to(device)


def by_hand(images, labels, share, n_classes=10):
    """What torchvision's v2.MixUp does with one coefficient, from its documented formula."""
    labels = one_hot(labels, n_classes) if labels.ndim == 1 else labels
    labels = labels if labels.dtype.is_floating_point else labels.float()
    return tuple(part.roll(1, 0).mul_(1.0 - share).add_(part.mul(share)) for part in (images, labels))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n", [1, 2, 7, 64])
@pytest.mark.parametrize("model", [None, "identity"])
def test_plain_mixup_is_that_of_torchvision(model, n, device):
    images, labels = batch_of(n, device)
    mixup = HumanMixup(model, 0.7, per_sample=False, seed=3, classes=10).to(device)
    share = float(copy.deepcopy(mixup).coefficients(1))
    mixed, soft = mixup(images, labels)
    expected, expected_labels = by_hand(images, labels, share)
    torch.testing.assert_close(mixed, expected)
    assert torch.equal(soft, expected_labels)
    _, of_distributions = HumanMixup(model, 0.7, per_sample=False, seed=3).to(device)(images, one_hot(labels, 10))
    assert torch.equal(of_distributions, expected_labels)


def test_each_sample_has_its_own_coefficient_and_the_one_before_it_as_its_partner():
    images, labels = batch_of(9)
    mixup = HumanMixup(None, classes=10, seed=1)
    share = copy.deepcopy(mixup).coefficients(9)
    mixed, soft = mixup(images, labels)
    assert len(share.unique()) == 9
    for i in range(9):
        torch.testing.assert_close(mixed[i], share[i] * images[i] + (1 - share[i]) * images[i - 1])
        expected = share[i] * one_hot(labels[i], 10) + (1 - share[i]) * one_hot(labels[i - 1], 10)
        assert torch.equal(soft[i], expected)


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


@pytest.mark.parametrize("device", DEVICES)
def test_bytes_are_brought_to_0_to_1_and_other_types_stay(device):
    images, labels = batch_of(8, device)
    as_bytes = (images * 255).to(torch.uint8)
    mixed = {
        dtype: HumanMixup(None, classes=10, seed=0)(
            as_bytes if dtype == torch.uint8 else (as_bytes / 255).to(dtype), labels
        )[0]
        for dtype in (torch.uint8, torch.float16, torch.bfloat16, torch.float32, torch.float64)
    }
    assert mixed[torch.uint8].dtype == torch.float32
    torch.testing.assert_close(mixed[torch.uint8], mixed[torch.float32])
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        assert mixed[dtype].dtype == dtype
        torch.testing.assert_close(mixed[dtype].float(), mixed[torch.float32], atol=0.02, rtol=0)


def test_a_batch_is_left_as_it_was_and_gradients_pass_through():
    images, labels = batch_of(6)
    before = images.clone(), labels.clone()
    images.requires_grad_()
    mixed, _ = HumanMixup(Model(), seed=0)(images, labels)
    mixed.sum().backward()
    assert torch.equal(images.detach(), before[0])
    assert torch.equal(labels, before[1])
    assert float(images.grad.sum()) == pytest.approx(images.numel(), rel=1e-5)


def test_images_may_have_any_shape_and_a_batch_any_size():
    mixup = HumanMixup(Model(), seed=0)
    for n in (0, 1, 3):
        for shape in ((), (5,), (3, 8, 8), (4, 3, 8, 8)):
            mixed, soft = mixup(torch.rand(n, *shape), torch.arange(n))
            assert mixed.shape == (n, *shape)
            assert soft.shape == (n, 10)
    assert HumanMixup(None, per_sample=False, classes=10)(torch.rand(0, 3), torch.arange(0))[1].shape == (0, 10)
    image = torch.rand(1, 3, 8, 8)
    assert torch.equal(mixup(image, torch.tensor([4]))[0], image)


@pytest.mark.parametrize("options", [{}, {"alpha": 0.3}, {"per_sample": False}, {"uncertainty": "sample"}])
def test_a_seed_decides_the_stream_and_a_state_goes_on_with_it(options):
    batches = [batch_of(n, seed=n) for n in (8, 8, 5)]
    first, second, other = (HumanMixup(Model(), seed=seed, **options) for seed in (7, 7, 8))
    whole = [first(*batch) for batch in batches]
    for batch, (images, labels) in zip(batches, whole, strict=True):
        again = second(*batch)
        assert torch.equal(again[0], images)
        assert torch.equal(again[1], labels)
    assert not torch.equal(other(*batches[0])[1], whole[0][1])
    begun = HumanMixup(Model(), seed=7, **options)
    begun(*batches[0])
    resumed = HumanMixup(Model(slope=9.0), seed=1, **options)
    resumed.load_state_dict(pickle.loads(pickle.dumps(begun.state_dict())))
    for copied in (resumed, copy.deepcopy(begun), pickle.loads(pickle.dumps(begun))):
        for batch, (images, labels) in zip(batches[1:], whole[1:], strict=True):
            again = copied(*batch)
            assert torch.equal(again[0], images)
            assert torch.equal(again[1], labels)


def test_coefficients_do_not_depend_on_the_size_of_batches():
    one, two = (HumanMixup(None, 0.4, seed=3) for _ in range(2))
    assert torch.equal(one.coefficients(12), torch.cat([two.coefficients(n) for n in (5, 1, 6)]))


def test_torch_manual_seed_decides_a_stream_without_a_seed():
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        drawn.append(HumanMixup(None).coefficients(4))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_a_state_of_other_settings_is_refused():
    state = HumanMixup(Model(), 0.5).state_dict()
    with pytest.raises(ConfigurationError, match=r"its alpha is 0\.5, here it is 1\.0"):
        HumanMixup(Model(), 1.0).load_state_dict(state)


@pytest.mark.parametrize(
    ("options", "soft", "backend"),
    [
        ({}, False, "aot_eager"),
        ({"alpha": 0.5, "uncertainty": CONFIDENCE}, True, "eager"),
        ({"per_sample": False, "symmetric": False}, False, "eager"),
        ({"uncertainty": "sample"}, False, "eager"),
    ],
)
def test_compiled_it_gives_the_same(options, soft, backend):
    torch._dynamo.reset()
    eager = HumanMixup(Model(), seed=6, **options)
    compiled = torch.compile(HumanMixup(Model(), seed=6, **options), backend=backend, fullgraph=True)
    for n in (8, 8, 5):
        images, labels = batch_of(n, seed=n)
        labels = one_hot(labels, 10).float() if soft else labels
        ours, theirs = eager(images, labels), compiled(images, labels)
        torch.testing.assert_close(theirs[0], ours[0])
        torch.testing.assert_close(theirs[1], ours[1], atol=1e-6, rtol=0)


def test_it_collates_samples_of_a_loader_in_workers_too():
    images, labels = batch_of(22)
    for workers in (0, 2):
        seen = []
        for _ in range(2):
            torch.manual_seed(0)
            mixup = HumanMixup(Model(), seed=0)
            loader = DataLoader(TensorDataset(images, labels), 8, collate_fn=mixup.collate, num_workers=workers)
            seen.append([soft for _ in range(2) for _, soft in loader])
        assert [len(soft) for soft in seen[0]] == [8, 8, 6] * 2
        assert all(torch.equal(one, other) for one, other in zip(*seen, strict=True))
        # Workers and epochs do not repeat each other.
        assert len({tuple(soft.flatten().tolist()) for soft in seen[0]}) == 6
        drawn = [round(float(row.max()), 6) for soft in seen[0] for row in soft if row.max() < 1]
        assert len(set(drawn)) == len(drawn)


def test_names_say_in_which_order_labels_count():
    mixup, turned = HumanMixup(Model()), HumanMixup(Model(), classes=NAMES[::-1])
    assert mixup.share(0.3, "Cat", "dog") == mixup.share(0.3, 3, 5)
    torch.testing.assert_close(mixup.relabel(0.3, [3], [5]), turned.relabel(0.3, [6], [4]).flip(1), atol=1e-7, rtol=0)
    few = HumanMixup(Model(), classes=["dog", "cat"])
    assert float(few.relabel(0.3, [1], [0])[0, 1]) == pytest.approx(float(mixup.share(0.3, "cat", "dog")), abs=1e-7)
    with pytest.raises(SchemaError, match="no class is called 'doge'"):
        HumanMixup(Model(), classes=["cat", "doge"])


def test_labels_of_other_classes_are_refused_by_name():
    mixup = HumanMixup(Model(classes=("cat", "dog", "fox")))
    images = torch.rand(2, 3, 4, 4)
    with pytest.raises(PerceptionError, match=r"the label 3, and the model is of 3 classes \(cat, dog, fox\)"):
        mixup(images, torch.tensor([0, 3]))
    with pytest.raises(PerceptionError, match="the label -1"):
        mixup(images, torch.tensor([0, -1]))
    with pytest.raises(PerceptionError, match="labels of 10 classes, and the model is of 3 classes"):
        mixup(images, torch.eye(10)[:2])
    for labels, told in (
        (torch.tensor([0.0, 1.0]), "whole numbers"),
        (torch.tensor([True, False]), "whole numbers"),
        (torch.zeros(2, 3, 1), r"\(B,\) or \(B, K\)"),
        (torch.ones(2, 3), "no distributions"),
        (torch.tensor([[0.5, 0.5, float("nan")]] * 2), "no distributions"),
        (torch.tensor([0, 1, 2]), "as many"),
        ([0, 1], "tensors"),
    ):
        with pytest.raises(PerceptionError, match=told):
            mixup(images, labels)
    with pytest.raises(PerceptionError, match="how many classes"):
        HumanMixup(None)(images, torch.tensor([0, 1]))
    with pytest.raises(PerceptionError, match="pairs of an image and a label"):
        mixup.collate([(torch.rand(3), 0, 1)])


def test_coefficients_and_labels_made_elsewhere_are_checked():
    mixup = HumanMixup(Model())
    for coefficient in (-0.1, 1.1, float("nan"), [0.5, 2.0]):
        with pytest.raises(PerceptionError, match="from 0 to 1"):
            mixup.relabel(coefficient, [1, 2], [2, 3])
    with pytest.raises(PerceptionError, match="one for each of 2 labels"):
        mixup.relabel([0.5, 0.5, 0.5], [1, 2], [2, 3])
    with pytest.raises(PerceptionError, match="of one shape"):
        mixup.relabel(0.5, [1, 2], [2])
    arrays = mixup.relabel(np.array([0.2, 0.4]), np.array([1, 2]), np.array([2, 3], dtype=np.int32))
    assert torch.equal(arrays, mixup.relabel(torch.tensor([0.2, 0.4], dtype=torch.float64), [1, 2], [2, 3]))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"alpha": 0}, "alpha"),
        ({"alpha": float("nan")}, "alpha"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"ends": "open"}, "ends"),
        ({"uncertainty": "confident"}, "did you mean 'confidence'"),
        ({"uncertainty": "confidence"}, "the model has none"),
        ({"uncertainty": "outside"}, "categorical"),
        ({"classes": 3}, "the model has 10"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, told):
    with pytest.raises(ConfigurationError, match=told):
        HumanMixup(Model(), **options)


def test_models_that_cannot_give_what_is_needed_are_refused():
    with pytest.raises(ConfigurationError, match=r"shares\(coefficients\)"):
        HumanMixup("human")
    with pytest.raises(ConfigurationError, match="there is none"):
        HumanMixup(None, uncertainty="sample")
    with pytest.raises(ConfigurationError, match="none outside"):
        HumanMixup(Model(classes=("a", "b")), uncertainty=OUTSIDE)
    shapeless, broken = Model(), Model()
    shapeless.shares = lambda coefficients: torch.zeros(3, 10, 10)
    broken.shares = lambda coefficients: torch.full((len(coefficients), 10, 10), float("nan"))
    for model, told in ((shapeless, "of the shape"), (broken, "not all numbers from 0 to 1")):
        with pytest.raises(PerceptionError, match=told):
            HumanMixup(model)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_on_a_gpu_the_host_does_not_wait_and_the_stream_is_the_same():
    images, labels = batch_of(64)
    expected = HumanMixup(Model(), 0.4, uncertainty="sample", seed=3)(images, labels)
    for moved in (True, False):
        mixup = HumanMixup(Model(), 0.4, uncertainty="sample", seed=3)
        mixup = mixup.to("cuda") if moved else mixup
        on_device = images.cuda(), labels.cuda()
        torch.cuda.set_sync_debug_mode("error")
        try:
            mixed, soft = mixup(*on_device)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        torch.testing.assert_close(mixed.cpu(), expected[0])
        torch.testing.assert_close(soft.cpu(), expected[1])
