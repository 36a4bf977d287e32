"""Estimation: the terms that the judgments determine, their estimates, and the covariance of the estimates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch

from hmix_hub.cluster import Held
from hmix_hub.errors import PerceptionError
from hmix_hub.perception.answers import AnswerScale, to_percent
from hmix_hub.perception.differences import Differences
from hmix_hub.perception.mixtures import Observations
from hmix_hub.perception.people import FEWEST_EACH, FEWEST_PEOPLE, N_EFFECTS, Grouped, People, fit_people
from hmix_hub.perception.probit import ProbitFit, differentiate, fit_probit, one_thread
from hmix_hub.perception.terms import Features, Terms, class_basis, groups_of_classes, person_columns, sine
from hmix_hub.schema.arrays import Floats, Ints

if TYPE_CHECKING:
    from distributed import Client

NARROWEST = 1e-3
"""Minimum range of mixing coefficients, so that .3 and .1 + .2 count as equal."""
FEWEST_JUDGMENTS = 10
"""Minimum number of judgments per term."""
BLOCK_ROWS = 100_000
"""Approximate number of judgments per block; more judgments are summed block by block."""
_FLAT = 1e-3
"""Eigenvalue of the Hessian below which separation is tested for; ten judgments of a class contribute about 3."""
_GAIN = 1e-6
_MARKED = 0.5
"""Change of a class effect, relative to the largest, above which the class is listed."""


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates, see `hmix_hub.perception.fitted.FittedModel`, and notes on terms that were dropped."""

    terms: Terms
    scale: AnswerScale
    thresholds: Floats
    coefficients: Floats
    covariance: Floats
    people: People | None
    nll: float
    notes: tuple[str, ...]


@one_thread()
def estimate(
    seen: Observations,
    *,
    classes: bool,
    people: bool,
    differences: Differences | None,
    client: Client | None = None,
) -> Estimates:
    """Fit a model to judgments; terms that they cannot determine are dropped, with a note.

    More than `BLOCK_ROWS` judgments are split into blocks of whole participants, whose sums are added in order. With a
    client, its workers hold the blocks and compute the sums; the estimates are bit-identical.

    Raises
    ------
    PerceptionError
        If the judgments do not determine a slope or are separable, or the fit does not converge.
    """
    _check_varied(seen)
    notes = list(seen.notes)
    terms, values = _plan(seen, classes=classes, differences=differences, notes=notes)
    scale, places = AnswerScale.of(to_percent(seen.inferred))
    blocks = Held(Block.grouped, _blocks(seen, terms, places, values, len(scale.percent)), client)
    found = _fit_fixed(blocks, terms)
    effects, modes = None, torch.zeros((len(seen.participants), N_EFFECTS), dtype=torch.float64)
    if people and _are_poolable(seen, notes):
        found = pooled = fit_people(blocks, found)
        modes = pooled.effects
        parts = (pooled.effects, pooled.spread, pooled.covariance)
        effects = People(seen.participants, *(part.numpy() for part in parts))
    if (slope := float(found.coefficients[0])) < 0:
        notes.append(
            f"people see less of image 1 the more of it is shown (slope {slope:.3g}); check which end of the slider "
            "means image 1"
        )
    return Estimates(
        terms=terms,
        scale=scale,
        thresholds=found.thresholds.numpy(),
        coefficients=found.coefficients.numpy(),
        covariance=_clustered(blocks, found, modes, seen),
        people=effects,
        nll=-found.log_likelihood,
        notes=tuple(notes),
    )


def _check_varied(seen: Observations) -> None:
    n_rows = len(seen)
    if n_rows < FEWEST_JUDGMENTS:
        msg = f"{n_rows} judgments are too few to fit a perceptual model"
        raise PerceptionError(msg, hint=f"at least {FEWEST_JUDGMENTS} are needed")
    shown = np.unique(seen.coefficient)
    if shown[-1] - shown[0] < NARROWEST:
        msg = f"all {n_rows:,} judgments have mixing coefficient {shown[0]:g}, so its effect cannot be estimated"
        raise PerceptionError(msg, hint="fit judgments of at least two coefficients")
    answers = np.unique(to_percent(seen.inferred))
    if len(answers) == 1:
        msg = f"all {n_rows:,} judgments give the same answer, {answers[0]} %, so there is nothing to fit"
        raise PerceptionError(msg, hint="check the column inferred_coefficient")


