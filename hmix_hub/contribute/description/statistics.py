"""Statistics of a task's table: what the card of a study, its pictures and statistics.json say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.contribute.description.agreement import (
    Answers,
    coefficient_agreement,
    coefficient_retest,
    soft_label_agreement,
    soft_label_retest,
)
from hmix_hub.contribute.description.choices import (
    agreement_with_label,
    choice_agreement,
    choice_retest,
    dominant_classes,
)
from hmix_hub.contribute.description.histograms import (
    Numbers,
    count_summary,
    deviation,
    interval,
    mean,
    mean_interval,
    quantiles,
    rounded,
    share_histogram,
    tenths_histogram,
    time_histogram,
)
from hmix_hub.contribute.description.pooled_votes import vote_statistics
from hmix_hub.contribute.description.ratings import rating_figures
from hmix_hub.resampling import class_masses, levels_of, resample_means
from hmix_hub.schema import has_flag
from hmix_hub.schema.arrays import Ints, classes_or_shares, codes, matrix, numbers
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.tasks import TASKS, flags_of
from hmix_hub.tasks.task import Task

LONG_TIME_MS = 60_000
"""Response time from which an answer counts as long: the person may have been away."""

SHOWN = "mixing_coefficient"
_SET, _PAIR = "image_set", "pair_id"
_MEASURED = ("is_repeat", "presentation", "response_time_ms", "image_1_label", "image_2_label", SHOWN, "flags")
"""Columns of every task that figures are made of, where it has them, beside ids."""


def task_statistics(table: pa.Table, task: str) -> dict[str, Any]:
    r"""Compute the statistics of the judgments of one task.

    A stimulus is a mixed picture, in the midpoint tasks a pair; repeats count as judgments everywhere but in
    `agreement`, which takes each person's first answer about a stimulus. Where people rated on several scales, answers
    about a stimulus are those on one of them.

    Parameters
    ----------
    table
        Judgment table of schema 2 of one study; N rows in any order.
    task
        Its task.

    Returns
    -------
    dict
        * `judgments` (N), `repeats` (marked ones), `people`, `stimuli`, `pairs` (of pictures; a single picture counts),
          `of_single_pictures` (judgments);
        * `judgments_per_stimulus`, `judgments_per_person`, `people_per_stimulus`: `min`, `median`, `max`, `histogram`;
        * `coefficients`: `column`, the shown coefficient, or in midpoint tasks the selected one; its `mean`,
          `interval` (of the selected one), `standard_deviation` (over N - 1) and `histogram`;
        * `response_time_ms`: `known`, `missing`, `quantiles` by percent, `share_over_a_minute` of those known,
          `histogram`;
        * `agreement` between people and `retest` within them: see `hmix_hub.contribute.description.agreement` and, of
          chosen classes, `choices`, as of `of_label`, their agreement with the class of the picture;
        * `bias` (infer alone): see `inference_bias`; `mass` (of classes): see `soft_label_mass`;
        * `ratings` (of scales alone): see `rating_figures`;
        * `confidence`, where it may be asked: `known`, `missing`, `mean`, `interval`, `histogram` by tenth;
        * `flags`: `rows` and `people` by flag, those that no row has included.

        Where rows pool their participants, a row counts as one judgment, and nothing tells of people: there are no
        `repeats`, `people`, `judgments_per_person`, `people_per_stimulus` and `response_time_ms`, and intervals are
        over stimuli.

        Each `interval` of a mean is the low and the high end of its 95 % bootstrap interval over participants (over
        stimuli, in `agreement`), `None` where there are fewer than two of them.
    """
    # Sums depend on the order of their terms in the last digit. Of ids the numbers are enough: their texts, most of a
    # table, are not copied.
    order = pc.sort_indices(table["judgment_id"])

    def numbers_of(*names: str) -> Ints:
        """Return the number of each row's key, in that order."""
        return encode_key([encode_key([table[name] for name in names])[order.to_numpy()]])

    stimuli, pairs = (
        int(encode_key([table[name] for name in (_SET, of)]).max(initial=-1)) + 1
        for of in (TASKS[task].stimulus_column, _PAIR)
    )
    judged = numbers_of(*TASKS[task].key_columns)
    people = numbers_of("participant_id") if TASKS[task].has_participants else None
    table = table.select(_measured(TASKS[task])).take(order)
    answers = _answers(table, people, judged)
    of_stimulus = Groups(judged)
    answer_figures: dict[str, Any] = {}
    for compute in TASKS[task].tools("statistics", STATISTICS):
        answer_figures |= compute(table, TASKS[task], answers)
    figures = {
        "judgments": table.num_rows,
        "stimuli": stimuli,
        "pairs": pairs,
        "of_single_pictures": table["image_2_label"].null_count,
        "judgments_per_stimulus": count_summary(of_stimulus.sizes),
        "coefficients": _coefficients(table, task, answers.people),
    }
    if TASKS[task].has_participants:
        figures |= {
            "repeats": int(answers.is_repeat.sum()),
            "people": len(np.unique(answers.people)),
            "judgments_per_person": count_summary(Groups(answers.people).sizes),
            "people_per_stimulus": count_summary(of_stimulus.distinct(answers.people)),
            "response_time_ms": _times(numbers(table["response_time_ms"])),
        }
    figures |= {**answer_figures, "flags": _flags(table, TASKS[task], answers.people)}
    return {name: figures[name] for name in sorted(figures, key=_place)}


