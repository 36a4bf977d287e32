"""Field types of `study.yaml`: texts, months, licences, questions, and placeholders in drafts."""

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
    """Base model of files that people write, such as the manifest: rejects unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def schema_of(model: type[Strict]) -> str:
    """Return the JSON Schema of such a file, as text."""
    return json_text({"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()})


PLACEHOLDER = "TODO"
"""Placeholder in templates for what a person must write; not allowed in published studies."""
WITH_PLACEHOLDERS = {"placeholders": True}
"""Context for `Manifest.model_validate` that allows `PLACEHOLDER` in any open field, for drafts."""


def is_placeholder(value: object) -> bool:
    """Return whether a value is still a placeholder."""
    return isinstance(value, str) and PLACEHOLDER in value


def _open(value: Any, validate: Callable[[Any], Any], info: ValidationInfo) -> Any:
    """Keep a placeholder when reading a draft; the field is then `PLACEHOLDER`, whatever its type."""
    is_draft = bool(info.context) and info.context == WITH_PLACEHOLDERS
    return PLACEHOLDER if is_draft and is_placeholder(value) else validate(value)


def _spdx(licence: str) -> str:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(licence))
    except InvalidLicenseExpression:
        msg = f"{licence!r} is not an SPDX licence expression; common ones are CC-BY-4.0, CC-BY-SA-4.0 and CC0-1.0"
        raise ValueError(msg) from None


Open = WrapValidator(_open)
"""Validator for fields that are not text but may hold a placeholder in a draft."""

LONGEST_TEXT = 20_000
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]
Month = Annotated[str, StringConstraints(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"), Open]
Licence = Annotated[Line, AfterValidator(_spdx), Open]


class SoftLabels(Strict):
    """Questions of categorical_soft_labels, and how answers become soft labels."""

    asked: Annotated[list[Question], Open] = Field(
        description="What was asked besides the most probable class: `probabilities` of the named classes, a "
        "`second_class`, `impossible_classes` to rule out; `[]` if only one class was chosen."
    )
    procedure: Annotated[Procedure, Open] = Field(
        description="How the column soft_label is computed: `released` as in H-Mix, `cifar10s` as published with "
        "CIFAR-10S, `one_hot` with all probability on the top class."
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
            msg = f"if only the class was asked, answers give other classes no probability: write {ONE_HOT}"
            raise ValueError(msg)
        return self


def _steps(steps: object) -> object:
    # All values in study.yaml are read as text.
    return None if steps == "null" else steps


class RatingScale(Strict):
    """A scale of scale_rating: ratings are 0 at the low end and 1 at the high end."""

    name: Annotated[str, StringConstraints(pattern=SCALE_NAME), Open] = Field(
        description="Name in the column `scale`: letters, digits, _ and -."
    )
    question: Line = Field(description="Question that participants were asked.")
    low: Line = Field(description="Label of the low end (0), such as: not at all.")
    high: Line = Field(description="Label of the high end (1), such as: very.")
    steps: Annotated[Annotated[int, Field(ge=2, le=MOST_STEPS)] | None, BeforeValidator(_steps), Open] = Field(
        None, description="Number of steps, including both ends; null for a continuous scale."
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
        """Return the scale; continuous if a draft leaves its steps open."""
        return Scale(self.name, self.question, self.low, self.high, self.steps if isinstance(self.steps, int) else None)
