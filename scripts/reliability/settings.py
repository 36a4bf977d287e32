"""Settings: everything that decides a result, besides the arm, the seed and the material."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

NETWORKS = ("vgg11", "resnet34", "small")
"""The authors' two, and one for quick runs; see `reliability.network`."""


@dataclass(frozen=True)
class Settings:
    """How networks are trained and scored; the defaults are the authors' recipe.

    Parameters
    ----------
    network
        One of `NETWORKS`.
    epochs
        Passes over the training rows.
    batch_size
        Rows of a step; the last rows of an epoch, which do not fill a batch, are left out.
    rate, momentum, decay
        Of stochastic gradient descent; the decay is added to the gradient.
    drops
        Shares of the epochs after which the rate is divided by 10.
    padding
        Black pixels around a picture before it is cropped to its size.
    alpha
        Both parameters of the beta distribution that mixup draws coefficients from.
    attack
        Largest change of a pixel by the fast gradient sign method, of 0 to 1.
    attacked
        Test pictures that are attacked, at most; they are spread over all of them.
    """

    network: str = "vgg11"
    epochs: int = 65
    batch_size: int = 32
    rate: float = 0.1
    momentum: float = 0.9
    decay: float = 1e-4
    drops: tuple[float, ...] = (50 / 65, 55 / 65)
    padding: int = 4
    alpha: float = 1.0
    attack: float = 4 / 255
    attacked: int = 1000

    def rate_at(self, epoch: int) -> float:
        """Return the learning rate of an epoch, counted from 0."""
        return float(self.rate * 0.1 ** sum(epoch >= round(drop * self.epochs) for drop in self.drops))

    def as_dict(self) -> dict[str, object]:
        """Return the settings by name."""
        return asdict(self)

    def key(self, *others: object) -> str:
        """Return 16 hex digits that decide a result: of the settings and whatever else decides it."""
        content = json.dumps([self.as_dict(), *others], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


QUICK = Settings(network="small", epochs=8, batch_size=64, attacked=500)
"""A small network for a few minutes on a processor: it shows that everything works, with little statistical power."""
