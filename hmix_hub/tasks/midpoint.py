"""What the two midpoint tasks share: a participant sees all mixtures of a pair and takes one as the 50/50 one."""

from __future__ import annotations

import numpy as np

from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.judgment import coefficient

WALK = np.arange(0, 1.1, 0.1)
"""The eleven coefficients that the midpoint pictures were drawn with; the fourth is 0.30000000000000004.

Source: pictures of the release, 2739 of 2739 of construct_midpoint."""
SELECTED = coefficient("selected_coefficient", meaning="lambda of the picture that the person took as the 50/50 one")
BY_STIMULUS = (
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
)
CORE_BY_STIMULUS = (
    "pair_id",
    "mean_selected_coefficient",
    "std_selected_coefficient",
    "n_judgments",
    "n_participants",
)
