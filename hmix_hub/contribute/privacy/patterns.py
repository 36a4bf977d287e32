"""Patterns of what gives people away, looked for in many texts at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmix_hub.contribute.privacy.masking import plain_texts
from hmix_hub.studies.rules import privacy as rules
from hmix_hub.studies.rules.rule import Rule

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Pattern:
    """One form of what gives people away, in RE2's syntax, whose time grows with the text alone.

    Parameters
    ----------
    rule
        The rule that it breaks.
    what
        What it is called in a sentence: "an e-mail address".
    core
        What is found.
    before, after
        What must stand around it; the beginning and the end of the text are to be among it.
    """

    rule: Rule
    what: str
    core: str
    before: str = ""
    after: str = ""

    def hits(self, texts: pa.Array) -> pa.Array:
        """Say of each of N texts whether it holds a find: bool (N,); false where the text is null."""
        import pyarrow.compute as pc

        return pc.fill_null(pc.match_substring_regex(texts, f"{self.before}(?:{self.core}){self.after}"), False)

    def finds(self, texts: pa.Array) -> list[str | None]:
        """Give the first find in each of N texts; `None` where there is none."""
        import pyarrow.compute as pc

        found = pc.extract_regex(texts, f"{self.before}(?P<found>{self.core}){self.after}")
        are_null = found.is_null().to_pylist()
        return [
            None if is_null else text for is_null, text in zip(are_null, plain_texts(found.field("found")), strict=True)
        ]


# What the regular expressions call a word is another thing than what divides ids: an underscore does.
_NO_WORD_BEFORE, _NO_WORD_AFTER = "(?:^|[^0-9A-Za-z])", "(?:$|[^0-9A-Za-z])"
_NO_DIGIT_BEFORE, _NO_DIGIT_AFTER = "(?:^|[^0-9])", "(?:$|[^0-9])"

_HEX = "[0-9a-fA-F]"

PROLIFIC_ID = Pattern(
    rules.PLATFORM_ID, "an id of a platform such as Prolific", f"{_HEX}{{24}}", _NO_WORD_BEFORE, _NO_WORD_AFTER
)
# A word in capitals has no digit; RE2 has no lookahead, so the place of the first digit is written out.
_FIRST_DIGIT = "|".join(f"[A-Z]{{{n}}}[0-9][0-9A-Z]{{{max(11 - n, 0)},{12 - n}}}" for n in range(13))
WORKER_ID = Pattern(
    rules.PLATFORM_ID, "a worker id of Mechanical Turk", f"A(?:{_FIRST_DIGIT})", _NO_WORD_BEFORE, _NO_WORD_AFTER
)

# All that is beyond ASCII: the exact class of letters takes RE2 longer to prepare than all other expressions together.
_LETTER = r"A-Za-z\x{80}-\x{10FFFF}"
EMAIL = Pattern(
    rules.EMAIL,
    "an e-mail address",
    rf"[{_LETTER}0-9._%+'-]+(?:@|%40)[{_LETTER}0-9-]+(?:\.[{_LETTER}0-9-]+)*\.[{_LETTER}]{{2,}}",
)

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4 = Pattern(
    rules.IP_ADDRESS,
    "an IP address",
    rf"(?:25[0-5]|2[0-4][0-9]|1[0-9]{{2}}|[1-9][0-9]?)(?:\.{_BYTE}){{3}}",
    "(?:^|[^0-9A-Za-z.])",
    r"(?:$|[^0-9A-Za-z.]|\.(?:$|[^0-9]))",
)
_GROUP = f"{_HEX}{{1,4}}"
# Shortened addresses are taken where they begin as those in use do (global, link-local, local): 1::2 may be anything.
_PREFIX = f"(?:[23]{_HEX}{{3}}|[fF][eE][89abAB]{_HEX}|[fF][cCdD]{_HEX}{{2}})"
IPV6 = Pattern(
    rules.IP_ADDRESS,
    "an IPv6 address",
    f"(?:{_GROUP}:){{7}}{_GROUP}|{_PREFIX}(?::{_GROUP}){{0,6}}::(?:{_GROUP}(?::{_GROUP}){{0,6}})?",
    "(?:^|[^0-9A-Za-z:.])",
    "(?:$|[^0-9A-Za-z:])",
)

_MAC_FORMS = (
    f"{_HEX}{{2}}(?::{_HEX}{{2}}){{5}}",
    f"{_HEX}{{2}}(?:-{_HEX}{{2}}){{5}}",
    rf"{_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}}",
)
MAC = Pattern(
    rules.MAC_ADDRESS,
    "an address of a network card",
    "|".join(_MAC_FORMS),
    "(?:^|[^0-9A-Za-z:.-])",
    "(?:$|[^0-9A-Za-z:-])",
)

_PHONE_FORMS = (
    r"\+[1-9](?:[ ./()-]{0,3}[0-9]){7,14}",
    r"00[1-9][0-9]{0,2}[ /-](?:[ ./()-]{0,3}[0-9]){6,12}",
    r"\([0-9]{2,5}\)[ -]?[0-9]{3,4}[ -]?[0-9]{3,5}",
    r"[2-9][0-9]{2}[-. ][0-9]{3}[-. ][0-9]{4}",
    r"0[1-9][0-9]{1,3}[ /-][0-9]{3,4}[ -]?[0-9]{3,5}",
)
# Numbers side by side, divided by spaces or commas, are a list of numbers and no phone number.
PHONE = Pattern(
    rules.PHONE,
    "a phone number",
    "|".join(_PHONE_FORMS),
    "(?:^[.,:/ -]*|[^0-9A-Za-z.,:/ +-][.,:/ -]*|[A-Za-z][.,:/ -]+)",
    "(?:[.,:/ -]*$|[.,:/ -]*[^0-9A-Za-z.,:/ -]|[.,:/ -]+[A-Za-z])",
)

USER_AGENT = Pattern(
    rules.USER_AGENT,
    "a browser's description of itself",
    r"(?:Mozilla/[0-9]|AppleWebKit/|Opera/[0-9]|Dalvik/[0-9]|okhttp/[0-9]|CriOS/[0-9]|Safari/[0-9]).*",
)

_YEAR = "(?:19|20)[0-9]{2}"
_MONTH, _DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_SHORT_MONTH, _SHORT_DAY = "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_NAMED_MONTH = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_ORDINAL = "(?:st|nd|rd|th)?"
_DATE_FORMS = (
    *(f"{_YEAR}{mark}{_MONTH}{mark}{_DAY}" for mark in ("-", "/", r"\.", "_", ":")),
    f"{_YEAR}{_MONTH}{_DAY}[T_ -][0-2][0-9][0-5][0-9]",
    *(f"{_SHORT_DAY}{mark}{_SHORT_MONTH}{mark}{_YEAR}" for mark in ("-", "/", r"\.")),
    *(f"{_SHORT_MONTH}{mark}{_SHORT_DAY}{mark}{_YEAR}" for mark in ("-", "/")),
    f"{_DAY}/{_MONTH}/[0-9]{{2}}",
    f"{_MONTH}/{_DAY}/[0-9]{{2}}",
    rf"{_NAMED_MONTH}\.?[ -]{_SHORT_DAY}{_ORDINAL},?[ -]{_YEAR}",
    rf"{_SHORT_DAY}{_ORDINAL}\.?[ -](?:of )?{_NAMED_MONTH}\.?,?[ -]{_YEAR}",
)
DATE = Pattern(rules.EXACT_TIME, "a date", "|".join(_DATE_FORMS), _NO_DIGIT_BEFORE, _NO_DIGIT_AFTER)

IDENTITIES = (PROLIFIC_ID, WORKER_ID, EMAIL, IPV4, IPV6, MAC, PHONE, USER_AGENT)
"""What names a person, a household or a machine."""
PATTERNS = (*IDENTITIES, DATE)
"""All of them."""
IN_PROSE = (PROLIFIC_ID, WORKER_ID, IPV4, IPV6)
"""What no description of a study has a use for; its authors' addresses are meant to be read."""
IN_MANIFEST = (*IN_PROSE, MAC, PHONE)
"""What no field of study.yaml has a use for, authors and contact included."""

CLOCK = Pattern(
    rules.EXACT_TIME,
    "a time of day",
    r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?\s*(?:[aApP]\.?[mM]\.?)?",
    r"^\s*",
    r"\s*$",
)
COMPACT_DATE = Pattern(rules.EXACT_TIME, "a date", f"{_YEAR}{_MONTH}{_DAY}(?:[0-9]{{4}}|[0-9]{{6}})?", r"^\s*", r"\s*$")
IN_TIMES = (CLOCK, COMPACT_DATE)
"""What is a time only in columns that are called so: 20:15 is also a ratio."""
