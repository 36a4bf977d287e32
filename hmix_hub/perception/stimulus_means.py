"""Stimulus means: the expected answer to each stimulus, from its few answers and a perceptual model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import logsumexp, softmax

from hmix_hub.errors import PerceptionError
from hmix_hub.perception.answers import to_percent
from hmix_hub.perception.differences import differences_in
from hmix_hub.perception.mixtures import Observations, observe
from hmix_hub.perception.model import PerceptualModel
from hmix_hub.perception.probit import log_cell, padded
from hmix_hub.schema.arrays import Floats, Ints
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.tables import arrow_columns, pick_rows

if TYPE_CHECKING:
    import datasets

_NODES = 81
_REACH = 5.0
"""Range of effects to sum over, in standard deviations to either side."""
_LARGEST = 0.95
_ANSWERS_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class StimulusMeans:
    """Expected answers to G stimuli.

    Parameters
    ----------
    share
        float64 (G,): expected answer of a new participant, as a share of image 1.
    own_share
        Share of the variance of one answer that is due to the stimulus, 0 to 1: what participants agree on but the
        model does not explain.
    """

    share: Floats
    own_share: float


def stimulus_means(
    model: PerceptualModel,
    dataset: datasets.Dataset,
    *,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
) -> StimulusMeans:
    r"""Compute the expected answer to each stimulus, shrunk towards the model and without participant effects.

    In the model, the answer of participant p to stimulus s is a latent value with variance 1 around eta. A share
    :math:`\rho` of this variance belongs to the stimulus:

    .. math::

        P(y \le k \mid u_s) = \Phi\Bigl(\frac{t_k - \eta_{ps} - u_s}{\sqrt{1 - \rho}}\Bigr), \qquad
        u_s \sim N(0, \rho),

    which leaves the model's own predictions unchanged. :math:`\rho` maximizes the likelihood of all answers, and the
    expected answer is averaged over the distribution of :math:`u_s` given the answers to s. A single answer changes it
    little, while many outweigh the model. An answer in favour of image 1 counts less if its participant always favours
    image 1.

    Parameters
    ----------
    model
        Model fitted to these or other judgments; participants unknown to it are treated as new.
    dataset
        Judgments of infer_mixing_factor, N rows.
    cifar10, image_sets
        Where the pictures come from, for a model with pixel features.

    Returns
    -------
    StimulusMeans
        Means of the stimuli in the order of first appearance, as in `hmix_hub.by_stimulus`.

    Raises
    ------
    PerceptionError
        If no stimulus was judged by two participants, rows have single pictures, or the model cannot predict the
        judgments.
    """
    answers = answers_of(model, dataset, cifar10=cifar10, image_sets=image_sets)
    own_share = answers.fit_own_share()
    return StimulusMeans(answers.means(own_share, answers.by_stimulus(own_share)), own_share)


def means_of_others(dataset: datasets.Dataset, model: PerceptualModel | None = None) -> tuple[Floats, Floats]:
    """Predict each judgment from the other participants' answers to its stimulus.

    Comparing both predictions with the answers shows how much better stimulus means are than plain means.

    Parameters
    ----------
    dataset
        Judgments of infer_mixing_factor, N rows.
    model
        Model that was not fitted to any of the participants. By default, models are fitted to the dataset, each without
        the participants whose answers it predicts, no two of whom share a stimulus.

    Returns
    -------
    tuple
        float64 (N,) each: the plain mean of the others' answers, and the stimulus mean computed from them; NaN if
        nobody else judged the stimulus.
    """
    stimuli, participants = stimuli_of(dataset), observe(dataset).participant
    one_person = Groups(encode_key([stimuli.codes, participants]))

    def of_others(values: Floats) -> Floats:
        return stimuli.sum(values)[stimuli.codes] - one_person.sum(values)[one_person.codes]

    count = of_others(np.ones(len(participants)))
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = of_others(observe(dataset).inferred) / count
    fold = (
        np.zeros(len(participants), dtype=np.int64)
        if model is not None
        else _folds(participants, stimuli)[participants]
    )
    expected = np.full(len(participants), np.nan)
    for number in range(int(fold.max()) + 1):
        chosen = model or PerceptualModel.fit(pick_rows(dataset, np.flatnonzero(fold != number)))
        answers = answers_of(chosen, dataset)
        own_share = answers.fit_own_share()
        rows = np.flatnonzero((fold == number) & (count > 0))
        expected[rows] = answers.means(own_share, of_others(answers.log_likelihoods(own_share))[rows], rows)
    return plain, expected


def _folds(participants: Ints, stimuli: Groups) -> Ints:
    """Return few folds of participants, int64 (J,), in which no two share a stimulus, by a greedy pass."""
    own = Groups(participants)
    folds = np.zeros(len(own.sizes), dtype=np.int64)
    judged_in: list[set[int]] = []
    for person, rows in enumerate(np.split(own.order, own.offsets[1:-1])):
        judged = set(stimuli.codes[rows].tolist())
        folds[person] = next((n for n, others in enumerate(judged_in) if not others & judged), len(judged_in))
        if folds[person] == len(judged_in):
            judged_in.append(set())
        judged_in[folds[person]] |= judged
    return folds


def stimuli_of(dataset: datasets.Dataset) -> Groups:
    """Return the rows of a dataset grouped by stimulus, in the order of first appearance."""
    keys = arrow_columns(dataset, ["image_set", "stimulus_id"])
    return Groups(encode_key([keys["image_set"], keys["stimulus_id"]]))


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers in terms of a model.

    Parameters
    ----------
    model
        The model.
    seen
        N judgments.
    stimuli
        The judgments grouped by stimulus.
    eta, variance
        float64 (N,): latent value for the participant who answered, without the stimulus effect, and its variance.
    new_eta, new_variance
        float64 (N,): the same for a new participant.
    """

    model: PerceptualModel
    seen: Observations
    stimuli: Groups
    eta: Floats
    variance: Floats
    new_eta: Floats
    new_variance: Floats

    def fit_own_share(self) -> float:
        """Estimate the share of the variance of one answer that is due to the stimulus, by maximum likelihood."""
        from scipy.optimize import minimize_scalar

        if self.stimuli.distinct(self.seen.participant).max() < 2:
            msg = "no stimulus was judged by two participants, so the effect of a stimulus cannot be estimated"
            raise PerceptionError(msg, hint="aggregate with 'mean', or collect more judgments of each stimulus")

        def surprise(own_share: float) -> float:
            return -float(logsumexp(self.by_stimulus(own_share), axis=1, b=_weights()).sum())

        return float(minimize_scalar(surprise, bounds=(0, _LARGEST), method="bounded", options={"xatol": 1e-3}).x)

    def by_stimulus(self, own_share: float) -> Floats:
        """Return the log likelihood of all answers to each stimulus at each effect; float64 (G, Q)."""
        order, offsets = self.stimuli.order, self.stimuli.offsets
        total, start = np.empty((len(self.stimuli.sizes), _NODES)), 0
        while start < len(total):
            # Process some thousand rows at a time, since a million would take gigabytes.
            stop = max(start + 1, int(np.searchsorted(offsets, offsets[start] + _ANSWERS_AT_ONCE, side="right")) - 1)
            values = self.log_likelihoods(own_share, order[offsets[start] : offsets[stop]])
            total[start:stop] = np.add.reduceat(values, offsets[start:stop] - offsets[start])
            start = stop
        return total

    def log_likelihoods(self, own_share: float, rows: Ints | None = None) -> Floats:
        """Return the log likelihood of answers in `rows`, int64 (M,), at each stimulus effect; float64 (M, Q)."""
        rows = np.arange(len(self.seen)) if rows is None else rows
        percent = self.model.scale.percent
        asked = to_percent(self.seen.inferred[rows])
        # An answer that did not occur in the fit counts as the nearest one that did.
        place = np.abs(asked[:, None] - percent).argmin(axis=1)
        ends = padded(torch.tensor(self.model.thresholds)).numpy()
        centre = self.eta[rows, None] + _effects(own_share)
        spread = np.sqrt(1 - own_share + self.variance[rows, None])
        low, high = (torch.from_numpy((ends[place + side][:, None] - centre) / spread) for side in (0, 1))
        return log_cell(low, high).numpy()

    def means(self, own_share: float, log_likelihoods: Floats, rows: Ints | None = None) -> Floats:
        """Return the mean answer of a new participant given log likelihoods of effects.

        Parameters
        ----------
        own_share
            As returned by `fit_own_share`.
        log_likelihoods
            float64 (M, Q).
        rows
            int64 (M,): judgments whose mixtures to predict; defaults to the first of each stimulus.
        """
        rows = self.stimuli.first if rows is None else rows
        weights = softmax(log_likelihoods + np.log(_weights()), axis=1)
        means = np.empty(len(rows))
        for start in range(0, len(rows), _ANSWERS_AT_ONCE):
            part = slice(start, start + _ANSWERS_AT_ONCE)
            eta = self.new_eta[rows[part], None] + _effects(own_share)
            spread = np.sqrt(1 - own_share + self.new_variance[rows[part], None])
            means[part] = (self.model.means_at(eta, spread) * weights[part]).sum(axis=1)
        return means


