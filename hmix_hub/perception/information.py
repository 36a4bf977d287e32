"""Information: which stimuli are most informative to collect next, and what the choice is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmix_hub.errors import PerceptionError
from hmix_hub.perception.mixtures import Classes, Numbers, codes_of
from hmix_hub.perception.model import PerceptualModel
from hmix_hub.schema.arrays import Floats, Ints

OWN_SHARE = 0.32
"""Default share of the variance of one answer that is due to the stimulus.

Source: `hmix_hub.perception.stimulus_means`, computed from the judgments of H-Mix."""
_DIGITS = 12
_NEAR = 1e-9
"""Relative difference below which gains count as equal, so that every machine chooses the same candidate."""
_MOST_TIMES = 50


@dataclass(frozen=True, eq=False)
class Candidates:
    """Stimuli to choose from.

    Parameters
    ----------
    design
        float64 (N, P): rows of the model's design matrix.
    information
        float64 (N,): Fisher information about eta in the wanted answers to each stimulus.
    pairs
        int64 (N,): number of each candidate's pair of pictures; at most one mixture of a pair is chosen.
    class_pairs
        int64 (N,): number of each candidate's unordered pair of classes.
    """

    design: Floats
    information: Floats
    pairs: Ints
    class_pairs: Ints

    def __len__(self) -> int:
        return len(self.pairs)

    @classmethod
    def of(
        cls,
        model: PerceptualModel,
        coefficient: Numbers,
        class_1: Classes,
        class_2: Classes,
        *,
        pairs: Ints | None = None,
        answers: int = 1,
        asked: Ints | int = 0,
        own_share: float = OWN_SHARE,
    ) -> Candidates:
        """Return candidates that are mixtures of classes.

        Parameters
        ----------
        model
            Fitted model.
        coefficient, class_1, class_2
            N of each: share of image 1, 0 to 1, and classes by name or code.
        pairs
            int64 (N,): see the class; by default, each candidate has its own pair.
        answers
            Number of answers wanted for each stimulus, from different participants.
        asked
            int64 (N,), or one for all: number of answers to this stimulus that the model was fitted to.
        own_share
            See `expected_information`.
        """
        information = model.information(coefficient, class_1, class_2)
        both = [np.broadcast_to(codes_of(given, model.classes), len(information)) for given in (class_1, class_2)]
        return cls(
            model.design(coefficient, class_1, class_2),
            expected_information(information, answers, asked=asked, own_share=own_share),
            np.arange(len(information)) if pairs is None else pairs,
            np.unique(np.sort(both, axis=0), axis=1, return_inverse=True)[1].reshape(-1),
        )


def expected_information(information: Floats, answers: int, *, asked: Ints | int, own_share: float) -> Floats:
    r"""Return the information about similar mixtures in further answers to each stimulus; float64 (N,).

    Each stimulus has its own effect, of variance :math:`\rho`, which answers to it alone cannot separate from what such
    mixtures have in common. If one answer has information i, n answers to one stimulus have

    .. math::

        w(n) = \frac1{\rho + (1 / i - \rho) / n},

    which is i for one answer, and less than n i for more.

    Parameters
    ----------
    information
        float64 (N,): i, as returned by `PerceptualModel.information`.
    answers
        Number of further answers.
    asked
        Number of existing answers.
    own_share
        :math:`\rho`, 0 to 1.

    Raises
    ------
    PerceptionError
        If `answers` is below 1, `asked` is negative, or the share is outside 0 to 1.
    """
    if answers < 1 or np.min(asked) < 0 or not 0 <= own_share < 1:
        msg = f"invalid: answers={answers}, asked={np.min(asked)}, own_share={own_share:g}"
        raise PerceptionError(msg, hint="answers must be at least 1, asked at least 0, own_share from 0 to below 1")
    noise = np.maximum(1 / information - own_share, 0)

    def of_all(count: Ints | int) -> Floats:
        with np.errstate(divide="ignore"):
            return 1 / (own_share + noise / count)

    return of_all(np.asarray(asked) + answers) - of_all(np.asarray(asked))


def prediction_weights(model: PerceptualModel, coefficients: Numbers) -> Floats:
    """Return the matrix M such that trace(covariance M) is the average variance of predicted eta.

    Parameters
    ----------
    model
        Fitted model.
    coefficients
        Mixing coefficients to predict; the average is over these and all pairs of the model's classes.

    Returns
    -------
    numpy.ndarray
        float64 (P, P).
    """
    one, two = np.triu_indices(len(model.classes), 1)
    shown = np.asarray(coefficients, dtype=np.float64)
    rows = model.design(np.repeat(shown, len(one)), np.tile(one, len(shown)), np.tile(two, len(shown)))
    weights: Floats = rows.T @ rows / len(rows)
    return weights


@dataclass(frozen=True, eq=False)
class Choice:
    """Chosen candidates.

    Parameters
    ----------
    rows
        int64 (n,): numbers of the candidates, in the order of choice.
    variance
        float64 (n + 1,): average variance of predictions before any answers, and after those to each choice.
    """

    rows: Ints
    variance: Floats


def choose(
    candidates: Candidates, covariance: Floats, weights: Floats, number: int, per_class_pair: int | None = None
) -> Choice:
    """Choose stimuli greedily, each time the one expected to reduce the average variance most.

    Each choice accounts for the expected answers to the previous ones by a rank-1 update of the covariance. Among
    equally informative candidates, the first is chosen.

    Parameters
    ----------
    candidates
        N stimuli.
    covariance
        float64 (P, P): covariance of the estimated terms, before the choice.
    weights
        float64 (P, P): `prediction_weights` for the variance of predictions (I-optimality), or the identity for that of
        the terms (A-optimality).
    number
        Number of stimuli to choose.
    per_class_pair
        Maximum number of stimuli for one pair of classes; `None` for no limit.

    Raises
    ------
    PerceptionError
        If there are fewer pairs of pictures, or too few within the limit.
    """
    available = len(np.unique(candidates.pairs))
    if not 1 <= number <= available:
        msg = f"cannot choose {number:,} stimuli from {available:,} pairs of pictures, with one mixture of each"
        raise PerceptionError(msg, hint="choose fewer stimuli, or add pairs")
    if per_class_pair is not None:
        offered = np.unique(np.stack([candidates.class_pairs, candidates.pairs]), axis=1)[0]
        most = int(np.minimum(np.bincount(offered), per_class_pair).sum())
        if number > most:
            msg = f"cannot choose {number:,} stimuli with at most {per_class_pair} of each class pair, only {most:,}"
            raise PerceptionError(msg, hint="raise the limit, or choose fewer stimuli")
    kinds = _Kinds(candidates, per_class_pair)
    rows, left, variance = [], covariance, [float(np.trace(covariance @ weights))]
    for _ in range(number):
        gains, moved = _gains(kinds.design, kinds.information, left, weights)
        kind = kinds.best(gains)
        rows.append(kinds.take(kind))
        factor = _factor(kinds.information[kind], kinds.design[kind], moved[kind])
        left = left - factor * np.outer(moved[kind], moved[kind])
        variance.append(float(np.trace(left @ weights)))
    return Choice(np.array(rows), np.array(variance))


class _Kinds:
    """Candidates by kind; the model cannot distinguish candidates of one kind, which are taken in order."""

    def __init__(self, candidates: Candidates, per_class_pair: int | None) -> None:
        # Without class effects, mixtures of different classes can be of one kind.
        limited = [] if per_class_pair is None else [candidates.class_pairs]
        columns = np.column_stack([candidates.design, candidates.information, *limited])
        described = np.round(columns, _DIGITS) + 0.0
        _, first, kind = np.unique(described, axis=0, return_index=True, return_inverse=True)
        self.design, self.information = candidates.design[first], candidates.information[first]
        self._pairs = candidates.pairs
        self._class_pairs = candidates.class_pairs[first]
        self._left = np.full(int(self._class_pairs.max()) + 1, per_class_pair or len(candidates))
        self._is_taken = np.zeros(int(candidates.pairs.max()) + 1, dtype=bool)
        ends = np.cumsum(np.bincount(kind))[:-1]
        self._rest = [iter(rows.tolist()) for rows in np.split(np.argsort(kind, kind="stable"), ends)]
        self._heads = np.array([next(rows) for rows in self._rest])
        """First candidate of each kind that can still be taken; -1 if there is none."""

    def best(self, gains: Floats) -> int:
        """Return the kind with the largest gain; if tied, the one whose candidate comes first."""
        gains = np.where(self._heads < 0, -np.inf, gains)
        best = np.flatnonzero(gains >= gains.max() - _NEAR * abs(gains.max()))
        return int(best[np.argmin(self._heads[best])])

    def take(self, kind: int) -> int:
        """Take a candidate, which excludes all other mixtures of its pair, and return its number."""
        taken = int(self._heads[kind])
        self._left[self._class_pairs[kind]] -= 1
        if not self._left[self._class_pairs[kind]]:
            self._heads[self._class_pairs == self._class_pairs[kind]] = -1
        self._is_taken[self._pairs[taken]] = True
        for other in np.flatnonzero((self._heads >= 0) & self._is_taken[self._pairs[self._heads]]):
            self._heads[other] = next((row for row in self._rest[other] if not self._is_taken[self._pairs[row]]), -1)
        return taken


def _gains(design: Floats, information: Floats, covariance: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return each candidate's reduction of the average variance, and its design row times the covariance."""
    moved = design @ covariance
    return _factor(information, design, moved) * ((moved @ weights) * moved).sum(axis=1), moved


