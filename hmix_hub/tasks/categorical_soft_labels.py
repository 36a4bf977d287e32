"""The task categorical_soft_labels: a participant names the classes of one mixture and their probabilities."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema import released
from hmix_hub.schema.arrays import Mask, distributions, matrix
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.groups import Groups
from hmix_hub.schema.judgment import recorded
from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.schema.vocabulary import CIFAR10, Vocabulary
from hmix_hub.tasks.flags import EXPORTED_TWICE, OBSERVED, REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC, Flag, Rows
from hmix_hub.tasks.parts import ByStimulus, ExampleTrial, example_share
from hmix_hub.tasks.released import (
    NO_ALTERNATIVE,
    Released,
    ReleasedAnswers,
    json_texts,
    parsed_answers,
    percent_of,
    percentage,
)
from hmix_hub.tasks.soft_labels import (
    ASKED_COLUMNS,
    Procedure,
    Question,
    categorical_answers,
    contradictions,
    soft_labels,
)
from hmix_hub.tasks.task import Task

_TOP, _SECOND, _IMPOSSIBLE = "mostProb", "secondProb", "improbClassSelect"
"""Prefix of class names in the released answers."""


def _contradict(fault: str, rows: Rows) -> Mask:
    return contradictions(categorical_answers(rows.table, rows.n_classes))[fault]


def _contradiction(name: str, meaning: str, needs: Question) -> Flag:
    return Flag(name, meaning, partial(_contradict, name), needs=needs)


IGNORED_PROBABILITY = Flag(
    "ignored_probability",
    'a second probability was given with the answer "no alternative"; it is dropped',
    observed_by="the reader of the answer, since the judgment table drops the probability",
    needs="probabilities",
)


def _observe(observed: pa.Table) -> tuple[pa.Table, dict[str, Mask]]:
    """Return the answers without second probabilities that lack a class, and a mask of the rows that had one."""
    given = observed["second_probability"]
    ignored = pc.and_(observed["second_class"].is_null(), given.is_valid()).to_numpy()
    flags = {IGNORED_PROBABILITY.name: ignored}
    if not ignored.any():
        return observed, flags
    kept = pc.if_else(pa.array(ignored), pa.scalar(None, pa.float64()), given)
    return observed.set_column(observed.column_names.index("second_probability"), "second_probability", kept), flags


def _soft_label(table: pa.Table, n_classes: int, procedure: Procedure) -> pa.FixedSizeListArray:
    labels = soft_labels(categorical_answers(table, n_classes), procedure)
    return pa.FixedSizeListArray.from_arrays(pa.array(labels.ravel()), n_classes)


def _gather(judgments: pa.Table, groups: Groups, n_classes: int) -> dict[str, object]:
    return {
        "soft_labels": groups.lists(judgments["soft_label"]),
        "mean_soft_label": distributions(groups.mean(matrix(judgments["soft_label"]))),
    }


def _from_released(table: pa.Table, vocabulary: Vocabulary) -> ReleasedAnswers:
    def parse(answer: dict[str, Any]) -> dict[str, Any]:
        second, typed = answer["classSelect2"].removeprefix(_SECOND), answer["prob2"]
        has_alternative = second != NO_ALTERNATIVE
        ruled_out = [key.removeprefix(_IMPOSSIBLE) for key in answer if key.startswith(_IMPOSSIBLE)]
        return {
            "impossible_classes": [vocabulary.code(name) for name in ruled_out],
            "top_class": vocabulary.code(answer["classSelect"].removeprefix(_TOP)),
            "top_probability": _share(answer["prob"]),
            "second_class": vocabulary.code(second) if has_alternative else None,
            "second_probability": _share(typed) if has_alternative and typed else None,
            "is_ignored": bool(typed) and not has_alternative,
            "ignored": _share_or_none(typed) if typed and not has_alternative else None,
        }

    answers = parsed_answers(table, "response", parse)
    kinds = {column.name: column.arrow_type(vocabulary) for column in TASK.answer_columns}
    read = {name: pa.array([answer[name] for answer in answers], kinds[name]) for name in ("top_class", *ASKED_COLUMNS)}
    return ReleasedAnswers(
        {"mixing_coefficient": table["mixtureCoeff"], **read},
        flags={IGNORED_PROBABILITY.name: np.array([answer["is_ignored"] for answer in answers], dtype=bool)},
        dropped={"second_probability": [answer["ignored"] for answer in answers]},
    )


def _share(typed: str) -> float:
    return percentage(float(typed)) / FULL_SCALE


def _share_or_none(typed: str) -> float | None:
    """Return a typed percentage as a share; ignored answers may be anything."""
    try:
        return _share(typed)
    except ValueError:
        return None


def _to_released(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    def answer(row: dict[str, Any]) -> dict[str, str]:
        second = row["second_class"]
        alternative = NO_ALTERNATIVE if second is None else vocabulary.display(second)
        probability = percent_of(row["second_probability"])
        return {
            "classSelect": _TOP + vocabulary.display(row["top_class"]),
            "prob": str(percent_of(row["top_probability"])),
            "classSelect2": _SECOND + alternative,
            "prob2": "" if probability is None else str(probability),
            **{_IMPOSSIBLE + vocabulary.display(code): "1" for code in row["impossible_classes"]},
        }

    rows = judgments.select(["top_class", *ASKED_COLUMNS]).to_pylist()
    return {"response": json_texts(answer(row) for row in rows)}


def _example(trial: ExampleTrial, rng: np.random.Generator) -> dict[str, Any]:
    top, second = trial.labels if trial.share >= 0.5 else trial.labels[::-1]
    probability = example_share(rng.uniform(0.5, 0.7))
    others = [name for name in CIFAR10.names if name not in trial.labels]
    return {
        "top_class": top,
        "top_probability": probability,
        "second_class": second,
        "second_probability": example_share(rng.uniform(0.1, 0.3)),
        "impossible_classes": "|".join(rng.permutation(others)[:3].tolist()),
    }


EXAMPLE_MANIFEST = """\
soft_labels:
  asked: [probabilities, second_class, impossible_classes]
  procedure: released
