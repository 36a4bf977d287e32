"""Recognised columns: which raw column contains the participant, picture, answer …, by its name and its cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hmix_hub.contribute.proposal.raw_column import RawColumn
from hmix_hub.schema.arrays import Mask

_ENDINGS = "[pP][nN][gG]|[jJ][pP][eE]?[gG]|[bB][mM][pP]|[gG][iI][fF]|[wW][eE][bB][pP]|[tT][iI][fF][fF]?"
PICTURE = rf"""[^/\\"'<>\[\],]+\.(?:{_ENDINGS})"""
PICTURE_FILE = re.compile(PICTURE)
_PERSON = (
    "(participant|partid|subject|subj|sub|worker|prolific|annotator|observer|rater|respondent|proband|versuchsperson|"
    "vpn?|teilnehmer|sujet|participante)"
)
PARTICIPANT = (
    rf"^({_PERSON}( ?(id|nr|no|num|number|code|pid|name|prolific))*|who)$",
    r"^(unique ?id|user ?(id|name)?|person|login|pid|(sona|run|response|record|study result) id|session( id)?|id)$",
)
_PRIVATE = re.compile(r"\b(user|ip|worker|prolific|mail|email|session|browser|agent|login|assignment|hit)\b")
_COUNT = r"(index|n|nr|no|num|number|count|order|position)"
TRIAL = (
    rf"^((this|current|run)? ?trials?( this)?( {_COUNT})?|trial ?{_COUNT}|trial ?in ?(block|session|run))$",
    rf"^(n|index|order|{_COUNT}|presentation order|item {_COUNT}|row)$",
)
TIME = (
    r"\b(rts?|reaction ?times?|response ?times?|react(ion)?|latency|resp ?time|reaktionszeit)\b",
    r"\b(ms|seconds|secs|sekunden|duration|lead time|time|temps)\b",
)
_NO_TIME = re.compile(r"\b(elapsed|started|stopped|onset|start|date|total|created|updated)\b")
ANSWER = (
    r"\b(response|responses|answer|answered|choice|choices|chosen|selected|select|selection|judge?ment|guess|picked|clicked|antwort|reponse|respuesta)\b",
    r"\b(category|class|object|label|key|button|value|val|classification|resp|reply|keys|what)\b",
)
LABEL = (
    r"\b(true|correct|truth|target|actual|expected|ground|gold)\b",
    r"\b(label|category|class|condition|emotion|object)\b",
)
CONFIDENCE = (r"\b(confidence|confident|conf|certain|certainty|sure|sureness|sicher|sicherheit)\b",)
RATING = (
    r"\b(rating|ratings|rate|rated|slider|score|likert|valence|arousal|typicality|similarity|likeness|quality)\b",
    r"\b(response|answer|value|judge?ment|level)\b",
)
MIXING = (
    r"\b(mix|mixing|mixture|coefficient|coeff?|lambda|morph|blend|proportion|ratio)\b",
    r"\b(alpha|level|weight|share|percent|percentage|strength)\b",
)
REPEAT = (r"\b(repeat|repeated|is repeat|rerun|again|retest|duplicate)\b",)
SCREEN = (r"\b(screen|trial type|task|phase|test part|stage|part|page|type|block type|component|status|event)\b",)
SCALES = (
    *((0, 1), (1, 4), (1, 5), (1, 6), (1, 7), (1, 9), (1, 10), (0, 10), (0, 100)),
    *((-1, 1), (-3, 3), (-50, 50), (-100, 100)),
)
"""Common scales, by their two ends."""
_MOST_CLASSES = 200
_MOST_KEYS = 12
_LONGEST_CLASS = 40


@dataclass(frozen=True)
class Found:
    """A recognised raw column.

    Parameters
    ----------
    column
        The column.
    score
        Confidence: 2 for an explicit name, 1 for a possible name, 0 for only its cells; more for what its cells show.
    why
        The reason, for a comment.
    """

    column: RawColumn
    score: float
    why: str


def name_score(column: RawColumn, patterns: Sequence[str]) -> int:
    """Return 2 if a column's name matches explicitly, 1 if it possibly matches, otherwise 0."""
    for number, pattern in enumerate(patterns):
        if re.search(pattern, column.name) or re.search(pattern, column.own_name):
            return 2 - number
    return 0


def is_private(column: RawColumn) -> bool:
    """Return whether a column may identify or locate a person, so that its words are not shown."""
    return bool(name_score(column, PARTICIPANT) or _PRIVATE.search(column.name))


def first(columns: Iterable[RawColumn], judge: Callable[[RawColumn], Found | None]) -> Found | None:
    """Return the column with the highest score, the first of equals; `None` if the judge accepts none."""
    found = (one for one in map(judge, columns) if one is not None)
    return max(found, key=lambda one: one.score, default=None)


def find_participant(columns: Sequence[RawColumn], rows: Mask, stimulus: RawColumn | None = None) -> Found | None:
    """Return the column of participants: named so, filled in every row, and independent of the picture."""
    # In Zooniverse, a subject is a picture.
    are_pictures = any(column.origin["column"] == "classification_id" for column in columns)

    def judge(column: RawColumn) -> Found | None:
        score = name_score(column, PARTICIPANT)
        if are_pictures and column.name.startswith("subject"):
            return None
        n_people = column.n_distinct(rows)
        if not score or column.share(rows) < 0.98:
            return None
        if stimulus is not None and n_people > 1 and column.follows_from(stimulus, rows):
            return None
        if stimulus is not None and score < 2 and 1 < n_people == stimulus.n_distinct(rows) == rows.sum():
            # In a table with one row per picture, it numbers the pictures.
            return None
        repeats = float(rows.sum()) / max(n_people, 1)
        who = f"{n_people:,} participant{'s' if n_people != 1 else ''}"
        return Found(column, score + min(repeats, 2) / 2, f"{who}, {repeats:,.{0 if repeats >= 10 else 1}f} rows each")

    return first(columns, judge)


def find_trial(columns: Sequence[RawColumn], rows: Mask, stimulus: RawColumn | None = None) -> Found | None:
    """Return the column that numbers the trials rather than the pictures."""

    def judge(column: RawColumn) -> Found | None:
        score = name_score(column, TRIAL)
        values = column.values(rows)
        if not score or len(values) < rows.sum() or column.n_distinct(rows) < min(2, rows.sum()):
            return None
        if (values != np.floor(values)).any() or (values < 0).any():
            return None
        if stimulus is not None and score < 2 and column.follows_from(stimulus, rows):
            return None
        return Found(column, score + column.n_distinct(rows) / len(values), column.shown(rows))

    return first(columns, judge)


def find_time(columns: Sequence[RawColumn], rows: Mask) -> tuple[Found, bool] | None:
    """Return the column of response times, and whether they are seconds."""

    def judge(column: RawColumn) -> Found | None:
        score = name_score(column, TIME)
        values = column.values(rows)
        if not score or _NO_TIME.search(column.name) or len(values) < 0.5 * rows.sum() or column.n_distinct(rows) < 3:
            return None
        if (values < 0).any() or not column.is_numeric(rows):
            return None
        return Found(column, score, f"median {np.median(values):g}")

    found = first(columns, judge)
    if found is None:
        return None
    values = found.column.values(rows)
    return found, bool(np.median(values) < 60 and not re.search(r"\bms|milli", found.column.name))


_ORDER = re.compile(r"\b(annotation id|classification id|assignment id|created at|timestamp|time elapsed)\b")


def find_order(columns: Sequence[RawColumn], rows: Mask) -> RawColumn | None:
    """Return a column by which a participant's rows can be sorted into the order of answering."""
    for column in columns:
        is_plain = "json" not in column.origin and column.share(rows) == 1
        if is_plain and _ORDER.search(column.name) and column.n_distinct(rows) == rows.sum():
            return column
    return None


def find_ends(columns: Sequence[RawColumn], rows: Mask) -> tuple[RawColumn, RawColumn] | None:
    """Return the columns with the start and end time of an answer."""
    named = {name: [one for one in columns if one.own_name == f"{name} at"] for name in ("started", "finished")}
    if not all(named.values()):
        return None
    started, finished = (found[0] for found in named.values())
    return (started, finished) if min(started.share(rows), finished.share(rows)) > 0.5 else None


def are_classes(column: RawColumn, rows: Mask) -> bool:
    """Return whether cells may be classes: few, short words, not files or sentences."""
    n_words = column.n_distinct(rows)
    if not 2 <= n_words <= _MOST_CLASSES or column.is_numeric(rows):
        return False
    words = column.words(rows)
    if sum(words.values()) < 1.5 * n_words and n_words > 12:
        return False
    return all(
        len(word) <= _LONGEST_CLASS and not PICTURE_FILE.search(word) and word[:1] not in "[{<" for word in words
    )


def find_class(columns: Sequence[RawColumn], rows: Mask, stimulus: RawColumn | None) -> Found | None:
    """Return the column of the classes that participants chose, which does not depend only on the picture.

    Parameters
    ----------
    columns
        Candidate columns.
    rows
        Rows that are judgments, as far as is known.
    stimulus
        The column that names the picture.
    """

    def judge(column: RawColumn) -> Found | None:
        score: float = name_score(column, ANSWER)
        if is_private(column) or not are_classes(column, rows) or column.share(rows) < 0.3:
            return None
        if re.search(LABEL[0], column.own_name):
            return None
        words = {word.lower() for word in column.words(rows)}
        if words <= {"true", "false", "yes", "no", "1", "0"}:
            return None
        follows = column.follows_from(stimulus, rows) if stimulus is not None else None
        if follows:
            return None
        if not score and follows is None:
            return None
        return Found(
            column, score + (follows is False) * 0.5, f"{column.n_distinct(rows)} classes: {column.shown(rows)}"
        )

    return first(columns, judge)


def find_label(columns: Sequence[RawColumn], rows: Mask, stimulus: RawColumn | None, chosen: RawColumn) -> Found | None:
    """Return the column of the picture's class: it depends only on the picture, and its words are among the answers."""
    answers = {word.lower() for word in chosen.words(rows)}

    def judge(column: RawColumn) -> Found | None:
        if column is chosen or is_private(column) or not are_classes(column, rows) or column.share(rows) < 0.9:
            return None
        words = {word.lower() for word in column.words(rows)}
        shared = len(words & answers) / len(words)
        follows = column.follows_from(stimulus, rows) if stimulus is not None else None
        score = name_score(column, LABEL)
        if shared < 0.5 or follows is False or not (score or follows):
            return None
        return Found(
            column,
            score + shared,
            f"{len(words)} classes, the same for all rows of a picture" if follows else f"{len(words)} classes",
        )

    return first(columns, judge)


def find_number(
    columns: Sequence[RawColumn], rows: Mask, patterns: Sequence[str], *, fewest: int = 2, share: float = 0.5
) -> Found | None:
    """Return a column of numbers, by its name: a confidence, a rating, a coefficient."""

    def judge(column: RawColumn) -> Found | None:
        score = name_score(column, patterns)
        if not score or not column.is_numeric(rows) or column.share(rows) < share or column.n_distinct(rows) < fewest:
            return None
        return Found(column, score, column.shown(rows))

    return first(columns, judge)


def find_keys(columns: Sequence[RawColumn], rows: Mask) -> Found | None:
    """Return a column with few distinct whole numbers, as recorded for buttons and keys."""
    found = find_number(columns, rows, ANSWER[:1])
    if found is None:
        return None
    values = found.column.values(rows)
    return found if (values == np.floor(values)).all() and found.column.n_distinct(rows) <= _MOST_KEYS else None


def find_repeat(columns: Sequence[RawColumn], rows: Mask) -> Found | None:
    """Return the column that says whether a trial is a repeat, as a number or a boolean."""

    def judge(column: RawColumn) -> Found | None:
        words = {word.strip().lower() for word in column.words(rows)}
        is_truth = words & {"yes", "true"} and len(words) == 2
        return Found(column, 2, column.shown(rows)) if is_truth and name_score(column, REPEAT) else None

    return find_number(columns, rows, REPEAT) or first(columns, judge)


def find_scale(columns: Sequence[RawColumn], rows: Mask) -> Found | None:
    """Return the column that names the scale of a row, if there are several scales."""

    def judge(column: RawColumn) -> Found | None:
        score = name_score(column, (r"\b(scale|dimension|trait|attribute|question)\b",))
        if not score or is_private(column) or not are_classes(column, rows) or column.share(rows) < 1:
            return None
        return Found(column, score, f"{column.n_distinct(rows)} scales: {column.shown(rows)}")

    return first(columns, judge)


def scale_of(column: RawColumn, rows: Mask) -> tuple[float, float] | None:
    """Return the two ends of the smallest common scale that contains all numbers; `None` if there is none."""
    values = column.values(rows)
    fitting = [(low, high) for low, high in SCALES if low <= values.min() and values.max() <= high]
    are_whole = bool((values == np.floor(values)).all())
    # Whole numbers are steps; only 0 and 1 would mean no and yes.
    fitting = [ends for ends in fitting if ends != (0, 1) or not are_whole or column.n_distinct(rows) == 2]
    return min(fitting, key=lambda ends: ends[1] - ends[0], default=None)