def _factor(information: Floats, design: Floats, moved: Floats) -> Floats:
    """Return the factor of a rank-1 update of the covariance."""
    factor: Floats = information / (1 + information * (design * moved).sum(axis=-1))
    return factor


def random_worth(
    candidates: Candidates,
    covariance: Floats,
    weights: Floats,
    variance: float,
    *,
    number: int,
    seeds: int = 20,
    seed: int = 0,
) -> Floats:
    """Compute how many randomly drawn stimuli are as informative as the chosen ones.

    Parameters
    ----------
    candidates, covariance, weights
        See `choose`.
    variance
        Average variance after the chosen ones.
    number
        Number of chosen stimuli; the search stops at 50 times as many.
    seeds
        Number of random sequences.
    seed
        Seed of the draws.

    Returns
    -------
    numpy.ndarray
        float64 (S,): number of random stimuli, interpolated; infinite where the search stopped.
    """
    worth = np.full(seeds, np.inf)
    for place in range(seeds):
        rng = np.random.default_rng([seed, place])
        left, before = covariance, float(np.trace(covariance @ weights))
        for count, row in enumerate(rng.integers(len(candidates), size=_MOST_TIMES * number).tolist(), start=1):
            design = candidates.design[row]
            moved = design @ left
            left = left - _factor(candidates.information[row], design, moved) * np.outer(moved, moved)
            after = float(np.trace(left @ weights))
            if after <= variance:
                worth[place] = count - 1 + (before - variance) / (before - after)
                break
            before = after
    return worth
