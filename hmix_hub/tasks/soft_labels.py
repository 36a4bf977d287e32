"""Soft labels: a probability for each class, from what a participant was asked and answered.

Three procedures, by name. In the first two, let `a` be the sum of the given probabilities, `n` the number of classes
with more than zero, `possible` the classes not ruled out, and `k = |possible| - n`. If that is negative, because chosen
classes are also ruled out, `k` is the number of possible classes that are still zero: the release has no such answer,
and the formula as it stands would give negative probabilities.

"released" (reproduces all 216 labels of `hmix_individ_soft_labels.json` bit for bit):
    `r = 1 - a` if `a < 1`, else the redistribution. If `k != 0`, every possible class that is still zero gets `r / k`,
    and if `a > 1` every given entry first loses `r / n`, not below 0. Divide by the sum.

"cifar10s" (the published top-2 clamp of CIFAR-10S):
    If `a >= 1`, first divide by `a`. `r` as above. If `k != 0`, every possible class that is still zero gets `r / k`,
    and if `a >= 1` every given entry is first multiplied by `1 - r`. Divide by the sum.

"one_hot" (for participants who chose a class and were asked nothing else):
    1 for the top class, 0 for every other, whatever else was answered. The mean over judgments is then the share of
    judgments that name each class, as in CIFAR-10H and CIFAR-10N.

Source: Collins, Bhatt, Weller, *Eliciting and Learning with Soft Labels from Every Annotator*, HCOMP 2022
(`cambridge-mlg/cifar-10s`, `label_construction_utils.py`), and the released file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, SchemaError, Where, nearest
from hmix_hub.schema.arrays import Floats, Ints, Mask, as_mask, codes, membership, numbers

Question = Literal["probabilities", "second_class", "impossible_classes"]
Procedure = Literal["released", "cifar10s", "one_hot"]

QUESTIONS: dict[Question, str] = {
    "probabilities": "how probable each named class is",
    "second_class": "the second most probable class, or that there is none",
    "impossible_classes": "which classes it cannot be",
}
"""What a participant may have been asked in addition to the most probable class."""

PROCEDURES: dict[Procedure, str] = {
    "released": "the procedure of the H-Mix release",
    "cifar10s": "the published top-2 clamp of CIFAR-10S",
    "one_hot": "1 for the top class, 0 for every other",
}
"""How a soft label is computed from an answer; the docstring of this module states each as a formula."""
ONE_HOT: Procedure = "one_hot"
DEFAULT_PROCEDURE: Procedure = "released"
DEFAULT_REDISTRIBUTION = 0.1


def usual_procedure(asked: Collection[Question]) -> Procedure:
    """Return the default procedure of a study.

    If only a class was asked for, no answer puts any probability on another class.
    """
    return DEFAULT_PROCEDURE if asked else ONE_HOT


@dataclass(frozen=True)
class Answers:
    """Categorical answers of N judgments over K classes.

    Parameters
    ----------
    top_class, second_class
        int64 (N,), labels 0 to K - 1; a second class of -1 means "no alternative".
    top_probability, second_probability
        float64 (N,), 0 to 1; a second probability of NaN means "not given".
    impossible
        bool (N, K), true where the participant ruled the class out.
    """

    top_class: Ints
    top_probability: Floats
    second_class: Ints
    second_probability: Floats
    impossible: Mask


def categorical_answers(table: pa.Table, n_classes: int) -> Answers:
    """Return the answers of a categorical judgment table.

    Parameters
    ----------
    table
        Table with top_class, top_probability, second_class, second_probability and impossible_classes; N rows.
    n_classes
        K.
    """
    return Answers(
        codes(table["top_class"]),
        numbers(table["top_probability"]),
        codes(table["second_class"]),
        numbers(table["second_probability"]),
        membership(table["impossible_classes"], n_classes),
    )


def contradictions(answers: Answers) -> dict[str, Mask]:
    """Find contradictions in answers, parts of which may be missing.

    Parameters
    ----------
    answers
        N judgments over K classes; a top class of -1, or a top probability of NaN, is not known.

    Returns
    -------
    dict
        bool (N,) by fault: "ruled_out_choice" (of a chosen class), "same_class_twice", "probabilities_exceed_one"
        (their sum), and "no_probability" (chosen classes have none, and all others are ruled out).
    """
    rows, top, second = np.arange(len(answers.top_class)), answers.top_class, answers.second_class
    has_top, has_second, impossible = top >= 0, second >= 0, answers.impossible
    given = np.where(has_second, np.nan_to_num(answers.second_probability), 0)
    is_same = has_top & (top == second)
    # Of two probabilities of one class, the second is used.
    is_replaced = is_same & ~np.isnan(answers.second_probability)
    is_nothing = (np.where(is_replaced, 0, answers.top_probability) == 0) & (given == 0)
    return {
        "ruled_out_choice": (has_top & impossible[rows, top]) | (has_second & impossible[rows, second]),
        "same_class_twice": is_same,
        # In hundredths, the unit that people typed: .7 + .2 + .1 in floating point is not 1.
        "probabilities_exceed_one": np.round(100 * (answers.top_probability + given), 6) > 100,
        "no_probability": is_nothing & impossible.all(axis=1),
    }


@dataclass(frozen=True)
class AskedColumn:
    """An answer column that is empty if a study did not ask for it.

    Parameters
    ----------
    questions
        Questions that must have been asked for it to hold anything; an answer shows that the first was asked.
    nothing
        What it holds otherwise: `None` is null.
    """

    questions: tuple[Question, ...]
    nothing: float | tuple[int, ...] | None = None

    def answered(self, values: pa.Array | pa.ChunkedArray) -> Mask:
        """Return which of N values are an answer; bool (N,)."""
        if isinstance(self.nothing, tuple):
            found = pc.greater(pc.list_value_length(values), len(self.nothing))
        elif self.nothing is None:
            found = values.is_valid()
        else:
            found = pc.not_equal(values, self.nothing)
        return as_mask(found)


ASKED_COLUMNS = {
    "top_probability": AskedColumn(("probabilities",), nothing=1.0),
    "second_class": AskedColumn(("second_class",)),
    "second_probability": AskedColumn(("probabilities", "second_class")),
    "impossible_classes": AskedColumn(("impossible_classes",), nothing=()),
}
"""Answer columns other than `top_class`, which every participant is asked for."""


def unasked_columns(asked: Collection[Question]) -> tuple[str, ...]:
    """Return the answer columns that are empty if only these questions were asked."""
    return tuple(name for name, column in ASKED_COLUMNS.items() if not set(column.questions) <= set(asked))


def asked_questions(table: pa.Table) -> tuple[Question, ...]:
    """Return the questions that the answers of a categorical table show to have been asked.

    Parameters
    ----------
    table
        Table with the `ASKED_COLUMNS`; N rows.

    Returns
    -------
    tuple of str
        A question counts as asked if a row answers it; the probabilities, if any is not 1. A question that no row
        answers may still have been asked: if the manifest says so, it takes precedence.
    """
    seen = {column.questions[0] for name, column in ASKED_COLUMNS.items() if column.answered(table[name]).any()}
    return tuple(question for question in QUESTIONS if question in seen)


def check_procedure(procedure: str, redistribution: float) -> None:
    """Check the choice of a procedure.

    Raises
    ------
    ConfigurationError
        If there is no such procedure, or the redistribution is not from 0 to 1.
    """
    if procedure not in PROCEDURES:
        msg = f"there is no soft-label procedure {procedure!r}"
        raise ConfigurationError(msg, hint=nearest(procedure, PROCEDURES, label="procedures"))
    if not 0 <= redistribution <= 1:
        msg = f"the redistribution is a probability from 0 to 1, not {redistribution!r}"
        raise ConfigurationError(msg)


def soft_labels(
    answers: Answers,
    procedure: str = DEFAULT_PROCEDURE,
    redistribution: float = DEFAULT_REDISTRIBUTION,
) -> Floats:
    """Compute soft labels from categorical answers.

    Parameters
    ----------
    answers
        Of N judgments over K classes.
    procedure
        "released", "cifar10s" or "one_hot"; see the docstring of this module.
    redistribution
        Probability for the possible classes if the given ones leave none, 0 to 1; not used by "one_hot".

    Returns
    -------
    numpy.ndarray
        float64 (N, K), probabilities, each row sums to 1.

    Raises
    ------
    ConfigurationError
        If there is no such procedure, or the redistribution is out of range.
    SchemaError
        If an answer leaves no class with any probability.
    """
    check_procedure(procedure, redistribution)
    rows = np.arange(len(answers.top_class))
    given = np.zeros(answers.impossible.shape)
    if procedure == ONE_HOT:
        given[rows, answers.top_class] = 1
        return given
    given[rows, answers.top_class] = answers.top_probability
    second = (answers.second_class >= 0) & ~np.isnan(answers.second_probability)
    given[rows[second], answers.second_class[second]] = answers.second_probability[second]
    return _normalised(_redistribute(given, ~answers.impossible, procedure == "cifar10s", redistribution))


def _redistribute(given: Floats, possible: Mask, published: bool, redistribution: float) -> Floats:
    total = given.sum(axis=1)
    chosen = (given > 0).sum(axis=1)
    unnamed = possible & (given == 0)
    spread_over = possible.sum(axis=1) - chosen
    spread_over = np.where(spread_over < 0, unnamed.sum(axis=1), spread_over)
    rest = np.where(total < 1, 1 - total, redistribution)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = rest / spread_over
        lowered = _lower_published(given, total, rest) if published else _lower_released(given, total, rest / chosen)
    spread = np.where(unnamed, share[:, None], lowered)
    unspread = _normalised_where(given, total >= 1) if published else given
    return np.where((spread_over != 0)[:, None], spread, unspread)


def _lower_released(given: Floats, total: Floats, loss: Floats) -> Floats:
    return np.where((given > 0) & (total > 1)[:, None], np.maximum(given - loss[:, None], 0), given)


def _lower_published(given: Floats, total: Floats, rest: Floats) -> Floats:
    full = total >= 1
    return np.where(full[:, None], _normalised_where(given, full) * (1 - rest)[:, None], given)


def _normalised_where(given: Floats, rows: Mask) -> Floats:
    return np.divide(given, given.sum(axis=1, keepdims=True), out=given.copy(), where=rows[:, None])


def _normalised(label: Floats) -> Floats:
    total = label.sum(axis=1, keepdims=True)
    empty = np.flatnonzero(total[:, 0] <= 0)
    if len(empty):
        msg = "an answer gives no class any probability: chosen classes have 0 and all others are ruled out"
        raise SchemaError(msg, where=Where(row=int(empty[0]), column="soft_label"))
    return label / total
