"""Human fit: how well labels of mixtures agree with what people saw: `hmix_hub.human_fit`."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import xlogy

from hmix_hub.connection import Cluster, connected
from hmix_hub.perception.answers import check_level
from hmix_hub.perception.people_answers import PeopleAnswers, people_answers
from hmix_hub.resampling import COVERAGE, Estimate, check_seed, finite, resample, widened_level
from hmix_hub.schema.arrays import Floats, Ints
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import Spread

if TYPE_CHECKING:
    import datasets


@dataclass(frozen=True)
class HumanFit:
    """Agreement of labels with people; each statistic has an interval from resampling whole participants.

    Parameters
    ----------
    task
        Task of the judgments. An answer is the share of image 1 in `infer_mixing_factor`, a distribution over classes
        in `categorical_soft_labels`, and a one-hot distribution in `class_choice`.
    n_judgments, n_stimuli
        Numbers of judgments and of stimuli.
    n_participants
        Number of participants; `None` for a by-stimulus table, which pools them, so that stimuli are resampled instead.
    rmse
        Root mean squared distance between a label and one answer, 0 to 1 (for distributions, to 1.41).
    bias
        Mean of label minus answer, as shares of the class of image 1; -1 to 1.
    correlation
        Pearson's correlation of labels and answers (for distributions, over all entries); NaN if either is constant.
    cross_entropy
        Mean cross-entropy of labels against answers, in nats: the loss of a classifier that predicts the labels and is
        trained on people. Infinite if a label rules out what somebody saw.
    least_cross_entropy
        Cross-entropy of the best label per stimulus on these judgments, its mean answer, in nats.
    ceiling
        Noise ceiling: the RMSE of a stimulus' best possible label against one more participant, which is the standard
        deviation between participants within a stimulus; from first presentations only.
    explained
        Share of the explainable variance of answers that the labels explain: 1 at the ceiling, 0 for the best constant
        label, negative for worse labels.
    gain
        Share of the possible improvement in squared error over the synthetic labels: 0 for these, 1 at the ceiling; NaN
        if the synthetic labels are already at the ceiling.
    level
        Coverage of the intervals.
    """

    task: str
    n_judgments: int
    n_stimuli: int
    n_participants: int | None
    rmse: Estimate
    bias: Estimate
    correlation: Estimate
    cross_entropy: Estimate
    least_cross_entropy: float
    ceiling: Estimate
    explained: Estimate
    gain: Estimate
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the statistics as JSON-serializable data, with `None` for values that are not finite."""
        found: dict[str, Any] = finite(asdict(self))
        return found

    def __str__(self) -> str:
        people = "over stimuli" if self.n_participants is None else f"over {self.n_participants} participants"
        lines = {name: f"{name:<14}{getattr(self, name)}" for name in _FIGURES}
        lines["cross_entropy"] += f" nats, at least {self.least_cross_entropy:.4f}"
        what = f"{self.n_judgments} judgments of {self.n_stimuli} stimuli"
        title = f"{self.task}: {what}; {self.level:.0%} intervals, {people}"
        return "\n".join([title, *lines.values()])


_FIGURES = ("rmse", "bias", "correlation", "cross_entropy", "ceiling", "explained", "gain")


