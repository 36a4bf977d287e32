"""Fields of `study.yaml`: text in one line or several, months and licences, and what a draft may leave open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationInfo, WrapValidator

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\n\r]*$")]


class Strict(BaseModel):
    """A part of the manifest: it refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Month = Annotated[str, StringConstraints(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"), Open]
Licence = Annotated[Line, AfterValidator(_spdx), Open]
