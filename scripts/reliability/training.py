"""Training: stacks of networks on tables that are kept on the device; the loop never waits for the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from hmix_hub.training.pictures import CIFAR10_MEAN_STD
from reliability.arms import Arm
from reliability.draws import Draws, draw_epoch
from reliability.material import Material
from reliability.metrics import soft_cross_entropy
from reliability.network import Classifier, make_network
from reliability.settings import Settings


class Normalize:
    """Scales pictures whose channels come last, uint8 or 0 to 255, to mean 0 and deviation 1 of CIFAR-10."""

    def __init__(self, device: torch.device) -> None:
        mean, std = (torch.tensor(each, device=device) for each in CIFAR10_MEAN_STD)
        self.factor, self.offset = 1 / (255 * std), -mean / std

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return floating pictures (..., H, W, 3)."""
        return images * self.factor + self.offset


@dataclass(frozen=True, eq=False)
class Rows:
    """Training rows on the device: the training pictures, then the judged mixtures.

    Parameters
    ----------
    table
        uint8 (N, H + 2 P, W + 2 P, 3): pictures within a black frame.
    labels
        int64 (N,): classes; of a mixture, that of image 1.
    padding
        P.
    material
        Where they come from.
    """

    table: torch.Tensor
    labels: torch.Tensor
    padding: int
    material: Material

    @staticmethod
    def of(material: Material, padding: int, device: torch.device) -> Rows:
        """Return the rows of a material."""
        images = torch.cat([material.train.images, material.mixtures.images]).permute(0, 2, 3, 1)
        framed = torch.nn.functional.pad(images, (0, 0, padding, padding, padding, padding))
        labels = torch.cat([material.train.labels, torch.from_numpy(material.mixtures.classes[:, 0])])
        return Rows(framed.contiguous().to(device), labels.to(device), padding, material)

    def crop(self, rows: torch.Tensor, offsets: torch.Tensor, flips: torch.Tensor) -> torch.Tensor:
        """Return pictures, cropped and mirrored: uint8 (..., H, W, 3).

        Parameters
        ----------
        rows
            int64 (...).
        offsets
            int64 (..., 2), of each of the rows.
        flips
            bool (...).
        """
        height, width = (size - 2 * self.padding for size in self.table.shape[1:3])
        down = torch.arange(height, device=rows.device) + offsets[..., :1]
        across = torch.arange(width, device=rows.device)
        across = torch.where(flips[..., None], across.flip(0), across) + offsets[..., 1:]
        return self.table[rows[..., None, None], down[..., :, None], across[..., None, :]]


def train(
    arm: Arm,
    seeds: Sequence[int],
    rows: Rows,
    settings: Settings,
    after_epoch: Callable[[], object] = lambda: None,
) -> Classifier:
    """Train a stack of networks, one per seed.

    Parameters
    ----------
    arm
        What they are taught.
    seeds
        S seeds; each fixes its network's weights, the order of rows, how they are cropped, mirrored and mixed.
    rows
        Training rows, on the device.
    settings
        How.
    after_epoch
        Called after each epoch.

    Returns
    -------
    Classifier
        In evaluation mode.
    """
    device = rows.table.device
    network = make_network(settings.network, seeds, rows.material.n_classes).to(device)
    optimizer = torch.optim.SGD(
        network.parameters(), settings.rate, momentum=settings.momentum, weight_decay=settings.decay, foreach=True
    )
    n_all = len(rows.labels)
    n_taken = n_all if arm.labels else len(rows.material.train)
    targets = _targets(arm, seeds, rows.material).to(device)
    steps = max(n_taken // settings.batch_size, 1)
    normalize = Normalize(device)
    network.train()
    for epoch in range(settings.epochs):
        for group in optimizer.param_groups:
            group["lr"] = settings.rate_at(epoch)
        draws = draw_epoch(
            seeds, epoch, n_all=n_all, n_taken=n_taken, padding=settings.padding, alpha=settings.alpha
        ).to(device)
        for step in range(steps):
            taken = draws.order[:, step * settings.batch_size : (step + 1) * settings.batch_size]
            images, labels = _batch(arm, taken, draws, rows, targets)
            logits = network(stacked(normalize(images)))
            # The networks share no weight, so the sum gives each its own gradient.
            loss = soft_cross_entropy(logits, labels).sum()
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
        after_epoch()
    return network.eval()


def _targets(arm: Arm, seeds: Sequence[int], material: Material) -> torch.Tensor:
    """Return the soft label of each row for each seed, float32 (S, n, K)."""
    plain = torch.nn.functional.one_hot(material.train.labels, material.n_classes).float()
    if arm.labels is None:
        return plain.expand(len(seeds), *plain.shape)
    judged = [arm.labels(material.mixtures, seed) for seed in seeds]
    return torch.stack([torch.cat([plain, own]) for own in judged])


def _batch(
    arm: Arm, taken: torch.Tensor, draws: Draws, rows: Rows, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures, 0 to 255 (S, B, H, W, 3), and soft labels (S, B, K) of rows (S, B)."""
    which = torch.arange(len(taken), device=taken.device)[:, None]
    images = rows.crop(taken, draws.offsets[which, taken], draws.flips[which, taken])
    labels = targets[which, taken]
    if not arm.mixes:
        return images, labels
    share = draws.coefficients[which, taken]
    weight = share[..., None, None, None]
    # Each row is mixed with the one before it, as torchvision's MixUp does.
    images = weight * images + (1 - weight) * images.roll(1, 1)
    if arm.relabel is None:
        return images, share[..., None] * labels + (1 - share[..., None]) * labels.roll(1, 1)
    classes = rows.labels[taken]
    return images, arm.relabel(share.flatten(), classes.flatten(), classes.roll(1, 1).flatten()).view_as(labels)


def stacked(images: torch.Tensor) -> torch.Tensor:
    """Return pictures (S, B, H, W, 3) as a stack of networks takes them: (B, S * 3, H, W), channels last in memory."""
    stack, size, height, width, channels = images.shape
    side_by_side = images.permute(1, 2, 3, 0, 4).reshape(size, height, width, stack * channels)
    return side_by_side.permute(0, 3, 1, 2)
