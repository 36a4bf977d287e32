"""A fitted perceptual model: its parameters and its predictions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.special import ndtr

from hmix_hub.errors import PerceptionError
from hmix_hub.perception.answers import N_ANSWERS, PERCENT, SHARES, AnswerScale, Prediction, check_level, predict_from
from hmix_hub.perception.curves import ConfidenceCurve, OutsideCurve
from hmix_hub.perception.differences import differences_between
from hmix_hub.perception.mixtures import Classes, Mixtures, Numbers, ask, coefficients_of
from hmix_hub.perception.people import People
from hmix_hub.perception.probit import cell_information, cell_masses
from hmix_hub.perception.terms import Terms, person_columns
from hmix_hub.schema.arrays import Floats, Ints

_AT_ONCE = 16_384
"""Number of predictions computed at a time."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class FittedModel:
    """Parameters and predictions of a cumulative probit model; see `hmix_hub.PerceptualModel`.

    Parameters
    ----------
    terms
        Columns of the design matrix.
    scale
        Answers that occur in the data.
    thresholds
        float64 (A - 1,): thresholds, increasing, in standard deviations of a single answer.
    coefficients
        float64 (P,): coefficients of the design columns.
    covariance
        float64 (P, P): cluster-robust covariance of the estimated coefficients. Clusters are groups of participants who
        share stimuli (in H-Mix the batches). For intervals, use Student's t with `n_clusters - 1` degrees of freedom.
    people
        Participant effects; `None` if the model has none.
    confidence
        Mean confidence by coefficient; `None` if none was recorded.
    outside
        Mean soft-label mass outside both classes by coefficient; `None` without categorical judgments.
    nll
        Negative log likelihood of the judgments, in nats; marginal over participant effects.
    n_judgments, n_participants
        Size of the data.
    n_clusters
        Number of clusters; see `hmix_hub.perception.mixtures.find_clusters`.
    shown_coefficients
        Mixing coefficients in the data, increasing; beyond the outermost the model extrapolates.

    Examples
    --------
    >>> import hmix_hub
    >>> judgments = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> model = hmix_hub.PerceptualModel.fit(judgments)
    >>> model.shares([0.5]).shape, model.design(0.5, "cat", "dog").shape, model.information(0.5, "cat", "dog").round(2)
    (torch.Size([1, 10, 10]), (1, 10), array([1.]))
    >>> asked = Mixtures(coefficient=np.array([0.5]), class_1=np.array([3]), class_2=np.array([5]))
    >>> eta, variance = model.latent(asked)
    >>> model.means_at(eta, np.sqrt(variance)).round(3), [masses.shape for _, masses in model.masses_of(asked)]
    (array([0.497]), [(1, 101)])
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

    def __repr__(self) -> str:
        parts = [
            f"slope={self.slope:.4g}",
            f"{len(self.classes)} classes" if self.terms.basis.size else "no class effects",
            *([f"features {', '.join(self.terms.names_of_features)}"] if self.terms.features else []),
            "no participant effects" if self.people is None else "participant effects",
            f"{self.n_judgments:,} judgments by {self.n_participants:,} participant{'s' * (self.n_participants != 1)}",
            f"nll={self.nll:.6g}",
        ]
        return f"{type(self).__name__}({', '.join(parts)})"

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the K classes, in the order of their codes."""
        return self.terms.classes

    @property
    def answers(self) -> Floats:
        """Return the answers that occur in the data, as shares of image 1; float64 (A,), increasing."""
        return self.scale.percent / PERCENT

    @property
    def slope(self) -> float:
        """Return the effect of the sine of the coefficient, in standard deviations of a single answer."""
        return float(self.coefficients[0])

    @property
    def class_effects(self) -> dict[str, float]:
        """Return the effect of each class in standard deviations of a single answer; larger if more visible."""
        return dict(zip(self.classes, self.terms.class_effects(self.coefficients).tolist(), strict=True))

    @property
    def person_effects(self) -> dict[str, tuple[float, float]]:
        """Return each participant's offset and slope in standard deviations of a single answer; may be empty."""
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
        """Predict the answers to mixtures.

        Parameters
        ----------
        coefficient
            Share of image 1, 0 to 1. The model interpolates between `shown_coefficients` and extrapolates beyond them.
        class_1, class_2
            Names or codes of the classes. `coefficient`, `class_1` and `class_2` are broadcast against each other.
        image_1, image_2
            Pictures for a model with pixel features: uint8 (3, H, W), or (N, 3, H, W) for N predictions. Defaults to
            unknown pictures of the two classes.
        features
            Feature differences for a model that was fitted with your own: one row, or N.
        person
            Id of the participant in the data whose answers to predict. Defaults to a new participant.
        level
            Nominal coverage of the prediction interval of a single answer, between 0 and 1.

        Returns
        -------
        Prediction
            Means, intervals and probabilities of the 101 answers, in the broadcast shape.

        Raises
        ------
        PerceptionError
            If a class or participant is unknown (similar names are suggested), a coefficient is outside 0 to 1, or the
            model cannot use the pictures or features.
        """
        check_level(level)
        asked = ask(coefficient, class_1, class_2, self.classes)
        given = differences_between(self.terms.features, image_1, image_2, features, len(asked))
        mass = np.empty((len(asked), N_ANSWERS))
        for rows, part in self.masses_of(asked, given, -1 if person is None else self._number(person)):
            mass[rows] = part
        return predict_from(mass.reshape(*asked.shape, N_ANSWERS), level)

    def shares(self, coefficients: Numbers) -> torch.Tensor:
        """Compute the mean perceived share of every class in mixtures with every class.

        The participant is new and the pictures are unknown.

        Parameters
        ----------
        coefficients
            float64 (G,): shares of image 1, 0 to 1.

        Returns
        -------
        torch.Tensor
            float64 (G, K, K), 0 to 1: perceived share of class_1, by coefficient, class_1 and class_2.
        """
        grid = coefficients_of(coefficients).reshape(-1, 1)
        size = len(self.classes)
        eta, variance = self.latent(ask(grid, np.arange(size), 0, self.classes))
        # eta is a sum over both classes, so mixtures with the first class determine the others.
        of_class = eta.reshape(-1, size)
        scale = np.sqrt(1 + variance).reshape(-1, size)[:, :1]
        means = np.empty((len(grid), size, size))
        for number, own in enumerate(of_class):
            means[number] = self.means_at(own[:, None] - own + own[0], scale[number])
        return torch.from_numpy(means)

    def means_at(self, eta: Floats, scale: Floats) -> Floats:
        """Return the mean answers at eta, float64 (...), for answers with standard deviation `scale` (broadcast)."""
        values = self.scale.spread @ SHARES
        means = np.full(eta.shape, values[-1])
        # Loop over thresholds, so that not all answers to many mixtures are in memory at once.
        for step, threshold in zip(np.diff(values), self.thresholds, strict=True):
            means -= step * ndtr((threshold - eta) / scale)
        return means.clip(0, 1)

    def design(self, coefficient: Numbers, class_1: Classes, class_2: Classes) -> Floats:
        """Return the design matrix, float64 (N, P); its product with `coefficients` is eta."""
        asked = ask(coefficient, class_1, class_2, self.classes)
        return self.terms.rows(asked.coefficient, asked.class_1, asked.class_2)

    def information(self, coefficient: Numbers, class_1: Classes, class_2: Classes) -> Floats:
        """Return the Fisher information of one answer by a new participant about eta; float64 (N,)."""
        eta, variance = map(torch.from_numpy, self.latent(ask(coefficient, class_1, class_2, self.classes)))
        return cell_information(torch.tensor(self.thresholds), eta, torch.sqrt(1 + variance)).numpy()

    def masses_of(
        self, asked: Mixtures, differences: Floats | None = None, people: Ints | int = -1
    ) -> Iterator[tuple[slice, Floats]]:
        """Yield the probabilities of the 101 answers, float64 (M, 101), in chunks of rows; see `latent`."""
        eta, variance = map(torch.from_numpy, self.latent(asked, differences, people))
        scale = torch.sqrt(1 + variance)
        thresholds = torch.tensor(self.thresholds)
        for start in range(0, len(asked), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            yield rows, self.scale.masses(cell_masses(thresholds, eta[rows], scale[rows]).numpy())

    def latent(
        self, asked: Mixtures, differences: Floats | None = None, people: Ints | int = -1
    ) -> tuple[Floats, Floats]:
        """Return eta, and its variance due to unknown participants and pictures; float64 (N,) each.

        Both are normally distributed, so their variance adds to that of an answer, which is 1.

        Parameters
        ----------
        asked
            N mixtures.
        differences
            float64 (N, F): features of image 1 minus those of image 2; `None` for unknown pictures.
        people
            int64 (N,), or one for all: number of the participant in `people`, or -1 for a new one.
        """
        eta = self.terms.rows(asked.coefficient, asked.class_1, asked.class_2, differences) @ self.coefficients
        is_unknown = differences is None
        variance = self.terms.variance(asked.coefficient, self.coefficients) if is_unknown else np.zeros(len(asked))
        if self.people is not None:
            columns, (effects, spread) = person_columns(asked.coefficient), self.people.of(people)
            eta = eta + (columns * effects).sum(axis=1)
            variance = variance + np.einsum("...i,...ij,...j->...", columns, spread, columns)
        return eta, variance

    def _number(self, person: str) -> int:
        if self.people is None:
            msg = f"the model has no participant effects, so it cannot predict the answers of {person!r}"
            raise PerceptionError(msg, hint="fit with people=True")
        return self.people.number(person)
