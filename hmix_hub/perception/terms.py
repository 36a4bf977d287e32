"""Terms of a model of perception: what eta is the sum of, as columns of a design matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hmix_hub.schema.arrays import Floats, Ints

_SMALL = 1e-8
"""Share of the largest square below which a direction counts as not determined."""


def sine(coefficient: Floats) -> Floats:
    """Return `sin(pi * (coefficient - 1/2))`: -1 where image 2 alone is shown, 1 where image 1 is."""
    return np.sin(np.pi * (coefficient - 0.5))


def ambiguity(coefficient: Floats) -> Floats:
    """Return `cos(pi * (coefficient - 1/2))`: 1 for an even mixture, 0 for a single image."""
    return np.cos(np.pi * (coefficient - 0.5))


def person_columns(coefficient: Floats) -> Floats:
    """Return the columns whose coefficients differ between people, 1 and the sine; float64 (N, 2)."""
    return np.stack([np.ones_like(coefficient), sine(coefficient)], axis=1)


@dataclass(frozen=True, eq=False)
class Features:
    """Features of pictures that the model weighs.

    Parameters
    ----------
    names
        Name of each of F features.
    scale
        float64 (F,): what a difference is divided by, the standard deviation in the fit.
    class_means
        float64 (K, F): mean of each class, which stands for a picture that is not given.
    within
        float64 (F, F): covariance of the features of a picture around the mean of its class, in units of `scale`.
    from_pixels
        Whether they are features of `hmix_hub.perception.picture_features`; else the user computed them.
    """

    names: tuple[str, ...]
    scale: Floats
    class_means: Floats
    within: Floats
    from_pixels: bool


@dataclass(frozen=True, eq=False)
class Terms:
    """Columns of the design matrix: the sine, directions of class effects, and differences of features.

    Parameters
    ----------
    classes
        Names of the K classes.
    basis
        float64 (K, R): orthonormal directions of class effects that the judgments determine, each of sum 0.
    features
        Features of pictures; `None` without any.
    """

    classes: tuple[str, ...]
    basis: Floats
    features: Features | None = field(default=None)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of each of the P columns."""
        directions = [f"class direction {number + 1}" for number in range(self.basis.shape[1])]
        features = self.names_of_features
        return ("slope", *directions, *features, *(f"{name} x ambiguity" for name in features))

    @property
    def names_of_features(self) -> tuple[str, ...]:
        """Name of each of the F features; none without pictures."""
        return () if self.features is None else self.features.names

    @property
    def n_structural(self) -> int:
        """Columns before those of features."""
        return 1 + self.basis.shape[1]

    def rows(self, coefficient: Floats, class_1: Ints, class_2: Ints, differences: Floats | None = None) -> Floats:
        """Return the design matrix; float64 (N, P).

        Parameters
        ----------
        coefficient
            float64 (N,), 0 to 1.
        class_1, class_2
            int64 (N,): classes of both pictures.
        differences
            float64 (N, F): features of image 1 minus those of image 2, as measured. `None` are those of the classes'
            means.
        """
        columns = [sine(coefficient)[:, None], self.basis[class_1] - self.basis[class_2]]
        if self.features is not None:
            if differences is None:
                differences = self.features.class_means[class_1] - self.features.class_means[class_2]
            scaled = differences / self.features.scale
            columns += [scaled, scaled * ambiguity(coefficient)[:, None]]
        return np.concatenate(columns, axis=1)

    def variance(self, coefficient: Floats, coefficients: Floats) -> Floats:
        """Return the variance of eta between pairs of pictures of two classes; float64 (N,), 0 without features."""
        if self.features is None:
            return np.zeros(len(coefficient))
        plain, with_ambiguity = coefficients[self.n_structural :].reshape(2, -1)
        weights = plain + with_ambiguity * ambiguity(coefficient)[:, None]
        # Both pictures differ from their class's mean.
        return 2 * np.einsum("nf,fg,ng->n", weights, self.features.within, weights)

    def class_effects(self, coefficients: Floats) -> Floats:
        """Return the effect of each class, float64 (K,), of sum 0, from the coefficients of the columns, (P,)."""
        return self.basis @ coefficients[1 : self.n_structural]


def class_basis(n_classes: int, class_1: Ints, class_2: Ints, others: Floats) -> Floats:
    """Return the directions of class effects that judgments determine; float64 (K, R).

    Answers depend on differences of effects alone, so that effects have sum 0 within classes that were mixed with each
    other, directly or by others between. A direction that other columns follow is left out, too, such as that of two
    classes of which one is always image 1.

    Parameters
    ----------
    n_classes
        K.
    class_1, class_2
        int64 (N,): classes of both pictures.
    others
        float64 (N, Q): columns of the design, and the constant that the thresholds stand for.
    """
    one_hot = np.eye(n_classes)
    differences = one_hot[class_1] - one_hot[class_2]
    column_space, _ = np.linalg.qr(others)
    free = differences - column_space @ (column_space.T @ differences)
    strengths, directions = np.linalg.eigh(free.T @ free)
    found = directions[:, strengths > _SMALL * max(1.0, strengths[-1])]
    return _canonical(found @ found.T)


def _canonical(projector: Floats) -> Floats:
    """Return an orthonormal basis of what a projector, float64 (K, K), leaves, which depends on nothing else."""
    basis = np.zeros((len(projector), 0))
    for column in projector.T:
        rest = column - basis @ (basis.T @ column)
        length = np.linalg.norm(rest)
        if length > np.sqrt(_SMALL):
            basis = np.column_stack([basis, rest / length])
    return basis


def groups_of_classes(n_classes: int, class_1: Ints, class_2: Ints) -> list[list[int]]:
    """Return the classes that were mixed with each other, directly or by others between, each group in order."""
    group = np.arange(n_classes)
    for one, two in np.unique(np.stack([class_1, class_2], axis=1), axis=0):
        group[group == group[two]] = group[one]
    return [np.flatnonzero(group == number).tolist() for number in np.unique(group)]


def names_of(classes: Sequence[str], codes: Sequence[int]) -> str:
    """Return class names as a list in words."""
    return ", ".join(classes[code] for code in codes)
