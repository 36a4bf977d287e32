"""Separation: judgments that some direction of the parameters fits ever better, so that there is no optimum.

If every answer of a class is 1, say, no effect of that class is large enough. Newton's method then stops at some large
number, where the likelihood has become flat, so that separation is looked for and not only waited for.
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
"""Least curvature below which separation is looked for; ten judgments of a class have about 3."""
_GAIN = 1e-6
_MARKED = 0.5
"""Share of the largest change of a class's effect from which the class is named."""


def is_flat(curvature: torch.Tensor) -> bool:
    """Whether the likelihood has a direction that it hardly changes in."""
    return float(torch.linalg.eigvalsh(curvature)[0]) < _FLAT


def separating_terms(problem: Problem, terms: Terms) -> list[str]:
    """Return what separates the answers of judgments; empty where nothing does.

    Parameters
    ----------
    problem
        The judgments.
    terms
        What the columns of the design are.

    Returns
    -------
    list of str
        "the mixing coefficient", classes ("class 'dog'") and features that a likelihood without an optimum grows with.

    Notes
    -----
    A direction separates if no judgment's upper bound falls and no lower bound rises along it, and some do the
    opposite: a linear program finds the direction in which most do. Source: Albert and Anderson, *On the existence of
    maximum likelihood estimates in logistic regression models*, Biometrika 71, 1984.
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
    """Check that judgments are not separable.

    Raises
    ------
    PerceptionError
        If they are: what separates them is named.
    """
    found = separating_terms(problem, terms)
    if found:
        msg = f"the answers are separable by {', '.join(found)}: no finite model fits them best"
        hint = "add judgments that differ there, leave its rows out, or fit fewer terms (classes=False)"
        raise PerceptionError(msg, hint=hint)


def _direction(problem: Problem) -> Floats | None:
    """Return a direction that separates, float64 (A - 1 + P,), each change -1 to 1; `None` where there is none."""
    # Takes some tenths of a second to import, and is seldom needed.
    from scipy import sparse
    from scipy.optimize import linprog

    count = problem.n_thresholds
    rows = np.unique(np.column_stack([problem.answers.numpy(), problem.design.numpy()]), axis=0)
    answers, design = rows[:, 0].astype(np.int64), rows[:, 1:]
    # An upper bound is there but for the last answer, a lower one but for the first: neither must become tighter.
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
