"""Mixup part of the benchmark: HumanMixup against torchvision's v2.MixUp, written out from its documented formula."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.distributions import Beta
from torch.nn.functional import one_hot

import hmix_hub
from benchmarks.measures import medians, milliseconds

BATCH_SIZES = (256, 4096)
N_CLASSES, SIZE = 10, 32
TIMED = 20_000
"""Images that a turn mixes: in several batches, so that what the turn before left in memory does not count."""
AIM = 1.2
"""Most that HumanMixup may take, as a multiple of the other way's time."""
Mixed = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class ByHand:
    """What v2.MixUp does. It has one coefficient for each batch; with one for each sample, what it would do.

    torchvision's own wheel does not load beside every build of torch, so the formula stands here: the batch rolled by
    one, times 1 - coefficient, plus the batch times the coefficient, for images and for one-hot labels.

    Parameters
    ----------
    alpha
        Coefficients are drawn from Beta(alpha, alpha).
    per_sample
        Whether each sample has its own.
    """

    alpha: float
    per_sample: bool

    def __call__(self, images: torch.Tensor, labels: torch.Tensor) -> Mixed:
        """Draw coefficients and mix a batch with them."""
        parameter = torch.tensor(float(self.alpha))
        drawn = Beta(parameter, parameter).sample((len(images) if self.per_sample else 1,))
        return self.mix(images, labels, drawn if self.per_sample else float(drawn))

    @staticmethod
    def mix(images: torch.Tensor, labels: torch.Tensor, coefficient: torch.Tensor | float) -> Mixed:
        """Mix a batch with a coefficient, or one for each sample, float32 (B,)."""
        soft = one_hot(labels, N_CLASSES).float() if labels.ndim == 1 else labels
        shares = [
            coefficient if isinstance(coefficient, float) else coefficient.reshape(-1, *[1] * (part.ndim - 1))
            for part in (images, soft)
        ]
        mixed, labels = (
            part.roll(1, 0).mul_(1.0 - share).add_(part.mul(share))
            for part, share in zip((images, soft), shares, strict=True)
        )
        return mixed, labels


@dataclass(frozen=True)
class Case:
    """Options that are timed."""

    name: str
    options: dict[str, Any]
    soft: bool = False


CASES = (
    Case("one coefficient for each batch", {"per_sample": False}),
    Case("one for each sample", {}),
    Case("one for each sample, alpha .2", {"alpha": 0.2}),
    Case("one for each sample, labels (B, K)", {}, soft=True),
    Case('one for each sample, uncertainty="confidence"', {"uncertainty": "confidence"}),
    Case('one for each sample, uncertainty="sample"', {"uncertainty": "sample"}),
)


def print_part(arguments: argparse.Namespace) -> None:
    """Print the time of a batch, ours and by hand, float32 images of 32 by 32 of ten classes."""
    dataset = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    model = hmix_hub.PerceptualModel.fit(dataset, people=False)
    print("\n| batch | coefficients | HumanMixup | v2.MixUp by hand | ratio | aim |")
    print("|---:|---|---:|---:|---:|---:|")
    for size in BATCH_SIZES:
        images, labels = batch_of(size)
        check_same(images, labels)
        for case in CASES:
            given = one_hot(labels, N_CLASSES).float() if case.soft else labels
            ours = hmix_hub.HumanMixup(model, seed=0, **case.options)
            hand = ByHand(ours.alpha, ours.per_sample)
            turns = -(-TIMED // size)
            jobs = [_repeat(way, turns, images, given) for way in (ours, hand)]
            own, other = (seconds / turns for seconds in medians(jobs, arguments.rounds))
            print(
                f"| {size:,} | {case.name} | {milliseconds(own)} | {milliseconds(other)} | {own / other:.2f} | {AIM} |",
                flush=True,
            )


def batch_of(size: int) -> Mixed:
    """Return random images, float32 (B, 3, 32, 32), and labels, int64 (B,)."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(size, 3, SIZE, SIZE, generator=generator)
    return images, torch.randint(N_CLASSES, (size,), generator=generator)


def check_same(images: torch.Tensor, labels: torch.Tensor) -> None:
    """Check that plain mixup of both ways gives the same images and labels."""
    for per_sample in (False, True):
        ours, drawn = (
            hmix_hub.HumanMixup("identity", per_sample=per_sample, seed=1, classes=N_CLASSES) for _ in range(2)
        )
        coefficients = drawn.coefficients(len(images))
        expected = ByHand.mix(images, labels, coefficients if per_sample else float(coefficients[0]))
        found = ours(images, labels)
        if not (torch.allclose(found[0], expected[0], atol=1e-6) and torch.equal(found[1], expected[1])):
            message = "HumanMixup and v2.MixUp by hand gave something else"
            raise SystemExit(message)


def _repeat(
    way: Callable[[torch.Tensor, torch.Tensor], Mixed], turns: int, images: torch.Tensor, labels: torch.Tensor
) -> Callable[[], None]:
    def job() -> None:
        for _ in range(turns):
            way(images, labels)

    return job
