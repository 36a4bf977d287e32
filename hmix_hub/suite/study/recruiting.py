"""The study file's parts on people: how they are found, how long their places are kept, what they get in the end."""

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
        default=60, description="Without an answer for so long, the place in the batch is given to somebody else."
    )
    resume_hours: Annotated[float, Field(gt=0, le=24 * 365)] = Field(
        default=24, description="So long after the last answer a reload goes on where it stopped."
    )


Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"]+$", max_length=1000)]


class Outcome(Strict):
    """What a person gets who does not come to the end."""

    code: Code | None = Field(default=None, description="Code of the recruiting platform for this outcome.")
    url: Address | None = Field(default=None, description="Where to send people; {code} in it is replaced by the code.")

    @model_validator(mode="after")
    def _check(self) -> Outcome:
        if self.code is None and self.url is None:
            msg = "give the code, the url or both; or leave the outcome out"
            raise ValueError(msg)
        return self

    @property
    def address(self) -> str | None:
        """The address with the code filled in; `None` where there is none."""
        return self.url and self.url.replace("{code}", self.code or "{code}")


class Completion(Strict):
    """What a person gets in the end."""

    text: Text = Field(default="Thank you. Your answers are stored.", description="What people read in the end.")
    code: Code | None = Field(
        default=None, description="Completion code, the same for all; a code of each person's own, if left out."
    )
    url: Address | None = Field(default=None, description="Where to send people; {code} in it is replaced by the code.")
    redirect: bool = Field(
        default=False, description="Whether people are sent on to a url by themselves, after a moment; a link stays."
    )
    screened_out: Outcome | None = Field(default=None, description="For who is not asked to take part: code, url.")
    declined: Outcome | None = Field(default=None, description="For who does not agree to the consent form.")
    full: Outcome | None = Field(default=None, description="For who comes, or passes the quiz, when no place is left.")
    failed: Outcome | None = Field(default=None, description="For who fails the comprehension quiz.")


OUTCOMES = {"failed_quiz": "failed", "screened_out": "screened_out", "full": "full", "declined": "declined"}
"""Ends of a session before its trials, and keys of `completion` that say what people get then."""


def outcome_of(end: str, completion: Completion) -> dict[str, str | None] | None:
    """Return the code and the address of who comes to an end of `OUTCOMES`; `None` where the study has none."""
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
"""Platforms that are known by name."""
_NO_IDS = re.compile(
    r"null|none|undefined|nan|n/?a|x+|your_?id|test_?id|.*_?not_available|.*(?:prolific_?pid|worker_?id|participant_?id)",
    re.IGNORECASE,
)
"""What stands where a link was not filled in, and has the form of an id all the same."""


class Recruiting(Strict):
    """How people are recruited. Ids are stored as a keyed hash alone; an id alone opens nothing."""

    platform: Literal["prolific", "mturk", "sona", "cloudresearch", "none"] = Field(
        default="none", description="Whose ids people come with: what has another form is no id."
    )
    parameter: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = Field(
        default="PROLIFIC_PID", description="Name of the address's parameter that holds the id; else the platform's."
    )
    pattern: Line | None = Field(
        default=None, description="Form of the ids of no platform named here: a regular expression of the whole id."
    )
    required: bool = Field(
        default=False, description="Whether people without an id are turned away; who has a personal link needs none."
    )
    links: Literal["off", "optional", "required"] = Field(
        default="optional", description="Whether personal links of `hmix collect links` let people in, or alone do."
    )
    allow_list: Line | None = Field(
        default=None,
        description="CSV beside the study file with one id a line, the ids that may take part; it is read at each "
        "start of the server and by `hmix collect amend`, and who is on it once stays on it.",
    )
    per_prefix: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None,
        description="How many people may begin in an hour from one network (/24 of IPv4, /48 of IPv6), held in memory "
        "alone; any number, if left out. Who has a signed link is not counted.",
    )

    @model_validator(mode="before")
    @classmethod
    def _take_parameter(cls, given: Any) -> Any:
        platform = PLATFORMS.get(str(given.get("platform"))) if isinstance(given, dict) else None
        return given if platform is None else {"parameter": platform.parameter, **given}

    @model_validator(mode="after")
    def _check(self) -> Recruiting:
        if self.pattern is not None and self.platform != "none":
            msg = f"the ids of {self.platform} have a known form; leave out the platform or the pattern"
            raise ValueError(msg)
        if self.pattern is not None:
            check_pattern(self.pattern, fewest=0, most=2)
        if self.allow_list is not None and not is_plain_path(self.allow_list):
            msg = f"allow_list: {self.allow_list!r} is no plain path within the folder, such as ids.csv"
            raise ValueError(msg)
        return self

    def id_of(self, text: str) -> str | None:
        """Return the id that a text is; `None` where it has not the form of one, such as a placeholder."""
        stripped = text.strip()
        if self.pattern is not None:
            # By RE2: strangers send the text, and a pattern that backtracks would hold up everybody.
            is_id = bool(is_match(rf"\A(?:{self.pattern})\z", pa.array([stripped]))[0])
        else:
            is_id = bool(re.fullmatch(PLATFORMS[self.platform].pattern, stripped, re.ASCII))
            is_id = is_id and not _NO_IDS.fullmatch(stripped)
        return stripped if is_id else None
