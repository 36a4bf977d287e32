"""Predictions of the perceptual model for the stimuli of an explorer."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hmix_hub.errors import PerceptionError, PerceptionWarning
from hmix_hub.explorer.asked import ShownTask
from hmix_hub.perception.model import PerceptualModel
from hmix_hub.schema import Vocabulary

LEVEL = 0.9
"""Nominal coverage of the intervals."""
MOST_FITTED = 100_000
"""Maximum number of judgments to which a model is fitted while the explorer is written."""


@dataclass(frozen=True, eq=False)
class ShownModel:
    """A model and its description on the page."""

    model: PerceptualModel
    title: str


def model_for(task: ShownTask, path: str | os.PathLike[str] | None) -> tuple[ShownModel | None, str]:
    """Return the model whose predictions are shown, and a sentence for the page if there is none.

    Parameters
    ----------
    task
        Judgments of infer_mixing_factor.
    path
        A file written by `PerceptualModel.save`; `None`: fit a model to the judgments, if there are at most
        `MOST_FITTED`.

    Raises
    ------
    PerceptionError
        If the file is not a model.
    """
    if path is not None:
        model = PerceptualModel.load(path)
        return ShownModel(model, f"fitted to {model.n_judgments:,} judgments elsewhere"), ""
    if len(task.dataset) > MOST_FITTED:
        return None, f"With more than {MOST_FITTED:,} judgments, no model is fitted; --model shows one that was saved."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PerceptionWarning)
            return ShownModel(PerceptualModel.fit(task.dataset), "fitted to these judgments"), ""
    except PerceptionError as error:
        return None, f"No model was fitted to these judgments: {error.message}."


def prediction_columns(shown: ShownModel, stimuli: dict[str, pa.Array], classes: Vocabulary) -> dict[str, pa.Array]:
    """Return mean and interval of a new participant's answers to S stimuli; NaN for classes unknown to the model."""
    of_model = np.array(classes.codes_in(Vocabulary(shown.model.classes)), dtype=np.int64)
    one, two = (stimuli[f"image_{i}_label"].to_numpy() for i in (1, 2))
    first, second = of_model[one], np.where(two >= 0, of_model[two], -1)
    known = np.flatnonzero((first >= 0) & (second >= 0))
    found = np.full((3, len(one)), np.nan)
    if len(known):
        coefficient = stimuli["mixing_coefficient"].to_numpy()[known]
        made = shown.model.predict(coefficient, first[known], second[known], level=LEVEL)
        found[:, known] = made.mean, made.low, made.high
    return {f"prediction{end}": pa.array(row) for end, row in zip(("", "_low", "_high"), found, strict=True)}
