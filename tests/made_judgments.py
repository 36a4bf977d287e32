"""Judgments of infer_mixing_factor made by a known rule, for findings about them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hmix_hub.findings.judgments import Judgments, Place
from hmix_hub.schema import Vocabulary
from hmix_hub.tasks import INFER

LEVELS = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
CLASSES = ("ant", "bee", "cow", "doe", "elk")


def judgments_of(
    people, stimuli, shown, inferred, *, confidence=None, labels=None, presentation=None, seed=0, resamples=400
):
    """Return judgments of numbered people and stimuli; arrays of N values, labels (N, 2)."""
    n = len(people)
    presentation = np.ones(n, dtype=int) if presentation is None else presentation
    labels = np.tile([0, 1], (n, 1)) if labels is None else labels
    table = pa.table(
        {
            "judgment_id": [f"made/{row}" for row in range(n)],
            "study_id": ["made"] * n,
            "participant_id": [f"p{person:04d}" for person in people],
            "is_repeat": presentation > 1,
            "presentation": pa.array(presentation, pa.int32()),
            "image_set": ["made/set"] * n,
            "pair_id": [f"pair{stimulus}" for stimulus in stimuli],
            "image_1_label": pa.array(labels[:, 0], pa.int64()),
            "image_2_label": pa.array(labels[:, 1], pa.int64()),
            "flags": pa.array([[]] * n, pa.list_(pa.string())),
            "source_file": ["made.csv"] * n,
            "source_row": pa.array(np.arange(n), pa.int32()),
            "stimulus_id": [f"s{stimulus}" for stimulus in stimuli],
            "mixing_coefficient": np.asarray(shown, dtype=np.float64),
            "inferred_coefficient": np.asarray(inferred, dtype=np.float64),
            "confidence": np.full(n, 0.5) if confidence is None else confidence,
        }
    )
    zeros = np.zeros(n, dtype=np.int64)
    place = (Place("made", "made.csv", None),)
    return Judgments(INFER, table, Vocabulary(CLASSES), place, zeros, np.arange(n), seed, resamples)


def design(n_people, per_batch=3, trials=20):
    """Return people and stimuli of N first answers: batches of people who judge the same stimuli."""
    people = np.repeat(np.arange(n_people), trials)
    stimuli = people // per_batch * trials + np.tile(np.arange(trials), n_people)
    return people, stimuli
