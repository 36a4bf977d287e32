"""Design of a synthetic study: who sees which mixtures in which order.

Uses only `numpy.random.RandomState`, whose streams are frozen, and sums and products of its uniform numbers, so that
every platform draws the same study.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hmix_hub.sources.sample.drawing import labels_of

Ints = npt.NDArray[np.int64]

REPEATED_POSITIONS = (14, 19)
"""Positions in a participant's shuffled order whose stimuli are repeated at the end."""
FIRST_TRIAL = 6
LATE_FIRST_TRIAL = 8
"""First trial of a participant who took the comprehension quiz twice."""
MIXING_COEFFICIENTS = np.array([0.1, 0.25, 0.5, 0.75, 0.9])


@dataclass(frozen=True)
class Design:
    """Who sees what: P participants, B batches, T distinct trials each, followed by two repeats.

    Parameters
    ----------
    batch_of_participant
        int64 (P,), 0 to B - 1.
    first, second
        int64 (B, T): indices of the two pictures of each stimulus; the first one's class is first in the alphabet.
    level
        int64 (B, T): index into the mixing coefficients.
    seed
        Seed of the shuffling.
    """

    batch_of_participant: Ints
    first: Ints
    second: Ints
    level: Ints
    seed: int

    @cached_property
    def positions(self) -> Ints:
        """Stimulus of each trial within the batch, shuffled per participant, repeats last; int64 (P, T + 2)."""
        rng = np.random.RandomState(self.seed)
        order = np.argsort(rng.random_sample((len(self.batch_of_participant), self.first.shape[1])), axis=1)
        return np.concatenate([order, order[:, list(REPEATED_POSITIONS)]], axis=1)

    @property
    def trials(self) -> int:
        """Number of trials of a participant, including repeats."""
        return self.first.shape[1] + len(REPEATED_POSITIONS)

    @cached_property
    def person(self) -> Ints:
        """Participant of each row; int64 (P * trials,)."""
        return np.repeat(np.arange(len(self.batch_of_participant)), self.trials)

    @property
    def is_repeat(self) -> npt.NDArray[np.bool_]:
        """Whether each row is a repeat; bool (P * trials,)."""
        return self._place >= self.first.shape[1]

    @property
    def _place(self) -> Ints:
        return np.tile(np.arange(self.trials), len(self.batch_of_participant))

    @property
    def trial_index(self) -> Ints:
        """Position of each row on the participant's timeline; int64 (P * trials,)."""
        late = self.person % 7 == 3
        return self._place + np.where(late, LATE_FIRST_TRIAL, FIRST_TRIAL)

    def rows(self, of_stimulus: npt.NDArray[np.int64]) -> Ints:
        """Return a property of stimuli, int64 (B, T), for each row; int64 (P * trials,)."""
        return of_stimulus[self.batch_of_participant[self.person], self.positions.ravel()]


def draw_design(batch_of_participant: Ints, trials: int, pictures: int, seed: int) -> Design:
    """Draw the stimuli of each batch; no stimulus is in two batches.

    Parameters
    ----------
    batch_of_participant
        int64 (P,), 0 to B - 1.
    trials
        Number of distinct trials of a participant, T.
    pictures
        Number of pictures to draw pairs from, which limits the number of distinct stimuli.
    seed
        Seed of the draw.
    """
    rng = np.random.RandomState(seed)
    batches = int(batch_of_participant.max()) + 1
    needed = batches * trials
    stimuli = np.zeros((0, 3), dtype=np.int64)
    while len(stimuli) < needed:
        drawn = _draw_stimuli(rng, 2 * needed, pictures)
        stimuli = np.unique(np.concatenate([stimuli, drawn]), axis=0)
    chosen = stimuli[np.argsort(rng.random_sample(len(stimuli)))[:needed]]
    first, second, level = chosen.T.reshape(3, batches, trials)
    return Design(batch_of_participant, first, second, level, seed + 1)


def _draw_stimuli(rng: np.random.RandomState, n: int, pictures: int) -> Ints:
    one, two = (rng.random_sample((2, n)) * pictures).astype(np.int64)
    level = (rng.random_sample(n) * len(MIXING_COEFFICIENTS)).astype(np.int64)
    swap = labels_of(one) > labels_of(two)
    first, second = np.where(swap, two, one), np.where(swap, one, two)
    return np.stack([first, second, level], axis=1)[labels_of(one) != labels_of(two)]
