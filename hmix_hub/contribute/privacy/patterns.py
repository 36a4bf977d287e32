"""Regular expressions for identifying information, matched over whole columns, and masking of their matches.

Messages only show the beginning and the length of a match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.studies.rules import privacy as rules
from hmix_hub.studies.rules.rule import Rule

_SHOWN = 2
_LONGEST_NAME = 300
_MOST_FINDS = 20
"""Maximum number of matches of one pattern that are masked in a name; more are not plausible."""


def masked(text: str) -> str:
    """Return the first two characters of a text, and its length: "ad… (15 characters)"."""
    return f"{text[:_SHOWN]}… ({len(text)} characters)"


def plain_texts(texts: pa.Array) -> list[str | None]:
    """Return N texts as Python strings; bytes that are not UTF-8, as in some Parquet files, are replaced."""
    return [None if raw is None else raw.decode("utf-8", "replace") for raw in texts.cast(pa.binary()).to_pylist()]


@dataclass(frozen=True)
class Pattern:
    """A form of identifying information, as an RE2 pattern, which takes linear time."""

    rule: Rule
    """The rule that it breaks."""
    what: str
    """Its name in a sentence: "an e-mail address"."""
    core: str
    """The text to match."""
    before: str = ""
    after: str = ""
    """What must surround it, including the beginning and the end of the text."""
    unless: str = ""
    """What the whole text must not match, since it looks like this by chance, such as a word and a number."""
    among: tuple[str, str] | None = None
    """Patterns of an id and of any code: more than half of a column's codes must match the first, because some random
    codes look like ids. `None`: one match is enough."""

    def hits(self, texts: pa.Array) -> pa.Array:
        """Return which of N texts contain a match: bool (N,); false for null."""
        found = pc.fill_null(pc.match_substring_regex(texts, f"{self.before}(?:{self.core}){self.after}"), False)
        # Matches are few, so checking them again is cheap.
        if not self.unless or not pc.any(found).as_py():
            return found
        chance = pc.match_substring_regex(pc.if_else(found, texts, None), _as_a_whole(self.unless))
        return pc.and_not(found, pc.fill_null(chance, False))

    def are_ids(self, texts: pa.Array) -> bool:
        """Return whether matches in a column are ids, rather than some of many random codes."""
        if self.among is None:
            return True
        by_chance = pc.match_substring_regex(texts, _as_a_whole(self.unless))
        likely = texts.filter(pc.fill_null(pc.invert(by_chance), False))
        ids, codes = (pc.sum(pc.match_substring_regex(likely, _as_a_whole(form))).as_py() or 0 for form in self.among)
        return bool(2 * ids > codes)

    def finds(self, texts: pa.Array) -> list[str | None]:
        """Return the first match in each of N texts; `None` if there is none."""
        found = pc.extract_regex(texts, f"{self.before}(?P<found>{self.core}){self.after}")
        return plain_texts(pc.struct_field(found, "found"))


def _as_a_whole(form: str) -> str:
    return rf"^\s*(?:{form})\s*$"


_HEX = "[0-9a-fA-F]"
# Not \b, because underscores separate ids but count as part of a word.
_id = partial(Pattern, rules.PLATFORM_ID, before="(?:^|[^0-9A-Za-z])", after="(?:$|[^0-9A-Za-z])")
# Exports with one session per file are named by its id.
_id_of_file = partial(_id, before=r"^[{\s]*", after=r"}?(?:\.(?:csv|tsv|jsonl?|txt|xlsx?|log))?\s*$")
_whole_cell = partial(Pattern, before=r"^\s*", after=r"\s*$")

PROLIFIC_ID = _id("an id of a platform such as Prolific", f"{_HEX}{{24}}")
# Requires a digit, to exclude words in capitals; RE2 has no lookahead, so the first digit's positions are enumerated.
_FIRST_DIGIT = "|".join(f"[A-Z]{{{n}}}[0-9][0-9A-Z]{{{max(11 - n, 0)},{12 - n}}}" for n in range(13))
WORKER_ID = _id("a worker id of Mechanical Turk", f"A(?:{_FIRST_DIGIT})", unless="[A-Z]+[0-9]+")
TYPED_WORKER_ID = _whole_cell(
    rules.PLATFORM_ID,
    "a worker id of Mechanical Turk, as typed",
    "a[0-9a-z]{11,13}|A[0-9A-Z]{11}",
    unless=f"[a-zA-Z]+[0-9]*|{_HEX}+",
    among=("[aA][0-9a-zA-Z]{11,13}", "[0-9a-zA-Z]{12,14}"),
)
ASSIGNMENT_ID = _id("an id of an assignment or a task of Mechanical Turk", "[1-3][0-9A-Z]{29}", unless="[0-9]+")
_FIRST_DIGIT_OF_16 = "|".join(f"[A-Za-z]{{{n}}}[0-9][0-9A-Za-z]{{{max(14 - n, 0)},{16 - n}}}" for n in range(17))
RESPONSE_ID = _id(
    "an id of a response or a contact of Qualtrics",
    f"(?:R|CID|MLRP|UR)_(?:{_FIRST_DIGIT_OF_16})",
    unless="[A-Z]+_[A-Za-z]+[0-9]+",
)
UUID = _id_of_file(
    "a UUID, as used by platforms and panels for people", f"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"
)
HEX_ID = _id_of_file(
    "32 hexadecimal digits, as used by platforms and panels for people",
    "[0-9a-f]{32}|[0-9A-F]{32}",
    unless="[0-9]+|[a-fA-F]+",
)

# Everything beyond ASCII, because compiling the exact class of letters takes RE2 longer than all other patterns.
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
# Shortened addresses only match with a prefix that is in use (global, link-local, local): 1::2 could be anything.
_PREFIX = f"(?:[23]{_HEX}{{3}}|[fF][eE][89abAB]{_HEX}|[fF][cCdD]{_HEX}{{2}})"
IPV6 = Pattern(
    rules.IP_ADDRESS,
    "an IPv6 address",
    f"(?:{_GROUP}:){{7}}{_GROUP}|{_PREFIX}(?::{_GROUP}){{0,6}}::(?:{_GROUP}(?::{_GROUP}){{0,6}})?",
    "(?:^|[^0-9A-Za-z:.])",
    "(?:$|[^0-9A-Za-z:])",
)

MAC = Pattern(
    rules.MAC_ADDRESS,
    "an address of a network card",
    rf"{_HEX}{{2}}(?::{_HEX}{{2}}){{5}}|{_HEX}{{2}}(?:-{_HEX}{{2}}){{5}}|{_HEX}{{4}}\.{_HEX}{{4}}\.{_HEX}{{4}}",
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
# Numbers separated by spaces or commas are a list of numbers, not a phone number.
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
_ABBREVIATED = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_NAMED_MONTH = f"{_ABBREVIATED}[a-z]*"
_OTHER_MONTH = (
    "(?i:märz|mrz|mai|okt|oktober|dez|dezember|janvier|janv|février|févr|mars|avril|avr|juin|juillet|juil|août|"
    "décembre|déc|enero|febrero|abril|agosto|diciembre|gennaio|maggio|giugno|luglio|settembre|ottobre|dicembre|"
    "fevereiro|maio|setembro|outubro|dezembro|maart|mei)"
)
_NUMBER, _TIME = "[0-9]{1,2}", "[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
_ORDINAL = "(?:st|nd|rd|th)?"
_DATE_FORMS = (
    *(f"{_YEAR}{mark}{_MONTH}{mark}{_DAY}" for mark in ("-", "/", r"\.", "_", ":")),
    f"{_YEAR}{_MONTH}{_DAY}[T_ -][0-2][0-9][0-5][0-9]",
    *(f"{_SHORT_DAY}{mark}{_SHORT_MONTH}{mark}{_YEAR}" for mark in ("-", "/", r"\.")),
    *(f"{_SHORT_MONTH}{mark}{_SHORT_DAY}{mark}{_YEAR}" for mark in ("-", "/")),
    f"{_DAY}/{_MONTH}/[0-9]{{2}}",
    f"{_MONTH}/{_DAY}/[0-9]{{2}}",
    rf"{_NAMED_MONTH}\.?[ -]{_SHORT_DAY}{_ORDINAL},?[ -]{_YEAR}",
    rf"{_SHORT_DAY}{_ORDINAL}\.?[ -](?:of |de )?(?:{_NAMED_MONTH}|{_OTHER_MONTH})\.?,?[ -](?:de )?{_YEAR}",
    # Unix, Java, and batches of Mechanical Turk: Sun Nov 26 08:45:33 PST 2017.
    rf"{_NAMED_MONTH} +{_SHORT_DAY} +{_TIME}(?: [A-Z]{{2,5}}| [+-][0-9]{{2}}:?[0-9]{{2}})? {_YEAR}",
    # PsychoPy: 2021_Mar_05_1412.
    f"{_YEAR}[_ /-]{_NAMED_MONTH}[_ /-]{_SHORT_DAY}",
    # SAS, SPSS and web servers: 26NOV2017, 26/Nov/2017.
    f"{_SHORT_DAY}(?:{_ABBREVIATED}|/{_ABBREVIATED}/){_YEAR}",
    f"{_SHORT_DAY}[/-]{_ABBREVIATED}[/-][0-9]{{2}}",
    f"(?:{_YEAR}[/-]{_NUMBER}|{_NUMBER}[/.-]{_NUMBER})[/.-][0-9]{{1,4}},? +{_TIME}",
    f"{_YEAR}(?:年|년) ?{_SHORT_MONTH}(?:月|월) ?{_SHORT_DAY}(?:日|일)",
)
DATE = Pattern(rules.EXACT_TIME, "a date", "|".join(_DATE_FORMS), "(?:^|[^0-9])", "(?:$|[^0-9])")

IDENTITIES = (PROLIFIC_ID, WORKER_ID, ASSIGNMENT_ID, RESPONSE_ID, EMAIL, IPV4, IPV6, MAC, PHONE, USER_AGENT)
"""Patterns that identify a person, a household or a machine."""
PATTERNS = (*IDENTITIES, DATE)
"""Patterns searched for in every name and cell."""
IN_ROWS_OF_PEOPLE = (TYPED_WORKER_ID, UUID, HEX_ID)
"""Patterns of ids in rows about people; files and stimuli may look like this, too."""
IN_PROSE = (PROLIFIC_ID, WORKER_ID, ASSIGNMENT_ID, RESPONSE_ID, IPV4, IPV6)
"""Patterns that never belong in a study's description; its authors' addresses are meant to be public."""
IN_MANIFEST = (*IN_PROSE, MAC, PHONE)
"""Patterns that never belong in any field of study.yaml, including authors and contact."""

CLOCK = _whole_cell(
    rules.EXACT_TIME,
    "a time of day",
    r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?\s*(?:[aApP]\.?[mM]\.?)?",
)
COMPACT_DATE = _whole_cell(rules.EXACT_TIME, "a date", f"{_YEAR}{_MONTH}{_DAY}(?:[0-9]{{4}}|[0-9]{{6}})?")
SHORT_DATE = _whole_cell(
    rules.EXACT_TIME,
    "a date",
    f"(?:{_YEAR}[/-]{_SHORT_MONTH}[/-]{_SHORT_DAY}|{_NUMBER}[/.-]{_NUMBER}[/.-][0-9]{{2}})",
)
IN_TIMES = (CLOCK, COMPACT_DATE, SHORT_DATE)
"""Patterns that are times only in columns named like times: 20:15 can also be a ratio."""


def masked_names(names: Sequence[str]) -> list[str]:
    """Return names (of files, columns) or messages with identifying information masked.

    Names that are implausibly long, or have too many matches, are masked completely.
    """
    called = [name if len(name) <= _LONGEST_NAME else masked(name) for name in names]
    for pattern in PATTERNS:
        for number, hit in enumerate(pattern.hits(pa.array(called, pa.string())).to_pylist()):
            if hit:
                called[number] = _masked_finds(called[number], pattern)
    return called


def masked_name(name: str) -> str:
    """Return one name, masked like `masked_names`."""
    return masked_names([name])[0]


def _masked_finds(name: str, pattern: Pattern) -> str:
    told = name
    for _ in range(_MOST_FINDS):
        (found,) = pattern.finds(pa.array([told], pa.string()))
        if found is None:
            return told
        told = told.replace(found, masked(found))
    return masked(name)