def human_fit(
    labels: object, dataset: datasets.Dataset, *, level: float = COVERAGE, seed: int = 0, client: Cluster = None
) -> HumanFit:
    """Compute how well labels agree with what people saw.

    Parameters
    ----------
    labels
        Labels of the N rows of the dataset, in order: (N,) shares of image 1, 0 to 1, or (N, K) soft labels over its
        classes, each summing to 1; an array, tensor or list. If participants answered with a share of image 1, a soft
        label counts as its mass on the class of image 1 divided by its mass on both classes (0.5 if both are 0). If
        they answered with a distribution, a share counts as a distribution over the two classes.
    dataset
        Judgments of `infer_mixing_factor`, `categorical_soft_labels` or `class_choice` of any study, or a by-stimulus
        table of them.
    level
        Coverage of the intervals, between 0 and 1.
    seed
        Seed of the resampling.
    client
        `dask.distributed` client or scheduler address; its workers compute the resamplings. Defaults to this process.
        The results are bit-identical either way.

    Returns
    -------
    HumanFit
        RMSE, bias, correlation, cross-entropy, the noise ceiling of the same judgments, and the share of the
        explainable variance that the labels explain; each with a percentile interval over 2000 resamplings of whole
        participants, widened for few participants. It prints as a table; see `hmix_hub.perception.human_fit.HumanFit`.

    Raises
    ------
    ConfigurationError
        If the answers are not about one mixture each, or the dataset is empty or lacks columns.
    PerceptionError
        If the level is not between 0 and 1.
    SchemaError
        If the labels do not match the rows, are not finite, or do not sum to 1 (with the row).
    ClusterError
        If there is no cluster, or it is lost.

    Notes
    -----
    Labels computed from the same judgments overfit; split by picture first (`hmix_hub.split`).

    Examples
    --------
    The synthetic labels of mixup:

    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> fit = hmix_hub.human_fit(ds["mixing_coefficient"], ds)
    >>> print(fit.n_judgments, fit.rmse)
    1236 0.1434 [0.1378, 0.1491]
    """
    check_level(level)
    seed = check_seed(seed)
    answers = people_answers(dataset)
    compared = answers.compared(labels)
    nats = _nats(answers, compared)
    sums = _row_sums(answers, compared, nats)
    units = answers.stimuli if answers.people is None else answers.people
    n_units = int(units.max()) + 1
    by_unit = Groups(units).sum(sums)
    spread = _spread(answers, units)
    with connected(client) as connection:
        found = resample(
            lambda weights: _figures(weights @ by_unit, spread.variance_within(weights)),
            n_units,
            width=spread.width,
            seed=seed,
            level=widened_level(n_units, level),
            client=connection,
        )
    ends = zip(_FIGURES, found.mean, found.low, found.high, strict=True)
    estimates = {name: Estimate(*map(float, three)) for name, *three in ends}
    if not np.isfinite(nats).all():
        estimates["cross_entropy"] = Estimate(math.inf)
    return HumanFit(
        task=answers.task,
        n_judgments=len(answers.rows),
        n_stimuli=int(answers.stimuli.max()) + 1,
        n_participants=None if answers.people is None else n_units,
        least_cross_entropy=_least_nats(answers),
        level=level,
        **estimates,
    )


def _distributions(answers: PeopleAnswers, values: Floats) -> Floats:
    """Return shares as distributions over both classes; distributions are returned unchanged."""
    return np.concatenate([values, 1 - values], axis=1) if answers.are_shares else values


def _nats(answers: PeopleAnswers, labels: Floats) -> Floats:
    """Return the cross-entropy of labels against answers, float64 (N,)."""
    return -xlogy(_distributions(answers, answers.answers), _distributions(answers, labels)).sum(axis=1)


def _least_nats(answers: PeopleAnswers) -> float:
    means = np.clip(Groups(answers.stimuli).mean(answers.answers), 0, 1)
    return float(_nats(answers, means[answers.stimuli]).mean())


def _row_sums(answers: PeopleAnswers, labels: Floats, nats: Floats) -> Floats:
    """Return the terms to sum over rows, float64 (N, 9 + D); see `_figures`."""
    given = answers.answers
    columns = [
        np.ones(len(given)),
        ((labels - given) ** 2).sum(axis=1),
        ((answers.shown_labels() - given) ** 2).sum(axis=1),
        answers.label_shares(labels) - answers.share_of_image_1,
        np.where(np.isfinite(nats), nats, 0.0),
        labels.sum(axis=1),
        (labels**2).sum(axis=1),
        (labels * given).sum(axis=1),
        (given**2).sum(axis=1),
    ]
    return np.column_stack([*columns, given])


def _figures(sums: Floats, within: Floats) -> Floats:
    """Return the statistics of R resamplings, float64 (R, 7), from sums over rows and variances within stimuli."""
    n, squared, shown_squared, bias, nats, label, label_square, product, answer_square = sums[:, :9].T
    answer = sums[:, 9:]
    entries = n * answer.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        total = answer_square / n - ((answer / n[:, None]) ** 2).sum(axis=1)
        error, shown_error = squared / n, shown_squared / n
        means = label / entries, answer.sum(axis=1) / entries
        spreads = label_square / entries - means[0] ** 2, answer_square / entries - means[1] ** 2
        has_spread = (spreads[0] > 1e-12) & (spreads[1] > 1e-12)
        covariance = product / entries - means[0] * means[1]
        correlation = np.where(has_spread, covariance / np.sqrt(spreads[0] * spreads[1]), np.nan)
        explained = np.where(total > within, (total - error) / (total - within), np.nan)
        gain = np.where(shown_error > within, (shown_error - error) / (shown_error - within), np.nan)
        ceiling = np.sqrt(within)
        return np.stack([np.sqrt(error), bias / n, correlation, nats / n, ceiling, explained, gain], axis=1)


def _spread(answers: PeopleAnswers, units: Ints) -> Spread:
    """Return the first answers to each stimulus, by unit."""
    rows = answers.first_presentations()
    groups = Groups(encode_key([answers.stimuli[rows]]))
    return Spread(list(answers.answers[rows].T), groups, units[rows])
