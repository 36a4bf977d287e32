"""The task scale_rating: a participant rates one picture or mixture on a named scale between two ends."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.schema.arrays import numbers
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.groups import Groups
from hmix_hub.schema.judgment import recorded, recorded_times
from hmix_hub.tasks.flags import OBSERVED, REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC, Flag, is_untouched
from hmix_hub.tasks.parts import ByStimulus, ExampleTrial, Path, example_share
from hmix_hub.tasks.task import Task

_place = partial(Column, kind=Kind.FLOAT64, unit="0 the low end, 1 the high end", low=0, high=1)
SCALE = "scale"
"""The facet: the scale of the study on which a rating was given."""
_EXAMPLE_SCALES = ("likeness", "beauty")
_EXAMPLE_STEPS = 7
"""Steps of the first of them; the second is continuous."""


UNTOUCHED_RATING = Flag(
    "untouched_rating",
    "the scale was not touched, so the rating is its initial position",
    partial(is_untouched, "rating_touched"),
)


def _gather(judgments: pa.Table, groups: Groups, n_classes: int) -> dict[str, object]:
    ratings = numbers(judgments["rating"])
    return {
        "ratings": groups.lists(judgments["rating"]),
        "mean_rating": groups.mean(ratings),
        "median_rating": groups.median(ratings),
        "std_rating": groups.std(ratings),
    }


def _example(trial: ExampleTrial, rng: np.random.Generator) -> dict[str, Any]:
    # The last trial repeats the stimulus of the third, on the same scale.
    scale = _EXAMPLE_SCALES[trial.number % 3 % 2]
    rating = example_share(trial.share + rng.normal(0, 0.12))
    if scale == _EXAMPLE_SCALES[0]:
        rating = round(rating * (_EXAMPLE_STEPS - 1)) / (_EXAMPLE_STEPS - 1)
    return {"scale": scale, "rating": rating}


EXAMPLE_MANIFEST = """\
scales:
  - name: likeness
    question: How much does it look like its first class?
    low: not at all
    high: entirely
    steps: 7
  - name: beauty
    question: How beautiful is it?
    low: ugly
    high: beautiful
"""

TASK = Task(
    name="scale_rating",
    question="rates one picture or mixture on a scale between two ends",
    since="2.2.0",
    shows="mixture",
    answer_columns=(
        Column(SCALE, Kind.STRING, "name of the scale; the study describes its ends"),
        _place("rating", meaning="position on the scale"),
        recorded(
            "rating_touched",
            Kind.BOOL,
            "whether the scale was touched, so that the rating is deliberate",
            since="2.2.0",
        ),
        recorded(
            "rating_path",
            Kind.FLOATS,
            "every position chosen on the scale, in order; the last is the rating",
            "0 the low end, 1 the high end",
            0,
            1,
            since="2.2.0",
        ),
        recorded_times("rating_path_times_ms", meaning="when each was chosen, from page drawn", since="2.2.0"),
    ),
    answer=("rating",),
    facets=(SCALE,),
    answered="rating",
    core=("stimulus_id", "mixing_coefficient", "scale", "rating", "participant_id", "response_time_ms", "flags"),
    flags=(UNTOUCHED_RATING, REPEATED_IN_BATCH, STRAIGHTLINING, *OBSERVED, SYNTHETIC),
    by_stimulus=ByStimulus(
        columns=(
            _place("ratings", kind=Kind.FLOATS, meaning="each judgment's rating"),
            _place("mean_rating", meaning="their mean"),
            _place("median_rating", meaning="their median"),
            Column("std_rating", Kind.FLOAT64, "their population standard deviation", "length of the scale", 0, 0.5),
        ),
        core=(
            "stimulus_id",
            "mixing_coefficient",
            "scale",
            "mean_rating",
            "std_rating",
            "n_judgments",
            "n_participants",
        ),
        of=("rating",),
        gather=_gather,
    ),
    statistics=("agreement", "ratings"),
    panels=("per_stimulus", "ratings", "response_times", "reliability", "differences", "flagged"),
    plot="ratings",
    target="rating",
    filters={"scale": "on any of these scales", "rating": "with this rating, from 0 (the low end) to 1 (the high end)"},
    example=_example,
    example_manifest=EXAMPLE_MANIFEST,
    optional=(SCALE,),
    paths=(Path("rating_path", "rating_path_times_ms", "rating", touched="rating_touched", rests=None),),
)
