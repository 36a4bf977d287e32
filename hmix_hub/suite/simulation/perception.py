"""Perception: how scripted people see mixtures, with a bias that is known, and what they answer.

The bias is what the mean answer has too much of image 1, by task:

* infer_mixing_factor: a mixture of coefficient `c` is seen as a share of image 1 drawn from a beta distribution of mean
  `c + b` and, in the middle, standard deviation `noise`; the person gives the share, to a whole percent.
* categorical_soft_labels: the share is seen likewise; the most probable class is the one of the larger share, and its
  probability is that share.
* construct_midpoint, select_shuffled_midpoint: the mixture that looks like the 50/50 one has the coefficient
  `0.5 + b + hysteresis * (start - 0.5) + noise * z`, `z` standard normal; it is brought to one of the two tenths beside
  it at random, so that the mean stays. Without a start (select) hysteresis is nothing.

`b` is a person's own: normal, of mean `bias` and standard deviation `spread`. A beta distribution keeps its mean within
0 to 1, so that nothing is cut off as long as `c + b` is between `LEAST` and 1 - `LEAST`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmix_hub.errors import ConfigurationError

LEAST = 0.01
"""Mean share of a picture, at the least: a beta distribution has no mean of 0."""
TENTHS = 10
MIDDLE = 0.5
LARGEST_BIAS = 0.3
_NO_NOISE = 1e-6


@dataclass(frozen=True)
class Perception:
    """What all scripted people have in common.

    Parameters
    ----------
    bias
        Share of image 1 that the mean answer has too much, -0.3 to 0.3.
    noise
        Standard deviation of one person's answers to one stimulus, share of image 1, 0 or more, below 0.5.
    spread
        Standard deviation of people's own biases, 0 to 0.2.
    hysteresis
        construct_midpoint: share of the way back to the start at which people stop, -1 to 1.

    Raises
    ------
    ConfigurationError
        If a value is out of its range.
    """

    bias: float = 0.08
    noise: float = 0.12
    spread: float = 0.02
    hysteresis: float = 0.0

    def __post_init__(self) -> None:
        ranges = {"bias": (-LARGEST_BIAS, LARGEST_BIAS), "noise": (0, 0.45), "spread": (0, 0.2), "hysteresis": (-1, 1)}
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if not low <= value <= high:
                msg = f"the {name} of scripted people is from {low} to {high}, not {value}"
                raise ConfigurationError(msg)

    def own_bias(self, rng: np.random.Generator) -> float:
        """Draw the bias of one person."""
        return self.bias + self.spread * float(rng.standard_normal())

    def seen_share(self, coefficient: float, bias: float, rng: np.random.Generator) -> float:
        """Draw the share of image 1, 0 to 1, that a person of that bias sees in a mixture."""
        mean = float(np.clip(coefficient + bias, LEAST, 1 - LEAST))
        if self.noise < _NO_NOISE:
            return mean
        concentration = MIDDLE**2 / self.noise**2 - 1
        return float(rng.beta(mean * concentration, (1 - mean) * concentration))

    def midpoint_step(self, start: float | None, bias: float, rng: np.random.Generator) -> int:
        """Draw the step, 0 to 10 in tenths of image 1, that looks like the 50/50 mixture to a person of that bias.

        Parameters
        ----------
        start
            Coefficient of the first picture; `None` where all mixtures are on one page.
        bias
            The person's own.
        rng
            Where chance comes from.
        """
        pull = 0.0 if start is None else self.hysteresis * (start - MIDDLE)
        point = MIDDLE + bias + pull + self.noise * float(rng.standard_normal())
        # Up or down at random, in proportion: the mean of the steps is the point itself.
        return int(np.clip(np.floor(TENTHS * point + rng.random()), 0, TENTHS))
