import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.tasks.soft_labels import Answers, soft_labels

K = 5


def answers(rows):
    top, p, second, q, impossible = zip(*rows, strict=True)
    matrix = np.zeros((len(rows), K), dtype=bool)
    for row, labels in enumerate(impossible):
        matrix[row, list(labels)] = True
    return Answers(
        np.array(top),
        np.array(p, dtype=float),
        np.array([-1 if s is None else s for s in second]),
        np.array([np.nan if x is None else x for x in q], dtype=float),
        matrix,
    )


def one_by_one(row, procedure, redistribution):
    """The module's formulas, for one answer, in plain Python."""
    top, p, second, q, impossible = row
    label = np.zeros(K)
    label[top] = p
    if second is not None and q is not None:
        label[second] = q
    a, n = label.sum(), int((label > 0).sum())
    r = 1 - a if a < 1 else redistribution
    k = K - len(set(impossible)) - n
    if k < 0:
        k = sum(label[i] == 0 for i in range(K) if i not in impossible)
    if procedure == "cifar10s" and a >= 1:
        label = label / a
    out = label.copy()
    if k != 0:
        for i in range(K):
            if label[i] > 0 and procedure == "released" and a > 1:
                out[i] = max(label[i] - r / n, 0)
            if label[i] > 0 and procedure == "cifar10s" and a >= 1:
                out[i] = label[i] * (1 - r)
            if label[i] == 0 and i not in impossible:
                out[i] = r / k
    return out / out.sum() if out.sum() > 0 else None


percent = st.integers(0, 100).map(lambda x: x / 100)
row = st.tuples(
    st.integers(0, K - 1),
    percent,
    st.none() | st.integers(0, K - 1),
    st.none() | percent,
    st.sets(st.integers(0, K - 1)),
)


@given(st.lists(row, min_size=1, max_size=8), st.sampled_from(["released", "cifar10s"]), percent)
def test_the_vectorised_labels_are_the_formulas_row_by_row(rows, procedure, redistribution):
    expected = [one_by_one(r, procedure, redistribution) for r in rows]
    assume(all(e is not None for e in expected))
    found = soft_labels(answers(rows), procedure, redistribution)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-12)
    assert found.min() >= 0


@pytest.mark.parametrize(
    ("row", "procedure", "expected"),
    [
        # 60 % and 20 % given, one class ruled out: the missing 20 % go to the other two.
        ((0, 0.6, 1, 0.2, {4}), "released", [0.6, 0.2, 0.1, 0.1, 0]),
        # Certain, others possible: a tenth is added, then all is divided by 1.1.
        ((0, 1.0, None, None, {3, 4}), "released", [1 / 1.1, 0.05 / 1.1, 0.05 / 1.1, 0, 0]),
        # The published procedure takes that tenth from the given one.
        ((0, 1.0, None, None, {3, 4}), "cifar10s", [0.9, 0.05, 0.05, 0, 0]),
        # Everything else ruled out.
        ((2, 0.4, None, None, {0, 1, 3, 4}), "released", [0, 0, 1, 0, 0]),
        # The same class twice: the second probability counts.
        ((0, 0.9, 0, 0.5, {1, 2, 3}), "released", [0.5, 0, 0, 0, 0.5]),
        # Both choices ruled out, one class possible: it gets the tenth, and no class less than nothing.
        ((0, 0.5, 1, 0.5, {0, 1, 2, 3}), "released", np.array([0.5, 0.5, 0, 0, 0.1]) / 1.1),
        # One class chosen, nothing else asked: nobody gave the others a tenth.
        ((2, 1.0, None, None, set()), "one_hot", [0, 0, 1, 0, 0]),
        # One-hot is the top class alone, whatever else was answered.
        ((0, 0.6, 1, 0.2, {4}), "one_hot", [1, 0, 0, 0, 0]),
        ((0, 0.0, None, None, {0, 1, 2, 3, 4}), "one_hot", [1, 0, 0, 0, 0]),
        # 80 + 40 %, three others: each given one loses .05 to a tenth that is spread.
        ((0, 0.8, 1, 0.4, set()), "released", np.array([0.75, 0.35, 0.1 / 3, 0.1 / 3, 0.1 / 3]) / 1.2),
    ],
)
def test_worked_examples(row, procedure, expected):
    np.testing.assert_allclose(soft_labels(answers([row]), procedure)[0], expected, atol=1e-15)


def test_an_answer_without_any_probability_is_refused_with_its_row():
    good, bad = (0, 0.5, None, None, set()), (0, 0.0, None, None, {0, 1, 2, 3, 4})
    with pytest.raises(SchemaError, match="row 1"):
        soft_labels(answers([good, bad]))


@pytest.mark.parametrize(
    ("procedure", "redistribution"), [("release", 0.1), ("released", 1.5), ("released", float("nan"))]
)
def test_an_unknown_procedure_or_redistribution_is_refused(procedure, redistribution):
    with pytest.raises(ConfigurationError):
        soft_labels(answers([(0, 0.5, None, None, set())]), procedure, redistribution)
