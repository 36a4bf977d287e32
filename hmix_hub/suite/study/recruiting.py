"""The study file's settings about participants: recruiting, how long places are kept, completion codes and texts."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, NamedTuple

import pyarrow as pa
from pydantic import Field, StringConstraints, model_validator

from hmix_hub.files import is_plain_path
from hmix_hub.importing.patterns import check_pattern, is_match
from hmix_hub.studies.manifest_fields import Line, Strict, Text


class Session(Strict):
    """How long a session may take."""

    timeout_minutes: Annotated[float, Field(gt=0, le=60 * 24 * 30)] = Field(
        default=60, description="After this time without an answer, the place in the batch goes to another participant."
    )
    resume_hours: Annotated[float, Field(gt=0, le=24 * 365)] = Field(
        default=24, description="For this time after the last answer, a reload continues where it stopped."
    )


Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]+$", max_length=1000)]


class Outcome(Strict):
    """What participants who do not finish receive."""

    code: Code | None = Field(default=None, description="Code of the recruiting platform for this outcome.")
    url: Address | None = Field(default=None, description="Address to send participants to; {code} is replaced.")

    @model_validator(mode="after")
    def _check(self) -> Outcome:
        if self.code is None and self.url is None:
            msg = "give the code, the url or both, or remove the outcome"
            raise ValueError(msg)
        return self

    @property
    def address(self) -> str | None:
        """The address with the code filled in; `None` if there is none."""
        return self.url and self.url.replace("{code}", self.code or "{code}")


class Completion(Strict):
    """What participants receive at the end."""

    text: Text = Field(default="Thank you. Your answers are stored.", description="Text on the last page.")
    code: Code | None = Field(
        default=None, description="Completion code, the same for all (default: a different code for each participant)."
    )
    url: Address | None = Field(default=None, description="Address to send participants to; {code} is replaced.")
    redirect: bool = Field(
        default=False,
        description="Whether participants are redirected to the url after a moment; a link is shown in any case.",
    )
    screened_out: Outcome | None = Field(
        default=None, description="For participants whom a question screens out: code, url."
    )
    declined: Outcome | None = Field(default=None, description="For people who do not agree to the consent form.")
    full: Outcome | None = Field(
        default=None, description="For people who arrive, or pass the quiz, when no place is left."
    )
    failed: Outcome | None = Field(default=None, description="For participants who fail the comprehension quiz.")


OUTCOMES = {"failed_quiz": "failed", "screened_out": "screened_out", "full": "full", "declined": "declined"}
"""Ways in which a session ends before its trials, and the keys of `completion` for them."""


def outcome_of(end: str, completion: Completion) -> dict[str, str | None] | None:
    """Return the code and the address for one of the `OUTCOMES`; `None` if the study has none."""
    outcome: Outcome | None = getattr(completion, OUTCOMES[end])
    return None if outcome is None else {"code": outcome.code, "url": outcome.address}


class Platform(NamedTuple):
    """A recruiting platform: the address's parameter, and the form of its ids."""

    parameter: str
    pattern: str


PLATFORMS = {
    "prolific": Platform("PROLIFIC_PID", "[0-9a-f]{24}"),
    "mturk": Platform("workerId", "A[0-9A-Z]{9,20}"),
    "sona": Platform("survey_code", "[0-9]{1,12}"),
    "cloudresearch": Platform("participantId", "[0-9A-Fa-f]{32}|A[0-9A-Z]{9,20}"),
    "none": Platform("PROLIFIC_PID", r"[0-9A-Za-z][0-9A-Za-z._@~+-]{0,199}"),
}
"""Supported platforms, by name."""
_NO_IDS = re.compile(
    r"null|none|undefined|nan|n/?a|x+|your_?id|test_?id|.*_?not_available|.*(?:prolific_?pid|worker_?id|participant_?id)",
    re.IGNORECASE,
)
"""Placeholders in links that were not filled in, which would otherwise pass as ids."""


class Recruiting(Strict):
    """How participants are recruited. Ids are stored only as keyed hashes; an id by itself gives no access."""

    platform: Literal["prolific", "mturk", "sona", "cloudresearch", "none"] = Field(
        default="none", description="Platform that issues the ids; anything in another form is not accepted as an id."
    )
    parameter: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = Field(
        default="PROLIFIC_PID",
        description="Name of the parameter in the address that contains the id (default: the platform's).",
    )
    pattern: Line | None = Field(
        default=None,
        description="Form of the ids if no platform is named: a regular expression that matches the whole id.",
    )
    required: bool = Field(
        default=False,
        description="Whether people without an id are turned away; participants with a personal link need none.",
    )
    links: Literal["off", "optional", "required"] = Field(
        default="optional", description="Whether personal links (`hmix collect links`) are accepted, or required."
    )
    allow_list: Line | None = Field(
        default=None,
        description="CSV file next to the study file with the ids that can take part, one per line. It is read when "
        "the server starts and by `hmix collect amend`; ids once listed stay allowed.",
    )
    per_prefix: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None,
        description="Maximum number of participants per hour who can start from one network (/24 of IPv4, /48 of "
        "IPv6); kept only in memory (default: no limit). Participants with a personal link are not counted.",
    )

    @model_validator(mode="before")
    @classmethod
    def _take_parameter(cls, given: Any) -> Any:
        platform = PLATFORMS.get(str(given.get("platform"))) if isinstance(given, dict) else None
        return given if platform is None else {"parameter": platform.parameter, **given}

    @model_validator(mode="after")
    def _check(self) -> Recruiting:
        if self.pattern is not None and self.platform != "none":
            msg = f"the form of {self.platform} ids is known; remove either the platform or the pattern"
            raise ValueError(msg)
        if self.pattern is not None:
            check_pattern(self.pattern, fewest=0, most=2)
        if self.allow_list is not None and not is_plain_path(self.allow_list):
            msg = f"allow_list: {self.allow_list!r} is not a plain path within the folder, such as ids.csv"
            raise ValueError(msg)
        return self

    def id_of(self, text: str) -> str | None:
        """Return a text as an id; `None` if it does not have the form of one, such as a placeholder."""
        stripped = text.strip()
        if self.pattern is not None:
            # Use RE2: the text comes from strangers, and a backtracking pattern would block the server.
            is_id = bool(is_match(rf"\A(?:{self.pattern})\z", pa.array([stripped]))[0])
        else:
            is_id = bool(re.fullmatch(PLATFORMS[self.platform].pattern, stripped, re.ASCII))
            is_id = is_id and not _NO_IDS.fullmatch(stripped)
        return stripped if is_id else None
