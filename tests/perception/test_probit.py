"""The likelihood of ordered answers: exact in the tails, derivatives as autograd has them, optimum as statsmodels."""

import math

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub import PerceptualModel
from hmix_hub.cluster import Held
from hmix_hub.errors import PerceptionError
from hmix_hub.perception.mixtures import observe
from hmix_hub.perception.people import Grouped, fit_people
from hmix_hub.perception.probit import Problem, cell_masses, differentiate, fit_probit, log_cell
from hmix_hub.perception.terms import person_columns


def _log_likelihood(problem, thresholds, eta):
    """Return what the model says, written down without care; 40 standard deviations are as good as infinite."""
    far = torch.tensor([40.0], dtype=torch.float64)
    below = torch.special.ndtr(torch.cat([-far, thresholds, far]) - eta[:, None])
    rows = torch.arange(len(eta))
    return torch.log(below[rows, problem.answers + 1] - below[rows, problem.answers]).sum()


def _log_cell(lower, upper):
    if lower > 0:
        lower, upper = -upper, -lower
    with mpmath.workdps(60):
        return float(mpmath.log(mpmath.ncdf(upper) - mpmath.ncdf(lower)))


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        (-1, 1),
        (0, 1e-5),
        (2, 2 + 1e-9),
        (37, 37 + 1e-6),
        (30, 31),
        (-31, -30),
        (30, 30.001),
        (8, math.inf),
        (-math.inf, -37),
        (-3, 9),
        (0, 40),
    ],
)
def test_the_probability_of_a_cell_is_exact_far_out_too(lower, upper):
    found = log_cell(torch.tensor([lower], dtype=torch.float64), torch.tensor([upper], dtype=torch.float64))
    assert float(found) == pytest.approx(_log_cell(lower, upper), rel=1e-12, abs=1e-13)


