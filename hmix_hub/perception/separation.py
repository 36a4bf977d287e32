"""Separation: judgments that have no finite maximum likelihood estimate.

For example, if every answer to mixtures with a class is 1, the likelihood increases with the effect of that class
without limit. Newton's method then stops at an arbitrary large value, where the likelihood is flat, so separation has
to be tested for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from hmix_hub.errors import PerceptionError
from hmix_hub.perception.probit import Problem
from hmix_hub.perception.terms import Terms
from hmix_hub.schema.arrays import Floats, Ints

_FLAT = 1e-3
"""Eigenvalue of the Hessian below which separation is tested for; ten judgments of a class contribute about 3."""
_GAIN = 1e-6
_MARKED = 0.5
"""Change of a class effect, relative to the largest, above which the class is named."""


def is_flat(curvature: torch.Tensor) -> bool:
    """Whether the likelihood is nearly flat in some direction."""
    return float(torch.linalg.eigvalsh(curvature)[0]) < _FLAT


def separating_terms(problem: Problem, terms: Terms) -> list[str]:
    """Return the terms that separate the answers; empty if none do.

    Parameters
    ----------
    problem
        The judgments.
    terms
        Meaning of the design columns.

    Returns
    -------
    list of str
        "the mixing coefficient", classes ("class 'dog'") and features.

    Notes
    -----
    A direction of the parameters separates the answers if moving along it widens the cells of some judgments and
    narrows none. A linear program finds the direction that widens most. Source: Albert and Anderson, *On the existence
    of maximum likelihood estimates in logistic regression models*, Biometrika 71, 1984.
    """
    direction = _direction(problem)
    if direction is None:
        return []
    change = direction[problem.n_thresholds :]
    found = []
    if abs(change[0]) > _GAIN:
        found.append("the mixing coefficient")
    effects = np.abs(terms.class_effects(change))
    if effects.max(initial=0) > _GAIN:
        found += [f"class {terms.classes[code]!r}" for code in np.flatnonzero(effects > _MARKED * effects.max())]
    columns = zip(terms.names[terms.n_structural :], change[terms.n_structural :], strict=True)
    found += [f"feature {name!r}" for name, size in columns if abs(size) > _GAIN]
    return found or ["the answers themselves"]


def check_separation(problem: Problem, terms: Terms) -> None:
    """Check that the maximum likelihood estimate is finite.

    Raises
    ------
    PerceptionError
        If the answers are separable; the terms that separate them are named.
    """
    found = separating_terms(problem, terms)
    if found:
        msg = f"the answers are separable by {', '.join(found)}: the maximum likelihood estimate is not finite"
        hint = "add judgments, filter out the rows concerned, or fit fewer terms (classes=False)"
        raise PerceptionError(msg, hint=hint)


def _direction(problem: Problem) -> Floats | None:
    """Return a separating direction, float64 (A - 1 + P,), entries from -1 to 1; `None` if there is none."""
    # Slow to import and rarely needed.
    from scipy import sparse
    from scipy.optimize import linprog

    count = problem.n_thresholds
    rows = np.unique(np.column_stack([problem.answers.numpy(), problem.design.numpy()]), axis=0)
    answers, design = rows[:, 0].astype(np.int64), rows[:, 1:]
    # The last answer has no upper bound and the first no lower bound.
    upper, lower = np.flatnonzero(answers < count), np.flatnonzero(answers > 0)
    loosens_upper = sparse.hstack([_picks(answers[upper], count), -design[upper]])
    loosens_lower = sparse.hstack([-_picks(answers[lower] - 1, count), design[lower]])
    loosens = sparse.vstack([loosens_upper, loosens_lower]).tocsr()
    solved = linprog(-loosens.sum(axis=0), A_ub=-loosens, b_ub=np.zeros(loosens.shape[0]), bounds=(-1, 1))
    if solved.status != 0 or -solved.fun <= _GAIN:
        return None
    direction: Floats = solved.x
    return direction


def _picks(places: Ints, count: int) -> Any:
    from scipy import sparse

    return sparse.csr_array((np.ones(len(places)), (np.arange(len(places)), places)), shape=(len(places), count))
