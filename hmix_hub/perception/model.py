"""A model of what people see in mixed pictures: `hmix_hub.PerceptualModel`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from hmix_hub.errors import PerceptionError
from hmix_hub.perception.answers import N_ANSWERS, PERCENT, SHARES, AnswerScale, to_percent
from hmix_hub.perception.observations import Observations, observe
from hmix_hub.perception.prediction import Prediction, predict_from
from hmix_hub.perception.probit import ProbitFit, Problem, cell_masses, differentiate, fit_probit
from hmix_hub.perception.terms import Terms, class_basis, sine
from hmix_hub.schema import Vocabulary
from hmix_hub.schema.arrays import Floats, Ints

if TYPE_CHECKING:
    import datasets

Classes = str | int | Sequence[str] | Sequence[int] | npt.NDArray[Any] | torch.Tensor
"""Classes by name or by code."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PerceptualModel:
    """Cumulative probit of inferred coefficients; `PerceptualModel.fit` makes one.

    ``P(answer <= k) = Phi(threshold_k - eta)`` over the answers that occur, with
    ``eta = slope * sin(pi * (coefficient - 1/2)) + v[class_1] - v[class_2]``. Nothing is assumed of the answers'
    distribution: their piles at 0, .5 and 1 are in the thresholds.

    Parameters
    ----------
    terms
        Columns of the design matrix.
    scale
        Answers that occur.
    thresholds
        float64 (A - 1,), increasing.
    coefficients
        float64 (P,): of the terms' columns.
    covariance
        float64 (P, P): of the coefficients' estimates, clustered by participant.
    nll
        Negative log likelihood of the judgments, in nats.
    n_judgments, n_participants
        What the model was fitted to.
    """

    terms: Terms
    scale: AnswerScale
    thresholds: Floats
    coefficients: Floats
    covariance: Floats
    nll: float
    n_judgments: int
    n_participants: int

    @classmethod
    def fit(
        cls,
        dataset: datasets.Dataset,
        *,
        classes: bool = True,
        people: bool = True,
        pictures: bool | Mapping[str, Any] | npt.NDArray[Any] = False,
        categorical: datasets.Dataset | None = None,
        cifar10: str | os.PathLike[str] | None = None,
        image_sets: Mapping[str, Any] | None = None,
    ) -> PerceptualModel:
        """Fit a model to judgments.

        Parameters
        ----------
        dataset
            Judgments of infer_mixing_factor of any study, N rows.
        classes
            Whether classes differ in how visible they are.
        """
        seen = observe(dataset)
        scale, places = AnswerScale.of(to_percent(seen.inferred))
        terms = _terms(seen, classes=classes)
        design = terms.rows(seen.coefficient, seen.class_1, seen.class_2)
        problem = Problem(torch.from_numpy(places), torch.from_numpy(design), len(scale.percent))
        found = fit_probit(problem)
        return cls(
            terms=terms,
            scale=scale,
            thresholds=found.thresholds.numpy(),
            coefficients=found.coefficients.numpy(),
            covariance=_clustered(problem, found, seen.participant),
            nll=-found.log_likelihood,
            n_judgments=len(seen),
            n_participants=len(seen.participants),
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the K classes, in the order of their codes."""
        return self.terms.classes

    @property
    def answers(self) -> Floats:
        """Answers that occurred, in shares of image 1; float64 (A,), increasing."""
        return self.scale.percent / PERCENT

    @property
    def slope(self) -> float:
        """Effect of the sine of the coefficient."""
        return float(self.coefficients[0])

    @property
    def class_effects(self) -> dict[str, float]:
        """Effect of each class, in standard deviations of one answer; they sum to 0."""
        return dict(zip(self.classes, self.terms.class_effects(self.coefficients).tolist(), strict=True))

    def predict(
        self,
        coefficient: float | npt.ArrayLike,
        class_1: Classes,
        class_2: Classes,
        image_1: Any = None,
        image_2: Any = None,
        *,
        person: str | None = None,
        level: float = 0.9,
    ) -> Prediction:
        """Return what people would answer.

        Parameters
        ----------
        coefficient
            Share of image 1, 0 to 1; one number or an array.
        class_1, class_2
            Classes by name or code; one or an array. All are broadcast against each other.
        level
            Probability inside the interval of answers.
        """
        shape, asked = self._asked(coefficient, class_1, class_2)
        mass = self.scale.masses(self._masses(*asked)).reshape(*shape, N_ANSWERS)
        return predict_from(mass, level)

    def shares(self, coefficients: npt.ArrayLike | torch.Tensor) -> torch.Tensor:
        """Return mean perceived shares of class_1 in mixtures with class_2, for a new participant.

        Parameters
        ----------
        coefficients
            float64 (G,), 0 to 1.

        Returns
        -------
        torch.Tensor
            float64 (G, K, K): by coefficient, class_1 and class_2.
        """
        grid = np.asarray(coefficients, dtype=np.float64)
        size = len(self.classes)
        codes = np.arange(size)
        _, asked = self._asked(grid[:, None, None], codes[None, :, None], codes[None, None, :])
        means = self.scale.masses(self._masses(*asked)) @ SHARES
        return torch.from_numpy(means.reshape(len(grid), size, size))

    def design(self, coefficient: npt.ArrayLike, class_1: Classes, class_2: Classes) -> Floats:
        """Return the rows of the design matrix; float64 (N, P)."""
        return self.terms.rows(*self._asked(coefficient, class_1, class_2)[1])

    def information(self, coefficient: npt.ArrayLike, class_1: Classes, class_2: Classes) -> Floats:
        """Return the Fisher information of one answer about eta; float64 (N,), per squared unit of eta."""
        eta = torch.from_numpy(self.design(coefficient, class_1, class_2) @ self.coefficients)
        return _information(torch.from_numpy(self.thresholds), eta).numpy()

    def _asked(
        self, coefficient: Any, class_1: Classes, class_2: Classes
    ) -> tuple[tuple[int, ...], tuple[Floats, Ints, Ints]]:
        """Return the shape of what is asked, and its parts as flat arrays."""
        shown = np.asarray(coefficient, dtype=np.float64)
        if not bool(((shown >= 0) & (shown <= 1)).all()):
            msg = "a coefficient is not a number from 0 to 1"
            raise PerceptionError(msg, hint="it is the share of image 1")
        shown, one, two = np.broadcast_arrays(shown, self._codes(class_1), self._codes(class_2))
        return shown.shape, (shown.ravel(), one.ravel(), two.ravel())

    def _codes(self, classes: Classes) -> Ints:
        given = np.asarray(classes)
        if given.dtype.kind in "US":
            vocabulary = Vocabulary(self.classes)
            return np.array([vocabulary.code(str(name)) for name in given.ravel()], dtype=np.int64).reshape(given.shape)
        return given.astype(np.int64)

    def _masses(self, coefficient: Floats, class_1: Ints, class_2: Ints) -> Floats:
        """Return the probability of each answer that occurs; float64 (N, A)."""
        eta = self.terms.rows(coefficient, class_1, class_2) @ self.coefficients
        return cell_masses(torch.from_numpy(self.thresholds), torch.from_numpy(eta)).numpy()


def _terms(seen: Observations, *, classes: bool) -> Terms:
    size = len(seen.classes)
    others = np.stack([np.ones(len(seen)), sine(seen.coefficient)], axis=1)
    basis = class_basis(size, seen.class_1, seen.class_2, others) if classes else np.zeros((size, 0))
    return Terms(seen.classes, basis)


def _clustered(problem: Problem, found: ProbitFit, participant: Ints) -> Floats:
    """Return the covariance of the terms' estimates, robust to answers of one participant being alike."""
    count = problem.n_thresholds
    cells = differentiate(*problem.bounds(found.thresholds, problem.design @ found.coefficients))
    groups = torch.from_numpy(participant)
    n_groups = int(participant.max()) + 1
    scores = problem.design.new_zeros((n_groups, count + problem.design.shape[1]))
    ends = problem.design.new_zeros((n_groups, count + 2))
    ends.index_put_((groups, problem.answers + 1), cells.up, accumulate=True)
    ends.index_put_((groups, problem.answers), -cells.down, accumulate=True)
    scores[:, :count] = ends[:, 1:-1]
    scores[:, count:].index_add_(0, groups, cells.slope[:, None] * problem.design)
    steps = torch.linalg.solve(found.curvature, scores.T)[count:]
    return (steps @ steps.T * (n_groups / max(1, n_groups - 1))).numpy()


def _information(thresholds: torch.Tensor, eta: torch.Tensor) -> torch.Tensor:
    ends = torch.cat([thresholds.new_full((1,), -torch.inf), thresholds, thresholds.new_full((1,), torch.inf)])
    places = ends - eta[:, None]
    densities = torch.exp(-0.5 * places**2) / (2 * torch.pi) ** 0.5
    masses = cell_masses(thresholds, eta)
    return (densities.diff(dim=1) ** 2 / masses.clamp(min=1e-300)).sum(dim=1)
