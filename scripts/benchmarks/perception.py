"""Benchmark of perception: forecasts of judgments by new participants of new stimuli, and how sure they should be.

Batches are dealt into folds; each fold is forecast by what was fitted to the others, so that neither its participants
nor its stimuli were seen before.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.baselines import histogram, identity, ordered_beta
from benchmarks.design import print_design
from benchmarks.means import print_means
from benchmarks.measures import milliseconds
from benchmarks.planted import print_means_of_participants, print_planted

if TYPE_CHECKING:
    import datasets

    from hmix_hub.perception.answers import Score

FOLDS = 7
LEVEL = 0.9
Ints = npt.NDArray[np.int64]
Forecaster = Callable[["datasets.Dataset", "datasets.Dataset"], "tuple[Score, float]"]
"""From judgments to fit and judgments to forecast, to the score of the latter and the seconds that the fit took."""


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Parameters
    ----------
    name
        What forecasts.
    forecaster
        Fits and scores.
    aim
        Nats and RMSE that it must not exceed on H-Mix.
    needs_pictures
        Whether it needs the pictures.
    """

    name: str
    forecaster: Forecaster
    aim: tuple[float, float] | None = None
    needs_pictures: bool = False


@dataclass(frozen=True)
class HeldOut:
    """Scores over all folds: nats per judgment, RMSE, coverage of 90 % intervals, median seconds of a fit."""

    nll: float
    rmse: float
    coverage: float
    seconds: float


def folds_of(dataset: datasets.Dataset, n_folds: int = FOLDS) -> Ints:
    """Return the fold of each judgment, int64 (N,), 0 to `n_folds` - 1: batches in the order of their ids, in turn."""
    return np.asarray(np.unique(np.array(dataset["batch_id"]), return_inverse=True)[1] % n_folds)


def held_out(dataset: datasets.Dataset, fold: Ints, forecaster: Forecaster, chosen: Sequence[int]) -> HeldOut:
    """Score a forecaster over chosen folds, each forecast from all others."""
    from hmix_hub.tables import pick_rows

    scores, times = [], []
    for number in chosen:
        fitted, forecast = (pick_rows(dataset, np.flatnonzero(rows)) for rows in (fold != number, fold == number))
        score, seconds = forecaster(fitted, forecast)
        scores.append(score)
        times.append(seconds)
    weights = np.array([score.n for score in scores]) / sum(score.n for score in scores)
    nll, square, coverage = (
        float(weights @ values)
        for values in (
            [score.nll for score in scores],
            [score.rmse**2 for score in scores],
            [score.coverage for score in scores],
        )
    )
    return HeldOut(nll, square**0.5, coverage, statistics.median(times))


def baseline(fit: Any) -> Forecaster:
    """Return a forecaster of one of the functions of `benchmarks.baselines`."""

    def run(fitted: datasets.Dataset, forecast: datasets.Dataset) -> tuple[Score, float]:
        from hmix_hub.perception.answers import score_of

        shown, inferred = _columns(fitted)
        started = time.perf_counter()
        masses = fit(shown, np.rint(100 * inferred).astype(np.int64))
        seconds = time.perf_counter() - started
        shown, inferred = _columns(forecast)
        return score_of([(masses(shown), np.rint(100 * inferred).astype(np.int64), inferred)], LEVEL), seconds

    return run


def model(**options: Any) -> Forecaster:
    """Return a forecaster that fits `hmix_hub.PerceptualModel` with options."""

    def run(fitted: datasets.Dataset, forecast: datasets.Dataset) -> tuple[Score, float]:
        import hmix_hub

        started = time.perf_counter()
        found = hmix_hub.PerceptualModel.fit(fitted, **options)
        seconds = time.perf_counter() - started
        return found.score(forecast, level=LEVEL), seconds

    return run


LINES = (
    Line("shown coefficient, normal error", baseline(identity)),
    Line("histogram per coefficient", baseline(histogram)),
    Line("ordered beta regression", baseline(ordered_beta)),
    Line("model: sine", model(classes=False, people=False)),
    Line("model: classes", model(people=False)),
    Line("model: classes, people", model(), aim=(3.545, 0.2190)),
    Line("model: classes, people, pictures", model(pictures=True), aim=(3.52, 0.2120), needs_pictures=True),
)
COVERS = (0.88, 0.92)
"""Coverage that 90 % intervals of the model have on H-Mix."""


def _columns(dataset: datasets.Dataset) -> list[npt.NDArray[np.float64]]:
    from hmix_hub.schema.arrays import numbers
    from hmix_hub.tables import arrow_columns

    names = ["mixing_coefficient", "inferred_coefficient"]
    table = arrow_columns(dataset, names)
    return [numbers(table[name]) for name in names]


def load_judgments() -> tuple[datasets.Dataset, bool]:
    """Return the judgments, and whether their pictures are at hand."""
    import hmix_hub
    from hmix_hub.sources import choose_source

    source = choose_source()[0]
    dataset = hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=source)
    return dataset, source == "sample" or "HMIX_CIFAR10" in os.environ


