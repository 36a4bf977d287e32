"""participants.csv of an export: participants' answers about themselves, coarse enough not to identify anybody.

It contains no free texts, and only counts of attention checks. In demographics (columns named like what others may know
about a person: age, gender, country), every remaining combination is shared by at least k participants: cells of the
others are left empty, starting with the questions that were asked last.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hmix_hub.contribute.privacy.column_names import is_demographic
from hmix_hub.contribute.privacy.demographics import count_shared
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.study.questionnaire import (
    ATTENTION,
    SURROUNDINGS,
    Answers,
    attention_of,
    exported_questions,
    exported_value,
    questions_of,
)

ID = "participant_id"


@dataclass
class AboutPerson:
    """What is known about one participant besides their judgments.

    Parameters
    ----------
    replies
        Answers by number of the page of questions.
    surroundings
        Surroundings, by column.
    """

    replies: dict[int, Answers] = field(default_factory=dict)
    surroundings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ParticipantTable:
    """The rows of participants.csv.

    Parameters
    ----------
    columns
        Values by column, each in the order of the participants' ids; `None` if unknown or left out.
    hidden
        Number of participants some of whose demographics are left out because too few share them.
    """

    columns: dict[str, list[Any]]
    hidden: int

    def to_csv(self) -> str:
        """Return the table as CSV with a header."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        return stream.getvalue()


def participant_table(frozen: FrozenStudy, people: Mapping[str, AboutPerson], *, k: int) -> ParticipantTable | None:
    """Return the table of participants; `None` if the study asks for nothing that is exported.

    Parameters
    ----------
    people
        By id in the export.
    k
        Minimum number of participants who share each combination of demographics; 1: hide nothing.
    """
    pages, names = frozen.questionnaire, sorted(people)
    columns: dict[str, list[Any]] = {
        asked.name: [exported_value(asked, people[name].replies.get(page.number, {}).get(asked.name)) for name in names]
        for page, asked in exported_questions(pages)
    }
    hidden = _hide_rare(columns, k)
    if any(asked.answer is not None for _, asked in questions_of(pages)):
        counts = [attention_of(pages, people[name].replies) for name in names]
        columns |= {column: [count[place] for count in counts] for place, column in enumerate(ATTENTION)}
    for column in SURROUNDINGS:
        values = [people[name].surroundings.get(column) for name in names]
        if any(value is not None for value in values):
            columns[column] = values
    return ParticipantTable({ID: names, **columns}, hidden) if columns else None


def inattentive_people(frozen: FrozenStudy, people: Mapping[str, AboutPerson]) -> set[str]:
    """Return the participants who failed more attention checks than the study allows, by their ids."""
    allowed = frozen.study.attention_failures
    return {name for name, person in people.items() if attention_of(frozen.questionnaire, person.replies)[1] > allowed}


def _hide_rare(columns: dict[str, list[Any]], k: int) -> int:
    """Clear cells of demographics until k participants share each combination; return how many lost some."""
    asked = [name for name in columns if is_demographic(name)]
    hidden: set[int] = set()
    while rare := _rare([columns[name] for name in asked], k):
        for name in reversed(asked):
            for row in rare:
                columns[name][row] = None
            hidden |= set(rare)
            if not (rare := _rare([columns[name] for name in asked], k)):
                break
    return len(hidden)


def _rare(columns: Sequence[Sequence[Any]], k: int) -> list[int]:
    combinations = [
        tuple("" if value is None else str(value).strip().casefold() for value in row)
        for row in zip(*columns, strict=True)
    ]
    return [row for row, count in enumerate(count_shared(combinations)) if count < k and any(combinations[row])]


def notes_of(frozen: FrozenStudy) -> str:
    """Return a description of the columns of participants.csv for NOTES.md: each question and its answers."""
    lines = ["# participants.csv", "", "| column | what was asked | values |", "| --- | --- | --- |"]
    for _, asked in exported_questions(frozen.questionnaire):
        called = asked.values or asked.choices
        texts = [
            f"{name or 'empty'}: {text}" if name != text else text
            for name, text in zip(called, asked.choices, strict=True)
        ]
        if asked.kind == "scale":
            texts = [f"1 ({asked.low}) to {asked.steps} ({asked.high})"]
        kinds = {"several": "any of ", "number": "a number" if not asked.groups else "group of a number"}
        lines.append(_row(asked.name, asked.question, kinds.get(asked.kind, "") + "; ".join(filter(None, texts))))
    checks = [asked.question for _, asked in questions_of(frozen.questionnaire) if asked.answer is not None]
    if checks:
        lines.append(_row(ATTENTION[0], "; ".join(checks), "number of attention checks answered"))
        lines.append(_row(ATTENTION[1], "", "number of them answered incorrectly"))
    wanted = {column for name in frozen.study.surroundings for column in SURROUNDINGS if column.startswith(name)}
    lines += [_row(column, "", meaning) for column, meaning in SURROUNDINGS.items() if column in wanted]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
