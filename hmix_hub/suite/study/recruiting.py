"""The study file's parts on people: how they are found, how long their places are kept, what they get in the end."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from hmix_hub.studies.manifest_fields import Strict, Text


class Session(Strict):
    """How long a session may take."""

    timeout_minutes: Annotated[float, Field(gt=0, le=60 * 24 * 30)] = Field(
        default=60, description="Without an answer for so long, the place in the batch is given to somebody else."
    )
    resume_hours: Annotated[float, Field(gt=0, le=24 * 365)] = Field(
        default=24, description="So long after the last answer a reload goes on where it stopped."
    )


class Completion(Strict):
    """What a person gets in the end."""

    text: Text = Field(default="Thank you. Your answers are stored.", description="What people read in the end.")
    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = Field(
        default=None, description="Completion code, the same for all; a code of each person's own, if left out."
    )
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]+$", max_length=1000)] | None = Field(
        default=None, description="Where to send people; {code} in it is replaced by the code."
    )


class Recruiting(Strict):
    """Recruiting ids; stored as a keyed hash alone."""

    parameter: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = Field(
        default="PROLIFIC_PID", description="Name of the address's parameter that holds the id."
    )
    required: bool = Field(default=False, description="Whether people without one are turned away.")
    per_prefix: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None,
        description="How many people may begin in an hour from one network (/24 of IPv4, /48 of IPv6), held in memory "
        "alone; any number, if left out. Who has a signed link is not counted.",
    )
