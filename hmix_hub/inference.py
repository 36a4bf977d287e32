"""Soft labels of datasets: `hmix_hub.soft_labels`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmix_hub.errors import SchemaError
from hmix_hub.judgments.answers import categorical_answers
from hmix_hub.judgments.soft_labels import DEFAULT_PROCEDURE, DEFAULT_REDISTRIBUTION
from hmix_hub.judgments.soft_labels import soft_labels as compute
from hmix_hub.schema import CATEGORICAL
from hmix_hub.tables import arrow_columns, check_dataset_type, vocabulary_of

if TYPE_CHECKING:
    import datasets
    import numpy as np
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
        If the dataset does not hold categorical answers.
    """
    check_dataset_type(dataset)
    missing = [name for name in _ANSWERS if name not in dataset.column_names]
    if missing:
        msg = f"the dataset has no columns {', '.join(missing)}"
        raise SchemaError(msg, hint=f"soft labels follow from the answers of {CATEGORICAL}")
    answers = categorical_answers(arrow_columns(dataset, _ANSWERS), len(vocabulary_of(dataset)))
    return compute(answers, procedure, redistribution)
