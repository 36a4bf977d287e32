"""Fields of `study.yaml`: texts, months, licences, what was asked, and what a draft may leave open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WrapValidator,
    field_validator,
    model_validator,
)

from hmix_hub.files import json_text
from hmix_hub.schema.scale import MOST_STEPS, Scale
from hmix_hub.tasks.soft_labels import ONE_HOT, QUESTIONS, Procedure, Question

SCALE_NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,39}$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\n\r]*$")]


class Strict(BaseModel):
    """A part of a file that people write, such as the manifest: it refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def schema_of(model: type[Strict]) -> str:
    """Return the JSON Schema of a file that people write, as text."""
    return json_text({"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()})


PLACEHOLDER = "TODO"
"""What a starter writes where a person must; no published study holds it."""
WITH_PLACEHOLDERS = {"placeholders": True}
"""Context of `Manifest.model_validate` that lets `PLACEHOLDER` stand in fields of another form, as a draft may."""


def is_placeholder(value: object) -> bool:
    """Whether a value is the starter's, still to be written."""
    return isinstance(value, str) and PLACEHOLDER in value


def _open(value: Any, validate: Callable[[Any], Any], info: ValidationInfo) -> Any:
    """Keep a placeholder where drafts are read: the field is then `PLACEHOLDER`, whatever its type."""
    is_draft = bool(info.context) and info.context == WITH_PLACEHOLDERS
    return PLACEHOLDER if is_draft and is_placeholder(value) else validate(value)


def _spdx(licence: str) -> str:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(licence))
    except InvalidLicenseExpression:
        msg = f"{licence!r} is no SPDX licence expression; common ones are CC-BY-4.0, CC-BY-SA-4.0, CC0-1.0"
        raise ValueError(msg) from None


Open = WrapValidator(_open)
"""Of a field that a draft may leave open although its form is not that of text."""

LONGEST_TEXT = 20_000
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]
Month = Annotated[str, StringConstraints(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"), Open]
Licence = Annotated[Line, AfterValidator(_spdx), Open]


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
        low, high = self.scale.ends
        if low == high and not is_placeholder(self.low):
            msg = f"both ends of the scale are {self.low!r}"
            raise ValueError(msg)
        return self

    @property
    def scale(self) -> Scale:
        """The scale; in a draft that leaves its steps open, a continuous one."""
        return Scale(self.name, self.question, self.low, self.high, self.steps if isinstance(self.steps, int) else None)
