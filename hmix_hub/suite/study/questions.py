"""Questions around the trials as the study file asks them, and what of a person's surroundings is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from hmix_hub.studies.manifest_fields import Line, Strict, Text

QuestionKind = Literal["choice", "several", "number", "text", "scale"]
Surrounding = Literal["window", "picture", "pixel_ratio", "pointer", "focus"]

MOST_CHOICES = 30
LONGEST_TEXT = 5000
"""Characters of an answer in one's own words at most."""
MOST_STEPS = 11
LARGEST: Final = 1e9
"""Numbers that are answered are between this and its negative."""

_Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
_Value = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[^|\n\r]*$")]


class AskedQuestion(Strict):
    """A question of a page before or after the trials."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")] = Field(
        description="Column of the export's participants.csv: lower case, digits, _."
    )
    kind: QuestionKind = Field(
        description="`choice`: one of some; `several`: any of them; `number`; `text`: in one's own words, never in an "
        "export; `scale`: a row of steps."
    )
    question: Line = Field(description="What is asked.")
    required: bool = Field(True, description="Whether it must be answered before going on.")
    choices: Annotated[list[Line], Field(max_length=MOST_CHOICES)] = Field(
        [], description="choice, several: what may be answered."
    )
    values: list[_Value] = Field(
        [],
        description="choice, several: what the export calls the choices, one for each; an empty one exports nothing, "
        "for “I would rather not say”. Left out: the choices themselves.",
    )
    least: _Number | None = Field(None, description="number: the smallest that is taken.")
    most: _Number | None = Field(None, description="number: the largest that is taken.")
    whole: bool = Field(True, description="number: whether it must be a whole one.")
    groups: Annotated[list[_Number], Field(max_length=MOST_CHOICES)] = Field(
        [],
        description="number: where groups begin; the export then has the group, such as `25-34`, and not the number.",
    )
    low: Line | None = Field(None, description="scale: what stands at its first step.")
    high: Line | None = Field(None, description="scale: what stands at its last step.")
    steps: Annotated[int, Field(ge=2, le=MOST_STEPS)] = Field(5, description="scale: how many steps; exported from 1.")
    longest: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = Field(
        1000, description="text: characters of an answer at most."
    )
    answer: int | None = Field(
        None,
        description="choice, number, scale: makes it an attention check, with this right answer: the number of the "
        "choice or step, from 1, or the number itself. Checks are counted in the export, and are no columns of it.",
    )
    screen_out: list[int] = Field(
        [], description="choice, several, scale: numbers of choices or steps, from 1, with which the session ends."
    )
    screen_out_below: float | None = Field(None, description="number: below it the session ends.")
    screen_out_above: float | None = Field(None, description="number: above it the session ends.")

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest number that are taken."""
        return -LARGEST if self.least is None else self.least, LARGEST if self.most is None else self.most

    @property
    def number_of_places(self) -> int:
        """How many choices or steps there are."""
        return self.steps if self.kind == "scale" else len(self.choices)


KEYS: Mapping[QuestionKind, tuple[str, ...]] = {
    "choice": ("choices", "values", "answer", "screen_out"),
    "several": ("choices", "values", "screen_out"),
    "number": ("least", "most", "whole", "groups", "answer", "screen_out_below", "screen_out_above"),
    "text": ("longest",),
    "scale": ("low", "high", "steps", "answer", "screen_out"),
}
"""Keys that a question of each kind takes, beside those of every question."""
NEEDED: Mapping[QuestionKind, tuple[str, ...]] = {
    "choice": ("choices",),
    "several": ("choices",),
    "scale": ("low", "high"),
}
"""Keys that a question of a kind cannot do without."""


class QuestionPage(Strict):
    """A page of questions before or after the trials."""

    preset: Literal["demographics"] | None = Field(
        None,
        description="Instead of a title and questions: `demographics` asks for age group, gender, eyesight and colour "
        "vision, in the interface's own words.",
    )
    title: Line | None = Field(None, description="Heading of the page.")
    text: Text | None = Field(None, description="What stands above the questions.")
    questions: Annotated[list[AskedQuestion], Field(max_length=40)] = Field([], description="The questions.")
