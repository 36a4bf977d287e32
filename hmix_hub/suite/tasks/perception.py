"""Perception: how scripted participants see mixtures, with a known bias, and helpers for their answers.

The bias is the excess of image 1 in the mean answer, by task:

* one mixture: a mixture of coefficient `c` is seen as a share of image 1 drawn from a beta distribution of mean `c + b`
  whose standard deviation is `noise` for a mean of 0.5. The participant reports the share as a whole percentage, or the
  class of the larger share with that share as its probability. A choice of one class is that of image 1 with the share
  as its probability; a rating is rounded up or down at random, in proportion, so that the mean answer stays `c + b`.
* all mixtures of a pair: the one that looks like the 50/50 one has the coefficient
  `0.5 + b + hysteresis * (start - 0.5) + noise * z`, `z` standard normal, rounded up or down to a tenth at random, in
  proportion, so that the mean is kept. Without a start value, the hysteresis term is 0.

`b` is drawn once per participant: normal, of mean `bias` and standard deviation `spread`. The mean of the beta
distribution is clipped to `LEAST` to 1 - `LEAST`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmix_hub.errors import ConfigurationError
from hmix_hub.schema.judgment import SLIDER_START
from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.suite.tasks.trial import Stimulus

LEAST = 0.01
"""Smallest mean share of a picture, since a beta distribution cannot have a mean of 0."""
TENTHS = 10
MIDDLE = 0.5
LARGEST_BIAS = 0.3
_NO_NOISE = 1e-6
_START = round(FULL_SCALE * SLIDER_START)
_MOST_MOVES = 6
_FASTEST_MS = 400.0
_TYPICAL_LOG_MS, _SPREAD_LOG_MS = 8.2, 0.45


@dataclass(frozen=True)
class Perception:
    """Parameters shared by all scripted participants.

    Parameters
    ----------
    bias
        Excess share of image 1 in the mean answer, -0.3 to 0.3.
    noise
        Standard deviation of one participant's answers to one stimulus, share of image 1, 0 to 0.45.
    spread
        Standard deviation of the bias between participants, 0 to 0.2.
    hysteresis
        In construct_midpoint, how far the answer is pulled from the middle towards the start value, as a share of that
        distance, -1 to 1.

    Raises
    ------
    ConfigurationError
        If a value is out of range.
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
                msg = f"the {name} of scripted participants must be between {low} and {high}, not {value}"
                raise ConfigurationError(msg)

    def own_bias(self, rng: np.random.Generator) -> float:
        """Draw the bias of one participant."""
        return self.bias + self.spread * float(rng.standard_normal())

    def seen_share(self, coefficient: float, bias: float, rng: np.random.Generator) -> float:
        """Draw the share of image 1, 0 to 1, that a participant with this bias sees in a mixture."""
        mean = float(np.clip(coefficient + bias, LEAST, 1 - LEAST))
        if self.noise < _NO_NOISE:
            return mean
        concentration = MIDDLE**2 / self.noise**2 - 1
        return float(rng.beta(mean * concentration, (1 - mean) * concentration))

    def midpoint_step(self, start: float | None, bias: float, rng: np.random.Generator) -> int:
        """Draw the step, 0 to 10 in tenths of image 1, that looks like 50/50 to a participant with this bias.

        Parameters
        ----------
        start
            Coefficient of the first picture; `None` if all mixtures are on one page.
        """
        pull = 0.0 if start is None else self.hysteresis * (start - MIDDLE)
        point = MIDDLE + bias + pull + self.noise * float(rng.standard_normal())
        # Round up or down at random, in proportion, so that the mean of the steps is the point itself.
        return int(np.clip(np.floor(TENTHS * point + rng.random()), 0, TENTHS))


@dataclass(frozen=True)
class Scene:
    """What a participant sees on the page of a trial.

    Parameters
    ----------
    stimulus
        The pair, or the mixture.
    coefficients
        Share of image 1 in each picture, in the order of the page; tenths if all mixtures of a pair are shown.
    image_1_left
        Whether the class on the left is that of image 1; `None` if the page names no classes.
    """

    stimulus: Stimulus
    coefficients: tuple[float, ...]
    image_1_left: bool | None

    def nearest(self, step: int) -> int:
        """Return the position of the picture nearest to a step, 0 to 10 in tenths of image 1."""
        return int(np.argmin(np.abs(np.array(self.coefficients) - step / TENTHS)))


class Mind:
    """The individual bias and random numbers of one scripted participant.

    The answer to a stimulus depends only on the seed, the participant and the stimulus, not on the order or speed in
    which a server shows stimuli.

    Parameters
    ----------
    perception
        Parameters shared by all participants.
    seed, number
        Seed of the simulation, and the participant's number in it.
    """

    def __init__(self, perception: Perception, seed: int, number: int) -> None:
        self.perception = perception
        self._key = (seed, number)
        self.bias = perception.own_bias(np.random.default_rng(self._key))

    def chance(self, stimulus: Stimulus, showing: int) -> np.random.Generator:
        """Return the random generator for the answer to a stimulus that was shown `showing` times before."""
        percent = round(FULL_SCALE * (stimulus.mixing_coefficient or 0))
        pair = stimulus.image_1_index, stimulus.image_2_index or 0
        return np.random.default_rng((*self._key, *pair, percent, showing))


def sent(response_time: float, pictures: Sequence[str], answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer in the form that a page sends."""
    return {"response_time_ms": response_time, "pictures": list(pictures), "answer": answer}


def response_time(rng: np.random.Generator) -> float:
    """Draw a response time, ms."""
    return round(_FASTEST_MS + float(rng.lognormal(_TYPICAL_LOG_MS, _SPREAD_LOG_MS)), 1)


def move_times(moves: int, response_time: float, rng: np.random.Generator) -> list[float]:
    """Draw increasing times of moves, ms since the page was drawn, all before the answer."""
    return [round(float(time), 1) for time in np.sort(rng.uniform(0.1, 0.95, moves)) * response_time]


def slider_path(end: int, response_time: float, rng: np.random.Generator) -> list[list[float]]:
    """Draw the movement of a slider, [ms, value], from its start to `end` in one to six steps."""
    moves = int(rng.integers(1, _MOST_MOVES + 1))
    places = np.rint(np.linspace(_START, end, moves + 1)[1:]).astype(int).tolist()
    return [list(move) for move in zip(move_times(moves, response_time, rng), places, strict=True)]
