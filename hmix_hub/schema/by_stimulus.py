"""Columns of the by-stimulus tables: all judgments of one stimulus in one row, lists in the order of the table."""

from __future__ import annotations

from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.tasks import (
    CATEGORICAL,
    CONSTRUCT,
    IMAGE_SET,
    IMAGES,
    INFER,
    MIXING_COEFFICIENT,
    PAIR_ID,
    SELECT,
    STIMULUS_ID,
)

_COUNTS = (
    Column("n_judgments", Kind.INT32, "judgments of this stimulus, repeats included", low=1),
    Column("n_participants", Kind.INT32, "different people among them", low=1),
)
_MIXTURE = (STIMULUS_ID, IMAGE_SET, PAIR_ID, *IMAGES, MIXING_COEFFICIENT, *_COUNTS)
_SHARE = "share of image 1"

_MIDPOINT = (
    PAIR_ID,
    IMAGE_SET,
    *IMAGES,
    *_COUNTS,
    Column("selected_coefficients", Kind.FLOATS, "each judgment's selected coefficient", _SHARE, 0, 1),
    Column("mean_selected_coefficient", Kind.FLOAT64, "their mean", _SHARE, 0, 1),
    Column("std_selected_coefficient", Kind.FLOAT64, "their population standard deviation", _SHARE, 0, 0.5),
)

BY_STIMULUS_COLUMNS: dict[str, tuple[Column, ...]] = {
    CONSTRUCT: _MIDPOINT,
    SELECT: _MIDPOINT,
    INFER: (
        *_MIXTURE,
        Column("inferred_coefficients", Kind.FLOATS, "each judgment's inferred coefficient", _SHARE, 0, 1),
        Column("confidences", Kind.FLOATS, "each judgment's confidence, null where not given", "", 0, 1),
        Column("mean_inferred_coefficient", Kind.FLOAT64, "mean of the inferred coefficients", _SHARE, 0, 1),
        Column("std_inferred_coefficient", Kind.FLOAT64, "their population standard deviation", _SHARE, 0, 0.5),
        Column("relabel_difference", Kind.FLOAT64, "shown coefficient minus mean inferred one", _SHARE, -1, 1),
        Column(
            "confidence_weighted_coefficient",
            Kind.FLOAT64,
            "mean of the inferred coefficients weighted by confidence; null: all confidences are 0 or not given",
            _SHARE,
            0,
            1,
            nullable=True,
        ),
        Column(
            "released_weighted_relabel",
            Kind.FLOAT64,
            "the release's figure, mean(inferred * confidence): not normalised, so biased towards 0; "
            "null: a confidence was not given",
            "",
            0,
            1,
            nullable=True,
        ),
    ),
    CATEGORICAL: (
        *_MIXTURE,
        Column("soft_labels", Kind.DISTRIBUTIONS, "each judgment's soft label", "probability", 0, 1),
        Column("mean_soft_label", Kind.DISTRIBUTION, "their mean", "probability", 0, 1),
    ),
}
"""Columns of the by-stimulus table by task."""

N_SYNTHETIC = Column("n_synthetic", Kind.INT32, "judgments of this stimulus that a program made", low=0)
"""Stands last where a program made judgments, and nowhere else: a by-stimulus table has no flags that could say so."""


def by_stimulus_columns(task: str, *, is_synthetic: bool = False) -> tuple[Column, ...]:
    """Return the columns of a task's by-stimulus table.

    Parameters
    ----------
    task
        Name of the task.
    is_synthetic
        Whether a program made any of the judgments.
    """
    return (*BY_STIMULUS_COLUMNS[task], *([N_SYNTHETIC] if is_synthetic else []))
