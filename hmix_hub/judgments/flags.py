"""Flags of judgments, computed from their columns; what each means stands in `hmix_hub.schema.flags`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.schema.arrays import Ints, codes, numbers
from hmix_hub.schema.groups import Groups, encode, encode_key
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT, flags_of
from hmix_hub.tasks.flags import STRAIGHTLINING_MINIMUM, STRAIGHTLINING_TENTHS
from hmix_hub.tasks.infer_mixing_factor import SLIDER_START
from hmix_hub.tasks.soft_labels import categorical_answers

Mask = npt.NDArray[np.bool_]

ANSWER_COLUMNS = {
    CONSTRUCT: ["selected_coefficient"],
    SELECT: ["selected_coefficient"],
    INFER: ["inferred_coefficient", "confidence"],
    CATEGORICAL: ["top_class", "top_probability"],
}
"""Columns that are one answer, when answers are compared."""


def flag_masks(table: pa.Table, task: str, n_classes: int, observed: Mapping[str, Mask]) -> dict[str, Mask]:
    """Find the rows that have each flag of a task.

    Parameters
    ----------
    table
        Judgments of one study, N rows, with participant_id, is_repeat, presentation and the task's own columns.
    task
        Name of the task.
    n_classes
        K.
    observed
        Rows with a flag that no column shows; bool (N,) each.

    Returns
    -------
    dict
        Flag name to bool (N,), in the schema's order.
    """
    return {
        name: observed[name] if name in observed else _RULES.get(name, _nowhere)(table, task, n_classes)
        for name in flags_of(task)
    }


def _nowhere(table: pa.Table, task: str, n_classes: int) -> Mask:
    return np.zeros(table.num_rows, dtype=bool)


def _endpoint_not_shown(table: pa.Table, task: str, n_classes: int) -> Mask:
    selected = numbers(table["selected_coefficient"])
    is_end = (selected == 0) | (selected == 1)
    if "path_coefficients" not in table.column_names:
        return is_end
    # A path is of pictures that were on the screen, its last one included.
    return is_end & table["path_coefficients"].is_null().to_numpy()


def _untouched_sliders(table: pa.Table, task: str, n_classes: int) -> Mask:
    inferred, confidence = numbers(table["inferred_coefficient"]), numbers(table["confidence"])
    is_at_start = (inferred == SLIDER_START) & (confidence == SLIDER_START)
    touched = ("inferred_touched", "confidence_touched")
    if not set(touched) <= set(table.column_names):
        return is_at_start
    # 1 touched, 0 not, -1 not known.
    first, second = (codes(table[name].cast(pa.int8())) for name in touched)
    return (first == 0) | (is_at_start & (first != 1) & (second != 1))


def _repeated_in_batch(table: pa.Table, task: str, n_classes: int) -> Mask:
    is_repeat = table["is_repeat"].to_numpy()
    return (table["presentation"].to_numpy() > 1) & ~is_repeat.astype(bool)


def _straightlining(table: pa.Table, task: str, n_classes: int) -> Mask:
    people = encode(table["participant_id"])
    return is_straightlining(people, encode_key([table[name] for name in ANSWER_COLUMNS[task]]))[people]


def is_straightlining(people: Ints, answers: Ints) -> Mask:
    """Say of each person, 0 to P - 1, whether most answers are one and the same; bool (P,).

    Parameters
    ----------
    people, answers
        int64 (N,): number of each row's person and answer.
    """
    same = Groups(encode_key([people, answers]))
    of_person = np.bincount(people)
    most = np.zeros(len(of_person), dtype=np.int64)
    np.maximum.at(most, people[same.first], same.sizes)
    # In whole numbers, since 0.9 * 10 rounds: nine of ten are nine tenths.
    return (10 * most >= STRAIGHTLINING_TENTHS * of_person) & (of_person >= STRAIGHTLINING_MINIMUM)


def _ruled_out_choice(table: pa.Table, task: str, n_classes: int) -> Mask:
    answers = categorical_answers(table, n_classes)
    rows = np.arange(table.num_rows)
    second = (answers.second_class >= 0) & answers.impossible[rows, answers.second_class]
    return answers.impossible[rows, answers.top_class] | second


def _same_class_twice(table: pa.Table, task: str, n_classes: int) -> Mask:
    answers = categorical_answers(table, n_classes)
    return answers.top_class == answers.second_class


def _probabilities_exceed_one(table: pa.Table, task: str, n_classes: int) -> Mask:
    answers = categorical_answers(table, n_classes)
    # In hundredths, the unit that people typed: .7 + .2 + .1 in floating point is not 1.
    return np.round(100 * (answers.top_probability + np.nan_to_num(answers.second_probability)), 6) > 100


_RULES: dict[str, Callable[[pa.Table, str, int], Mask]] = {
    "endpoint_not_shown": _endpoint_not_shown,
    "untouched_sliders": _untouched_sliders,
    "repeated_in_batch": _repeated_in_batch,
    "straightlining": _straightlining,
    "ruled_out_choice": _ruled_out_choice,
    "same_class_twice": _same_class_twice,
    "probabilities_exceed_one": _probabilities_exceed_one,
}


def flag_lists(masks: Mapping[str, Mask]) -> pa.ListArray:
    """Turn masks by flag, bool (N,) each, into the column `flags`: N lists of names, in the order of the masks."""
    matrix = np.stack(list(masks.values()), axis=1)
    offsets = np.concatenate([[0], np.cumsum(matrix.sum(axis=1))])
    names = pa.array(list(masks)).take(pa.array(np.nonzero(matrix)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names)
