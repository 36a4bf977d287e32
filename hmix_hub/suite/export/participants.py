"""participants.csv of an export: what people answered about themselves, coarse enough that nobody is found by it.

Free texts are no part of it, nor are attention checks, which are counted. Of demographics (columns called as what
others may know of a person: age, gender, country) no combination is left that fewer than k people share: cells of those
people are left empty, those of the questions that were asked last first.
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
    """What is known of one participant beside their judgments.

    Parameters
    ----------
    replies
        Answers by number of the page of questions.
    surroundings
        What surrounded the pictures, by column.
    """

    replies: dict[int, Answers] = field(default_factory=dict)
    surroundings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ParticipantTable:
    """The rows of participants.csv.

    Parameters
    ----------
    columns
        Values by column, each in the order of the participants' ids; `None` where nothing is known or told.
    hidden
        People some of whose demographics are left out, since too few share them.
    """

    columns: dict[str, list[Any]]
    hidden: int

    def to_csv(self) -> str:
        """Write as CSV, with a header."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        return stream.getvalue()


def participant_table(frozen: FrozenStudy, people: Mapping[str, AboutPerson], *, k: int) -> ParticipantTable | None:
    """Lay out what is known of participants; `None` where the study asks for nothing that an export holds.

    Parameters
    ----------
    people
        By id of the export.
    k
        Fewest people who must share each combination of demographics; 1: no combination is too rare.
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
    """Empty cells of demographics until at least k people share each combination; return how many people lost some."""
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
    """Write what the columns of participants.csv hold, for the export's NOTES.md: each question and its answers."""
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
        lines.append(_row(ATTENTION[0], "; ".join(checks), "attention checks that were answered"))
        lines.append(_row(ATTENTION[1], "", "those of them that were answered wrongly"))
    wanted = {column for name in frozen.study.surroundings for column in SURROUNDINGS if column.startswith(name)}
    lines += [_row(column, "", meaning) for column, meaning in SURROUNDINGS.items() if column in wanted]
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
