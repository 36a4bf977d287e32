"""The released interfaces' own names: what schema 1.0.0 calls tasks, answers and choices."""

from __future__ import annotations

from dataclasses import dataclass

from hmix_hub.schema.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

REPEAT_PREFIX = "rerun_"
NO_ALTERNATIVE = "No"
TOP_PREFIX, SECOND_PREFIX, IMPOSSIBLE_PREFIX = "mostProb", "secondProb", "improbClassSelect"
SELECT_PREFIX = "select"
QUESTION_ORDER = "[0,1]"
PICTURE_SUFFIX = ".png"
FULL_SCALE = 100
"""Sliders and typed percentages run from 0 to 100."""


@dataclass(frozen=True)
class Trial:
    """How the released interface names a judgment trial.

    Parameters
    ----------
    trial_type
        jsPsych plugin; only rows of it are judgments.
    task
        Name in the column `task`; repeats have `REPEAT_PREFIX` before it.
    """

    trial_type: str
    task: str


TRIALS = {
    CONSTRUCT: Trial("reconstruction", "select_create"),
    SELECT: Trial("survey-html-form", "select_shuffled"),
    INFER: Trial("multiple-slider", "rate_mixture"),
    CATEGORICAL: Trial("survey-html-form", "spec_conf"),
}