def _plan(
    seen: Observations, *, classes: bool, differences: Differences | None, notes: list[str]
) -> tuple[Terms, Floats | None]:
    """Return the terms that the judgments can determine, and the feature differences to fit them with."""
    size, most = len(seen.classes), len(seen) // FEWEST_JUDGMENTS
    features: Features | None = None
    if differences is not None and 1 + 2 * len(differences.names) > most:
        notes.append(f"{len(seen)} judgments are too few for picture features; fitted without them")
        differences = None
    others = [np.ones(len(seen)), sine(seen.coefficient)]
    if differences is not None:
        features = differences.features(seen)
        columns = Terms(seen.classes, np.zeros((size, 0)), features).rows(
            seen.coefficient, seen.class_1, seen.class_2, differences.values
        )
        others += list(columns[:, 1:].T)
        if np.linalg.matrix_rank(np.stack(others, axis=1)) < len(others):
            msg = (
                f"the features {', '.join(features.names)} are collinear with each other or with the mixing coefficient"
            )
            raise PerceptionError(msg, hint="remove redundant features")
    basis = np.zeros((size, 0))
    if classes:
        basis = class_basis(size, seen.class_1, seen.class_2, np.stack(others, axis=1))
        if len(others) - 1 + basis.shape[1] > most:
            notes.append(f"{len(seen)} judgments are too few for effects of {size} classes; fitted without them")
            basis = np.zeros((size, 0))
        else:
            notes += _undetermined_classes(seen, basis)
    return Terms(seen.classes, basis, features), None if differences is None else differences.values


def _undetermined_classes(seen: Observations, basis: Floats) -> list[str]:
    """Return notes on the class effects that the judgments do not determine."""
    size = len(seen.classes)
    shown = np.union1d(seen.class_1, seen.class_2)
    notes = []
    if len(shown) < size:
        missing = ", ".join(seen.classes[code] for code in range(size) if code not in shown)
        notes.append(f"no judgment shows the classes {missing}; their effects are set to 0, the mean class")
    groups = [group for group in groups_of_classes(size, seen.class_1, seen.class_2) if group[0] in shown]
    if len(groups) > 1:
        listed = "; ".join(", ".join(seen.classes[code] for code in group) for group in groups)
        notes.append(f"class effects are comparable only within groups that were mixed with each other: {listed}")
    if basis.shape[1] < len(shown) - len(groups):
        notes.append(
            "some class effects cannot be distinguished from a preference for image 1 or image 2, since each class is "
            "always the same image; the smallest effects that fit are used"
        )
    return notes


def _are_poolable(seen: Observations, notes: list[str]) -> bool:
    """Return whether participant effects can be estimated; if not, add a note."""
    count = len(seen.participants)
    if count < FEWEST_PEOPLE:
        who = "one participant" if count == 1 else f"{count} participants"
        notes.append(f"participant effects need at least {FEWEST_PEOPLE} participants, not {who}; fitted without them")
        return False
    if len(seen) < FEWEST_EACH * count:
        found = f"{len(seen):,} judgments by {count:,}"
        notes.append(
            f"participant effects need at least {FEWEST_EACH} judgments each, not {found}; fitted without them"
        )
        return False
    return True


@dataclass(frozen=True)
class Block:
    """Judgments of participants from `first` on; `grouped` builds the problem on the worker that holds it."""

    terms: Terms
    n_answers: int
    first: int
    places: Ints
    coefficient: Floats
    class_1: Ints
    class_2: Ints
    participant: Ints
    differences: Floats | None

    def grouped(self) -> Grouped:
        """Return the problem, with participants numbered from 0."""
        participant = self.participant - self.first
        return Grouped(
            answers=torch.from_numpy(self.places),
            design=torch.from_numpy(self.terms.rows(self.coefficient, self.class_1, self.class_2, self.differences)),
            n_answers=self.n_answers,
            columns=torch.from_numpy(person_columns(self.coefficient)),
            groups=torch.from_numpy(participant),
            n_groups=int(participant.max()) + 1,
            first=self.first,
        )


def _blocks(
    seen: Observations, terms: Terms, places: Ints, differences: Floats | None, n_answers: int
) -> Iterator[Block]:
    """Yield blocks of whole participants; few judgments form a single block, in their own order."""
    is_cut = len(seen) > BLOCK_ROWS
    order = np.argsort(seen.participant, kind="stable") if is_cut else np.arange(len(seen))
    starts = np.concatenate([[0], np.cumsum(np.bincount(seen.participant))])
    # A block ends with the participant who fills it.
    cuts = np.unique([0, *np.searchsorted(starts, np.arange(BLOCK_ROWS, len(seen), BLOCK_ROWS)), len(starts) - 1])
    for first, end in pairwise(cuts.tolist()):
        rows = order[starts[first] : starts[end]]
        yield Block(
            terms,
            n_answers,
            first=first,
            places=places[rows],
            coefficient=seen.coefficient[rows],
            class_1=seen.class_1[rows],
            class_2=seen.class_2[rows],
            participant=seen.participant[rows],
            differences=None if differences is None else differences[rows],
        )


def _fit_fixed(blocks: Held[Grouped], terms: Terms) -> ProbitFit:
    try:
        found = fit_probit(blocks)
    except PerceptionError:
        check_separation(blocks, terms)
        raise
    if float(torch.linalg.eigvalsh(found.curvature)[0]) < _FLAT:
        check_separation(blocks, terms)
    return found


