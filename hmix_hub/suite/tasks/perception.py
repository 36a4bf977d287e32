"""Perception: how scripted participants see mixtures, with a bias that is known, and what helps them to answer.

The bias is what the mean answer has too much of image 1, by task:

* one mixture: a mixture of coefficient `c` is seen as a share of image 1 drawn from a beta distribution of mean `c + b`
  and, in the middle, standard deviation `noise`. The participant names the share, to a whole percent, or the class of
  the larger share with that share as its probability. Who has to choose one class chooses that of image 1 with the
  share as the probability; who rates takes a step beside the share, in proportion: the mean answer stays `c + b`.
* all mixtures of a pair: the one that looks like the 50/50 one has the coefficient
  `0.5 + b + hysteresis * (start - 0.5) + noise * z`, `z` standard normal; it is brought to one of the two tenths beside
  it at random, so that the mean stays. Without a start hysteresis is nothing.

`b` is a participant's own: normal, of mean `bias` and standard deviation `spread`. A beta distribution keeps its mean
within 0 to 1, so that nothing is cut off as long as `c + b` is between `LEAST` and 1 - `LEAST`.
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
"""Mean share of a picture, at the least: a beta distribution has no mean of 0."""
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
    """What all scripted participants have in common.

    Parameters
    ----------
    bias
        Share of image 1 that the mean answer has too much, -0.3 to 0.3.
    noise
        Standard deviation of one participant's answers to one stimulus, share of image 1, 0 or more, below 0.5.
    spread
        Standard deviation of participants' own biases, 0 to 0.2.
    hysteresis
        Where a first picture is moved: share of the way back to it at which participants stop, -1 to 1.

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
        """Draw the bias of one participant."""
        return self.bias + self.spread * float(rng.standard_normal())

    def seen_share(self, coefficient: float, bias: float, rng: np.random.Generator) -> float:
        """Draw the share of image 1, 0 to 1, that a participant of that bias sees in a mixture."""
        mean = float(np.clip(coefficient + bias, LEAST, 1 - LEAST))
        if self.noise < _NO_NOISE:
            return mean
        concentration = MIDDLE**2 / self.noise**2 - 1
        return float(rng.beta(mean * concentration, (1 - mean) * concentration))

    def midpoint_step(self, start: float | None, bias: float, rng: np.random.Generator) -> int:
        """Draw the step, 0 to 10 in tenths of image 1, that looks like the 50/50 mixture to a participant of that bias.

        Parameters
        ----------
        start
            Coefficient of the first picture; `None` where all mixtures are on one page.
        """
        pull = 0.0 if start is None else self.hysteresis * (start - MIDDLE)
        point = MIDDLE + bias + pull + self.noise * float(rng.standard_normal())
        # Up or down at random, in proportion: the mean of the steps is the point itself.
        return int(np.clip(np.floor(TENTHS * point + rng.random()), 0, TENTHS))


@dataclass(frozen=True)
class Scene:
    """What a participant sees on the page of a trial.

    Parameters
    ----------
    stimulus
        The pair, or the mixture.
    coefficients
        Share of image 1 in each picture, in the order of the page; tenths where all mixtures of a pair are shown.
    image_1_left
        Whether the class on the left is that of image 1; `None` where the page names no classes.
    """

    stimulus: Stimulus
    coefficients: tuple[float, ...]
    image_1_left: bool | None

    def nearest(self, step: int) -> int:
        """Return the place of the picture nearest to a step, 0 to 10 in tenths of image 1."""
        return int(np.argmin(np.abs(np.array(self.coefficients) - step / TENTHS)))


class Mind:
    """Mind of one scripted participant: an own bias, and chance of its own.

    What is answered to a stimulus depends on the seed, the participant and the stimulus alone, in whatever order and at
    whatever speed a server shows them.

    Parameters
    ----------
    perception
        What all participants have in common.
    seed, number
        Seed of the simulation, and the participant's number in it.
    """

    def __init__(self, perception: Perception, seed: int, number: int) -> None:
        self.perception = perception
        self._key = (seed, number)
        self.bias = perception.own_bias(np.random.default_rng(self._key))

    def chance(self, stimulus: Stimulus, showing: int) -> np.random.Generator:
        """Return what decides the answer to a stimulus that was seen so many times before."""
        percent = round(FULL_SCALE * (stimulus.mixing_coefficient or 0))
        pair = stimulus.image_1_index, stimulus.image_2_index or 0
        return np.random.default_rng((*self._key, *pair, percent, showing))


def sent(response_time: float, pictures: Sequence[str], answer: dict[str, Any]) -> dict[str, Any]:
    """Return what a page sends."""
    return {"response_time_ms": response_time, "pictures": list(pictures), "answer": answer}


def response_time(rng: np.random.Generator) -> float:
    """Draw a response time, ms."""
    return round(_FASTEST_MS + float(rng.lognormal(_TYPICAL_LOG_MS, _SPREAD_LOG_MS)), 1)


def move_times(moves: int, response_time: float, rng: np.random.Generator) -> list[float]:
    """Draw rising times of moves, ms since the page was drawn, all before the answer."""
    return [round(float(time), 1) for time in np.sort(rng.uniform(0.1, 0.95, moves)) * response_time]


def slider_path(end: int, response_time: float, rng: np.random.Generator) -> list[list[float]]:
    """Draw the movement of a slider, [ms, value], from its start to its end in one to six places."""
    moves = int(rng.integers(1, _MOST_MOVES + 1))
    places = np.rint(np.linspace(_START, end, moves + 1)[1:]).astype(int).tolist()
    return [list(move) for move in zip(move_times(moves, response_time, rng), places, strict=True)]
