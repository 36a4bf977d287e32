"""Common parts of the two midpoint tasks: a participant sees all mixtures of a pair and selects the 50/50 one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hmix_hub.schema.arrays import numbers
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.groups import Groups
from hmix_hub.schema.judgment import coefficient
from hmix_hub.tasks.parts import ByStimulus

WALK = np.arange(0, 1.1, 0.1)
"""The eleven coefficients of the midpoint pictures; the fourth is 0.30000000000000004.

Source: pictures of the release, 2739 of 2739 of construct_midpoint."""
SELECTED = coefficient(
    "selected_coefficient", meaning="lambda of the picture that the participant selected as the 50/50 mixture"
)


def _gather(judgments: pa.Table, groups: Groups, n_classes: int) -> dict[str, object]:
    selected = numbers(judgments["selected_coefficient"])
    return {
        "selected_coefficients": groups.lists(judgments["selected_coefficient"]),
        "mean_selected_coefficient": groups.mean(selected),
        "std_selected_coefficient": groups.std(selected),
    }


BY_STIMULUS = ByStimulus(
    columns=(
        coefficient("selected_coefficients", kind=Kind.FLOATS, meaning="each judgment's selected coefficient"),
        coefficient("mean_selected_coefficient", meaning="their mean"),
        Column(
            "std_selected_coefficient",
            Kind.FLOAT64,
            "their population standard deviation",
            "share of image 1",
            0,
            0.5,
        ),
    ),
    core=("pair_id", "mean_selected_coefficient", "std_selected_coefficient", "n_judgments", "n_participants"),
    of=("selected_coefficient",),
    gather=_gather,
    is_configuration=False,
)
FILTERS = {"selected_coefficient": "with this selected lambda"}
STATISTICS = ("agreement",)
PANELS = ("per_stimulus", "coefficients", "response_times", "per_participant", "differences", "flagged")
