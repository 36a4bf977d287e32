"""The task categorical_soft_labels: a participant names the classes of one mixture and their probabilities."""

from __future__ import annotations

from hmix_hub.schema import released
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.judgment import recorded
from hmix_hub.tasks.flags import REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC
from hmix_hub.tasks.task import Flag, Released, Task

NO_ALTERNATIVE = "No"
TOP_PREFIX, SECOND_PREFIX, IMPOSSIBLE_PREFIX = "mostProb", "secondProb", "improbClassSelect"

TASK = Task(
    name="categorical_soft_labels",
    section="4.3.2",
    question="names the most probable class of one mixture and its probability, perhaps a second, "
    "and rules classes out",
    shows="mixture",
    answer_columns=(
        Column("top_class", Kind.LABEL, "most probable class"),
        Column("top_probability", Kind.FLOAT64, "its probability; 1 where none was asked", "probability", 0, 1),
        Column("second_class", Kind.LABEL, "second class; null: no alternative, or not asked", nullable=True),
        Column(
            "second_probability", Kind.FLOAT64, "its probability; null: not given", "probability", 0, 1, nullable=True
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
            "probability",
            0,
            1,
        ),
        recorded("class_order", Kind.LABELS, "all classes, in the order of the page"),
    ),
    questions={
        "top_probability": frozenset({"probabilities"}),
        "second_class": frozenset({"second_class"}),
        "second_probability": frozenset({"probabilities", "second_class"}),
        "impossible_classes": frozenset({"impossible_classes"}),
    },
    answer=("top_class", "top_probability"),
    core=(
        *("stimulus_id", "mixing_coefficient", "top_class", "top_probability", "second_class", "second_probability"),
        *("participant_id", "response_time_ms", "flags", "impossible_classes"),
    ),
    flags=(
        REPEATED_IN_BATCH,
        STRAIGHTLINING,
        Flag("ruled_out_choice", "a chosen class is also ruled out"),
        Flag("same_class_twice", "both answers name the same class; the second probability counts"),
        Flag(
            "ignored_probability",
            'a second probability was given although the answer was "no alternative"; it is dropped',
        ),
        Flag("probabilities_exceed_one", "the two probabilities exceed 1 together"),
        SYNTHETIC,
    ),
    by_stimulus=(
        Column("soft_labels", Kind.DISTRIBUTIONS, "each judgment's soft label", "probability", 0, 1),
        Column("mean_soft_label", Kind.DISTRIBUTION, "their mean", "probability", 0, 1),
    ),
    core_by_stimulus=("stimulus_id", "mixing_coefficient", "n_judgments", "n_participants", "mean_soft_label"),
    target="soft_label",
    released=Released(
        "survey-html-form",
        "spec_conf",
        (
            released.ROW,
            *released.SESSION,
            released.RESPONSE,
            *released.BROWSER,
            released.FILENAME,
            released.TASK,
            *released.MIXTURE,
        ),
    ),
)
