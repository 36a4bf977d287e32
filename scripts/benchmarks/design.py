"""Benchmark of designs: what chosen stimuli are worth in random ones, and errors of fits to simulated answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.measures import milliseconds

if TYPE_CHECKING:
    import datasets

    from hmix_hub.perception.information import Candidates
    from hmix_hub.perception.model import PerceptualModel

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
NUMBERS = (25, 100, 400)
BEFORE, ASKED, REPETITIONS = 1000, 100, 100
"""Simulated judgments before, further stimuli that are asked about, and how often that is done."""
PILOT_OTHERS = 20
"""One in so many judgments of the pilot is of any classes."""
EVERY = 10
"""Answers are simulated in tenths, which fits ten times as fast."""


@dataclass(frozen=True)
class Errors:
    """Squared errors of predicted eta, averaged over class pairs and coefficients; one of each repetition."""

    chosen: Floats
    random: Floats

    @property
    def ratio(self) -> float:
        """Mean error after chosen stimuli divided by that after random ones."""
        return float(self.chosen.mean() / self.random.mean())


def mixtures(model: PerceptualModel, per_class_pair: int) -> tuple[Floats, Ints, Ints, Ints]:
    """Return coefficients, both classes and the pair of candidates: so many pairs of each two classes, all mixtures."""
    one, two = np.triu_indices(len(model.classes), 1)
    shown = np.array(model.shown_coefficients)
    pair = np.arange(len(one) * per_class_pair).repeat(len(shown))
    of_pair = pair % len(one)
    return np.tile(shown, len(one) * per_class_pair), one[of_pair], two[of_pair], pair


def simulated_errors(model: PerceptualModel, before: int, asked: int, repetitions: int, seed: int = 0) -> Errors:
    """Fit simulated answers about chosen and about random stimuli, and return the errors of both.

    The first judgments are of half of the classes, but for one in twenty, as of a pilot. What is chosen next depends
    on the fit to them.

    Parameters
    ----------
    model
        The truth, without effects of participants.
    before
        Judgments before.
    asked
        Further stimuli, one judgment each.
    repetitions
        How often.
    seed
        Seed of answers and random stimuli.
    """
    from hmix_hub.perception.information import Candidates, choose, prediction_weights

    coefficient, one, two, pair = mixtures(model, asked)
    candidates = Candidates.of(model, coefficient, one, two, pairs=pair)
    weights = prediction_weights(model, model.shown_coefficients)
    of_pilot = np.flatnonzero(np.maximum(one, two) < len(model.classes) // 2)
    rng = np.random.default_rng(seed)
    errors = np.empty((2, repetitions))
    for repetition in range(repetitions):
        others = rng.choice(len(candidates), before // PILOT_OTHERS)
        begun = np.concatenate([rng.choice(of_pilot, before - len(others)), others])
        answers = _answers(model, candidates, begun, rng)
        _, covariance = _fit(candidates.design[begun], answers)
        chosen = choose(candidates, covariance, weights, asked).rows
        for number, rows in enumerate((chosen, rng.choice(len(candidates), asked))):
            design = candidates.design[np.concatenate([begun, rows])]
            found, _ = _fit(design, np.concatenate([answers, _answers(model, candidates, rows, rng)]))
            off = found - model.coefficients
            errors[number, repetition] = off @ weights @ off
    return Errors(*errors)


def _answers(model: PerceptualModel, candidates: Candidates, rows: Ints, rng: np.random.Generator) -> Ints:
    latent = candidates.design[rows] @ model.coefficients + rng.standard_normal(len(rows))
    return np.searchsorted(model.thresholds[::EVERY], latent)


def _fit(design: Floats, answers: Ints) -> tuple[Floats, Floats]:
    """Return the coefficients, float64 (P,), and the covariance of their estimates, float64 (P, P)."""
    import torch

    from hmix_hub.cluster import Held
    from hmix_hub.perception.probit import Problem, fit_probit

    occurring, places = np.unique(answers, return_inverse=True)
    problem = Problem(torch.from_numpy(places), torch.from_numpy(design), len(occurring))
    found = fit_probit(Held(lambda part: part, [problem]))
    covariance = torch.linalg.inv(found.curvature)[problem.n_thresholds :, problem.n_thresholds :]
    return found.coefficients.numpy(), covariance.numpy()


def print_design(dataset: datasets.Dataset) -> None:
    """Print what stimuli that are chosen on top of a dataset's are worth, and the errors of simulated fits."""
    import hmix_hub
    from hmix_hub.perception.information import Candidates, choose, prediction_weights, random_worth

    model = hmix_hub.PerceptualModel.fit(dataset)
    weights = prediction_weights(model, model.shown_coefficients)
    print(f"\nstimuli to ask about next, after {len(dataset):,} judgments; average over 20 random draws\n")
    print("| chosen | answers each | candidates | time | worth at random | standard error now, then |")
    print("|---:|---:|---:|---:|---:|---|")
    for number in NUMBERS:
        for answers in (1, 3):
            coefficient, one, two, pair = mixtures(model, number)
            candidates = Candidates.of(model, coefficient, one, two, pairs=pair, answers=answers)
            started = time.perf_counter()
            chosen = choose(candidates, model.covariance, weights, number)
            seconds = time.perf_counter() - started
            worth = random_worth(candidates, model.covariance, weights, chosen.variance[-1], number=number)
            before, after = np.sqrt(chosen.variance[[0, -1]])
            print(
                f"| {number} | {answers} | {len(candidates):,} | {milliseconds(seconds)} "
                f"| {worth.mean():.0f} ± {worth.std():.0f} | {before:.4f}, {after:.4f} |",
                flush=True,
            )
    truth = hmix_hub.PerceptualModel.fit(dataset, people=False)
    errors = simulated_errors(truth, BEFORE, ASKED, REPETITIONS)
    print(
        f"\nsimulated: {BEFORE} judgments, 19 in 20 of half of the classes, then {ASKED} of chosen or of random "
        f"stimuli; squared error "
        f"of eta {errors.chosen.mean():.4f} and {errors.random.mean():.4f}, ratio {errors.ratio:.2f} "
        f"({REPETITIONS} repetitions)"
    )
