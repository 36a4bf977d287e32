"""The task class_choice: a participant chooses the class of one picture, single or mixed."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import Mask, codes, distributions, places_in_lists
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.groups import Groups, encode, encode_key
from hmix_hub.schema.judgment import CONFIDENCES, recorded, recorded_times
from hmix_hub.tasks.flags import (
    OBSERVED,
    REPEATED_IN_BATCH,
    STRAIGHTLINING,
    STRAIGHTLINING_TENTHS,
    SYNTHETIC,
    Flag,
    Rows,
    is_straightlining,
    is_untouched,
)
from hmix_hub.tasks.parts import ByStimulus, ExampleTrial, Path, example_share
from hmix_hub.tasks.task import Task
from hmix_hub.tasks.votes import CLASS_FREQUENCIES, ENTROPY, MAJORITY_CLASS, entropies, frequencies, majorities

SINCE = "2.2.0"


def _same_place(rows: Rows) -> Mask:
    """Find participants who choose by position: classes change places between pages, but the choice does not."""
    orders, found = rows.table["class_order"], np.zeros(rows.table.num_rows, dtype=bool)
    known = np.flatnonzero(orders.is_valid().to_numpy())
    if not len(known):
        return found
    table = rows.table.select(["participant_id", "class_order", "chosen_class"]).take(pa.array(known))
    lengths = pc.list_value_length(table["class_order"]).to_numpy()
    parents = np.repeat(np.arange(len(known)), lengths)
    items = pc.list_flatten(table["class_order"]).to_numpy()
    within = places_in_lists(lengths)
    is_chosen = items == codes(table["chosen_class"])[parents]
    places = np.full(len(known), -1, dtype=np.int64)
    places[parents[is_chosen]] = within[is_chosen]
    first = np.full(len(known), -1, dtype=np.int64)
    first[parents[within == 0]] = items[within == 0]
    participants = encode(table["participant_id"])
    # If the order is the same on every page, a position is a class, and the classes show it.
    orders_vary = Groups(participants).distinct(encode_key([first])) > 1
    found[known] = (is_straightlining(participants, places) & orders_vary)[participants] & (places >= 0)
    return found


def _gather(judgments: pa.Table, groups: Groups, n_classes: int) -> dict[str, object]:
    chosen = codes(judgments["chosen_class"])
    cells = np.bincount(groups.codes * n_classes + chosen, minlength=len(groups.sizes) * n_classes)
    shares = frequencies(cells.reshape(-1, n_classes).astype(np.float64))
    return {
        "chosen_classes": groups.lists(judgments["chosen_class"]),
        "confidences": groups.lists(judgments["confidence"]),
        CLASS_FREQUENCIES.name: distributions(shares),
        ENTROPY.name: entropies(shares),
        MAJORITY_CLASS.name: majorities(shares),
    }


def _example(trial: ExampleTrial, rng: np.random.Generator) -> dict[str, Any]:
    first, second = trial.labels
    return {
        "chosen_class": first if rng.random() < trial.share else second,
        "confidence": example_share(rng.uniform(0.4, 0.6) + abs(trial.share - 0.5) / 2),
    }


TASK = Task(
    name="class_choice",
    question="chooses the class of one picture, single or mixed, and optionally rates the confidence",
    since=SINCE,
    shows="mixture",
    answer_columns=(
        Column("chosen_class", Kind.LABEL, "class that the participant chose"),
        Column(
            "confidence",
            Kind.FLOAT64,
            "confidence in the answer; null: not given, or not asked",
            "0 not at all, 1 fully",
            0,
            1,
            nullable=True,
        ),
        recorded("class_order", Kind.LABELS, "classes to choose from, in the order of the page", since=SINCE),
        recorded("confidence_touched", Kind.BOOL, "whether the confidence slider was", since=SINCE),
        recorded(
            "confidence_path",
            Kind.FLOATS,
            "confidence at every position of its slider, in order; the last is the answer",
            "0 not at all, 1 fully",
            0,
            1,
            since=SINCE,
        ),
        recorded_times(
            "confidence_path_times_ms", meaning="when the slider reached each, from page drawn", since=SINCE
        ),
    ),
    answer=("chosen_class",),
    judged=("chosen_class", CLASS_FREQUENCIES.name),
    optional=("confidence",),
    core=(
        *("stimulus_id", "mixing_coefficient", "image_1_label", "chosen_class", "confidence", "participant_id"),
        *("response_time_ms", "flags"),
    ),
    flags=(
        REPEATED_IN_BATCH,
        STRAIGHTLINING,
        Flag(
            "same_place",
            f"{STRAIGHTLINING_TENTHS}0% or more of the participant's choices were at the same position on the page, "
            "although the order of the classes changed",
            _same_place,
        ),
        Flag(
            "untouched_confidence",
            "the confidence slider was not touched, so its position may not be an answer",
            partial(is_untouched, "confidence_touched"),
        ),
        *OBSERVED,
        SYNTHETIC,
    ),
    by_stimulus=ByStimulus(
        columns=(
            Column("chosen_classes", Kind.LABELS, "each judgment's class"),
            CONFIDENCES,
            CLASS_FREQUENCIES,
            ENTROPY,
            MAJORITY_CLASS,
        ),
        core=("stimulus_id", "mixing_coefficient", "majority_class", "entropy", "n_judgments", "n_participants"),
        of=("chosen_class", "confidence"),
        gather=_gather,
    ),
    statistics=("choice_agreement", "mass", "confidence"),
    panels=(
        *("per_stimulus", "coefficients_or_flags", "response_times"),
        *("choices", "classes_agreed", "confidence_or_participants"),
    ),
    plot="categories",
    target="soft_label",
    example=_example,
    paths=(Path("confidence_path", "confidence_path_times_ms", "confidence", touched="confidence_touched"),),
    filters={
        "chosen_class": "whose chosen class is any of these",
        "confidence": "with this confidence, 0 to 1",
    },
)
