"""A fitted model of perception: its parameters, and what it answers about mixtures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hmix_hub.errors import PerceptionError
from hmix_hub.perception.answers import N_ANSWERS, PERCENT, SHARES, AnswerScale
from hmix_hub.perception.confidence import ConfidenceCurve
from hmix_hub.perception.differences import differences_between
from hmix_hub.perception.outside import OutsideCurve
from hmix_hub.perception.people import People
from hmix_hub.perception.prediction import Prediction, check_level, predict_from
from hmix_hub.perception.probit import cell_information, cell_masses
from hmix_hub.perception.questions import Classes, Numbers, Questions, ask, coefficients_of
from hmix_hub.perception.terms import Terms, person_columns
from hmix_hub.schema.arrays import Floats

_AT_ONCE = 16_384
"""Predictions computed at a time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedModel:
    """Parameters of a cumulative probit; see `hmix_hub.PerceptualModel`.

    Parameters
    ----------
    terms
        Columns of the design matrix.
    scale
        Answers that occur.
    thresholds
        float64 (A - 1,), increasing, in standard deviations of one answer.
    coefficients
        float64 (P,), of the terms' columns.
    covariance
        float64 (P, P): of the coefficients' estimates, robust to dependence within clusters: participants and the
        stimuli that they share, in H-Mix the batches. Intervals take Student's t of `n_clusters - 1`.
    people
        Effects of participants; `None` without.
    confidence
        Mean confidence by coefficient; `None` where the judgments have none.
    outside
        Mean soft-label mass outside both classes; `None` without categorical judgments.
    nll
        Negative log likelihood of the judgments, in nats; with people, over all that their effects can be.
    n_judgments, n_participants
        What the model was fitted to.
    n_clusters
        Clusters of judgments that `covariance` compares; see `hmix_hub.perception.clusters`.
    shown_coefficients
        Mixing coefficients of the judgments, increasing: outside them the model extrapolates.
    """

    terms: Terms
    scale: AnswerScale
    thresholds: Floats
    coefficients: Floats
    covariance: Floats
    people: People | None = None
    confidence: ConfidenceCurve | None = None
    outside: OutsideCurve | None = None
    nll: float
    n_judgments: int
    n_participants: int
    n_clusters: int
    shown_coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("thresholds", "coefficients", "covariance"):
            values = np.array(getattr(self, name), dtype=np.float64)
            values.flags.writeable = False
            object.__setattr__(self, name, values)

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
        """Effect of the sine of the coefficient, in standard deviations of one answer."""
        return float(self.coefficients[0])

    @property
    def class_effects(self) -> dict[str, float]:
        """Effect of each class, in standard deviations of one answer; a more visible class has a larger one."""
        return dict(zip(self.classes, self.terms.class_effects(self.coefficients).tolist(), strict=True))

    @property
    def person_effects(self) -> dict[str, tuple[float, float]]:
        """Offset and slope of each participant, in standard deviations of one answer; empty without people."""
        if self.people is None:
            return {}
        return {name: (b, g) for name, (b, g) in zip(self.people.names, self.people.effects.tolist(), strict=True)}

    def predict(
        self,
        coefficient: Numbers,
        class_1: Classes,
        class_2: Classes,
        image_1: Any = None,
        image_2: Any = None,
        *,
        features: Any = None,
        person: str | None = None,
        level: float = 0.9,
    ) -> Prediction:
        """Return what people would answer.

        Parameters
        ----------
        coefficient
            Share of image 1, 0 to 1. Between the coefficients that were judged the sine interpolates; beyond them (.1
            and .9 in H-Mix) it extrapolates.
        class_1, class_2
            Classes by name or code. All three may be arrays, and are broadcast against each other.
        image_1, image_2
            Pictures, uint8 (3, H, W) or (N, 3, H, W), for a model with features of pixels. `None`: any of their class.
        features
            Your own differences, image 1 minus image 2, for a model fitted with such: as in the fit, N rows or one.
        person
            A participant of the fit, whose own effects are used as far as the judgments tell them. `None`: anybody new.
        level
            Probability inside the interval of single answers.

        Returns
        -------
        Prediction
            Mean, interval and probability of each of 101 answers, of the broadcast shape.

        Raises
        ------
        PerceptionError
            If a class or participant is unknown (the nearest names are offered), a coefficient is outside 0 to 1, or
            pictures are given that the model cannot use.
        """
        check_level(level)
        asked = ask(coefficient, class_1, class_2, self.classes)
        given = differences_between(self.terms.features, image_1, image_2, features, len(asked))
        mass = np.empty((len(asked), N_ANSWERS))
        for rows, part in self.masses_of(asked, given, person):
            mass[rows] = part
        return predict_from(mass.reshape(*asked.shape, N_ANSWERS), level)

    def shares(self, coefficients: Numbers) -> torch.Tensor:
        """Return mean perceived shares of class_1 in mixtures with class_2, for a new participant and any pictures.

        Parameters
        ----------
        coefficients
            float64 (G,): shares of the first image, 0 to 1.

        Returns
        -------
        torch.Tensor
            float64 (G, K, K), 0 to 1: by coefficient, class_1 and class_2.
        """
        grid = coefficients_of(coefficients).reshape(-1, 1, 1)
        codes = np.arange(len(self.classes))
        asked = ask(grid, codes[:, None], codes, self.classes)
        means = np.empty(len(asked))
        for rows, part in self.masses_of(asked):
            means[rows] = part @ SHARES
        return torch.from_numpy(means.reshape(asked.shape))

    def design(self, coefficient: Numbers, class_1: Classes, class_2: Classes) -> Floats:
        """Return the rows of the design matrix whose product with `coefficients` is eta; float64 (N, P)."""
        asked = ask(coefficient, class_1, class_2, self.classes)
        return self.terms.rows(asked.coefficient, asked.class_1, asked.class_2)

    def information(self, coefficient: Numbers, class_1: Classes, class_2: Classes) -> Floats:
        """Return the Fisher information about eta in one answer of a new participant; float64 (N,)."""
        eta, scale = self._eta(ask(coefficient, class_1, class_2, self.classes))
        return cell_information(torch.tensor(self.thresholds), eta, scale).numpy()

    def masses_of(
        self, asked: Questions, differences: Floats | None = None, person: str | None = None
    ) -> Iterator[tuple[slice, Floats]]:
        """Yield the probabilities of all 101 answers, (M, 101), some rows at a time."""
        eta, scale = self._eta(asked, differences, person)
        thresholds = torch.tensor(self.thresholds)
        for start in range(0, len(asked), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            yield rows, self.scale.masses(cell_masses(thresholds, eta[rows], scale[rows]).numpy())

    def _eta(
        self, asked: Questions, differences: Floats | None = None, person: str | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return eta and the standard deviation of answers around it; float64 (N,) each.

        What is not known of the participant and of the pictures is normal, and widens that of one answer, which is 1.
        """
        eta = self.terms.rows(asked.coefficient, asked.class_1, asked.class_2, differences) @ self.coefficients
        columns = person_columns(asked.coefficient)
        variance = np.zeros(len(asked))
        if person is not None:
            if self.people is None:
                msg = f"the model was fitted without effects of participants, and knows nothing of {person!r}"
                raise PerceptionError(msg, hint="fit with people=True")
            number = self.people.number(person)
            eta = eta + columns @ self.people.effects[number]
            variance += np.einsum("ni,ij,nj->n", columns, self.people.spread[number], columns)
        elif self.people is not None:
            variance += np.einsum("ni,ij,nj->n", columns, self.people.covariance, columns)
        if differences is None:
            variance += self.terms.variance(asked.coefficient, self.coefficients)
        return torch.from_numpy(eta), torch.from_numpy(np.sqrt(1 + variance))
