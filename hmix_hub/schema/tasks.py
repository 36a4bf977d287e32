"""The four tasks and the judgment table: one row per answer of one person.

Source: the four sections of Collins et al., *Human-in-the-Loop Mixup*, UAI 2023, that each task names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from hmix_hub.schema.column import Column, Kind

CONSTRUCT = "construct_midpoint"
SELECT = "select_shuffled_midpoint"
INFER = "infer_mixing_factor"
CATEGORICAL = "categorical_soft_labels"

_coefficient = partial(Column, kind=Kind.FLOAT64, unit="share of image 1", low=0.0, high=1.0)
_text = partial(Column, kind=Kind.STRING)

STIMULUS_ID = _text("stimulus_id", meaning="the mixed picture: mixed_<coefficient>_<pair_id>")
IMAGE_SET = _text("image_set", meaning="ordered collection of pictures that the image indices count in")
PAIR_ID = _text("pair_id", meaning="the two pictures, <Label>_<index> each; a single picture has one such part")
IMAGES = (
    Column("image_1_label", Kind.LABEL, "class of the first picture, the one that the coefficient is the share of"),
    Column("image_2_label", Kind.LABEL, "class of the second picture; null: a single picture", nullable=True),
    Column("image_1_index", Kind.INT32, "row of the first picture in the image set", low=0),
    Column("image_2_index", Kind.INT32, "row of the second picture in the image set", low=0, nullable=True),
)

MIXING_COEFFICIENT = _coefficient(
    "mixing_coefficient", meaning="lambda of the shown picture, lambda * image_1 + (1 - lambda) * image_2"
)
_SELECTED = _coefficient("selected_coefficient", meaning="lambda of the picture that the person took as the 50/50 one")

RECORDED = "2.1.0"
"""Version that came with what the interfaces of the release did not record; null in its judgments."""
_path = partial(Column, kind=Kind.FLOATS, low=0, nullable=True, since=RECORDED)
_coefficients = partial(_path, unit="share of image 1", high=1)
_times = partial(_path, unit="ms")
_was_touched = partial(Column, kind=Kind.BOOL, nullable=True, since=RECORDED)

SIDES = ("left", "right")
_IMAGE_1_SIDE = Column(
    "image_1_side",
    Kind.STRING,
    "side of the page that stood for image 1: its keys, or its class name",
    nullable=True,
    choices=SIDES,
    since=RECORDED,
)

_BEFORE = (
    Column("judgment_id", Kind.STRING, "<study_id>/<task>/<participant_id>/<trial_index>, unique"),
    _text("study_id", meaning="the study that the judgment belongs to"),
    _text("task", meaning="what the person was asked"),
    _text("participant_id", meaning="pseudonym of the person, as released"),
    _text("collection_round", meaning="round of data collection within the study"),
    Column("condition", Kind.INT32, "condition number as released; the key of nothing", nullable=True),
    _text("batch_id", meaning="12 hex digits of a hash of the set of stimuli that the person was given"),
    Column("trial_index", Kind.INT32, "place on the person's timeline", low=0),
    Column("is_repeat", Kind.BOOL, "whether the trial was shown again on purpose"),
    Column("presentation", Kind.INT32, "1 the first time that this person saw this stimulus, then 2, ...", low=1),
    Column("response_time_ms", Kind.FLOAT64, "from page drawn to submitted", unit="ms", low=0, nullable=True),
    IMAGE_SET,
    PAIR_ID,
    *IMAGES,
)
_AFTER = (
    Column("flags", Kind.STRINGS, "quality flags of the row"),
    _text("source_file", meaning="file that the row was read from"),
    Column("source_row", Kind.INT32, "0-based data row of that file", low=0),
    _text("schema_version", meaning="version of the schema that the row follows"),
)


@dataclass(frozen=True)
class Task:
    """A task: what a person was asked about mixed pictures.

    Parameters
    ----------
    name
        Its name, and that of its configuration.
    section
        Section of the paper that describes it.
    question
        What the person did, in a sentence.
    answer_columns
        The task's own columns.
    """

    name: str
    section: str
    question: str
    answer_columns: tuple[Column, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns of the task's judgment table, in order."""
        return (*_BEFORE, *self.answer_columns, *_AFTER)

    @property
    def stimulus_column(self) -> str:
        """Column that names the stimulus: the pair, where the person saw all its mixtures."""
        return "stimulus_id" if STIMULUS_ID in self.answer_columns else "pair_id"


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            CONSTRUCT,
            "3",
            "moves the coefficient in steps of one tenth until the mixture looks like the 50/50 one",
            (
                _coefficient("start_coefficient", meaning="lambda of the picture that was shown first"),
                _SELECTED,
                _IMAGE_1_SIDE,
                _coefficients(
                    "path_coefficients",
                    meaning="lambda of every picture on the screen, in order: first the start, last the selected one",
                ),
                _times("path_times_ms", meaning="when each of them appeared, from page drawn; the first at 0"),
            ),
        ),
        Task(
            SELECT,
            "3",
            "chooses, among the eleven mixtures of a pair in shuffled order, the one that looks like the 50/50 one",
            (
                _SELECTED,
                _coefficients(
                    "grid_coefficients", meaning="lambda of the pictures in the grid, row by row from the top left"
                ),
            ),
        ),
        Task(
            INFER,
            "4 and 5",
            "infers the coefficient of one mixture with a slider between its two class names, and says how confident",
            (
                STIMULUS_ID,
                MIXING_COEFFICIENT,
                _coefficient("inferred_coefficient", meaning="lambda that the person inferred"),
                Column(
                    "confidence",
                    Kind.FLOAT64,
                    "how sure the person was",
                    unit="0 not at all, 1 fully",
                    low=0,
                    high=1,
                    nullable=True,
                ),
                _IMAGE_1_SIDE,
                _was_touched(
                    "inferred_touched", meaning="whether the slider was moved or pressed, so that 50 is meant"
                ),
                _was_touched("confidence_touched", meaning="whether the slider of confidence was"),
                _coefficients(
                    "inferred_path", meaning="lambda at every place of the slider, in order: last the inferred one"
                ),
                _times("inferred_path_times_ms", meaning="when the slider came to each, from page drawn"),
                _path(
                    "confidence_path",
                    meaning="confidence at every place of its slider, in order: last the answer",
                    unit="0 not at all, 1 fully",
                    high=1,
                ),
                _times("confidence_path_times_ms", meaning="when the slider came to each, from page drawn"),
            ),
        ),
        Task(
            CATEGORICAL,
            "4.3.2",
            "names the most probable class of one mixture and its probability, perhaps a second, and rules classes out",
            (
                STIMULUS_ID,
                MIXING_COEFFICIENT,
                Column("top_class", Kind.LABEL, "most probable class"),
                Column(
                    "top_probability",
                    Kind.FLOAT64,
                    "its probability; 1 where none was asked",
                    unit="probability",
                    low=0,
                    high=1,
                ),
                Column("second_class", Kind.LABEL, "second class; null: no alternative, or not asked", nullable=True),
                Column(
                    "second_probability",
                    Kind.FLOAT64,
                    "its probability; null: not given",
                    unit="probability",
                    low=0,
                    high=1,
                    nullable=True,
                ),
                Column(
                    "impossible_classes",
                    Kind.LABELS,
                    "classes that the person ruled out, in the order of ticking; empty: none, or not asked",
                ),
                Column(
                    "soft_label",
                    Kind.DISTRIBUTION,
                    "probability of each class, by the study's procedure (of H-Mix, the release's); sums to 1",
                    unit="probability",
                    low=0,
                    high=1,
                ),
                Column(
                    "class_order",
                    Kind.LABELS,
                    "all classes, in the order of the page",
                    nullable=True,
                    since=RECORDED,
                ),
            ),
        ),
    )
}
