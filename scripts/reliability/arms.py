"""Arms: what networks are taught."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch

import hmix_hub
from hmix_hub.perception.curves import OutsideCurve
from hmix_hub.perception.mixture_labels import Rest, labels_of_pairs
from hmix_hub.perception.mixup_options import uniform_weight
from reliability.material import Floats, Material, Mixtures
from reliability.questions import ARMS

Share = Callable[[Mixtures, int], Floats]
"""Takes the mixtures and a seed; returns the share of image 1, float64 (M,)."""
Labels = Callable[[Mixtures, int], torch.Tensor]
"""Takes the mixtures and a seed; returns soft labels, float32 (M, K)."""
Relabel = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Takes coefficients and both classes, (B,) each; returns soft labels, float32 (B, K)."""


@dataclass(frozen=True)
class Arm:
    """One way to teach.

    Parameters
    ----------
    name
        One of `reliability.questions.ARMS`.
    labels
        Labels the judged mixtures, which are trained on in addition to the pictures; `None`: they are not used.
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
                # Rounded, so that a different order of summation in another version of a library changes nothing.
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
"""Separates this random stream from those of epochs."""


def make_arms(material: Material, device: torch.device, names: Collection[str] = tuple(ARMS)) -> dict[str, Arm]:
    """Return arms by name, in the order of `reliability.questions.ARMS`.

    The models of people are fitted to the judgments of the mixtures that are trained on; the mass outside, which these
    do not tell, to those of the held-out ones.

    Parameters
    ----------
    material
        What is trained on.
    device
        Where mixtures that are made while training are labelled.
    names
        Which arms.
    """

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

    @cache
    def outside() -> OutsideCurve:
        return OutsideCurve.fit(material.categorical)

    def by_coefficient(mixtures: Mixtures) -> Rest:
        return Rest(_tensor(outside()(mixtures.shown)), "others")

    def relabel(*, classes: bool) -> Relabel:
        # A label is for no participant in particular: the marginal that a model without their effects is fitted to.
        model = hmix_hub.PerceptualModel.fit(material.judgments, classes=classes, people=False)
        return hmix_hub.HumanMixup(model).to(device).relabel

    makers: dict[str, Callable[[str], Arm]] = {
        "none": Arm,
        "synthetic": partial(Arm, labels=label(_shown)),
        "human": partial(Arm, labels=label(_perceived)),
        "human_confidence": partial(Arm, labels=label(_perceived, by_confidence)),
        "human_outside": partial(Arm, labels=label(_perceived, by_coefficient)),
        "synthetic_confidence": partial(Arm, labels=label(_shown, by_confidence)),
        "synthetic_outside": partial(Arm, labels=label(_shown, by_coefficient)),
        "shuffled": partial(Arm, labels=label(_shuffled)),
        "uniform": partial(Arm, labels=uniform),
        "mixup": partial(Arm, mixes=True),
        "human_mixup": lambda name: Arm(name, relabel=relabel(classes=True), mixes=True),
        "curve_mixup": lambda name: Arm(name, relabel=relabel(classes=False), mixes=True),
    }
    return {name: makers[name](name) for name in ARMS if name in names}


def _tensor(numbers: Floats) -> torch.Tensor:
    return torch.tensor(numbers, dtype=torch.float32)


def _shown(mixtures: Mixtures, _: int) -> Floats:
    return mixtures.shown


def _perceived(mixtures: Mixtures, _: int) -> Floats:
    return mixtures.perceived


def _shuffled(mixtures: Mixtures, seed: int) -> Floats:
    return shuffle_within(mixtures.perceived, mixtures.shown, seed)
