"""Chance that is the same everywhere: the stream of random numbers of a purpose."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *purpose: str) -> np.random.RandomState:
    """Give the random numbers of a purpose.

    Parameters
    ----------
    seed
        The study's seed.
    purpose
        What they are for; other purposes get other numbers.

    Returns
    -------
    numpy.random.RandomState
        The Mersenne Twister, seeded with the sha256 of seed and purpose. Of numpy's generators it alone gives the
        same numbers in every version (NEP 19), so that a study file draws the same design wherever it is read.
    """
    digest = hashlib.sha256("\n".join((str(seed), *purpose)).encode()).digest()
    return np.random.RandomState(np.frombuffer(digest, dtype="<u4"))
