"""Regular expressions for what identifies people, matched over whole columns, and the masking of what they find.

What identifies a person is named in messages by its beginning and length alone.
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
"""Finds of one pattern that are masked in one name; no honest name has as many."""


def masked(text: str) -> str:
    """Return the first two characters of a text, and its length: "ad… (15 characters)"."""
    return f"{text[:_SHOWN]}… ({len(text)} characters)"


def plain_texts(texts: pa.Array) -> list[str | None]:
    """Return N texts as Python's; bytes that are no UTF-8, as Parquet may hold, become replacement characters."""
    return [None if raw is None else raw.decode("utf-8", "replace") for raw in texts.cast(pa.binary()).to_pylist()]


@dataclass(frozen=True)
class Pattern:
    """One form of what gives people away, in RE2's syntax, whose time grows with the text alone."""

    rule: Rule
    """The rule that it breaks."""
    what: str
    """What it is called in a sentence: "an e-mail address"."""
    core: str
    """What is found."""
    before: str = ""
    after: str = ""
    """What must stand around it; the beginning and the end of the text are to be among it."""
    unless: str = ""
    """What a text must not be as a whole: what is written so by chance, such as a word and a number."""
    among: tuple[str, str] | None = None
    """What more than half of a column's codes must be, and a code: of random codes some begin as an id does, and of ids
    all do. `None`: one find is enough."""

    def hits(self, texts: pa.Array) -> pa.Array:
        """Whether each of N texts holds a find: bool (N,); false where the text is null."""
        found = pc.fill_null(pc.match_substring_regex(texts, f"{self.before}(?:{self.core}){self.after}"), False)
        # Few are found, and a second look at them alone is cheap.
        if not self.unless or not pc.any(found).as_py():
            return found
        chance = pc.match_substring_regex(pc.if_else(found, texts, None), _as_a_whole(self.unless))
        return pc.and_not(found, pc.fill_null(chance, False))

    def are_ids(self, texts: pa.Array) -> bool:
        """Whether finds among a column's texts are ids, rather than some of many random codes."""
        if self.among is None:
            return True
        by_chance = pc.match_substring_regex(texts, _as_a_whole(self.unless))
        likely = texts.filter(pc.fill_null(pc.invert(by_chance), False))
        ids, codes = (pc.sum(pc.match_substring_regex(likely, _as_a_whole(form))).as_py() or 0 for form in self.among)
        return bool(2 * ids > codes)

    def finds(self, texts: pa.Array) -> list[str | None]:
        """Return the first find in each of N texts; `None` where there is none."""
        found = pc.extract_regex(texts, f"{self.before}(?P<found>{self.core}){self.after}")
        return plain_texts(pc.struct_field(found, "found"))


def _as_a_whole(form: str) -> str:
    return rf"^\s*(?:{form})\s*$"


_HEX = "[0-9a-fA-F]"
# What the regular expressions call a word is another thing than what divides ids: an underscore does.
_id = partial(Pattern, rules.PLATFORM_ID, before="(?:^|[^0-9A-Za-z])", after="(?:$|[^0-9A-Za-z])")
# Exports that hold a session each are called by its id.
_id_of_file = partial(_id, before=r"^[{\s]*", after=r"}?(?:\.(?:csv|tsv|jsonl?|txt|xlsx?|log))?\s*$")
_whole_cell = partial(Pattern, before=r"^\s*", after=r"\s*$")

PROLIFIC_ID = _id("an id of a platform such as Prolific", f"{_HEX}{{24}}")
# A word in capitals has no digit; RE2 has no lookahead, so the place of the first digit is written out.
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
UUID = _id_of_file("a UUID, as platforms and panels number people by", f"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}")
HEX_ID = _id_of_file(
    "32 hexadecimal digits, as platforms and panels number people by",
    "[0-9a-f]{32}|[0-9A-F]{32}",
    unless="[0-9]+|[a-fA-F]+",
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
"""What names a person, a household or a machine."""
PATTERNS = (*IDENTITIES, DATE)
"""What is looked for in every name and cell."""
IN_ROWS_OF_PEOPLE = (TYPED_WORKER_ID, UUID, HEX_ID)
"""What is an id where the rows are of people: files and stimuli may be called so, too."""
IN_PROSE = (PROLIFIC_ID, WORKER_ID, ASSIGNMENT_ID, RESPONSE_ID, IPV4, IPV6)
"""What no description of a study has a use for; its authors' addresses are meant to be read."""
IN_MANIFEST = (*IN_PROSE, MAC, PHONE)
"""What no field of study.yaml has a use for, authors and contact included."""

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
"""What is a time only in columns that are called so: 20:15 is also a ratio."""


def masked_names(names: Sequence[str]) -> list[str]:
    """Return names (of files, of columns), or messages, with whatever in them gives a person away masked.

    One that is longer than any name should be, or holds more than can be masked one by one, is masked as a whole.
    """
    called = [name if len(name) <= _LONGEST_NAME else masked(name) for name in names]
    for pattern in PATTERNS:
        for number, hit in enumerate(pattern.hits(pa.array(called, pa.string())).to_pylist()):
            if hit:
                called[number] = _masked_finds(called[number], pattern)
    return called


def masked_name(name: str) -> str:
    """Return one name as `masked_names` gives several."""
    return masked_names([name])[0]


def _masked_finds(name: str, pattern: Pattern) -> str:
    told = name
    for _ in range(_MOST_FINDS):
        (found,) = pattern.finds(pa.array([told], pa.string()))
        if found is None:
            return told
        told = told.replace(found, masked(found))
    return masked(name)
