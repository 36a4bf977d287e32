"""A model of people as small as can be: `HumanMixup` needs no more of it."""

from dataclasses import dataclass, field

import numpy as np
import torch

from hmix_hub.perception.answers import predict_from
from hmix_hub.perception.curves import ConfidenceCurve, OutsideCurve

NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CONFIDENCE, OUTSIDE = ConfidenceCurve((0.5, 0.9), (0.6, 0.8)), OutsideCurve((0.5, 0.75), (0.4, 0.3))
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


def batch_of(n, device="cpu", seed=0):
    made = torch.Generator().manual_seed(seed)
    images, labels = torch.rand(n, 3, 4, 4, generator=made), torch.randint(10, (n,), generator=made)
    return images.to(device), labels.to(device)