def print_held_out(dataset: datasets.Dataset, has_pictures: bool, n_folds: int = FOLDS) -> dict[str, HeldOut]:
    """Print the table of held-out forecasts, and return it by name."""
    import hmix_hub

    fold = folds_of(dataset, n_folds)
    batches, people, stimuli = (len(set(dataset[name])) for name in ("batch_id", "participant_id", "stimulus_id"))
    print(
        f"\n{len(dataset):,} judgments of {stimuli:,} stimuli by {people} participants in {batches} batches; "
        f"{n_folds} folds of batches, so that participants and stimuli are new; probability of 101 answers\n"
    )
    fit = hmix_hub.human_fit(dataset["mixing_coefficient"], dataset)
    shown, ceiling = fit.rmse.value**2, fit.ceiling.value**2
    print("| forecast | nats per judgment | RMSE | of the possible gain | 90 % intervals cover | fit | aim |")
    print("|---|---:|---:|---:|---:|---:|---|")
    found = {}
    for line in LINES:
        if line.needs_pictures and not has_pictures:
            print(f"| {line.name} | not run: name CIFAR-10 with HMIX_CIFAR10 | | | | | |")
            continue
        with warnings.catch_warnings():
            # A fold may have too few judgments for a term; the table would not be the place to say so.
            warnings.simplefilter("error")
            result = held_out(dataset, fold, line.forecaster, range(n_folds))
        found[line.name] = result
        gain = (shown - result.rmse**2) / (shown - ceiling)
        print(
            f"| {line.name} | {result.nll:.4f} | {result.rmse:.4f} | {gain:.0%} | {result.coverage:.4f} "
            f"| {milliseconds(result.seconds)} | {_aim(line, result)} |",
            flush=True,
        )
    print(f"| shown coefficient itself | | {fit.rmse.value:.4f} | 0% | | | |")
    print(f"| ceiling: the stimulus' mean known, the participant new | | {fit.ceiling.value:.4f} | 100% | | | |")
    return found


def _aim(line: Line, result: HeldOut) -> str:
    """Return a line's aims on H-Mix, and whether they are met."""
    if line.aim is None:
        return ""
    nll, rmse = line.aim
    is_met = result.nll <= nll and result.rmse <= rmse and COVERS[0] <= result.coverage <= COVERS[1]
    return f"{'met' if is_met else 'missed'}: at most {nll:.3f} and {rmse:.4f}, {COVERS[0]} to {COVERS[1]}"


def print_known_participants(dataset: datasets.Dataset, n_folds: int = 5) -> dict[str, tuple[float, float]]:
    """Print how well participants of the fit are predicted on new stimuli, nats and RMSE, and return both by name."""
    import hmix_hub
    from hmix_hub.tables import pick_rows

    shown, inferred = _columns(dataset)
    answers = np.rint(100 * inferred).astype(np.int64)
    one, two, people, stimuli = (
        np.array(dataset[name]) for name in ("image_1_label", "image_2_label", "participant_id", "stimulus_id")
    )
    number = np.unique(stimuli, return_inverse=True)[1]
    fold = np.random.default_rng(0).permutation(number.max() + 1)[number] % n_folds
    losses, errors = np.empty((2, 2, len(shown)))
    for part in range(n_folds):
        model = hmix_hub.PerceptualModel.fit(pick_rows(dataset, np.flatnonzero(fold != part)))
        for name in np.unique(people):
            rows = np.flatnonzero((people == name) & (fold == part))
            for i, person in enumerate((None, name) if name in model.person_effects else (None, None)):
                found = model.predict(shown[rows], one[rows], two[rows], person=person)
                losses[i, rows] = -np.log(found.mass[np.arange(len(rows)), answers[rows]])
                errors[i, rows] = found.mean - inferred[rows]
    print(f"\nParticipants of the fit on new stimuli ({n_folds} folds of stimuli; classes and people):\n")
    print("| predicted as | nats per judgment | RMSE |\n|---|---:|---:|")
    names = ("a new participant", "the participant that they are")
    table = {name: (losses[i].mean(), (errors[i] ** 2).mean() ** 0.5) for i, name in enumerate(names)}
    for name, (nats, rmse) in table.items():
        print(f"| {name} | {nats:.4f} | {rmse:.4f} |")
    return table


def print_part(_: argparse.Namespace) -> None:
    """Print held-out forecasts, then what estimates, means and designs are worth."""
    dataset, has_pictures = load_judgments()
    if len(set(dataset["batch_id"])) < FOLDS:
        sys.exit("the judgments have too few batches for held-out forecasts")
    print_held_out(dataset, has_pictures)
    print_known_participants(dataset)
    print_planted(dataset)
    print_means_of_participants()
    print_means(dataset)
    print_design(dataset)
