"""Columns common to the judgment tables of all tasks, and their roles.

Source: the four sections of Collins et al., *Human-in-the-Loop Mixup*, UAI 2023, named by the tasks.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.column import Column, Kind

coefficient = partial(Column, kind=Kind.FLOAT64, unit="share of image 1", low=0.0, high=1.0, of_image_1=True)
"""A column of shares of image 1."""
text = partial(Column, kind=Kind.STRING)
recorded = partial(Column, nullable=True, since="2.1.0")
"""A column that the interfaces of the release did not record; null in its judgments."""
observed = partial(Column, nullable=True, since="2.3.0")
"""A column of what the server and the page observe about a participant."""
recorded_coefficients = partial(recorded, kind=Kind.FLOATS, unit="share of image 1", low=0, high=1, of_image_1=True)
recorded_times = partial(recorded, kind=Kind.FLOATS, unit="ms", low=0)

STIMULUS_ID = text("stimulus_id", meaning="the mixed picture: mixed_<coefficient>_<pair_id>")
IMAGE_SET = text("image_set", meaning="ordered collection of pictures that the image indices refer to")
PAIR_ID = text("pair_id", meaning="the two pictures, <Label>_<index> each; only one part for a single picture")
IMAGES = (
    Column("image_1_label", Kind.LABEL, "class of the first picture, whose share is the coefficient"),
    Column("image_2_label", Kind.LABEL, "class of the second picture; null: a single picture", nullable=True),
    Column("image_1_index", Kind.INT32, "index of the first picture in the image set", low=0),
    Column("image_2_index", Kind.INT32, "index of the second picture in the image set", low=0, nullable=True),
)
IMAGE_FILES = tuple(
    text(
        f"image_{number}_file",
        meaning=f"file of the {which} picture as listed in stimuli/images.csv; instead of image_{number}_index",
        nullable=True,
    )
    for number, which in ((1, "first"), (2, "second"))
)
"""Columns that a contributed file may have instead of the indices; a judgment table has the indices."""
MIXING_COEFFICIENT = coefficient(
    "mixing_coefficient", meaning="lambda of the shown picture, lambda * image_1 + (1 - lambda) * image_2"
)
CONFIDENCES = Column(
    "confidences",
    Kind.FLOATS,
    "each judgment's confidence; null: not given",
    low=0,
    high=1,
    has_nullable_items=True,
)
SLIDER_START = 0.5
"""Initial position of every slider."""
SIDES = ("left", "right")
IMAGE_1_SIDE = recorded(
    "image_1_side",
    Kind.STRING,
    "side of the page assigned to image 1: its keys, or its class name",
    choices=SIDES,
    of_image_1=True,
)

JUDGMENT_ID = text("judgment_id", meaning="<study_id>/<task>/<participant_id>/<trial_index>, unique")
BEFORE = (
    JUDGMENT_ID,
    text("study_id", meaning="the study that the judgment belongs to"),
    text("task", meaning="what the participant was asked"),
    text("participant_id", meaning="pseudonym of the participant, as released"),
    text("collection_round", meaning="round of data collection within the study"),
    Column("condition", Kind.INT32, "condition number as released; not a key", nullable=True),
    text("batch_id", meaning="12 hex digits of a hash of the set of stimuli shown to the participant"),
    Column("trial_index", Kind.INT32, "position on the participant's timeline", low=0),
    Column("is_repeat", Kind.BOOL, "whether the trial is an intended repeat"),
    Column("presentation", Kind.INT32, "1 for the first time the participant saw this stimulus, then 2, ...", low=1),
    Column("response_time_ms", Kind.FLOAT64, "from page drawn to submitted", unit="ms", low=0, nullable=True),
    observed(
        "server_elapsed_ms",
        Kind.FLOAT64,
        "server time from when the participant's first trial could start to receipt of this answer; null: the server "
        "was restarted meanwhile",
        unit="ms",
        low=0,
    ),
    observed("focus_losses", Kind.INT32, "how often the page lost focus during the trial", low=0),
    observed("focus_lost_ms", Kind.FLOAT64, "how long the page was without focus in total", unit="ms", low=0),
    IMAGE_SET,
    PAIR_ID,
    *IMAGES,
)
"""Columns before the task's own, in every judgment table of participants."""
OF_PARTICIPANTS = frozenset(
    {
        "participant_id",
        "condition",
        "batch_id",
        "trial_index",
        "is_repeat",
        "presentation",
        "response_time_ms",
        "server_elapsed_ms",
        "focus_losses",
        "focus_lost_ms",
    }
)
"""Columns about who judged, and when; absent from tables that pool their participants."""
BEFORE_WITHOUT_PARTICIPANTS = (
    replace(JUDGMENT_ID, meaning="<study_id>/<task>/<the stimulus>, unique"),
    *(column for column in BEFORE[1:] if column.name not in OF_PARTICIPANTS),
)
"""Columns before the task's own, in every table that pools its participants."""
AFTER = (
    Column("flags", Kind.STRINGS, "quality flags of the row"),
    text("source_file", meaning="file that the row was read from"),
    Column("source_row", Kind.INT32, "0-based data row of that file", low=0),
    text("schema_version", meaning="version of the schema that the row follows"),
)
"""Columns after the task's own."""

COUNTS = (
    Column("n_judgments", Kind.INT32, "judgments of this stimulus, repeats included", low=1),
    Column("n_participants", Kind.INT32, "number of participants among them", low=1),
)
"""Columns of every by-stimulus table."""
COUNTS_WITHOUT_PARTICIPANTS = (replace(COUNTS[0], meaning="rows of this stimulus, one per study"),)
"""Columns of every by-stimulus table of rows that pool their participants."""
N_SYNTHETIC = Column("n_synthetic", Kind.INT32, "judgments of this stimulus made by a program", low=0)
"""Last column of by-stimulus tables with judgments made by a program; these tables have no flags to say so."""

EXTRA_PREFIX = "x_"
"""Prefix of a study's own columns, which are kept as they are."""
OPTIONAL_ALWAYS = ("is_repeat", "condition", "collection_round", "image_set", "source_file", "source_row")
"""Observed columns of every task that a contributed file may leave out.

Defaults: no repeats, no condition, round "1", the study's image set, the file itself and its row.
"""
COMPUTED_ALWAYS = frozenset(
    {
        "judgment_id",
        "study_id",
        "task",
        "batch_id",
        "presentation",
        "pair_id",
        "stimulus_id",
        "flags",
        "schema_version",
    }
)
"""Columns of every task that are computed from the observed ones."""

SYNTHETIC_FLAG = "synthetic"
"""The flag that a study sets for all of its rows or none; it survives joins, filters and files."""


def has_flag(flags: pa.ChunkedArray | pa.Array, name: str) -> npt.NDArray[np.bool_]:
    """Return which of N rows have a flag; bool (N,).

    Parameters
    ----------
    flags
        The column `flags`: N lists of names.
    name
        Name of the flag.
    """
    mask = np.zeros(len(flags), dtype=bool)
    rows = pc.list_parent_indices(flags).filter(pc.equal(pc.list_flatten(flags), name))
    mask[rows.to_numpy()] = True
    return mask
