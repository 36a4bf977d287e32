"""Soft labels of datasets: `hmix_hub.soft_labels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.errors import SchemaError, Where
from hmix_hub.judgments.answers import categorical_answers, matrix
from hmix_hub.judgments.soft_labels import DEFAULT_PROCEDURE, DEFAULT_REDISTRIBUTION, Answers
from hmix_hub.judgments.soft_labels import soft_labels as compute
from hmix_hub.schema import CATEGORICAL
from hmix_hub.tables import arrow_columns, check_dataset_type, unique_values, vocabulary_of

if TYPE_CHECKING:
    import datasets
    import numpy.typing as npt

_ANSWERS = ["top_class", "top_probability", "second_class", "second_probability", "impossible_classes"]


def soft_labels(
    dataset: datasets.Dataset,
    procedure: str = DEFAULT_PROCEDURE,
    redistribution: float = DEFAULT_REDISTRIBUTION,
) -> npt.NDArray[np.float64]:
    """Compute soft labels from the raw categorical answers, by a procedure of your choice.

    Parameters
    ----------
    dataset
        Categorical judgments, N rows.
    procedure
        "released": as `hmix_individ_soft_labels.json` was made, which is the column `soft_label`. "cifar10s": the
        published top-2 clamp of CIFAR-10S, which differs for some answers whose probabilities reach 1.
        `hmix_hub.judgments.soft_labels` states both as formulas.
    redistribution
        Probability, 0 to 1, that goes to the classes not ruled out when the given ones leave nothing over.

    Returns
    -------
    numpy.ndarray
        float64 (N, K), probabilities, each row sums to 1; the classes in the order of the dataset's labels.

    Raises
    ------
    ConfigurationError
        If there is no such procedure, or the redistribution is out of range.
    SchemaError
        If the dataset does not hold categorical answers, or joins studies that offered different classes.
    """
    check_dataset_type(dataset)
    missing = [name for name in _ANSWERS if name not in dataset.column_names]
    if missing:
        msg = f"the dataset has no columns {', '.join(missing)}"
        raise SchemaError(msg, hint=f"soft labels follow from the answers of {CATEGORICAL}")
    answers = categorical_answers(arrow_columns(dataset, _ANSWERS), len(vocabulary_of(dataset)))
    _check_offered(dataset, answers)
    return compute(answers, procedure, redistribution)


def _check_offered(dataset: datasets.Dataset, answers: Answers) -> None:
    """Check, where studies are joined, that each offered every class: stored labels then follow from the answers."""
    if not {"soft_label", "study_id"} <= set(dataset.column_names) or len(unique_values(dataset, "study_id")) < 2:
        return
    stored = matrix(arrow_columns(dataset, ["soft_label"])["soft_label"])
    differing = np.flatnonzero(~np.isclose(compute(answers), stored).all(axis=1))
    if len(differing):
        msg = "the stored soft label does not follow from the answer over all classes of the dataset"
        raise SchemaError(
            msg,
            where=Where(row=int(differing[0]), column="soft_label"),
            hint="in joined studies, some people were not offered some classes: compute before you join",
        )
