"""Planted truth: estimates and intervals of the model, from people whose slope and class effects are known.

The people answer to the stimuli of real participants, batch by batch. Three kinds:

* of the model: answers drawn from a fitted model, participants with effects of their own.
* of the model, stimuli with effects: besides, each stimulus looks more like one of its pictures than their classes
  tell, to all who see it: that is a share of the variance of an answer.
* of the suite: those of `hmix collect simulate`, whose answers are beta-distributed with a bias and no class effects.
  The slope that stands for them is that of a much larger sample of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    import datasets

    from hmix_hub import PerceptualModel
    from hmix_hub.resampling import Estimate

Floats = npt.NDArray[np.float64]
Answering = Callable[[np.random.Generator], Floats]
"""From chance, to the inferred coefficient of every judgment; float64 (N,)."""

LEVEL = 0.9
STUDIES = 60
STIMULI = 0.27
"""Share of the variance of answers that is the stimulus' own: about what it is in H-Mix."""
COVERS = (0.85, 0.95)
_LARGER = 12


@dataclass(frozen=True)
class Recovered:
    """How an estimate was recovered over studies.

    Parameters
    ----------
    name
        Of the estimate, or of the estimates.
    truth
        What was planted; NaN of several.
    mean
        Mean estimate over studies; of several, the mean deviation from the truth.
    error
        Root mean square of the estimates' deviation from the truth.
    covered
        Share of the intervals that hold the truth.
    """

    name: str
    truth: float
    mean: float
    error: float
    covered: float


def with_answers(dataset: datasets.Dataset, inferred: Floats, participants: list[str] | None = None) -> Any:
    """Return judgments whose answers, and perhaps participants, are others."""
    from datasets import Dataset

    from hmix_hub.tables import arrow_columns

    table = arrow_columns(dataset, dataset.column_names)
    changed: dict[str, Any] = {"inferred_coefficient": inferred}
    if participants is not None:
        changed["participant_id"] = participants
    for name, values in changed.items():
        place = table.schema.get_field_index(name)
        column = pa.chunked_array([pa.array(values, table.schema.field(place).type)])
        table = table.set_column(place, table.schema.field(place), column)
    return Dataset(table, info=dataset.info.copy())


def people_of_model(model: PerceptualModel, dataset: datasets.Dataset, of_stimuli: float = 0.0) -> Answering:
    """Return people who answer as a model with effects of classes and participants says.

    Parameters
    ----------
    model
        Fitted without pictures.
    dataset
        The stimuli and who judged them.
    of_stimuli
        Share of the variance of one answer that is the stimulus' own.
    """
    from hmix_hub.perception.mixtures import observe
    from hmix_hub.perception.terms import person_columns

    seen = observe(dataset)
    stimulus = np.unique(np.array(dataset["stimulus_id"]), return_inverse=True)[1]
    eta = model.terms.rows(seen.coefficient, seen.class_1, seen.class_2) @ model.coefficients
    columns = person_columns(seen.coefficient)

    def answer(rng: np.random.Generator) -> Floats:
        latent = eta + np.sqrt(1 - of_stimuli) * rng.standard_normal(len(eta))
        latent += np.sqrt(of_stimuli) * rng.standard_normal(stimulus.max() + 1)[stimulus]
        if model.people is not None:
            own = rng.multivariate_normal(np.zeros(2), model.people.covariance, size=len(seen.participants))
            latent += (columns * own[seen.participant]).sum(axis=1)
        return model.answers[np.searchsorted(model.thresholds, latent)]

    return answer


def people_of_suite(dataset: datasets.Dataset, **perception: float) -> Answering:
    """Return simulated participants of the suite, each with an own bias, who name shares to a whole percent."""
    from hmix_hub.suite.tasks.perception import Perception

    seeing = Perception(**perception)
    shown = np.array(dataset["mixing_coefficient"])
    person = np.unique(np.array(dataset["participant_id"]), return_inverse=True)[1]

    def answer(rng: np.random.Generator) -> Floats:
        biases = [seeing.own_bias(rng) for _ in range(person.max() + 1)]
        shares = [seeing.seen_share(c, biases[p], rng) for c, p in zip(shown.tolist(), person.tolist(), strict=True)]
        return np.rint(100 * np.array(shares)) / 100

    return answer


def recover(
    dataset: datasets.Dataset, answering: Answering, truths: dict[str, dict[str, float]], studies: int, seed: int = 0
) -> list[Recovered]:
    """Fit the model to studies of the same people's kind, and compare estimates and intervals with the truth.

    Parameters
    ----------
    dataset
        The stimuli and who judges them.
    answering
        What is answered.
    truths
        By kind of estimate ("slope", "class effects", "differences of participants"), the planted ones by name.
    studies
        How many.
    seed
        Seed of the studies.
    """
    found: dict[str, list[tuple[float, Estimate]]] = {kind: [] for kind in truths}
    for number in range(studies):
        model, judgments = _fitted(dataset, answering, np.random.default_rng((seed, number)))
        intervals = model.intervals(judgments, level=LEVEL)
        estimates = {
            "slope": {"slope": intervals.slope},
            "class effects": intervals.class_effects,
            "differences of participants": intervals.person,
        }
        for kind, planted in truths.items():
            found[kind] += [(truth, estimates[kind][name]) for name, truth in planted.items()]
    return [_recovered(kind, pairs, len(truths[kind]) == 1) for kind, pairs in found.items()]


