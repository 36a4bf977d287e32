"""What a manifest says was asked: questions of the categorical task with its soft labels, and the scales of ratings."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from hmix_hub.schema.scale import MOST_STEPS, Scale
from hmix_hub.studies.manifest_fields import PLACEHOLDER, Line, Open, Strict, is_placeholder
from hmix_hub.tasks.soft_labels import ONE_HOT, QUESTIONS, Procedure, Question


class SoftLabels(Strict):
    """What participants of categorical_soft_labels were asked, and how a soft label is made of an answer."""

    asked: Annotated[list[Question], Open] = Field(
        description="What was asked besides the most probable class: `probabilities` of the named classes, a "
        "`second_class`, `impossible_classes` to rule out; `[]`: one class was chosen, and nothing else was asked."
    )
    procedure: Annotated[Procedure, Open] = Field(
        description="How the column soft_label is made: `released`, as in H-Mix; `cifar10s`, as published with "
        "CIFAR-10S; `one_hot`, all probability on the top class."
    )

    @field_validator("asked")
    @classmethod
    def _check_asked(cls, asked: list[Question]) -> list[Question]:
        if is_placeholder(asked):
            return asked
        if len(set(asked)) < len(asked):
            msg = "a question is listed twice"
            raise ValueError(msg)
        return sorted(asked, key=list(QUESTIONS).index)

    @model_validator(mode="after")
    def _check_procedure(self) -> SoftLabels:
        if not self.asked and self.procedure not in {ONE_HOT, PLACEHOLDER}:
            msg = f"if only the class was asked, no answer gives other classes any probability: write {ONE_HOT}"
            raise ValueError(msg)
        return self


SCALE_NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,39}$"


def _steps(steps: object) -> object:
    # In study.yaml all is text.
    return None if steps == "null" else steps


class RatingScale(Strict):
    """A scale of scale_rating: a rating is 0 at its low end and 1 at its high end."""

    name: Annotated[str, StringConstraints(pattern=SCALE_NAME), Open] = Field(
        description="What the column `scale` calls it: letters, digits, _ and -."
    )
    question: Line = Field(description="What the participant was asked.")
    low: Line = Field(description="What stood at the low end, which is 0: not at all.")
    high: Line = Field(description="What stood at the high end, which is 1: very.")
    steps: Annotated[Annotated[int, Field(ge=2, le=MOST_STEPS)] | None, BeforeValidator(_steps), Open] = Field(
        None, description="How many places could be chosen, both ends among them; null: any place."
    )

    @model_validator(mode="after")
    def _check_ends(self) -> RatingScale:
        if self.low.casefold() == self.high.casefold() and not is_placeholder(self.low):
            msg = f"both ends of the scale are {self.low!r}"
            raise ValueError(msg)
        return self

    @property
    def scale(self) -> Scale:
        """The scale; in a draft that leaves its steps open, a continuous one."""
        return Scale(self.name, self.question, self.low, self.high, self.steps if isinstance(self.steps, int) else None)
