"""The perceptual model of mixed pictures: `hmix_hub.PerceptualModel`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from hmix_hub.connection import Cluster, connected
from hmix_hub.errors import PerceptionWarning
from hmix_hub.perception.answers import Score, check_level, score_of, to_percent
from hmix_hub.perception.curves import ConfidenceCurve, OutsideCurve
from hmix_hub.perception.differences import Pictures, differences_in
from hmix_hub.perception.estimation import estimate
from hmix_hub.perception.fitted import FittedModel
from hmix_hub.perception.intervals import RESAMPLES, Intervals, intervals_of
from hmix_hub.perception.mixtures import Observations, observe
from hmix_hub.perception.storage import read_model, write_model
from hmix_hub.schema.arrays import Floats

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PerceptualModel(FittedModel):
    """Cumulative probit model of inferred mixing coefficients. Create one with `fit` or `load`.

    ``P(answer <= k) = Phi(threshold_k - eta)`` for the answers that occur, with ::

        eta = slope * sin(pi * (coefficient - 1/2)) + v[class_1] - v[class_2]
              + w . (f_1 - f_2) * (1, cos(pi * (coefficient - 1/2)))
              + b[participant] + g[participant] * sin(pi * (coefficient - 1/2))

    The thresholds are free parameters, so the model makes no assumption about the distribution of the answers, which
    pile up at 0, .5 and 1. Class effects `v` sum to 0. Participant effects `b` and `g` are normally distributed and
    partially pooled. The attributes are described in `hmix_hub.perception.fitted.FittedModel`.

    Examples
    --------
    >>> import hmix_hub
    >>> judgments = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> model = hmix_hub.PerceptualModel.fit(judgments)
    >>> model.predict([0.25, 0.75], "cat", "dog").mean.round(2).tolist()
    [0.18, 0.79]
    >>> round(model.score(judgments).rmse, 3), model.intervals(judgments, resamples=100).level
    (0.142, 0.9)
    >>> model.save("model.json")
    >>> hmix_hub.PerceptualModel.load("model.json").nll == model.nll
    True
    """

    @classmethod
    def fit(
        cls,
        dataset: datasets.Dataset,
        *,
        classes: bool = True,
        people: bool = True,
        pictures: Pictures = False,
        categorical: datasets.Dataset | None = None,
        cifar10: str | os.PathLike[str] | None = None,
        image_sets: Mapping[str, Any] | None = None,
        client: Cluster = None,
    ) -> PerceptualModel:
        """Fit a model to judgments by maximum likelihood.

        Parameters
        ----------
        dataset
            Judgments of infer_mixing_factor from one study or several joined ones, N rows. All presentations are used.
            Rows of single pictures are dropped with a `PerceptionWarning`.
        classes
            Whether to include class effects.
        people
            Whether to include participant effects.
        pictures
            Picture features to include: True for `hmix_hub.perception.picture_features.VISIBILITY`, or one or more
            names of features in that module. Alternatively, your own feature differences, image 1 minus image 2, such
            as of a classifier's logits: an array (N,) or (N, F), or a mapping from names to arrays (N,).
        categorical
            Judgments of categorical_soft_labels from which to compute `outside`.
        cifar10, image_sets
            Where the pictures come from; see `hmix_hub.render`.
        client
            `dask.distributed` client or scheduler address; its workers share the fit. Defaults to this process. The
            model is bit-identical either way.

        Returns
        -------
        PerceptualModel
            The fitted model. A term without enough data (fewer than 10 judgments per term, 5 participants, or 4
            judgments per participant, or classes that were never mixed) is dropped with a `PerceptionWarning`.

        Raises
        ------
        PerceptionError
            If the judgments are of another task, there are fewer than 10, they all have the same coefficient or answer,
            a term separates the answers, or the fit does not converge.
        ClusterError
            If there is no cluster, or it is lost.
        """
        seen = observe(dataset)
        differences = differences_in(dataset, seen, pictures, cifar10=cifar10, image_sets=image_sets)
        with connected(client) as connection:
            found = estimate(seen, classes=classes, people=people, differences=differences, client=connection)
        for note in found.notes:
            warnings.warn(note, PerceptionWarning, stacklevel=2)
        return cls(
            terms=found.terms,
            scale=found.scale,
            thresholds=found.thresholds,
            coefficients=found.coefficients,
            covariance=found.covariance,
            people=found.people,
            confidence=ConfidenceCurve.fit(dataset),
            outside=None if categorical is None else OutsideCurve.fit(categorical),
            nll=found.nll,
            n_judgments=len(seen),
            n_participants=len(seen.participants),
            n_clusters=len(np.unique(seen.cluster)),
            shown_coefficients=tuple(np.unique(seen.coefficient.round(9)).tolist()),
        )

    def score(
        self,
        dataset: datasets.Dataset,
        *,
        features: Any = None,
        level: float = 0.9,
        cifar10: str | os.PathLike[str] | None = None,
        image_sets: Mapping[str, Any] | None = None,
    ) -> Score:
        """Compute how well the model predicts the judgments of new participants.

        Parameters
        ----------
        dataset
            Judgments of infer_mixing_factor, usually held out from the fit, N rows.
        features
            Your own feature differences, N rows, for a model that was fitted with them.
        level
            Nominal coverage of the prediction intervals.
        cifar10, image_sets
            Where the pictures come from, for a model with pixel features; see `hmix_hub.render`.

        Raises
        ------
        PerceptionError
            If the judgments are of another task, or of classes unknown to the model.
        """
        check_level(level)
        seen, given = self._observed(dataset, features, cifar10, image_sets)
        answers, masses = to_percent(seen.inferred), self.masses_of(seen, given)
        return score_of(((mass, answers[rows], seen.inferred[rows]) for rows, mass in masses), level)

    def intervals(
        self,
        dataset: datasets.Dataset,
        *,
        features: Any = None,
        level: float = 0.9,
        resamples: int = RESAMPLES,
        seed: int = 0,
        cifar10: str | os.PathLike[str] | None = None,
        image_sets: Mapping[str, Any] | None = None,
        client: Cluster = None,
    ) -> Intervals:
        """Compute intervals of the estimates by resampling participants; those who share stimuli are drawn together.

        Parameters
        ----------
        dataset
            The judgments that the model was fitted to, which a model does not store.
        features
            Your own feature differences, N rows, for a model that was fitted with them.
        level
            Coverage of the intervals, between 0 and 1.
        resamples
            Number of resamplings, at least 100.
        seed
            Seed of the resampling.
        cifar10, image_sets
            Where the pictures come from, for a model with pixel features; see `hmix_hub.render`.
        client
            Client whose workers compute the resamplings; see `fit`.

        Returns
        -------
        Intervals
            Intervals of the slope, class effects, feature weights, thresholds, and the standard deviations of
            participant effects. It prints as a table without thresholds; see
            `hmix_hub.perception.intervals.Intervals`.

        Raises
        ------
        PerceptionError
            If the judgments are not those of the fit, or come from a single participant.

        Notes
        -----
        Intervals from the curvature of the likelihood would be too narrow for class effects, since the few participants
        of a batch judge the same stimuli. See `hmix_hub.perception.intervals`.
        """
        check_level(level)
        seen, given = self._observed(dataset, features, cifar10, image_sets)
        with connected(client) as connection:
            return intervals_of(self, seen, given, level=level, resamples=resamples, seed=seed, client=connection)

    def _observed(
        self,
        dataset: datasets.Dataset,
        features: Any,
        cifar10: str | os.PathLike[str] | None,
        image_sets: Mapping[str, Any] | None,
    ) -> tuple[Observations, Floats | None]:
        """Return judgments with the model's class codes, and the differences of its features."""
        seen = observe(dataset)
        for note in seen.notes:
            warnings.warn(note, PerceptionWarning, stacklevel=3)
        own = self.terms.features is None or not self.terms.features.from_pixels
        wanted: Pictures = (False if features is None else features) if own else self.terms.names_of_features
        given = differences_in(dataset, seen, wanted, cifar10=cifar10, image_sets=image_sets)
        return seen.coded_as(self.classes), None if given is None else given.values

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a JSON file, atomically; an existing file is replaced.

        Parameters
        ----------
        path
            Path of the file. It contains the ids and effects of participants, if the model has any, but no judgments.

        Raises
        ------
        OSError
            If the file cannot be written; an existing file is unchanged.
        """
        write_model(path, {field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PerceptualModel:
        """Load a model written by `save`; its predictions are bit-identical.

        Parameters
        ----------
        path
            Path of the file. No code in it is executed.

        Raises
        ------
        PerceptionError
            If the file does not exist, is not a model, has another version of the format, or was changed.
        """
        return cls(**read_model(path))
