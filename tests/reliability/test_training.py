"""Networks that are stacked are trained as if each were alone; rows, crops and mixtures are what they should be."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

CPU = torch.device("cpu")


@pytest.fixture
def settings(parts):
    return parts.settings.Settings(network="small", epochs=3, batch_size=4, padding=2, rate=0.05)


@pytest.fixture
def rows(parts, made_up):
    return parts.training.Rows.of(made_up, 2, CPU)


@pytest.fixture
def arm(parts):
    """The mixtures beside the pictures, their labels uniform."""
    return parts.arms.Arm("uniform", lambda mixtures, _: torch.full((len(mixtures), 3), 1 / 3))


def test_the_networks_of_the_authors_have_their_sizes(parts):
    # Those of the usual CIFAR-10 versions, without biases of convolutions, which normalization takes away.
    for name, size in (("vgg11", 9_228_362), ("resnet34", 21_282_122)):
        network = parts.network.make_network(name, [0], 10).eval()
        assert sum(parameter.numel() for parameter in network.parameters()) == size
        assert network(torch.zeros(2, 3, 32, 32)).shape == (1, 2, 10)


@pytest.mark.parametrize("name", ["small", "vgg11"])
def test_a_stack_computes_what_its_networks_compute_alone(parts, name):
    images = torch.rand(2, 3, 32, 32, 3)
    together = parts.network.make_network(name, [5, 9], 10)(parts.training.stacked(images.transpose(0, 1)[:2]))
    for place, seed in enumerate((5, 9)):
        own = parts.training.stacked(images.transpose(0, 1)[place : place + 1])
        alone = parts.network.make_network(name, [seed], 10)(own)
        torch.testing.assert_close(together[place], alone[0], rtol=1e-3, atol=1e-4)
    assert not torch.allclose(together[0], together[1])


def test_training_a_stack_trains_each_seed_as_if_it_were_alone(parts, settings, rows, arm):
    both = parts.training.train(arm, [3, 4], rows, settings)
    alone = parts.training.train(arm, [4], rows, settings)
    images = rows.material.test.images
    torch.testing.assert_close(
        parts.scoring.predict(both, images)[1], parts.scoring.predict(alone, images)[0], rtol=1e-3, atol=1e-3
    )


def test_a_class_that_is_a_colour_is_learnt(parts, settings, made_up):
    pictures = made_up.train
    for image, label in zip(pictures.images, pictures.labels, strict=True):
        image[label] = 255
    rows = parts.training.Rows.of(made_up, 2, CPU)
    network = parts.training.train(parts.arms.Arm("none"), [0, 1], rows, replace(settings, epochs=15))
    for logits in parts.scoring.predict(network, pictures.images):
        assert parts.metrics.accuracy(logits, pictures.labels) == 1


def test_an_epoch_has_the_same_draws_in_every_stack_and_for_every_arm(parts):
    def draw(seeds, epoch=0, n_taken=10):
        return parts.draws.draw_epoch(seeds, epoch, n_all=10, n_taken=n_taken, padding=4, alpha=1.0)

    both, one, fewer = draw([1, 2]), draw([2]), draw([2], n_taken=6)
    assert both.order.sort().values.tolist() == [list(range(10))] * 2
    for name in ("order", "offsets", "flips", "coefficients"):
        assert torch.equal(getattr(both, name)[1], getattr(one, name)[0])
    assert fewer.order[0].tolist() == [row for row in one.order[0].tolist() if row < 6]
    assert torch.equal(fewer.offsets, one.offsets)
    assert not torch.equal(draw([2], epoch=1).order, one.order)


def test_a_crop_moves_and_mirrors_a_picture_within_black(rows):
    picture = rows.material.train.images[3].permute(1, 2, 0)
    wanted = torch.tensor([3, 3, 3])
    offsets = torch.tensor([[2, 2], [2, 2], [0, 3]])
    same, mirrored, moved = rows.crop(wanted, offsets, torch.tensor([False, True, False]))
    assert torch.equal(same, picture)
    assert torch.equal(mirrored, picture.flip(1))
    # Two rows of black above, and one column out of sight on the left.
    assert torch.equal(moved[2:, :7], picture[:6, 1:])
    assert not moved[:2].any()
    assert not moved[:, 7:].any()


def test_mixup_mixes_each_row_with_the_one_before_it(parts, rows):
    taken = torch.tensor([[4, 0, 7]])
    draws = parts.draws.draw_epoch([0], 0, n_all=16, n_taken=12, padding=2, alpha=1.0)
    targets = torch.nn.functional.one_hot(rows.labels[:12], 3).float()[None]
    plain, _ = parts.training._batch(parts.arms.Arm("none"), taken, draws, rows, targets)
    mixed, labels = parts.training._batch(parts.arms.Arm("mixup", mixes=True), taken, draws, rows, targets)
    share = draws.coefficients[0, taken[0]]
    for place, before in ((0, 2), (1, 0), (2, 1)):
        own, other = plain[0, place].float(), plain[0, before].float()
        torch.testing.assert_close(mixed[0, place], share[place] * own + (1 - share[place]) * other)
        expected = share[place] * targets[0, taken[0, place]] + (1 - share[place]) * targets[0, taken[0, before]]
        torch.testing.assert_close(labels[0, place], expected)


def test_an_arm_that_labels_its_own_mixtures_gets_shares_and_both_classes(parts, rows):
    asked = []

    def relabel(share, one, two):
        asked.append((share, one, two))
        return torch.full((len(share), 3), 1 / 3)

    taken = torch.tensor([[4, 0, 7]])
    draws = parts.draws.draw_epoch([0], 0, n_all=16, n_taken=12, padding=2, alpha=1.0)
    targets = torch.nn.functional.one_hot(rows.labels[:12], 3).float()[None]
    arm = parts.arms.Arm("human_mixup", relabel=relabel, mixes=True)
    _, labels = parts.training._batch(arm, taken, draws, rows, targets)
    ((share, one, two),) = asked
    assert torch.equal(share, draws.coefficients[0, taken[0]])
    assert (one.tolist(), two.tolist()) == ([1, 0, 1], [1, 1, 0])
    assert torch.equal(labels, torch.full((1, 3, 3), 1 / 3))


def test_the_rate_falls_as_the_authors_let_it_fall(parts):
    rates = [parts.settings.Settings().rate_at(epoch) for epoch in (0, 49, 50, 54, 55, 64)]
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
