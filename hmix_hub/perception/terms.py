"""Terms of a perceptual model: the columns of the design matrix of eta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hmix_hub.schema.arrays import Floats, Ints

_SMALL = 1e-8
"""Eigenvalue, relative to the largest, below which a direction counts as undetermined."""


def sine(coefficient: Floats) -> Floats:
    """Return `sin(pi * (coefficient - 1/2))`: from -1 (image 2 alone) to 1 (image 1 alone)."""
    return np.sin(np.pi * (coefficient - 0.5))


def ambiguity(coefficient: Floats) -> Floats:
    """Return `cos(pi * (coefficient - 1/2))`: 1 for an even mixture, 0 for either image alone."""
    return np.cos(np.pi * (coefficient - 0.5))


def person_columns(coefficient: Floats) -> Floats:
    """Return the design of the participant effects, a constant and the sine; float64 (N, 2)."""
    return np.stack([np.ones_like(coefficient), sine(coefficient)], axis=1)


@dataclass(frozen=True, eq=False)
class Features:
    """Picture features that enter the model as differences, image 1 minus image 2.

    Parameters
    ----------
    names
        Name of each of F features.
    scale
        float64 (F,): standard deviation of each feature in the fitted data, by which differences are divided.
    class_means
        float64 (K, F): mean feature of each class, used when no picture is given.
    within
        float64 (F, F): covariance of the features within a class, in units of `scale`.
    from_pixels
        Whether they are computed by `hmix_hub.perception.picture_features`; otherwise the user supplies them.
    """

    names: tuple[str, ...]
    scale: Floats
    class_means: Floats
    within: Floats
    from_pixels: bool


@dataclass(frozen=True, eq=False)
class Terms:
    """Columns of the design matrix: the sine, directions of class effects, and feature differences.

    Parameters
    ----------
    classes
        Names of the K classes.
    basis
        float64 (K, R): orthonormal directions of the class effects that the judgments determine; columns sum to 0.
    features
        Picture features; `None` if the model has none.
    """

    classes: tuple[str, ...]
    basis: Floats
    features: Features | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the P columns."""
        directions = [f"class direction {number + 1}" for number in range(self.basis.shape[1])]
        features = self.names_of_features
        return ("slope", *directions, *features, *(f"{name} x ambiguity" for name in features))

    @property
    def names_of_features(self) -> tuple[str, ...]:
        """Return the names of the F features; empty if the model has none."""
        return () if self.features is None else self.features.names

    @property
    def n_structural(self) -> int:
        """Return the number of columns that do not depend on pictures."""
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
            float64 (N, F): unscaled features of image 1 minus those of image 2; `None` uses the means of the classes.
        """
        columns = [sine(coefficient)[:, None], self.basis[class_1] - self.basis[class_2]]
        if self.features is not None:
            if differences is None:
                differences = self.features.class_means[class_1] - self.features.class_means[class_2]
            scaled = differences / self.features.scale
            columns += [scaled, scaled * ambiguity(coefficient)[:, None]]
        return np.concatenate(columns, axis=1)

    def variance(self, coefficient: Floats, coefficients: Floats) -> Floats:
        """Return the variance of eta due to unknown pictures of known classes; float64 (N,), 0 without features."""
        if self.features is None:
            return np.zeros(len(coefficient))
        plain, with_ambiguity = coefficients[self.n_structural :].reshape(2, -1)
        weights = plain + with_ambiguity * ambiguity(coefficient)[:, None]
        # Twice, since both pictures are unknown.
        return 2 * np.einsum("nf,fg,ng->n", weights, self.features.within, weights)

    def class_effects(self, coefficients: Floats) -> Floats:
        """Return the class effects, float64 (K,), summing to 0, from the coefficients of all columns, (P,)."""
        return self.basis @ coefficients[1 : self.n_structural]


def class_basis(n_classes: int, class_1: Ints, class_2: Ints, others: Floats) -> Floats:
    """Return the directions of class effects that the judgments determine; float64 (K, R), orthonormal.

    Answers depend only on differences between class effects, so effects sum to 0 within each group of classes connected
    by mixtures. A direction that is collinear with other columns is dropped too: with two classes, one of them always
    image 1, the difference of their effects is part of the thresholds.

    Parameters
    ----------
    n_classes
        K.
    class_1, class_2
        int64 (N,): classes of both pictures.
    others
        float64 (N, Q): the other columns of the design, and a constant for the thresholds.
    """
    one_hot = np.eye(n_classes)
    differences = one_hot[class_1] - one_hot[class_2]
    column_space, _ = np.linalg.qr(others)
    free = differences - column_space @ (column_space.T @ differences)
    strengths, directions = np.linalg.eigh(free.T @ free)
    found = directions[:, strengths > _SMALL * max(1.0, strengths[-1])]
    return _canonical(found @ found.T)


def _canonical(projector: Floats) -> Floats:
    """Return an orthonormal basis of the range of a projector, float64 (K, K), independent of the order of rows."""
    basis = np.zeros((len(projector), 0))
    for column in projector.T:
        rest = column - basis @ (basis.T @ column)
        length = np.linalg.norm(rest)
        if length > np.sqrt(_SMALL):
            basis = np.column_stack([basis, rest / length])
    return basis


def groups_of_classes(n_classes: int, class_1: Ints, class_2: Ints) -> list[list[int]]:
    """Return the connected components of classes, where classes that were mixed with each other are connected."""
    graph = coo_array((np.ones(len(class_1)), (class_1, class_2)), shape=(n_classes, n_classes))
    count, group = connected_components(graph, directed=False)
    return [np.flatnonzero(group == number).tolist() for number in range(count)]
