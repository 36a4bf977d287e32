"""Authors of a study, and their ORCID."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

_ORCID = re.compile(r"([0-9]{4})-([0-9]{4})-([0-9]{4})-([0-9]{3}[0-9X])")
_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\n\r]*$")]


class Author(BaseModel):
    """A person, or a group, that made a study."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Line = Field(description="Name as it is cited.")
    orcid: str | None = Field(None, description="ORCID iD: 0000-0002-1825-0097.")
    affiliation: _Line | None = Field(None, description="University, company, …")

    @field_validator("orcid")
    @classmethod
    def _check_orcid(cls, orcid: str | None) -> str | None:
        if orcid is None:
            return None
        bare = orcid.removeprefix("https://orcid.org/")
        if not _ORCID.fullmatch(bare):
            msg = f"{orcid!r} is no ORCID iD: it has four groups of four digits, the last perhaps ending in X"
            raise ValueError(msg)
        expected = orcid_check_digit(bare)
        if bare[-1] != expected:
            msg = f"the check digit of {bare} is {expected}, not {bare[-1]}: a digit is mistyped"
            raise ValueError(msg)
        return bare


def orcid_check_digit(orcid: str) -> str:
    """Give the last character that an ORCID iD must have, "0" to "9" or "X".

    Source: ISO 7064 MOD 11-2, as ORCID uses it.
    """
    total = 0
    for digit in orcid.replace("-", "")[:15]:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)