_ORDER = (
    *("judgments", "repeats", "people", "stimuli", "pairs", "of_single_pictures", "judgments_per_stimulus"),
    *("judgments_per_person", "people_per_stimulus", "coefficients", "response_time_ms"),
)
"""Figures that stand first, in this order; then what the task names, and the flags."""


def _measured(task: Task) -> list[str]:
    """Return the columns of a task that figures are made of, beside ids: not how an answer came about.

    Where a row is all that is known of a stimulus, its id stands there, too: figures name stimuli.
    """
    return [
        *([] if task.has_participants else [task.stimulus_column]),
        *(name for name in _MEASURED if name in {column.name for column in task.columns}),
        *(column.name for column in task.answer_columns if not column.since),
    ]


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _answers(table: pa.Table, people: Ints | None, judged: Ints) -> Answers:
    """Return who answered about what; where nobody is named, each row counts as of another person."""
    if people is None:
        every = np.arange(table.num_rows)
        return Answers(every, judged, np.ones_like(every), np.zeros(len(every), dtype=bool))
    repeats = table["is_repeat"].to_numpy().astype(bool)
    presentations = table["presentation"].to_numpy().astype(np.int64)
    return Answers(people, judged, presentations, repeats)


def inference_bias(shown: Numbers, inferred: Numbers, participants: Ints) -> dict[str, Any]:
    r"""Measure how far inferred coefficients lie from the shown ones.

    `bias` is the mean of :math:`\hat\lambda - \lambda`, inferred less shown: positive where people see more of image 1
    than there is; `mean_absolute_error` is the mean of :math:`|\hat\lambda - \lambda|`. The opposite sign to the
    by-stimulus column `relabel_difference`.

    Parameters
    ----------
    shown, inferred
        float64 (N,), 0 to 1.
    participants
        int64 (N,): number of each row's participant.

    Returns
    -------
    dict
        `bias`, its `interval` and `mean_absolute_error` of all, `None` without judgments, and `by_coefficient`: a list
        of `mixing_coefficient` (its nearest tenth where more than 21 differ), `judgments` and the three figures.
    """
    errors = inferred - shown
    centres, levels = levels_of(shown)
    means = resample_means(errors, levels, participants, len(centres))
    return {
        "bias": mean(errors),
        "interval": mean_interval(errors, participants),
        "mean_absolute_error": mean(np.abs(errors)),
        "by_coefficient": [
            {
                SHOWN: rounded(centre),
                "judgments": int((levels == level).sum()),
                "bias": mean(errors[levels == level]),
                "interval": interval(means, level),
                "mean_absolute_error": mean(np.abs(errors[levels == level])),
            }
            for level, centre in enumerate(centres)
        ],
    }


def soft_label_mass(table: pa.Table, participants: Ints, answers: pa.ChunkedArray) -> list[dict[str, Any]]:
    """Average the probability that soft labels put on the classes of the two pictures; of chosen classes, their shares.

    Parameters
    ----------
    table
        Judgment table about classes; N rows.
    participants
        int64 (N,): number of each row's participant.
    answers
        N soft labels, or classes.

    Returns
    -------
    list of dict
        By `mixing_coefficient` (its nearest tenth where more than 21 differ): `judgments`, the mean probability of the
        class of `image_1`, of `image_2` and of all `others` (see `class_masses`), and the `intervals` of the three.
    """
    one, two = (codes(table[f"image_{i}_label"]) for i in (1, 2))
    masses = class_masses(classes_or_shares(answers), one, two)
    parts = dict(zip(("image_1", "image_2", "others"), masses, strict=True))
    centres, levels = levels_of(numbers(table[SHOWN]))
    means = {name: resample_means(mass, levels, participants, len(centres)) for name, mass in parts.items()}
    return [
        {
            SHOWN: rounded(centre),
            "judgments": int((levels == level).sum()),
            **{name: mean(mass[levels == level]) for name, mass in parts.items()},
            "intervals": {name: interval(means[name], level) for name in parts},
        }
        for level, centre in enumerate(centres)
    ]


