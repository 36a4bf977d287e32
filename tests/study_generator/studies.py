"""Hypothesis strategy of valid studies."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from statistics import median
from typing import Any

from hypothesis import strategies as st

from hmix_hub.schema import CIFAR10
from hmix_hub.tasks import CATEGORICAL, CHOICE, RATING, TASKS
from hmix_hub.tasks.flags import STRAIGHTLINING_MINIMUM
from hmix_hub.tasks.soft_labels import PROCEDURES, QUESTIONS, unasked_columns
from study_generator import stimuli as make
from study_generator.answers import ANSWER_KEYS, ANSWERS, SCALES, VOTES
from study_generator.formats import Style
from study_generator.recorded import NAMES, recorded
from study_generator.study import Row, Study
from study_generator.words import identifier, text

ENDINGS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "parquet")
_MIXINGS = ("pixel-linear", "pixel-linear", "pixel-linear", "morph", "none")


@st.composite
def studies(
    draw: st.DrawFn,
    *,
    tasks: tuple[str, ...] = tuple(ANSWERS),
    endings: tuple[str, ...] = ENDINGS,
    sources: tuple[str, ...] = ("cifar10/test", "own"),
    mixings: tuple[str, ...] = _MIXINGS,
    fewest_people: int = 1,
    fewest_trials: int = 1,
    is_plain: bool = False,
    has_participants: bool | None = None,
    with_columns: tuple[str, ...] = (),
    without_columns: tuple[str, ...] = (),
    is_recorded: bool | None = None,
    asks_all: bool = False,
) -> Study:
    """Draw a valid study.

    `asks_all` is whether people were asked all questions of the categorical task; else some are drawn.
    `is_recorded` is whether it has all columns of how answers came about, or none of them; `None`: some are drawn.
    Those of its features that are not given are drawn; `is_plain` keeps line breaks and marks out of cells.
    """
    task = draw(st.sampled_from(tasks))
    rng = random.Random(draw(st.integers(0, 2**32 - 1)))
    pictures = make.own(rng) if draw(st.sampled_from(sources)) == "own" else make.cifar10(rng)
    mixing = draw(st.sampled_from([m for m in mixings if m != "none" or TASKS[task].shows == "mixture"]))
    distinct = make.draw_stimuli(
        rng,
        pictures,
        task,
        number=draw(st.integers(max(fewest_trials, 1), fewest_trials + 14)),
        is_mixed=mixing != "none",
        singles=draw(st.sampled_from([0, 0, 0.3])),
    )
    is_pooled = not TASKS[task].has_participants
    people = [] if is_pooled else _people(rng, draw(st.integers(fewest_people, max(fewest_people, 30))))
    optional = draw(st.sets(st.sampled_from(OPTIONAL))) | set(with_columns)
    optional -= {*without_columns, *(["is_repeat", "condition"] if is_pooled else [])}
    extras = _extras(rng, draw(st.integers(0, 4)), is_plain=is_plain)
    rows: list[Row] = [stimulus | VOTES[task](rng, stimulus, pictures) for stimulus in distinct if is_pooled]
    for person in people:
        few = draw(st.integers(fewest_trials, fewest_trials + 8))
        rows += _trials(rng, task, person, distinct, few, has_repeats="is_repeat" in optional, pictures=pictures)
    manifest = _manifest(rng, task, pictures, mixing)
    if task == CATEGORICAL:
        asked = list(QUESTIONS) if asks_all else sorted(draw(st.sets(st.sampled_from(list(QUESTIONS)))))
        manifest["soft_labels"] = {"asked": asked, "procedure": rng.choice(list(PROCEDURES)) if asked else "one_hot"}
        rows = _unasked(rng, rows, asked)
    if task == RATING:
        named = {row["scale"].lower() for row in rows}
        manifest["scales"] = [scale for scale in SCALES if scale["name"].lower() in named]
        if len(named) == 1 and rng.random() < 0.5:
            # A file of one scale need not name it.
            rows = [{name: value for name, value in row.items() if name != "scale"} for row in rows]
    classes = list(CIFAR10.names) if pictures.classes == "cifar10" else list(pictures.classes)
    kept = draw(st.sets(st.sampled_from(NAMES[task]))) if is_recorded is None else set(NAMES[task] * is_recorded)
    if kept:
        rows = [row | _recorded(rng, task, row, classes, kept) for row in rows]
    since = max((column.since for column in TASKS[task].columns if column.name in kept), default="2.0.0")
    version = rng.choice([None, *(version for version in TASKS[task].versions if version >= since)])
    manifest |= {} if version is None else {"schema_version": version}
    rows = [
        row | _optional(rng, optional, manifest, number) | {name: give() for name, give in extras.items()}
        for number, row in enumerate(rows)
    ]
    columns = list(rows[0])
    if draw(st.booleans()):
        rng.shuffle(rows)
        rng.shuffle(columns)
    if has_participants is None:
        has_participants = draw(st.booleans()) and not is_pooled
    return Study(
        task,
        manifest,
        columns,
        rows,
        _style(draw, rng, endings, columns, is_plain=is_plain),
        [{"participant_id": person, "screen": rng.choice(["small", "large"])} for person in people]
        if has_participants
        else None,
        pictures.files,
        classes=classes,
        labels=pictures.labels,
        few=frozenset() if is_pooled else few_people(rows),
        alike=frozenset() if is_pooled else alike_people(rows, task),
    )


def _unasked(rng: random.Random, rows: list[Row], asked: list[str]) -> list[Row]:
    """Take out of rows what was not asked: the columns, or what they hold."""
    nothing: Row = {"top_probability": 1.0, "second_class": None, "second_probability": None, "impossible_classes": []}
    names = unasked_columns(asked)
    if rng.random() < 0.5:
        return [{name: value for name, value in row.items() if name not in names} for row in rows]
    return [row | {name: nothing[name] for name in names} for row in rows]


OPTIONAL = (
    "is_repeat",
    "condition",
    "collection_round",
    "image_set",
    "source_file",
    "source_row",
    "study_id",
    "task",
    "judgment_id",
)


def _people(rng: random.Random, number: int) -> list[str]:
    people: dict[str, None] = {}
    while len(people) < number:
        people[identifier(rng)] = None
    return list(people)


def _trials(
    rng: random.Random,
    task: str,
    person: str,
    distinct: list[Row],
    number: int,
    *,
    has_repeats: bool,
    pictures: make.Pictures,
) -> list[Row]:
    number = number if has_repeats else min(number, len(distinct))
    is_distinct = number <= len(distinct) and not (has_repeats and rng.random() < 0.5)
    shown = rng.sample(distinct, k=number) if is_distinct else rng.choices(distinct, k=number)
    indices = sorted(rng.sample(range(rng.choice([number, 1000, 2**31])), number))
    seen: set[str] = set()
    rows = []
    for trial, stimulus in zip(indices, shown, strict=True):
        row = {
            "participant_id": person,
            "trial_index": trial,
            "response_time_ms": None if rng.random() < 0.1 else round(rng.lognormvariate(8.3, 0.4), 3),
            **stimulus,
            **ANSWERS[task](rng, stimulus, pictures),
        }
        judged = [row.get(name) for name in ("image_1_index", "image_2_index", "mixing_coefficient", "scale")]
        key = repr(judged).lower()
        rows.append(row | ({"is_repeat": key in seen} if has_repeats else {}))
        seen.add(key)
    return rows


def _recorded(rng: random.Random, task: str, row: Row, classes: list[str], kept: set[str]) -> Row:
    made = recorded(rng, task, row, classes)
    return {name: value for name, value in made.items() if name in kept or name in row}


def _optional(rng: random.Random, names: set[str], manifest: dict[str, Any], number: int) -> Row:
    source = manifest["stimuli"]["source"]
    made = {
        "condition": rng.choice([None, 0, 7, -3]),
        "collection_round": rng.choice(["1", "B", "pilot-2"]),
        "image_set": "own" if source == "own" else source,
        "source_file": "raw.csv",
        "source_row": number,
        "study_id": manifest["id"],
        "task": manifest["tasks"][0],
    }
    return {name: made[name] for name in made if name in names}


def _extras(rng: random.Random, number: int, *, is_plain: bool) -> dict[str, Any]:
    kinds = {
        "x_count": lambda: rng.choice([0, -1, 7, 2**53 + 1, -(2**62)]),
        "x_score": lambda: rng.choice([0.5, -1.25e-7, 1e22, 3.0, None]),
        "x_seen": lambda: rng.random() < 0.5,
        "x_word": lambda: rng.choice([text(rng, is_plain=is_plain), None, "a" + text(rng, is_plain=is_plain)]),
        "x_Code": lambda: rng.choice(["007", "0012"]),
    }
    return {name: kinds[name] for name in rng.sample(list(kinds), number)}


def _manifest(rng: random.Random, task: str, pictures: make.Pictures, mixing: str) -> dict[str, Any]:
    stimuli = {"source": pictures.source, "mixing": mixing, "classes": pictures.classes}
    return {
        "id": "study-" + str(rng.randrange(100)),
        "title": "Mixed " + text(rng).replace("\n", " "),
        "version": "1.0.0",
        "description": "What was asked.",
        "authors": [{"name": "Ada Example"}],
        "licence": "CC-BY-4.0",
        "ethics": {"approval": "None was needed.", "consent": "To everything."},
        "recruitment": "Nobody was recruited.",
        "collected": {"first": "2024-11", "last": "2025-02"},
        "language": rng.choice(["en", "no", "pt-BR"]),
        "tasks": [task],
        "stimuli": stimuli | ({"mixing_note": "By hand."} if mixing == "morph" else {}),
        "citation": {"doi": "10.5281/zenodo.1"},
        "contact": "https://example.org",
    }


def _style(
    draw: st.DrawFn, rng: random.Random, endings: tuple[str, ...], columns: list[str], *, is_plain: bool
) -> Style:
    import pyarrow as pa

    texts = (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view())
    names = [name for name in columns if name in {"participant_id", "collection_round", "x_word", "source_file"}]
    lists = [name for name in columns if name.endswith(("_path", "_times_ms", "_coefficients"))]
    return Style(
        draw(st.sampled_from(endings)),
        newline=draw(st.sampled_from(["\n"] if is_plain else ["\n", "\r\n"])),
        quotes_all=not is_plain and draw(st.booleans()),
        ends=draw(st.booleans()),
        kinds={name: rng.choice(texts) for name in names}
        | {name: rng.choice([pa.list_(pa.float64()), pa.large_list(pa.float64())]) for name in lists},
        labels_as_codes=draw(st.booleans()),
        omits_nulls=draw(st.booleans()),
    )


def few_people(rows: list[Row]) -> frozenset[str]:
    """People with fewer than half of the rows that the median person has."""
    counts = Counter(row["participant_id"] for row in rows)
    middle = median(counts.values())
    return frozenset(person for person, count in counts.items() if 2 * count < middle)


def alike_people(rows: list[Row], task: str) -> frozenset[str]:
    """People nine tenths or more of whose answers are one; of chosen classes, unless the pictures were, too."""
    answers: dict[str, list[object]] = defaultdict(list)
    shown: dict[str, list[object]] = defaultdict(list)
    for row in rows:
        shown[row["participant_id"]].append((row["image_1_label"], row.get("image_2_label")))
        answers[row["participant_id"]].append(tuple(map(str, (row.get(name) for name in ANSWER_KEYS[task]))))
    return frozenset(
        person
        for person, given in answers.items()
        if _is_alike(given) and not (task == CHOICE and _is_alike(shown[person]))
    )


def _is_alike(given: list[object]) -> bool:
    return len(given) >= STRAIGHTLINING_MINIMUM and 10 * max(Counter(given).values()) >= 9 * len(given)