def answers_of(
    model: PerceptualModel,
    dataset: datasets.Dataset,
    *,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
) -> Answers:
    """Return the answers of a dataset in terms of a model; see `stimulus_means`."""
    seen = observe(dataset)
    if seen.notes:
        msg = f"{'; '.join(seen.notes)}: a model of mixtures cannot predict them"
        raise PerceptionError(msg, hint="remove such rows first")
    features = model.terms.features
    given = None
    if features is not None and features.from_pixels:
        given = differences_in(dataset, seen, features.names, cifar10=cifar10, image_sets=image_sets)
    asked = seen.coded_as(model.classes)
    values = None if given is None else given.values
    place = {name: number for number, name in enumerate(model.people.names if model.people else ())}
    number = np.array([place.get(name, -1) for name in seen.participants])[seen.participant]
    return Answers(model, seen, stimuli_of(dataset), *model.latent(asked, values, number), *model.latent(asked, values))


def _effects(own_share: float) -> Floats:
    """Return the stimulus effects to sum over; float64 (Q,)."""
    return np.linspace(-_REACH, _REACH, _NODES) * np.sqrt(own_share)


def _weights() -> Floats:
    """Return the probability of each effect; float64 (Q,)."""
    weights = np.exp(-0.5 * np.linspace(-_REACH, _REACH, _NODES) ** 2)
    return weights / weights.sum()