def _coefficients(table: pa.Table, task: str, participants: Ints) -> dict[str, Any]:
    name = TASKS[task].coefficient_column
    values = numbers(table[name])
    return {
        "column": name,
        "mean": mean(values),
        # The shown coefficients are chosen, not drawn from anything.
        "interval": None if name == SHOWN else mean_interval(values, participants),
        "standard_deviation": deviation(values),
        "histogram": share_histogram(values),
    }


def _times(times: Numbers) -> dict[str, Any]:
    known = times[~np.isnan(times)]
    return {
        "known": len(known),
        "missing": len(times) - len(known),
        "quantiles": quantiles(known),
        "share_over_a_minute": mean((known > LONG_TIME_MS).astype(np.float64)),
        "histogram": time_histogram(known),
    }


def _agreement(table: pa.Table, task: Task, answers: Answers) -> dict[str, Any]:
    values = numbers(table[task.answered])
    found = {"agreement": coefficient_agreement(answers, values), "retest": coefficient_retest(answers, values)}
    if any(len(table[facet].unique()) > 1 for facet in task.facets):
        # What differs between scales would pass for a difference between stimuli.
        found["agreement"] |= {"icc_1": None, "krippendorff_alpha": None}
        found["retest"] |= {"pearson_r": None}
    return found


def _ratings(table: pa.Table, task: Task, answers: Answers) -> dict[str, Any]:
    return {"ratings": rating_figures(table, task, answers)}


def _class_agreement(table: pa.Table, task: Task, answers: Answers) -> dict[str, Any]:
    top, labels = codes(table["top_class"]), matrix(table["soft_label"])
    return {"agreement": soft_label_agreement(answers, top, labels), "retest": soft_label_retest(answers, top, labels)}


def _choice_agreement(table: pa.Table, task: Task, answers: Answers) -> dict[str, Any]:
    chosen = codes(table[task.class_column])
    return {
        "agreement": choice_agreement(answers, chosen),
        "retest": choice_retest(answers, chosen),
        "of_label": agreement_with_label(chosen, dominant_classes(table), answers.people),
    }


def _votes(table: pa.Table, task: Task, answers: Answers) -> dict[str, Any]:
    return vote_statistics(table, matrix(table[task.judged_columns[0]]))


def _bias(table: pa.Table, task: Task, answers: Answers) -> dict[str, Any]:
    return {"bias": inference_bias(numbers(table[SHOWN]), numbers(table[task.answered]), answers.people)}


def _mass(table: pa.Table, task: Task, answers: Answers) -> dict[str, Any]:
    return {"mass": soft_label_mass(table, answers.people, table[task.judged_columns[0]])}


def _confidence(table: pa.Table, task: Task, answers: Answers) -> dict[str, Any]:
    confidence = numbers(table["confidence"])
    is_known = ~np.isnan(confidence)
    known = confidence[is_known]
    found: dict[str, Any] = {"known": len(known), "missing": len(confidence) - len(known), "mean": mean(known)}
    found |= {"interval": mean_interval(known, answers.people[is_known]), "histogram": tenths_histogram(known)}
    return {"confidence": found}


STATISTICS: dict[str, Callable[[pa.Table, Task, Answers], dict[str, Any]]] = {
    "agreement": _agreement,
    "class_agreement": _class_agreement,
    "choice_agreement": _choice_agreement,
    "votes": _votes,
    "bias": _bias,
    "mass": _mass,
    "confidence": _confidence,
    "ratings": _ratings,
}
"""What a task may name in `statistics`: `agreement` and `bias` are of the number that is the answer."""


def _flags(table: pa.Table, task: Task, participants: np.ndarray) -> dict[str, dict[str, int]]:
    flags = table["flags"]
    chosen = {flag: np.flatnonzero(has_flag(flags, flag)) for flag in flags_of(task.name)}
    people = {flag: {"people": len(np.unique(participants[found]))} for flag, found in chosen.items()}
    return {
        flag: {"rows": len(found), **(people[flag] if task.has_participants else {})} for flag, found in chosen.items()
    }
