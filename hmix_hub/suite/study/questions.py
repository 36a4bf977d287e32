"""Questions around the trials in the study file, and what can be stored about a participant's surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from hmix_hub.studies.manifest_fields import Line, Strict, Text

QuestionKind = Literal["choice", "several", "number", "text", "scale"]
Surrounding = Literal["window", "picture", "pixel_ratio", "pointer", "focus"]

MOST_CHOICES = 30
LONGEST_TEXT = 5000
"""Maximum length of a free-text answer."""
MOST_STEPS = 11
LARGEST: Final = 1e9
"""Numeric answers are between this and its negative."""

_Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
_Value = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[^|\n\r]*$")]


class AskedQuestion(Strict):
    """A question of a page before or after the trials."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = Field(
        description="Column of the export's participants.csv: lower case, digits, _."
    )
    kind: QuestionKind = Field(
        description="`choice`: exactly one choice; `several`: any number of choices; `number`; `text`: free text, not "
        "exported to participants.csv; `scale`: a row of steps."
    )
    question: Line = Field(description="The question.")
    required: bool = Field(True, description="Whether it must be answered before continuing.")
    choices: Annotated[list[Line], Field(max_length=MOST_CHOICES)] = Field(
        [], description="choice, several: possible answers."
    )
    values: list[_Value] = Field(
        [],
        description="choice, several: exported values, one for each choice; an empty one exports nothing, for “I would "
        "rather not say” (default: the choices themselves).",
    )
    least: _Number | None = Field(None, description="number: smallest accepted answer.")
    most: _Number | None = Field(None, description="number: largest accepted answer.")
    whole: bool = Field(True, description="number: whether it must be a whole number.")
    groups: Annotated[list[_Number], Field(max_length=MOST_CHOICES)] = Field(
        [],
        description="number: lower bounds of groups; the export contains the group, such as `25-34`, not the number.",
    )
    low: Line | None = Field(None, description="scale: text at the first step.")
    high: Line | None = Field(None, description="scale: text at the last step.")
    steps: Annotated[int, Field(ge=2, le=MOST_STEPS)] = Field(
        5, description="scale: number of steps; answers are exported as 1, 2, …"
    )
    longest: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = Field(
        1000, description="text: maximum number of characters."
    )
    answer: int | None = Field(
        None,
        description="choice, number, scale: makes it an attention check with this correct answer: the number of the "
        "choice or step, from 1, or the number itself. Checks are counted in the export and are not columns of it.",
    )
    screen_out: list[int] = Field(
        [], description="choice, several, scale: numbers of the choices or steps, from 1, that end the session."
    )
    screen_out_below: float | None = Field(None, description="number: smaller answers end the session.")
    screen_out_above: float | None = Field(None, description="number: larger answers end the session.")

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest accepted number."""
        return -LARGEST if self.least is None else self.least, LARGEST if self.most is None else self.most

    @property
    def number_of_places(self) -> int:
        """Number of choices or steps."""
        return self.steps if self.kind == "scale" else len(self.choices)


KEYS: Mapping[QuestionKind, tuple[str, ...]] = {
    "choice": ("choices", "values", "answer", "screen_out"),
    "several": ("choices", "values", "screen_out"),
    "number": ("least", "most", "whole", "groups", "answer", "screen_out_below", "screen_out_above"),
    "text": ("longest",),
    "scale": ("low", "high", "steps", "answer", "screen_out"),
}
"""Keys of each kind of question, besides those of every question."""
NEEDED: Mapping[QuestionKind, tuple[str, ...]] = {
    "choice": ("choices",),
    "several": ("choices",),
    "scale": ("low", "high"),
}
"""Required keys of each kind of question."""


class QuestionPage(Strict):
    """A page of questions before or after the trials."""

    preset: Literal["demographics"] | None = Field(
        None,
        description="`demographics`, instead of a title and questions: asks for age group, gender, eyesight and colour "
        "vision, in the interface's words.",
    )
    title: Line | None = Field(None, description="Heading of the page.")
    text: Text | None = Field(None, description="Text above the questions.")
    questions: Annotated[list[AskedQuestion], Field(max_length=40)] = Field([], description="The questions.")
