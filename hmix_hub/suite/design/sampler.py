"""Sampler: pairs of pictures of different classes, equally many for each two classes, reproducible everywhere."""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Collection, Iterable

import numpy as np

from hmix_hub.suite.design.pictures import Labels

Pair = tuple[int, int]
"""Two rows of the image set; the one whose class comes first in the alphabet is first."""


class TooFewPicturesError(ValueError):
    """Two classes have fewer pairs of pictures than requested."""


def stream(seed: int, *purpose: str) -> np.random.RandomState:
    """Return the random generator for a purpose.

    Parameters
    ----------
    purpose
        What the numbers are for; different purposes get different numbers.

    Returns
    -------
    numpy.random.RandomState
        The Mersenne Twister, seeded with the SHA-256 of seed and purpose. It is numpy's only generator whose numbers
        are the same in every version (NEP 19), so that a study file gives the same design everywhere.
    """
    digest = hashlib.sha256("\n".join((str(seed), *purpose)).encode()).digest()
    return np.random.RandomState(np.frombuffer(digest, dtype="<u4"))


def draw_pairs(
    labels: Labels, classes: Iterable[int], number: int, rng: np.random.RandomState, *, left_out: Collection[int] = ()
) -> list[Pair]:
    """Draw `number` pairs for each two different classes, without the pictures in `left_out`.

    Each pair uses the pictures of its classes that have been used least often so far, so that no picture is used twice
    while unused ones remain. No pair is drawn twice.

    Returns
    -------
    list of Pair
        In rounds: one for each class pair, in random order, then the next for each.

    Raises
    ------
    TooFewPicturesError
        If two classes do not have enough pairs of pictures; the message names them.
    """
    names = labels.vocabulary.names
    ordered = sorted(classes, key=lambda code: names[code].lower())
    is_open = np.ones(len(labels), dtype=bool)
    is_open[list(left_out)] = False
    decks = {code: _Deck(np.flatnonzero((labels.codes == code) & is_open), rng) for code in ordered}
    class_pairs = [(first, second) for place, first in enumerate(ordered) for second in ordered[place + 1 :]]
    for first, second in class_pairs:
        most = len(decks[first]) * len(decks[second])
        if most < number:
            found = f"{len(decks[first])} pictures of {names[first]}, {len(decks[second])} of {names[second]}"
            msg = f"{number} different pairs of {names[first]} and {names[second]} cannot be drawn: there are {found}"
            raise TooFewPicturesError(msg)
    drawn: dict[Pair, None] = {}
    for _ in range(number):
        for place in rng.permutation(len(class_pairs)).tolist():
            first, second = class_pairs[place]
            drawn[_next_pair(decks[first], decks[second], drawn)] = None
    return list(drawn)


def draw_single(
    labels: Labels, classes: Iterable[int], number: int, rng: np.random.RandomState, *, left_out: Collection[int] = ()
) -> list[int]:
    """Draw `number` different pictures of each class, without those in `left_out`.

    Returns
    -------
    list of int
        Rows of the image set, class by class.

    Raises
    ------
    TooFewPicturesError
        If a class does not have enough pictures; the message names it.
    """
    drawn: list[int] = []
    for code in sorted(classes):
        pictures = np.setdiff1d(np.flatnonzero(labels.codes == code), list(left_out))
        if len(pictures) < number:
            name = labels.vocabulary.names[code]
            n_all = np.count_nonzero(labels.codes == code)
            besides = f", plus {n_all - len(pictures)} in examples and practice" if n_all > len(pictures) else ""
            msg = f"{number} different pictures of {name} cannot be drawn: there are {len(pictures)}{besides}"
            raise TooFewPicturesError(msg)
        drawn += rng.permutation(pictures)[:number].tolist()
    return drawn


class _Deck:
    """Pictures of a class, least used first."""

    def __init__(self, pictures: np.ndarray[tuple[int], np.dtype[np.int64]], rng: np.random.RandomState) -> None:
        self._rng = rng
        ranks = rng.random_sample(len(pictures)).tolist()
        self.entries = sorted((0, rank, picture) for rank, picture in zip(ranks, pictures.tolist(), strict=True))

    def __len__(self) -> int:
        return len(self.entries)

    def take(self, place: int) -> int:
        """Return the picture at a position, and count it as used once more."""
        taken, _, picture = self.entries.pop(place)
        bisect.insort(self.entries, (taken + 1, float(self._rng.random_sample()), picture))
        return picture


def _next_pair(first: _Deck, second: _Deck, drawn: dict[Pair, None]) -> Pair:
    # If the first two were already drawn together, take the next best; there are enough pairs for one to exist.
    for place, (_, _, one) in enumerate(first.entries):
        for partner, (_, _, other) in enumerate(second.entries):
            if (one, other) not in drawn:
                return first.take(place), second.take(partner)
    raise TooFewPicturesError
