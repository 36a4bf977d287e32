"""Soft labels of datasets: `hmix_hub.soft_labels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.judgments.answers import categorical_answers, matrix
from hmix_hub.judgments.soft_labels import DEFAULT_REDISTRIBUTION, Answers, check_procedure
from hmix_hub.judgments.soft_labels import soft_labels as compute
from hmix_hub.schema import CATEGORICAL
from hmix_hub.schema.questions import ONE_HOT, PROCEDURES
from hmix_hub.tables import arrow_columns, check_dataset_type, unique_values, vocabulary_of

if TYPE_CHECKING:
    import datasets
    import numpy.typing as npt

_ANSWERS = ["top_class", "top_probability", "second_class", "second_probability", "impossible_classes"]
_STORED = "soft_label"


def soft_labels(
    dataset: datasets.Dataset,
    procedure: str | None = None,
    redistribution: float = DEFAULT_REDISTRIBUTION,
) -> npt.NDArray[np.float64]:
    """Return the soft labels of categorical judgments: the study's own, or computed by a procedure of your choice.

    Parameters
    ----------
    dataset
        Categorical judgments, N rows.
    procedure
        `None`: the study's own labels, the column `soft_label`, which by-stimulus tables, targets and figures follow.
        "released": as `hmix_individ_soft_labels.json` was made, which is H-Mix's own. "cifar10s": the published top-2
        clamp of CIFAR-10S, which differs for some answers whose probabilities reach 1. "one_hot": all probability on
        the top class. `hmix_hub.judgments.soft_labels` states them as formulas.
    redistribution
        Probability, 0 to 1, that "released" and "cifar10s" give to the classes not ruled out when the given ones leave
        nothing over.

    Returns
    -------
    numpy.ndarray
        float64 (N, K), probabilities, each row sums to 1; the classes in the order of the dataset's labels.

    Raises
    ------
    ConfigurationError
        If there is no such procedure, the redistribution is out of range, or one is given without a procedure.
    SchemaError
        If the dataset does not hold categorical answers, or joins studies that offered different classes.
    """
    dataset = in_one_order(check_dataset_type(dataset))
    if procedure is None:
        if redistribution != DEFAULT_REDISTRIBUTION:
            msg = "a redistribution is part of a procedure, and none is named"
            raise ConfigurationError(msg, hint=f"name one of {', '.join(PROCEDURES)}")
        _check_columns(dataset, [_STORED])
        return matrix(arrow_columns(dataset, [_STORED])[_STORED])
    check_procedure(procedure, redistribution)
    _check_columns(dataset, _ANSWERS)
    answers = categorical_answers(arrow_columns(dataset, _ANSWERS), len(vocabulary_of(dataset)))
    if procedure != ONE_HOT:
        _check_offered(dataset, answers)
    return compute(answers, procedure, redistribution)


def _check_columns(dataset: datasets.Dataset, names: list[str]) -> None:
    missing = [name for name in names if name not in dataset.column_names]
    if missing:
        msg = f"the dataset has no columns {', '.join(missing)}"
        raise SchemaError(msg, hint=f"soft labels follow from the answers of {CATEGORICAL}")


def _check_offered(dataset: datasets.Dataset, answers: Answers) -> None:
    """Check, where studies are joined, that each offered every class: stored labels then follow from the answers.

    A label that is one-hot does not tell which other classes were offered, unless they were all ruled out.
    """
    if not {_STORED, "study_id"} <= set(dataset.column_names) or len(unique_values(dataset, "study_id")) < 2:
        return
    stored = matrix(arrow_columns(dataset, [_STORED])[_STORED])
    follows = [np.isclose(compute(answers, name), stored).all(axis=1) for name in PROCEDURES if name != ONE_HOT]
    differing = np.flatnonzero(~np.any(follows, axis=0))
    if len(differing):
        msg = "the stored soft label does not follow from the answer over all classes of the dataset"
        raise SchemaError(
            msg,
            where=Where(row=int(differing[0]), column=_STORED),
            hint="in joined studies, some people were not offered some classes: compute before you join",
        )
