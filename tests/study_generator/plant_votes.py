"""Planters of defects in votes whose voters are not known."""

from __future__ import annotations

import random

from hypothesis import assume

from study_generator.planting import plants, some_row
from study_generator.study import Study

_VOTES = ("class_votes",)


def _has_counts(row: dict[str, object]) -> bool:
    return row["class_counts"] is not None


@plants("HMX640", tasks=_VOTES)
def _nothing(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng)
    is_zero = rng.random() < 0.5
    study.rows[row] |= {
        "class_counts": [0] * len(study.classes) if is_zero else None,
        "class_frequencies": None,
        "n_votes": None,
    }
    return [row]


@plants("HMX641", tasks=_VOTES)
def _another_total(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng, _has_counts)
    study.rows[row]["n_votes"] = sum(study.rows[row]["class_counts"]) + rng.choice([1, 7])
    return [row]


@plants("HMX642", tasks=_VOTES)
def _no_distribution(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng)
    shares = [rng.choice([0.9, 0.95]) / len(study.classes)] * len(study.classes)
    study.rows[row] |= {"class_counts": None, "class_frequencies": shares}
    return [row]


@plants("HMX643", tasks=_VOTES)
def _other_frequencies(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng, _has_counts)
    counts = study.rows[row]["class_counts"]
    assume(counts != counts[::-1])
    total = sum(counts)
    assume(max(abs(a - b) for a, b in zip(counts, counts[::-1], strict=True)) / total > 0.02)
    study.rows[row]["class_frequencies"] = [votes / total for votes in counts[::-1]]
    return [row]


@plants("HMX644", tasks=_VOTES)
def _twice(study: Study, rng: random.Random) -> list[int]:
    study.rows.append(dict(study.rows[some_row(study, rng)]))
    return [len(study.rows) - 1]


@plants("HMX645", tasks=_VOTES)
def _people(study: Study, rng: random.Random) -> None:
    name = rng.choice(["participant_id", "trial_index", "Response Time ms", "is_repeat"])
    study.add_column(name, {number: str(number) for number in range(len(study.rows))})
