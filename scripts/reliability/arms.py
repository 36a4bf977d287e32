"""Arms: what networks are taught."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

import hmix_hub
from hmix_hub.perception.mixture_labels import Rest, labels_of_pairs
from hmix_hub.perception.mixup_options import uniform_weight
from hmix_hub.perception.outside import OutsideCurve
from reliability.material import Floats, Material, Mixtures

Share = Callable[[Mixtures, int], Floats]
"""Takes the mixtures and a seed, gives the share of image 1, float64 (M,)."""
Labels = Callable[[Mixtures, int], torch.Tensor]
"""Takes the mixtures and a seed, gives soft labels, float32 (M, K)."""
Relabel = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Takes coefficients and both classes, (B,) each; gives soft labels, float32 (B, K)."""


@dataclass(frozen=True)
class Arm:
    """One way to teach.

    Parameters
    ----------
    name
        One of `reliability.questions.ARMS`.
    labels
        Labels the judged mixtures, which are trained on beside the pictures; `None`: they are not trained on.
    relabel
        Labels mixtures that are made while training; `None` with `mixes`: by the coefficient, as mixup does.
    mixes
        Whether pictures are mixed while training.
    """

    name: str
    labels: Labels | None = None
    relabel: Relabel | None = None
    mixes: bool = False

    def fingerprint(self, material: Material) -> str:
        """Return 16 hex digits that decide the labels."""
        content = hashlib.sha256(f"{self.name} {self.mixes} ".encode())
        if self.labels is not None:
            content.update(self.labels(material.mixtures, 0).numpy().tobytes())
        if self.relabel is not None:
            grid = torch.cartesian_prod(*[torch.arange(material.n_classes)] * 2)
            for share in torch.linspace(0, 1, 21):
                labels = self.relabel(share.expand(len(grid)), grid[:, 0], grid[:, 1])
                # Rounded, so that another order of sums in another version of a library changes nothing.
                content.update(np.round(labels.numpy().astype(np.float64), 4).tobytes())
        return content.hexdigest()[:16]


def shuffle_within(values: Floats, levels: Floats, seed: int) -> Floats:
    """Return values exchanged at random among the rows of the same level; float64 (M,)."""
    rng = np.random.default_rng([seed, _SHUFFLE])
    shuffled = values.copy()
    for level in np.unique(levels):
        rows = np.flatnonzero(levels == level)
        shuffled[rows] = values[rng.permutation(rows)]
    return shuffled


_SHUFFLE = 2**20
"""Keeps this stream of random numbers apart from those of epochs."""


def make_arms(material: Material, device: torch.device) -> dict[str, Arm]:
    """Return all arms by name.

    The models of people are fitted to the judgments of the mixtures that are trained on; the mass outside, which these
    do not tell, to those of the held-out ones.

    Parameters
    ----------
    material
        What is trained on.
    device
        Where mixtures that are made while training are labelled.
    """
    outside = OutsideCurve.fit(material.categorical)

    def label(share: Share, rest: Callable[[Mixtures], Rest] | None = None) -> Labels:
        def labels(mixtures: Mixtures, seed: int) -> torch.Tensor:
            one, two = torch.tensor(mixtures.classes).unbind(1)
            given = _tensor(share(mixtures, seed))
            return labels_of_pairs(given, one, two, material.n_classes, rest(mixtures) if rest else None)

        return labels

    def uniform(mixtures: Mixtures, _: int) -> torch.Tensor:
        return torch.full((len(mixtures), material.n_classes), 1 / material.n_classes)

    def by_confidence(mixtures: Mixtures) -> Rest:
        return Rest(_tensor(uniform_weight(mixtures.confidence)), "all")

    def by_coefficient(mixtures: Mixtures) -> Rest:
        return Rest(_tensor(outside(mixtures.shown)), "others")

    def relabel(*, classes: bool) -> Relabel:
        # Labels are those of nobody in particular, which a model without effects of participants is fitted to.
        model = hmix_hub.PerceptualModel.fit(material.judgments, classes=classes, people=False)
        return hmix_hub.HumanMixup(model).to(device).relabel

    arms = (
        Arm("none"),
        Arm("synthetic", label(_shown)),
        Arm("human", label(_perceived)),
        Arm("human_confidence", label(_perceived, by_confidence)),
        Arm("human_outside", label(_perceived, by_coefficient)),
        Arm("synthetic_confidence", label(_shown, by_confidence)),
        Arm("synthetic_outside", label(_shown, by_coefficient)),
        Arm("shuffled", label(_shuffled)),
        Arm("uniform", uniform),
        Arm("mixup", mixes=True),
        Arm("human_mixup", relabel=relabel(classes=True), mixes=True),
        Arm("curve_mixup", relabel=relabel(classes=False), mixes=True),
    )
    return {arm.name: arm for arm in arms}


def _tensor(numbers: Floats) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float32)


def _shown(mixtures: Mixtures, _: int) -> Floats:
    return mixtures.shown


def _perceived(mixtures: Mixtures, _: int) -> Floats:
    return mixtures.perceived


def _shuffled(mixtures: Mixtures, seed: int) -> Floats:
    return shuffle_within(mixtures.perceived, mixtures.shown, seed)
