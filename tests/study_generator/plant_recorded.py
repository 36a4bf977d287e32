"""Planters of defects in how answers came about."""

from __future__ import annotations

import random
from typing import Any

from hmix_hub.tasks import CATEGORICAL, CHOICE, CONSTRUCT, INFER, SELECT
from study_generator.planting import plants, some_row
from study_generator.study import Study


@plants("HMX574", tasks=(CONSTRUCT, INFER), is_recorded=True)
def _path(study: Study, rng: random.Random) -> list[int]:
    if study.task == INFER:
        number = some_row(study, rng, lambda row: row["inferred_path"] and row["inferred_touched"] is not False)
        path = study.rows[number]["inferred_path"]
        study.rows[number]["inferred_path"] = [*path[:-1], round(abs(path[-1] - 0.01), 3)]
        return [number]
    number = some_row(study, rng, lambda row: row["path_coefficients"] and len(row["path_coefficients"]) > 1)
    path, other = study.rows[number]["path_coefficients"], rng.choice([0.0, 1.0])
    faults = [[*path[:-1], path[-1] + (0.05 if path[-1] < 0.5 else -0.05)], [0.45, *path[1:]], [0.3] * len(path)]
    if len(path) > 2:
        faults.append([path[0], *([other] * (len(path) - 2)), path[-1]] if len(path) > 3 else [path[0], 0.25, path[-1]])
    study.rows[number]["path_coefficients"] = rng.choice(faults)
    return [number]


def _has_times(name: str, fewest: int) -> Any:
    return lambda row: row[name] is not None and len(row[name]) >= fewest


@plants("HMX575", tasks=(CONSTRUCT, INFER), is_recorded=True)
def _times(study: Study, rng: random.Random) -> list[int]:
    path, name = ("path_coefficients", "path_times_ms")
    if study.task == INFER:
        stem = rng.choice(["inferred", "confidence"])
        path, name = f"{stem}_path", f"{stem}_path_times_ms"
    fault = rng.choice(["number", "order", "late"])
    if fault == "number":
        number = some_row(study, rng, lambda row: _has_times(name, 1)(row) and row[path] is not None)
        study.rows[number][name] = [*study.rows[number][name], study.rows[number][name][-1]]
    elif fault == "order":
        number = some_row(study, rng, lambda row: _has_times(name, 2)(row) and row[name][-1] > 0)
        times = study.rows[number][name]
        study.rows[number][name] = [*times[:-2], times[-1], times[-1] / 2] if len(times) > 2 else [0.9, 0.1]
    else:
        number = some_row(study, rng, lambda row: _has_times(name, 2)(row) and row["response_time_ms"] is not None)
        row = study.rows[number]
        row[name] = [*row[name][:-1], row["response_time_ms"] + rng.choice([1.5, 1e6])]
    return [number]


@plants("HMX576", tasks=(INFER,), is_recorded=True)
def _untouched(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng, lambda row: row["inferred_coefficient"] != 0.5)
    study.rows[number]["inferred_touched"] = False
    return [number]


@plants("HMX577", tasks=(SELECT,), is_recorded=True)
def _grid(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng, lambda row: row["grid_coefficients"] is not None)
    grid, selected = study.rows[number]["grid_coefficients"], study.rows[number]["selected_coefficient"]
    faults = [[*grid, rng.choice(grid)], [value for value in grid if value != selected]]
    study.rows[number]["grid_coefficients"] = rng.choice(faults)
    return [number]


@plants("HMX578", tasks=(CATEGORICAL, CHOICE), is_recorded=True)
def _class_order(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng, lambda row: row["class_order"] is not None)
    row = study.rows[number]
    order = row["class_order"]
    if study.task == CHOICE:
        without = [name for name in order if name.lower() != row["chosen_class"].lower()]
        row["class_order"] = rng.choice([[*order, order[0]], without])
    else:
        row["class_order"] = rng.choice([order[1:], [*order, order[0]], [*order[1:], order[1]]])
    return [number]
