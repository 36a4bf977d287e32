"""Votes: how often participants chose each class for a stimulus, and figures computed from that.

With `n_c` votes of `n` for class `c` of K, the frequency is `n_c / n`, the entropy `-sum(f_c * log(f_c))` in nats, and
the frequency smoothed by `a` votes for each class `(n_c + a) / (n + a * K)`.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hmix_hub.schema.arrays import Floats, Mask
from hmix_hub.schema.column import TOLERANCE, Column, Kind

CLASS_FREQUENCIES = Column(
    "class_frequencies", Kind.DISTRIBUTION, "share of the votes for each class; sums to 1", "share of votes", 0, 1
)
ENTROPY = Column("entropy", Kind.FLOAT64, "of the frequencies; 0: all votes are for one class", "nats", low=0)
MAJORITY_CLASS = Column("majority_class", Kind.LABEL, "class with the most votes; null: a tie", nullable=True)


def frequencies(counts: Floats) -> Floats:
    """Return the share of votes for each class.

    Parameters
    ----------
    counts
        (N, K): votes by class, 1 or more in each row; rows of NaN stay NaN.

    Returns
    -------
    numpy.ndarray
        float64 (N, K), each row sums to 1.

    Examples
    --------
    >>> import numpy as np
    >>> frequencies(np.array([[3, 1], [0, 2]])).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    """
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def smoothed(shares: Floats, n_votes: Floats, smoothing: float) -> Floats:
    """Return frequencies smoothed by adding votes to each class.

    Parameters
    ----------
    shares
        float64 (N, K): frequencies.
    n_votes
        (N,): number of votes behind each row's frequencies.
    smoothing
        Votes added to each class, 0 or more; 0 leaves the frequencies exactly as they are.

    Returns
    -------
    numpy.ndarray
        float64 (N, K), each row sums to 1.

    Examples
    --------
    >>> import numpy as np
    >>> smoothed(np.array([[1.0, 0.0]]), np.array([2]), smoothing=1).tolist()
    [[0.75, 0.25]]
    """
    if not smoothing:
        return shares
    n = n_votes[:, None]
    return (shares * n + smoothing) / (n + smoothing * shares.shape[1])


def entropies(shares: Floats) -> Floats:
    """Return the entropy of each row of frequencies, float64 (N, K), in nats; float64 (N,).

    Examples
    --------
    >>> import numpy as np
    >>> entropies(np.array([[1.0, 0.0], [0.5, 0.5]])).round(4).tolist()
    [0.0, 0.6931]
    """
    # Classes without votes add nothing.
    terms = shares * np.log(np.where(shares > 0, shares, 1))
    # Adding 0 turns -0 into 0.
    return np.maximum(-terms.sum(axis=1), 0) + 0.0


def leads(shares: Floats) -> Mask:
    """For each class, whether no other has a larger share, (N, K); bool (N, K), several per row in a tie."""
    return shares >= shares.max(axis=1, keepdims=True, initial=0) - TOLERANCE


def majorities(shares: Floats) -> pa.Array:
    """Return the class with the largest share in each row of frequencies, float64 (N, K); N labels, null on a tie."""
    if not len(shares):
        return pa.array([], pa.int64())
    return pa.array(shares.argmax(axis=1), mask=leads(shares).sum(axis=1) > 1)
