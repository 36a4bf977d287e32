"""Dealing stimuli to batches so that every batch is as balanced as the whole set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import replace
from itertools import cycle

import numpy as np

from hmix_hub.suite.tasks.trial import Stimulus

Pair = tuple[int, ...]

_PASSES = 6
_PARTNERS = 48
_PICTURE_TWICE = 1000


def choose(pairs: list[Stimulus], mixtures: int, number: int, rng: np.random.RandomState) -> list[list[Stimulus]]:
    """Choose as many stimuli as the batches need, as evenly as possible over the class pairs.

    Parameters
    ----------
    pairs
        Pairs, without coefficients.
    mixtures
        Number of stimuli per pair.
    number
        Number of stimuli wanted, at most as many as there are.
    rng
        Random generator that selects the class pairs with one stimulus more.

    Returns
    -------
    list of list of Stimulus
        The stimuli of each class pair; those of one pair of pictures are adjacent.
    """
    groups: dict[Hashable, list[Stimulus]] = {}
    for pair in pairs:
        groups.setdefault(class_pair(pair), []).extend([pair] * mixtures)
    keys = [list(groups)[place] for place in rng.permutation(len(groups)).tolist()]
    taken = dict.fromkeys(keys, 0)
    left = number
    while left > 0:
        open_keys = [key for key in keys if taken[key] < len(groups[key])]
        room = min(len(groups[key]) - taken[key] for key in open_keys)
        whole = min(left // len(open_keys), room)
        for key in open_keys:
            step = whole or min(1, left)
            taken[key] += step
            left -= step
    return [groups[key][: taken[key]] for key in keys if taken[key]]


def give_coefficients(
    groups: list[list[Stimulus]], coefficients: list[float], rng: np.random.RandomState
) -> list[list[Stimulus]]:
    """Assign coefficients to the stimuli in turn.

    The rotation continues across class pairs: both within each and overall, the numbers of stimuli per coefficient
    differ by at most one, and the mixtures of one pair differ.
    """
    shares = cycle([coefficients[place] for place in rng.permutation(len(coefficients)).tolist()])
    return [[replace(one, mixing_coefficient=next(shares)) for one in group] for group in groups]


def deal(groups: list[list[Stimulus]], batches: int, rng: np.random.RandomState) -> list[list[Stimulus]]:
    """Deal stimuli to batches of equal size.

    Parameters
    ----------
    groups
        The stimuli of each class pair, a multiple of `batches` in total; those of one pair of pictures are adjacent,
        and at most `batches`.

    Returns
    -------
    list of list of Stimulus
        Batches in the order of their numbers. No stimulus is in two batches, no pair is twice in a batch, and the
        numbers of stimuli per class pair differ by at most one between batches. As far as possible, no picture is twice
        in a batch, and all batches have equally many stimuli per coefficient.
    """
    table = _Table(batches)
    for turn, stimulus in enumerate(stimulus for group in groups for stimulus in _shuffled(group, rng)):
        table.put(stimulus, turn % batches)
    table.improve(rng)
    return table.dealt()


def _shuffled(group: list[Stimulus], rng: np.random.RandomState) -> list[Stimulus]:
    """Shuffle the pairs of a class pair, and the mixtures of each pair."""
    by_pair: dict[Pair, list[Stimulus]] = {}
    for stimulus in group:
        by_pair.setdefault(pair_of(stimulus), []).append(stimulus)
    pairs = list(by_pair.values())
    order = [pairs[place] for place in rng.permutation(len(pairs)).tolist()]
    return [mixtures[place] for mixtures in order for place in rng.permutation(len(mixtures)).tolist()]


class _Table:
    """Batches while they are being dealt, improved by swaps."""

    def __init__(self, batches: int) -> None:
        self.stimuli: list[Stimulus] = []
        self.batch_of: list[int] = []
        self.pairs: list[set[Pair]] = [set() for _ in range(batches)]
        self.pictures: list[Counter[int]] = [Counter() for _ in range(batches)]
        self.shares: dict[float | None, None] = {}
        self.coefficients: list[Counter[float | None]] = [Counter() for _ in range(batches)]

    def put(self, stimulus: Stimulus, batch: int) -> None:
        self.stimuli.append(stimulus)
        self.batch_of.append(batch)
        self.shares[stimulus.mixing_coefficient] = None
        self._count(stimulus, batch, 1)

    def dealt(self) -> list[list[Stimulus]]:
        """Return the batches, each sorted by picture; participants see them shuffled."""
        batches: list[list[Stimulus]] = [[] for _ in self.pairs]
        for stimulus, batch in zip(self.stimuli, self.batch_of, strict=True):
            batches[batch].append(stimulus)
        return [sorted(batch, key=sorting_key) for batch in batches]

    def improve(self, rng: np.random.RandomState) -> None:
        """Swap stimuli of one class pair between batches as long as this improves them.

        A useful swap moves at least one badly placed stimulus, so that only those are considered.
        """
        places: dict[Hashable, list[int]] = {}
        for place, stimulus in enumerate(self.stimuli):
            places.setdefault(class_pair(stimulus), []).append(place)
        for _ in range(_PASSES):
            is_better = False
            for place in rng.permutation(len(self.stimuli)).tolist():
                if not self._stands_badly(place):
                    continue
                others = places[class_pair(self.stimuli[place])]
                if len(others) > _PARTNERS:
                    others = [others[one] for one in rng.randint(0, len(others), _PARTNERS).tolist()]
                is_better |= self._swap_best(place, others)
            if not is_better:
                return

    def _stands_badly(self, place: int) -> bool:
        """Return whether a stimulus's batch has one of its pictures twice, or too many with its coefficient."""
        stimulus, batch = self.stimuli[place], self.batch_of[place]
        pictures, coefficients = self.pictures[batch], self.coefficients[batch]
        if any(pictures[index] > 1 for index in pair_of(stimulus)):
            return True
        most = coefficients[stimulus.mixing_coefficient]
        return any(most - coefficients[share] > 1 for share in self.shares)

    def _swap_best(self, place: int, others: Iterable[int]) -> bool:
        gain, best = max(((self._gain(place, other), -other) for other in others), default=(0, 0))
        if gain <= 0:
            return False
        self._swap(place, -best)
        return True

    def _gain(self, place: int, other: int) -> int:
        """Return how much a swap improves the two batches; 0 or less if it is not allowed or does not help."""
        here, there = self.batch_of[place], self.batch_of[other]
        one, two = self.stimuli[place], self.stimuli[other]
        if here == there or pair_of(one) in self.pairs[there] or pair_of(two) in self.pairs[here]:
            return 0
        gain = 0
        if one.mixing_coefficient != two.mixing_coefficient:
            mine, theirs = self.coefficients[here], self.coefficients[there]
            out, back = one.mixing_coefficient, two.mixing_coefficient
            # The decrease of the sum of squared counts.
            gain += 2 * (mine[out] - mine[back] - 1) + 2 * (theirs[back] - theirs[out] - 1)
        ours, others = set(pair_of(one)), set(pair_of(two))
        for goes, comes, left, entered in ((ours, others, here, there), (others, ours, there, here)):
            for picture in goes - comes:
                twice = (self.pictures[left][picture] > 1) - (self.pictures[entered][picture] > 0)
                gain += _PICTURE_TWICE * twice
        return gain

    def _swap(self, place: int, other: int) -> None:
        here, there = self.batch_of[place], self.batch_of[other]
        for stimulus, before, after in ((self.stimuli[place], here, there), (self.stimuli[other], there, here)):
            self._count(stimulus, before, -1)
            self._count(stimulus, after, 1)
        self.batch_of[place], self.batch_of[other] = there, here

    def _count(self, stimulus: Stimulus, batch: int, step: int) -> None:
        (self.pairs[batch].add if step > 0 else self.pairs[batch].discard)(pair_of(stimulus))
        self.coefficients[batch][stimulus.mixing_coefficient] += step
        for picture in pair_of(stimulus):
            self.pictures[batch][picture] += step


def class_pair(stimulus: Stimulus) -> tuple[int, int | None]:
    """Return the classes of a stimulus."""
    return stimulus.image_1_label, stimulus.image_2_label


def pair_of(stimulus: Stimulus) -> Pair:
    """Return the pictures of a stimulus, one or two."""
    first, second = stimulus.image_1_index, stimulus.image_2_index
    return (first,) if second is None else (first, second)


def sorting_key(stimulus: Stimulus) -> tuple[Pair, float]:
    """Return the sorting key of a stimulus: its pair, then its coefficient."""
    return pair_of(stimulus), stimulus.mixing_coefficient or 0.0
