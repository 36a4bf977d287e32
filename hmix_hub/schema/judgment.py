"""What is true of every judgment, whatever its task: the columns that all judgment tables have, and their roles.

Source: the four sections of Collins et al., *Human-in-the-Loop Mixup*, UAI 2023, that the tasks name.
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
"""A column that came with what the interfaces of the release did not record; null in its judgments."""
observed = partial(Column, nullable=True, since="2.3.0")
"""A column that came with what the server and the page observe of a person at work."""
recorded_coefficients = partial(recorded, kind=Kind.FLOATS, unit="share of image 1", low=0, high=1, of_image_1=True)
recorded_times = partial(recorded, kind=Kind.FLOATS, unit="ms", low=0)

STIMULUS_ID = text("stimulus_id", meaning="the mixed picture: mixed_<coefficient>_<pair_id>")
IMAGE_SET = text("image_set", meaning="ordered collection of pictures that the image indices count in")
PAIR_ID = text("pair_id", meaning="the two pictures, <Label>_<index> each; a single picture has one such part")
IMAGES = (
    Column("image_1_label", Kind.LABEL, "class of the first picture, the one that the coefficient is the share of"),
    Column("image_2_label", Kind.LABEL, "class of the second picture; null: a single picture", nullable=True),
    Column("image_1_index", Kind.INT32, "row of the first picture in the image set", low=0),
    Column("image_2_index", Kind.INT32, "row of the second picture in the image set", low=0, nullable=True),
)
IMAGE_FILES = tuple(
    text(
        f"image_{number}_file",
        meaning=f"file of the {which} picture as stimuli/images.csv lists it; in place of image_{number}_index",
        nullable=True,
    )
    for number, which in ((1, "first"), (2, "second"))
)
"""Columns that a contributed file may have in place of the indices; a judgment table holds the indices."""
MIXING_COEFFICIENT = coefficient(
    "mixing_coefficient", meaning="lambda of the shown picture, lambda * image_1 + (1 - lambda) * image_2"
)
CONFIDENCES = Column(
    "confidences",
    Kind.FLOATS,
    "each judgment's confidence, null where not given",
    low=0,
    high=1,
    has_nullable_items=True,
)
SLIDER_START = 0.5
"""Where every slider stands until it is touched."""
SIDES = ("left", "right")
IMAGE_1_SIDE = recorded(
    "image_1_side",
    Kind.STRING,
    "side of the page that stood for image 1: its keys, or its class name",
    choices=SIDES,
    of_image_1=True,
)

JUDGMENT_ID = text("judgment_id", meaning="<study_id>/<task>/<participant_id>/<trial_index>, unique")
BEFORE = (
    JUDGMENT_ID,
    text("study_id", meaning="the study that the judgment belongs to"),
    text("task", meaning="what the person was asked"),
    text("participant_id", meaning="pseudonym of the person, as released"),
    text("collection_round", meaning="round of data collection within the study"),
    Column("condition", Kind.INT32, "condition number as released; the key of nothing", nullable=True),
    text("batch_id", meaning="12 hex digits of a hash of the set of stimuli that the person was given"),
    Column("trial_index", Kind.INT32, "place on the person's timeline", low=0),
    Column("is_repeat", Kind.BOOL, "whether the trial was shown again on purpose"),
    Column("presentation", Kind.INT32, "1 the first time that this person saw this stimulus, then 2, ...", low=1),
    Column("response_time_ms", Kind.FLOAT64, "from page drawn to submitted", unit="ms", low=0, nullable=True),
    observed(
        "server_elapsed_ms",
        Kind.FLOAT64,
        "from when the person's first trial was possible to when the server had this answer, by its clock; null where "
        "it was restarted meanwhile",
        unit="ms",
        low=0,
    ),
    observed("focus_losses", Kind.INT32, "how often the page lost the focus during the trial", low=0),
    observed("focus_lost_ms", Kind.FLOAT64, "how long it was without the focus in all", unit="ms", low=0),
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
"""Columns that say who judged, and when; a table that pools its participants has none of them."""
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
    Column("n_participants", Kind.INT32, "different people among them", low=1),
)
"""Columns of every by-stimulus table."""
COUNTS_WITHOUT_PARTICIPANTS = (replace(COUNTS[0], meaning="rows of this stimulus, one of each study"),)
"""Columns of every by-stimulus table of rows that pool their participants."""
N_SYNTHETIC = Column("n_synthetic", Kind.INT32, "judgments of this stimulus that a program made", low=0)
"""Stands last where a program made judgments, and nowhere else: a by-stimulus table has no flags that could say so."""

EXTRA_PREFIX = "x_"
"""Columns of a study's own begin so; they are kept as they are."""
OPTIONAL_ALWAYS = ("is_repeat", "condition", "collection_round", "image_set", "source_file", "source_row")
"""Observed columns of every task that a contributed file may leave out: no repeats, no condition, round "1", the
study's image set, the file itself and its row."""
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
"""Columns of every task that follow from the observed ones."""

SYNTHETIC_FLAG = "synthetic"
"""The flag that a study assigns to all of its rows or to none; it survives joins, filters and files."""


def has_flag(flags: pa.ChunkedArray | pa.Array, name: str) -> npt.NDArray[np.bool_]:
    """Return which of N rows carry a flag; bool (N,).

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