@given(st.floats(-8, 8), st.floats(0.01, 5))
def test_derivatives_are_those_of_automatic_differentiation(lower, width):
    place = torch.tensor([lower, lower + width], dtype=torch.float64, requires_grad=True)

    def logarithm(bounds):
        return log_cell(bounds[:1], bounds[1:]).sum()

    slopes = torch.autograd.functional.jacobian(logarithm, place)
    curves = -torch.autograd.functional.hessian(logarithm, place)
    cells = differentiate(place[:1].detach(), place[1:].detach())
    torch.testing.assert_close(torch.cat([-cells.down, cells.up]), slopes, rtol=1e-7, atol=1e-9)
    ours = torch.stack([torch.cat([cells.curve_down, cells.curve_both]), torch.cat([cells.curve_both, cells.curve_up])])
    torch.testing.assert_close(ours, curves, rtol=1e-5, atol=1e-7)
    for turned, bound in ((cells.turn_down, 0), (cells.turn_up, 1)):
        torch.testing.assert_close(turned, ours[bound].sum(dim=0, keepdim=True), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(cells.curve, ours.sum()[None], rtol=1e-6, atol=1e-9)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    design = rng.standard_normal((120, 2))
    answers = np.searchsorted([-1.0, 0.2, 0.9], design @ [1.0, -0.5] + rng.standard_normal(120))
    return Problem(torch.from_numpy(answers), torch.from_numpy(design), 4)


def test_gradient_and_curvature_are_those_of_automatic_differentiation(problem):
    place = torch.tensor([-0.9, 0.1, 1.2, 0.7, -0.2], dtype=torch.float64)

    def likelihood(place):
        return _log_likelihood(problem, place[:3], problem.design @ place[3:])

    cells = differentiate(*problem.bounds(place[:3], problem.design @ place[3:]))
    torch.testing.assert_close(problem.gradient(cells), torch.autograd.functional.jacobian(likelihood, place))
    torch.testing.assert_close(problem.curvature(cells), -torch.autograd.functional.hessian(likelihood, place))


def one_block(problem):
    return Held(lambda part: part, [problem])


def test_the_optimum_has_no_slope(problem):
    found = fit_probit(one_block(problem))
    cells = differentiate(*problem.bounds(found.thresholds, problem.design @ found.coefficients))
    assert float(problem.gradient(cells).abs().max()) < 1e-9


def test_masses_sum_to_one():
    masses = cell_masses(
        torch.tensor([-1.0, 0.0, 2.0]).double(), torch.tensor([-30.0, 0.5]).double(), torch.ones(2).double()
    )
    torch.testing.assert_close(masses.sum(dim=1), torch.ones(2).double(), rtol=0, atol=1e-14)


def test_a_problem_that_has_no_optimum_gives_no_numbers():
    design = torch.linspace(-1, 1, 20, dtype=torch.float64)[:, None].expand(20, 2)
    with pytest.raises(PerceptionError, match=r"do not determine|did not converge"):
        fit_probit(one_block(Problem((design[:, 0] > 0.1).long(), design, 2)))


def test_the_modes_of_people_have_no_slope_and_their_covariance_is_a_fixed_point(simulate):
    seen = observe(simulate(n_people=30, n_each=20, answers=6))
    places = np.unique(seen.inferred, return_inverse=True)[1]
    columns = torch.from_numpy(person_columns(seen.coefficient))
    groups = torch.from_numpy(seen.participant)
    problem = Grouped(torch.from_numpy(places), columns[:, 1:].contiguous(), 6, columns, groups, 30)
    found = fit_people(one_block(problem), fit_probit(one_block(problem)))
    effects = found.effects.clone().requires_grad_()
    fixed = torch.cat([found.thresholds, found.coefficients]).requires_grad_()
    eta = problem.design @ fixed[5:] + (columns * effects[groups]).sum(dim=1)
    value = (
        _log_likelihood(problem, fixed[:5], eta)
        - 0.5 * ((effects @ torch.linalg.inv(found.covariance)) * effects).sum()
    )
    value.backward()
    assert float(effects.grad.abs().max()) < 1e-6
    assert float(fixed.grad.abs().max()) < 1e-6
    again = (found.effects.T @ found.effects + found.spread.sum(dim=0)) / 30
    torch.testing.assert_close(found.covariance, again, rtol=0, atol=1e-5)


def test_the_marginal_likelihood_of_people_is_near_its_integral(simulate):
    """Laplace's value is compared with quadrature over the effects of each of eight participants."""
    seen = observe(simulate(n_people=8, n_each=40, answers=5))
    places = np.unique(seen.inferred, return_inverse=True)[1]
    columns = torch.from_numpy(person_columns(seen.coefficient))
    groups = torch.from_numpy(seen.participant)
    problem = Grouped(torch.from_numpy(places), columns[:, 1:].contiguous(), 5, columns, groups, 8)
    found = fit_people(one_block(problem), fit_probit(one_block(problem)))
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    grid = torch.from_numpy(np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2))
    log_weights = torch.from_numpy(np.log(np.outer(weights, weights).ravel() / weights.sum() ** 2))
    # The smaller variance may be all but 0.
    effects = grid @ torch.linalg.cholesky(found.covariance + 1e-12 * torch.eye(2)).T
    eta = (problem.design @ found.coefficients)[:, None] + columns @ effects.T
    ends = torch.cat([torch.tensor([-torch.inf]), found.thresholds, torch.tensor([torch.inf])])
    each = log_cell(ends[problem.answers][:, None] - eta, ends[problem.answers + 1][:, None] - eta)
    by_person = torch.zeros(8, len(grid), dtype=torch.float64).index_add_(0, groups, each)
    integral = float(torch.logsumexp(by_person + log_weights, dim=1).sum())
    assert found.log_likelihood == pytest.approx(integral, abs=0.3)


def test_statsmodels_finds_the_sine_model_of_the_release_the_best(released_judgments):
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    model = PerceptualModel.fit(released_judgments, classes=False, people=False)
    coefficient, inferred = (np.array(released_judgments[n]) for n in ("mixing_coefficient", "inferred_coefficient"))
    sine = np.sin(np.pi * (coefficient - 0.5))
    theirs = OrderedModel(np.rint(100 * inferred).astype(int), sine[:, None], distr="probit")
    place = np.concatenate([[model.slope], model.thresholds[:1], np.log(np.diff(model.thresholds))])
    assert -theirs.loglike(place) == pytest.approx(17381.668741807, abs=1e-6)
    # The gradient is a numerical one, of sums of 4950 logarithms.
    assert np.abs(theirs.score(place)).max() < 1e-2


def test_statsmodels_finds_the_same_optimum(simulate):
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    judgments = simulate(n_people=30, answers=5)
    model = PerceptualModel.fit(judgments, people=False)
    columns = [np.array(judgments[name]) for name in ("mixing_coefficient", "image_1_label", "image_2_label")]
    answers = np.rint(4 * np.array(judgments["inferred_coefficient"])).astype(int)
    theirs = OrderedModel(answers, model.design(*columns), distr="probit").fit(method="bfgs", disp=False, gtol=1e-8)
    assert model.nll == pytest.approx(-theirs.llf, abs=1e-7)
    np.testing.assert_allclose(model.coefficients, theirs.params[:4], atol=1e-5)
    np.testing.assert_allclose(
        model.thresholds, theirs.model.transform_threshold_params(theirs.params)[1:-1], atol=1e-5
    )