def _clustered(blocks: Held[Grouped], found: ProbitFit, effects: torch.Tensor, seen: Observations) -> Floats:
    """Return the cluster-robust covariance of the estimated coefficients; float64 (P, P).

    Notes
    -----
    Sandwich estimator: inverse Hessian, outer products of the scores summed by cluster, inverse Hessian, times
    C / (C - 1). The scores are evaluated at the modes of the participant effects, i.e. they are profile scores.
    """
    cluster = np.empty(len(seen.participants), dtype=np.int64)
    cluster[seen.participant] = seen.cluster
    n_groups, count = int(cluster.max()) + 1, len(found.thresholds)
    scores = torch.zeros((n_groups, len(found.curvature)), dtype=torch.float64)
    for numbers, own in blocks.map(_scores, (found.thresholds, found.coefficients, effects, cluster)):
        scores.index_add_(0, numbers, own)
    steps = torch.linalg.solve(found.curvature, scores.T)[count:]
    return (steps @ steps.T * (n_groups / max(1, n_groups - 1))).numpy()


@one_thread()
def _scores(
    shared: tuple[torch.Tensor, torch.Tensor, torch.Tensor, Ints], block: Grouped
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the clusters of a block, int64 (C,), and their scores, float64 (C, A - 1 + P)."""
    thresholds, coefficients, effects, cluster = shared
    numbers, of_people = np.unique(cluster[block.first : block.first + block.n_groups], return_inverse=True)
    eta = block.eta(coefficients, block.own_of(effects))
    cells = differentiate(*block.bounds(thresholds, eta))
    return torch.from_numpy(numbers), block.scores(cells, torch.from_numpy(of_people)[block.groups])


def check_separation(blocks: Held[Grouped], terms: Terms) -> None:
    """Check that the maximum likelihood estimate is finite.

    For example, if every answer to mixtures with a class is 1, the likelihood increases with the effect of that class
    without limit. Newton's method then stops at an arbitrary large value, where the likelihood is flat, so separation
    has to be tested for.

    Raises
    ------
    PerceptionError
        If the answers are separable; the message lists the terms that separate them.

    Notes
    -----
    A direction of the parameters separates the answers if moving along it widens the cells of some judgments and
    narrows none. A linear program finds the direction that widens most. Source: Albert and Anderson, *On the existence
    of maximum likelihood estimates in logistic regression models*, Biometrika 71, 1984.
    """
    kinds = blocks.map(_kinds, None)
    direction = _direction(np.unique(np.concatenate([kind for _, kind in kinds]), axis=0), kinds[0][0])
    if direction is None:
        return
    change = direction[kinds[0][0] :]
    found = ["the mixing coefficient"] if abs(change[0]) > _GAIN else []
    effects = np.abs(terms.class_effects(change))
    if effects.max(initial=0) > _GAIN:
        found += [f"class {terms.classes[code]!r}" for code in np.flatnonzero(effects > _MARKED * effects.max())]
    columns = zip(terms.names[terms.n_structural :], change[terms.n_structural :], strict=True)
    found += [f"feature {name!r}" for name, size in columns if abs(size) > _GAIN]
    what = ", ".join(found) or "the answers themselves"
    msg = f"the answers are separable by {what}: the maximum likelihood estimate is not finite"
    hint = "add judgments, filter out the rows concerned, or fit fewer terms (classes=False)"
    raise PerceptionError(msg, hint=hint)


def _kinds(_: None, block: Grouped) -> tuple[int, Floats]:
    """Return the number of thresholds, and the distinct rows of answer and design, float64 (M, 1 + P)."""
    return block.n_thresholds, np.unique(np.column_stack([block.answers.numpy(), block.design.numpy()]), axis=0)


def _direction(rows: Floats, count: int) -> Floats | None:
    """Return a separating direction, float64 (A - 1 + P,), entries from -1 to 1; `None` if there is none."""
    # Slow to import and rarely needed.
    from scipy import sparse
    from scipy.optimize import linprog

    answers, design = rows[:, 0].astype(np.int64), rows[:, 1:]
    picks = sparse.eye_array(count, format="csr")
    # The last answer has no upper bound and the first no lower bound.
    upper, lower = np.flatnonzero(answers < count), np.flatnonzero(answers > 0)
    loosens_upper = sparse.hstack([picks[answers[upper]], -design[upper]])
    loosens_lower = sparse.hstack([-picks[answers[lower] - 1], design[lower]])
    loosens = sparse.vstack([loosens_upper, loosens_lower]).tocsr()
    solved = linprog(-loosens.sum(axis=0), A_ub=-loosens, b_ub=np.zeros(loosens.shape[0]), bounds=(-1, 1))
    if solved.status != 0 or -solved.fun <= _GAIN:
        return None
    direction: Floats = solved.x
    return direction
