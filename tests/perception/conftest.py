"""Judgments for models of perception: those of the release, made ones, and those of people who follow a known model."""

import numpy as np
import pandas as pd
import pytest

import hmix_hub
from hmix_hub.schema import CURRENT

CLASSES = ("ant", "bee", "cow", "elk")
SLOPE = 1.6
EFFECTS = np.array([0.5, 0.1, -0.2, -0.4])
PEOPLE = np.diag([0.05, 0.3])


@pytest.fixture(scope="session")
def released_judgments(release):
    return hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=release)


@pytest.fixture(scope="session")
def judge():
    """Return a dataset of judgments of infer_mixing_factor from arrays; classes are codes, -1 is none."""

    def judgments(coefficient, inferred, pair, participant, *, classes=CLASSES, **columns):
        names = np.array([*classes, None], dtype=object)
        frame = pd.DataFrame(
            {
                "study_id": "made",
                "task": "infer_mixing_factor",
                "participant_id": [f"p{number:03d}" for number in participant],
                "image_1_label": names[np.asarray(pair[0])],
                "image_2_label": names[np.asarray(pair[1])],
                "mixing_coefficient": np.asarray(coefficient, dtype=np.float64),
                "inferred_coefficient": np.asarray(inferred, dtype=np.float64),
                "schema_version": CURRENT,
            }
            | columns
        )
        return hmix_hub.from_pandas(frame, classes=list(classes))

    return judgments


@pytest.fixture(scope="session")
def simulate(judge):
    """Return judgments of people whose slope, class effects and differences are those above; answers are in percent."""

    def judgments(n_people=60, n_each=40, seed=0, answers=101, people=PEOPLE):
        rng = np.random.default_rng(seed)
        n_rows = n_people * n_each
        participant = np.repeat(np.arange(n_people), n_each)
        class_1 = rng.integers(4, size=n_rows)
        class_2 = (class_1 + rng.integers(1, 4, size=n_rows)) % 4
        coefficient = rng.choice([0.1, 0.25, 0.5, 0.75, 0.9], size=n_rows)
        sine = np.sin(np.pi * (coefficient - 0.5))
        own = rng.multivariate_normal(np.zeros(2), people, size=n_people)[participant]
        eta = SLOPE * sine + EFFECTS[class_1] - EFFECTS[class_2] + own[:, 0] + own[:, 1] * sine
        # Thresholds are equally far from each other, from -2 to 2.
        cuts = np.linspace(-2, 2, answers - 1)
        places = np.searchsorted(cuts, eta + rng.standard_normal(n_rows))
        inferred = np.rint(100 * places / (answers - 1)) / 100
        return judge(coefficient, inferred, (class_1, class_2), participant)

    return judgments
