"""Planters of defects in trials, answers and people."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
from hypothesis import assume

from hmix_hub.schema import CURRENT
from hmix_hub.tasks import CATEGORICAL, CHOICE, INFER
from study_generator.planting import plants, some_row
from study_generator.studies import few_people
from study_generator.study import Study

_ID = "participant_id"


@plants("HMX570", fewest_trials=3)
def _twice(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng, lambda row: row["response_time_ms"] is not None)
    mine = study.rows[row]
    others = [n for n, other in enumerate(study.rows) if other[_ID] == mine[_ID] and n != row]
    assume(others)
    other = rng.choice(others)
    assume(study.rows[other]["response_time_ms"] != mine["response_time_ms"])
    mine["trial_index"] = study.rows[other]["trial_index"]
    return [max(row, other)]


@plants("HMX571")
def _row_twice(study: Study, rng: random.Random) -> list[int]:
    study.rows.append(dict(study.rows[some_row(study, rng)]))
    return [len(study.rows) - 1]


@plants("HMX572", with_columns=("is_repeat",), fewest_people=3, fewest_trials=2)
def _unmarked(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng, lambda row: row["is_repeat"])
    study.rows[row]["is_repeat"] = False
    return [row]


@plants("HMX573", with_columns=("is_repeat",))
def _repeat_of_nothing(study: Study, rng: random.Random) -> list[int]:
    row = some_row(study, rng, lambda row: not row["is_repeat"])
    study.rows[row]["is_repeat"] = True
    return [row]


@plants("HMX580", fewest_people=3, fewest_trials=3)
def _fast(study: Study, rng: random.Random) -> list[int]:
    assume(sum(row["response_time_ms"] is not None for row in study.rows) > 3)
    row = some_row(study, rng)
    study.rows[row]["response_time_ms"] = rng.choice([95.0, 99.9, 3_600_001.0, 7_200_000.0])
    return [row]


@plants("HMX581")
def _seconds(study: Study, rng: random.Random) -> None:
    some_row(study, rng, lambda row: row["response_time_ms"] is not None)
    for row in study.rows:
        if row["response_time_ms"] is not None:
            row["response_time_ms"] /= 1000


@plants("HMX582", tasks=(INFER,), fewest_people=6, fewest_trials=6)
def _flipped(study: Study, rng: random.Random) -> None:
    for row in study.rows:
        row["inferred_coefficient"] = round(1 - row["inferred_coefficient"], 3)
    shown, inferred = (
        np.array([row[name] for row in study.rows]) for name in ("mixing_coefficient", "inferred_coefficient")
    )
    assume(len(set(shown.tolist())) > 1)
    correlation = np.corrcoef(shown, inferred)[0, 1]
    # So few rows must tell it apart from chance.
    assume(correlation < -0.4 and correlation * np.sqrt(len(shown) / (1 - correlation**2)) < -5)


@plants("HMX583", tasks=(CATEGORICAL,))
def _contradiction(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng, lambda row: row["second_class"] is not None)
    row = study.rows[number]
    fault = rng.choice(["same", "ruled out", "too much"])
    if fault == "same":
        row["second_class"] = row["top_class"]
    elif fault == "ruled out":
        row["impossible_classes"] = [*row["impossible_classes"], rng.choice([row["top_class"], row["second_class"]])]
    else:
        row |= {"top_probability": 0.7, "second_probability": 0.31}
    return [number]


@plants("HMX584", tasks=(CATEGORICAL,))
def _no_class(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng)
    study.rows[number] |= {"second_class": None, "second_probability": 0.2}
    return [number]


@plants("HMX585", tasks=(CATEGORICAL,))
def _no_probability(study: Study, rng: random.Random) -> list[int]:
    number = some_row(study, rng)
    study.rows[number] |= {"top_probability": 0.0, "second_class": None, "second_probability": None}
    study.rows[number]["impossible_classes"] = rng.sample(study.classes, len(study.classes))
    return [number]


@plants("HMX586", fewest_people=4, fewest_trials=6)
def _two_units(study: Study, rng: random.Random) -> None:
    person = rng.choice(study.people_ids)
    timed = [row for row in study.rows if row["response_time_ms"] is not None]
    mine = [row for row in timed if row[_ID] == person]
    assume(len(mine) > len(timed) / 5)
    for row in mine:
        row["response_time_ms"] /= 1000


@plants("HMX587", tasks=(CATEGORICAL,))
def _not_asked(study: Study, rng: random.Random) -> list[int]:
    # A second class has two columns, and would be found in both.
    question, column, nothing = rng.choice(
        [("probabilities", "top_probability", 1.0), ("impossible_classes", "impossible_classes", [])]
    )
    number = some_row(study, rng, lambda row: bool(row[column]))
    study.manifest["soft_labels"]["asked"].remove(question)
    changes = {"second_probability": None} if question == "probabilities" else {}
    study.rows = [
        row | changes | ({} if other == number else {column: nothing}) for other, row in enumerate(study.rows)
    ]
    return [number]


@plants("HMX590", fewest_people=3, fewest_trials=4, has_participants=False)
def _few(study: Study, rng: random.Random) -> list[int]:
    study.rows.append(study.rows[some_row(study, rng)] | {_ID: "new-person"})
    assume(few_people(study.rows) == {"new-person"})
    return [len(study.rows) - 1]


@plants("HMX591", fewest_trials=12, with_columns=("is_repeat",))
def _alike(study: Study, rng: random.Random) -> list[int]:
    # A study in which more people happened to answer alike would name them, too.
    assume(not study.alike)
    first = some_row(study, rng)
    person, given = study.rows[first][_ID], study.rows[first]
    names = [
        "selected_coefficient",
        "inferred_coefficient",
        "confidence",
        "top_class",
        "top_probability",
        "chosen_class",
    ]
    mine = [n for n, row in enumerate(study.rows) if row[_ID] == person]
    assume(len(mine) >= 10)
    # Whoever was shown one class throughout may well choose one class throughout.
    shown = Counter((study.rows[n]["image_1_label"], study.rows[n].get("image_2_label")) for n in mine)
    assume(study.task != CHOICE or max(shown.values()) < 0.9 * len(mine))
    for number in mine:
        study.rows[number] |= {name: given[name] for name in names if name in given}
        # Of all scales, those of steps included.
        study.rows[number] |= {"rating": 0.5} if "rating" in given else {}
    return [mine[0]]


@plants("HMX592", fewest_trials=9, has_participants=False, with_columns=("is_repeat",))
def _same_person(study: Study, rng: random.Random) -> list[int]:
    person = study.rows[some_row(study, rng)][_ID]
    mine = [row for row in study.rows if row[_ID] == person]
    assume(sum(row["response_time_ms"] is not None for row in mine) >= max(5, len(mine) / 2))
    study.rows += [row | {_ID: "new-person"} for row in mine]
    return [len(study.rows) - len(mine)]


@plants("HMX597", fewest_trials=3)
def _claimed(study: Study, rng: random.Random) -> list[int]:
    claimed: Counter[str] = Counter()
    elapsed: dict[int, float] = {}
    for number, row in enumerate(study.rows):
        claimed[row[_ID]] += row["response_time_ms"] or 0.0
        elapsed[number] = claimed[row[_ID]]
    person = study.rows[some_row(study, rng, lambda row: claimed[row[_ID]] > 2000)][_ID]
    mine = [number for number, row in enumerate(study.rows) if row[_ID] == person]
    study.manifest["schema_version"] = CURRENT
    study.add_column("server_elapsed_ms", elapsed | {number: 5.0 * place for place, number in enumerate(mine)})
    return [next(number for number in mine if study.rows[number]["response_time_ms"] is not None)]


@plants("HMX593", has_participants=True)
def _judged_nothing(study: Study, rng: random.Random) -> list[int]:
    place = rng.randrange(len(study.people) + 1)
    study.people.insert(place, study.people[0] | {_ID: "new-person"})
    return [place]


@plants("HMX594", has_participants=True, fewest_people=2)
def _left_out(study: Study, rng: random.Random) -> None:
    del study.people[rng.randrange(len(study.people))]


@plants("HMX595", has_participants=True, fewest_people=2)
def _person_twice(study: Study, rng: random.Random) -> list[int]:
    first, second = sorted(rng.sample(range(len(study.people)), 2))
    study.people[second] = study.people[second] | {_ID: rng.choice([study.people[first][_ID], None])}
    return [second]


@plants("HMX596", has_participants=True)
def _no_ids(study: Study, rng: random.Random) -> None:
    study.people = [{"person" if name == _ID else name: row[name] for name in row} for row in study.people]
