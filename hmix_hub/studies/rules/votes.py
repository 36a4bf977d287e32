"""Rules of votes whose voters are not known: they add up, each stimulus once, and nobody in them (HMX640 to HMX645)."""

from __future__ import annotations

from hmix_hub.studies.rules.changes import ROW, Rows, cells, rows_changed
from hmix_hub.studies.rules.rule import Change, Example, error
from hmix_hub.tasks import VOTES

_TWENTY, _NINETEEN = "20|0|0|0|0|0|0|0|0|0", "19|0|0|0|0|0|0|0|0|0"
_CERTAIN, _HALF = "1|0|0|0|0|0|0|0|0|0", "0.5|0|0|0|0|0|0|0|0|0"
_FROM_EVERY_CLASS = "0.1|" * 9 + "0.1"


def _copied(rows: Rows) -> Rows:
    return [*rows, dict(rows[ROW])]


def _voters(rows: Rows) -> None:
    for number, row in enumerate(rows):
        row["participant_id"] = f"p{number:02d}"


def _changed(**values: str) -> Change:
    return cells(values, task=VOTES)


NONE = error(
    "HMX640 votes-missing",
    "the row has no votes: neither counts nor frequencies, or counts that are all 0",
    "write `class_counts`, or `class_frequencies` where the counts are not known; leave stimuli without votes out",
    Example(_changed(n_votes="", class_counts=""), _changed(class_counts="", class_frequencies=_CERTAIN), VOTES),
)
TOTAL = error(
    "HMX641 votes-total",
    "the counts do not sum to n_votes",
    "correct the one or the other; n_votes may be left empty where there are counts",
    Example(_changed(class_counts=_NINETEEN), _changed(n_votes="19", class_counts=_NINETEEN), VOTES),
)
DISTRIBUTION = error(
    "HMX642 frequencies-sum",
    "the frequencies do not sum to 1, within a hundredth",
    "divide them by their sum, if they are all of one question; percentages by 100",
    Example(
        _changed(class_counts="", class_frequencies=_HALF),
        _changed(class_counts="", class_frequencies=_FROM_EVERY_CLASS),
        VOTES,
    ),
)
FREQUENCIES = error(
    "HMX643 frequencies-differ",
    "the frequencies are not the counts divided by their sum",
    "leave `class_frequencies` out where there are counts: they are computed",
    Example(
        _changed(class_counts=_TWENTY, class_frequencies=_FROM_EVERY_CLASS),
        _changed(class_counts=_TWENTY, class_frequencies=_CERTAIN),
        VOTES,
    ),
)
TWICE = error(
    "HMX644 stimulus-twice",
    "another row has the votes of this stimulus",
    "add the counts of both rows up, or take the copy out; single judgments belong into `class_choice`",
    Example(rows_changed("row 7 stands again at the end", _copied, task=VOTES, named=(132,)), task=VOTES),
)
OF_PEOPLE = error(
    "HMX645 votes-of-people",
    "the file has a column of participants or their trials, and its rows pool what all of them chose",
    "take the column out; single judgments belong into `class_choice`, with one row per answer",
    Example(rows_changed("a column `participant_id`", _voters, task=VOTES), task=VOTES),
)
