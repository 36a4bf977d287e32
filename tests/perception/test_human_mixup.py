"""HumanMixup: the call of torchvision's v2.MixUp, its stream of coefficients, and every kind of batch."""

import copy
import pickle

import pytest
import torch
from made_model import CONFIDENCE, DEVICES, OUTSIDE, Model, batch_of
from torch.nn.functional import one_hot
from torch.utils.data import DataLoader, TensorDataset

from hmix_hub import HumanMixup
from hmix_hub.errors import ConfigurationError, PerceptionError


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
    with pytest.raises(ConfigurationError, match=r"alpha is 0\.5 in it, 1\.0 here"):
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


def test_workers_that_share_memory_do_not_share_a_stream():
    """As spawned ones do: pickling for another process moves buffers into shared memory."""
    images, labels = batch_of(64)
    epochs = []
    for shares in (False, True):
        mixup = HumanMixup(Model(), seed=0)
        if shares:
            mixup.share_memory()
        torch.manual_seed(0)
        loader = DataLoader(TensorDataset(images, labels), 4, collate_fn=mixup.collate, num_workers=2)
        epochs.append(torch.cat([soft for _, soft in loader]))
        assert int(mixup.state_dict()["stream.position"]) == 0
    assert torch.equal(*epochs)


def test_labels_of_other_classes_are_refused_by_name():
    mixup = HumanMixup(Model(classes=("cat", "dog", "fox")))
    images = torch.rand(2, 3, 4, 4)
    with pytest.raises(PerceptionError, match=r"the label 3, but the model has 3 classes \(cat, dog, fox\)"):
        mixup(images, torch.tensor([0, 3]))
    with pytest.raises(PerceptionError, match="the label -1"):
        mixup(images, torch.tensor([0, -1]))
    with pytest.raises(PerceptionError, match="labels of 10 classes, but the model has 3 classes"):
        mixup(images, torch.eye(10)[:2])
    for labels, told in (
        (torch.tensor([0.0, 1.0]), "class codes"),
        (torch.tensor([True, False]), "class codes"),
        (torch.zeros(2, 3, 1), r"\(B,\) or \(B, K\)"),
        (torch.ones(2, 3), "not distributions"),
        (torch.tensor([[0.5, 0.5, float("nan")]] * 2), "not distributions"),
        (torch.ones(2, 3, dtype=torch.complex64), "not torch.complex64"),
        (torch.tensor([0, 1]).to_sparse(), "dense"),
        (torch.tensor([0, 1, 2]), "agree in number"),
        ([0, 1], "tensors"),
    ):
        with pytest.raises(PerceptionError, match=told):
            mixup(images, labels)
    with pytest.raises(PerceptionError, match="how many classes"):
        HumanMixup(None)(images, torch.tensor([0, 1]))


@pytest.mark.parametrize(
    ("images", "told"),
    [
        (torch.zeros(2, 3, dtype=torch.int32), "floating or uint8, not torch.int32"),
        (torch.zeros(2, 3, dtype=torch.complex64), "floating or uint8, not torch.complex64"),
        (torch.zeros(2, 3).to_sparse(), "dense"),
    ],
)
def test_images_of_which_the_range_is_not_known_are_refused(images, told):
    with pytest.raises(PerceptionError, match=told):
        HumanMixup(Model())(images, torch.tensor([0, 1]))


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ([(torch.rand(3), 0, 1)], "pairs of an image and a label"),
        ([(torch.rand(3), 0), (torch.rand(4), 1)], "2 samples cannot be collated"),
        ([], "0 samples cannot be collated"),
    ],
)
def test_samples_that_are_no_batch_are_refused(samples, told):
    with pytest.raises(PerceptionError, match=told):
        HumanMixup(Model()).collate(samples)


def test_soft_labels_may_be_as_far_from_summing_to_1_as_their_precision_makes_them():
    made = torch.Generator().manual_seed(0)
    exact = torch.softmax(torch.randn(500, 10, generator=made), 1)
    for dtype in (torch.float16, torch.bfloat16):
        labels = HumanMixup(Model(), seed=0)(torch.rand(500, 3), exact.to(dtype))[1]
        expected = HumanMixup(Model(), seed=0)(torch.rand(500, 3), exact)[1]
        assert labels.dtype == dtype
        torch.testing.assert_close(labels.float(), expected, atol=2 * torch.finfo(dtype).eps, rtol=0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"alpha": 0}, "alpha"),
        ({"alpha": float("nan")}, "alpha"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"ends": "open"}, "ends"),
        ({"uncertainty": "confident"}, "did you mean 'confidence'"),
        ({"uncertainty": "confidence"}, "the model does not have"),
        ({"uncertainty": "outside"}, "categorical"),
        ({"classes": 3}, "must be the model's 10, not 3"),
        ({"classes": "cat"}, "names or a number, not 'cat'"),
        ({"classes": True}, "names or a number, not True"),
        ({"classes": []}, "must be the model's 10, not 0"),
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
    with pytest.raises(ConfigurationError, match="three or more classes"):
        HumanMixup(Model(classes=("a", "b")), uncertainty=OUTSIDE)
    shapeless, broken = Model(), Model()
    shapeless.shares = lambda coefficients: torch.zeros(3, 10, 10)
    broken.shares = lambda coefficients: torch.full((len(coefficients), 10, 10), float("nan"))
    for model, told in (
        (shapeless, r"shape \(3, 10, 10\), but its 10 classes require \(201, 10, 10\)"),
        (broken, "not all numbers from 0 to 1"),
    ):
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


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("options", [{"alpha": 0.4}, {"uncertainty": CONFIDENCE}, {"uncertainty": "sample"}])
def test_no_value_of_a_batch_on_another_device_is_read(options, soft):
    # The meta device has no values: to read one is an error, as it makes the host wait on a GPU.
    labels = torch.zeros(6, 10, device="meta") if soft else torch.zeros(6, dtype=torch.int64, device="meta")
    mixup = HumanMixup(Model(), **options)
    mixed, made = mixup(torch.zeros(6, 3, 4, 4, device="meta"), labels)
    assert (mixed.shape, made.shape) == ((6, 3, 4, 4), (6, 10))
    assert mixed.device.type == made.device.type == "meta"
    assert mixup.relabel(torch.zeros(6, device="meta"), labels, labels).shape == (6, 10)
    assert int(mixup.stream.position) == (12 if mixup.answers is not None else 6)


def test_tables_keep_their_precision_in_a_model_of_half_precision():
    images, labels = batch_of(50)
    for uncertainty in (None, CONFIDENCE, "sample"):
        whole, half = (HumanMixup(Model(), 0.5, uncertainty=uncertainty, seed=2) for _ in range(2))
        torch.nn.Sequential(half).half()
        assert torch.equal(half(images, labels)[1], whole(images, labels)[1])