def _fitted(dataset: datasets.Dataset, answering: Answering, rng: np.random.Generator) -> Any:
    import hmix_hub

    judgments = with_answers(dataset, answering(rng))
    with warnings.catch_warnings():
        # A fit that leaves out a term says so; intervals without it would be noticed as missing.
        warnings.simplefilter("ignore")
        return hmix_hub.PerceptualModel.fit(judgments), judgments


def _recovered(kind: str, pairs: list[tuple[float, Estimate]], is_one: bool) -> Recovered:
    truths = np.array([truth for truth, _ in pairs])
    values = np.array([estimate.value for _, estimate in pairs])
    covered = [estimate.low <= truth <= estimate.high for truth, estimate in pairs]
    deviations = values - truths
    return Recovered(
        kind,
        float(truths[0]) if is_one else float("nan"),
        float(values.mean() if is_one else deviations.mean()),
        float(np.sqrt((deviations**2).mean())),
        float(np.mean(covered)),
    )


def truths_of(model: PerceptualModel) -> dict[str, dict[str, float]]:
    """Return what people of a model have planted."""
    planted = {"slope": {"slope": model.slope}, "class effects": model.class_effects}
    if model.people is not None:
        offset, slope = np.sqrt(np.diag(model.people.covariance)).tolist()
        planted["differences of participants"] = {"offset": offset, "slope": slope}
    return planted


def truths_of_suite(dataset: datasets.Dataset, answering: Answering) -> dict[str, dict[str, float]]:
    """Return what simulated participants have planted: no class effects, and the slope of a larger sample of them."""
    import hmix_hub

    rng = np.random.default_rng(2**32)
    people = [f"{name}-{copy}" for copy in range(_LARGER) for name in dataset["participant_id"]]
    rows = dataset.select(list(range(len(dataset))) * _LARGER)
    answers = np.concatenate([answering(rng) for _ in range(_LARGER)])
    larger = hmix_hub.PerceptualModel.fit(with_answers(rows, answers, people))
    return {"slope": {"slope": larger.slope}, "class effects": dict.fromkeys(larger.classes, 0.0)}


def print_planted(dataset: datasets.Dataset, studies: int = STUDIES) -> None:
    """Print the table of planted truth."""
    import hmix_hub

    print(
        f"\nPlanted truth: {studies} studies of each kind, each of {len(dataset):,} judgments of the same stimuli; "
        f"aim: {LEVEL:.0%} intervals cover {COVERS[0]} to {COVERS[1]}\n"
    )
    print("| people | estimates | planted | mean, or mean error | RMSE | intervals cover |")
    print("|---|---|---:|---:|---:|---:|")
    model = hmix_hub.PerceptualModel.fit(dataset)
    suite = people_of_suite(dataset, bias=0.08, noise=0.12, spread=0.02)
    kinds = {
        "of the model": (people_of_model(model, dataset), truths_of(model)),
        "of the model, stimuli with effects": (people_of_model(model, dataset, STIMULI), truths_of(model)),
        "of the suite": (suite, truths_of_suite(dataset, suite)),
    }
    for name, (answering, truths) in kinds.items():
        for found in recover(dataset, answering, truths, studies):
            planted = "" if np.isnan(found.truth) else f"{found.truth:.3f}"
            print(
                f"| {name} | {found.name} | {planted} | {found.mean:.3f} | {found.error:.3f} | {found.covered:.3f} |",
                flush=True,
            )


def print_means_of_participants(studies: int = 1000, answers: int = 60) -> dict[int, float]:
    """Print how often the report's intervals of a mean cover it, by the number of participants, and return it."""
    from hmix_hub.resampling import COVERAGE, resample_means, widened_level

    print(f"\nIntervals of a mean as the report has them, {studies:,} made studies each, {COVERAGE:.0%} nominal:\n")
    print("| participants | intervals cover |\n|---:|---:|")
    rng = np.random.default_rng(0)
    covered = {}
    for people in (8, 25, 81):
        units = np.repeat(np.arange(people), answers)
        level = widened_level(people)
        held = 0
        for _ in range(studies):
            # Participants differ about as much as their answers do.
            values = rng.normal(0, 0.2, people)[units] + rng.normal(0, 0.2, len(units))
            found = resample_means(values, np.zeros(len(units), np.int64), units, 1, level=level)
            held += bool(found.low[0] <= 0 <= found.high[0])
        covered[people] = held / studies
        print(f"| {people} | {covered[people]:.3f} |")
    return covered
