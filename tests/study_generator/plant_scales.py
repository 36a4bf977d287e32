"""Planters of defects in the scales of ratings."""

from __future__ import annotations

import random

from hypothesis import assume

from hmix_hub.tasks import INFER, RATING
from study_generator.planting import TABLES, TEXTS, plants, some_row
from study_generator.study import Study


def _stepped_row(study: Study, rng: random.Random) -> int:
    """Return a row that is rated on the scale of seven steps."""
    assume("scale" in study.columns)
    return some_row(study, rng, lambda row: row["scale"].lower() == "likeness")


@plants("HMX528", tasks=(RATING,))
def _unstated(study: Study, rng: random.Random) -> None:
    assume("scale" in study.columns)
    del study.manifest["scales"]


@plants("HMX529", tasks=(RATING, INFER))
def _unused(study: Study, rng: random.Random) -> None:
    assume(study.task == INFER or "scale" in study.columns)
    new = {"name": "age", "question": "How old?", "low": "young", "high": "old", "steps": rng.choice([None, 2])}
    study.manifest["scales"] = [*study.manifest.get("scales", []), new]


@plants("HMX588", tasks=(RATING,), endings=TEXTS)
def _unknown(study: Study, rng: random.Random) -> list[int]:
    assume("scale" in study.columns)
    row = some_row(study, rng)
    study.rows[row]["scale"] = rng.choice(["likness", "age", "Likeness2", "like ness", "TODO"])
    return [row]


@plants("HMX589", tasks=(RATING,), endings=TEXTS)
def _no_step(study: Study, rng: random.Random) -> list[int]:
    row = _stepped_row(study, rng)
    study.rows[row]["rating"] = rng.choice([0.4, 0.1, 0.9, 0.5 + 1 / 12, 0.006])
    return [row]


@plants("HMX579", tasks=(RATING,), endings=TABLES)
def _rounded(study: Study, rng: random.Random) -> list[int]:
    row = _stepped_row(study, rng)
    study.rows[row]["rating"] = rng.choice([0.17, 0.33, 0.67, 0.833, 0.16666])
    return [row]
