"""Planters of defects in columns and values."""

from __future__ import annotations

import random

from hypothesis import assume

from hmix_hub.schema import CURRENT, Kind
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT, TASKS, missing_columns, required_columns
from study_generator.planting import TEXTS, plants, some_row
from study_generator.study import Study

_SHARES = ("inferred_coefficient", "selected_coefficient", "top_probability")


def _numeric(study: Study, *, is_share: bool = False) -> list[str]:
    kinds = {Kind.FLOAT64} if is_share else {Kind.FLOAT64, Kind.INT32}
    of_numbers = [
        column for column in TASKS[study.task].columns if column.kind in kinds and column.name in study.columns
    ]
    return [column.name for column in of_numbers if not is_share or column.high == 1]


def _set(study: Study, rng: random.Random, columns: list[str], value: object) -> list[int]:
    """Set a value in a random row and column, where there was one: single pictures stay what they are."""
    column = rng.choice(columns)
    row = some_row(study, rng, lambda row: row[column] is not None)
    study.rows[row][column] = value
    return [row]


@plants("HMX530")
def _missing_column(study: Study, rng: random.Random) -> None:
    study.columns.remove(rng.choice([column.name for column in missing_columns((), study.task)]))


@plants("HMX531")
def _unknown_column(study: Study, rng: random.Random) -> None:
    study.add_column(rng.choice(["mood", "x_", "x_ä", "lambda", "a,b", "x_" + "y" * 61]), {0: "good"})


@plants("HMX532", endings=("csv", "csv.gz", "parquet"))
def _column_twice(study: Study, rng: random.Random) -> None:
    study.columns.insert(rng.randrange(len(study.columns)), rng.choice(study.columns))


@plants("HMX533")
def _untidy_column(study: Study, rng: random.Random) -> None:
    place = rng.randrange(len(study.columns))
    name = study.columns[place]
    untidy = rng.choice([f" {name}", f"{name} ", *([name.upper(), name.replace("_", "-")] if name[:2] != "x_" else [])])
    assume(untidy != name)
    study.columns[place] = untidy
    for row in study.rows:
        row[untidy] = row[name]


@plants("HMX534", without_columns=("judgment_id", "study_id", "task"), endings=TEXTS)
def _computed(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng)
    version = study.manifest.get("schema_version", CURRENT)
    name, right = rng.choice([("study_id", study.manifest["id"]), ("task", study.task), ("schema_version", version)])
    study.add_column(name, dict.fromkeys(range(len(study.rows)), right) | {row: "another"})
    return [row]


@plants("HMX535", examples=2)
def _many_columns(study: Study, rng: random.Random) -> None:
    for number in range(rng.choice([257, 1000])):
        study.add_column(f"x_{number}", {0: "a"})


@plants("HMX540")
def _missing(study: Study, rng: random.Random) -> list[int]:
    needed = [column for column in required_columns(study.task) if not column.nullable and column.kind != Kind.LABELS]
    return _set(study, rng, [column.name for column in needed], None)


@plants("HMX541", endings=TEXTS)
def _type(study: Study, rng: random.Random) -> list[int]:
    flags = ["is_repeat"] if "is_repeat" in study.columns else []
    return _set(study, rng, _numeric(study) + flags, rng.choice(["very", "1 s", "0.5.5", "0x1p", "1_000", "1e999"]))


@plants("HMX542")
def _range(study: Study, rng: random.Random) -> list[int]:
    if rng.random() < 0.3:
        return _set(study, rng, ["trial_index", "image_1_index"], -1)
    return _set(study, rng, _numeric(study, is_share=True), rng.choice([1.5, -0.5, 1e9, -1e-9]))


@plants("HMX543", fewest_people=2, tasks=(CONSTRUCT, SELECT, INFER, CATEGORICAL))
def _percent(study: Study, rng: random.Random) -> None:
    (column,) = [name for name in _SHARES if name in study.columns]
    # A scale of 1 to 50 may be one of its own.
    assume(max(row[column] for row in study.rows) > 0.5)
    for row in study.rows:
        row[column] = round(100 * row[column], 6)


@plants("HMX544", endings=TEXTS)
def _comma(study: Study, rng: random.Random) -> list[int]:
    return _set(study, rng, _numeric(study, is_share=True), rng.choice(["0,7", "1,0", "-0,25"]))


@plants("HMX545", endings=TEXTS, sources=("cifar10/test",))
def _null_word(study: Study, rng: random.Random) -> list[int]:
    assume(study.manifest["stimuli"]["classes"] == "cifar10")
    nullable = [
        name
        for name in ("confidence", "response_time_ms", "condition", "is_repeat", "second_class")
        if name in study.columns
    ]
    if study.task == CATEGORICAL:
        nullable.append("impossible_classes")
    return _set(study, rng, nullable, rng.choice(["NA", "n/a", "NaN", "null", "None", "-", "?"]))


@plants("HMX546", endings=TEXTS)
def _untidy(study: Study, rng: random.Random) -> list[int]:
    names = ["participant_id", "image_1_label", "x_word", "is_repeat", "top_class", *_numeric(study)]
    column = rng.choice([name for name in names if name in study.columns])
    row = some_row(study, rng, lambda row: row[column] is not None)
    value = study.rows[row][column]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    study.rows[row][column] = rng.choice([f" {text}", f"{text} ", f"\t{text}", f"{text}\u00a0"])
    return [row]


@plants("HMX547")
def _identifier(study: Study, rng: random.Random) -> list[int]:
    bad = rng.choice(["p/1", "-p", "p 1", "pä", "p" * 65, "../p", "p\u200b", "=1"])
    return _set(study, rng, ["participant_id"], bad)


@plants("HMX548")
def _formula(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng)
    study.add_column("x_note", {row: rng.choice(["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-x", "=HYPERLINK(A1)"])})
    return [row]


@plants("HMX549", tasks=("construct_midpoint", "infer_mixing_factor"), is_recorded=True)
def _choice(study: Study, rng: random.Random) -> list[int]:
    return _set(study, rng, ["image_1_side"], rng.choice(["Left", "top", "l", "0", "left right"]))