"""

TASK = Task(
    name="categorical_soft_labels",
    section="4.3.2",
    question="names the most probable class of one mixture and its probability, optionally a second, "
    "and rules classes out",
    shows="mixture",
    answer_columns=(
        Column("top_class", Kind.LABEL, "most probable class"),
        Column("top_probability", Kind.FLOAT64, "its probability; 1 if not asked", "probability", 0, 1),
        Column("second_class", Kind.LABEL, "second class; null: no alternative, or not asked", nullable=True),
        Column(
            "second_probability", Kind.FLOAT64, "its probability; null: not given", "probability", 0, 1, nullable=True
        ),
        Column(
            "impossible_classes",
            Kind.LABELS,
            "classes that the participant ruled out, in the order of ticking; empty: none, or not asked",
        ),
        Column(
            "soft_label",
            Kind.DISTRIBUTION,
            "probability of each class, by the study's procedure (for H-Mix, the release's); sums to 1",
            "probability",
            0,
            1,
        ),
        recorded("class_order", Kind.LABELS, "all classes, in the order of the page"),
    ),
    answer=("top_class", "top_probability"),
    core=(
        *("stimulus_id", "mixing_coefficient", "top_class", "top_probability", "second_class", "second_probability"),
        *("participant_id", "response_time_ms", "flags", "impossible_classes"),
    ),
    flags=(
        REPEATED_IN_BATCH,
        STRAIGHTLINING,
        _contradiction("ruled_out_choice", "a chosen class is also ruled out", "impossible_classes"),
        _contradiction(
            "same_class_twice", "both answers name the same class; the second probability is used", "second_class"
        ),
        IGNORED_PROBABILITY,
        _contradiction("probabilities_exceed_one", "the two probabilities sum to more than 1", "probabilities"),
        *OBSERVED,
        SYNTHETIC,
        EXPORTED_TWICE,
    ),
    by_stimulus=ByStimulus(
        columns=(
            Column("soft_labels", Kind.DISTRIBUTIONS, "each judgment's soft label", "probability", 0, 1),
            Column("mean_soft_label", Kind.DISTRIBUTION, "their mean", "probability", 0, 1),
        ),
        core=("stimulus_id", "mixing_coefficient", "n_judgments", "n_participants", "mean_soft_label"),
        of=("soft_label",),
        gather=_gather,
    ),
    statistics=("class_agreement", "mass"),
    panels=("per_stimulus", "coefficients_or_flags", "response_times", "mass", "classes_agreed", "per_participant"),
    plot="categories",
    target="soft_label",
    example=_example,
    example_manifest=EXAMPLE_MANIFEST,
    derived={"soft_label": _soft_label},
    asked_columns=ASKED_COLUMNS,
    observe=_observe,
    released=Released(
        trial_type="survey-html-form",
        name="spec_conf",
        read=_from_released,
        write=_to_released,
        columns=(
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
