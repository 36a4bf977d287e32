"""Column names, split into words: which identify people or contain times or demographics; numbers that are times."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for line in text.splitlines() for phrase in line.split("|") if phrase)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IDENTIFYING = _phrases("""\
email|e mail|mail address|ip|ip address|ipv4|ipv6|mac address|phone|phone number|telephone|cellphone|mobile number
home address|street address|postal address|postcode|post code|postal code|zip code|zipcode
birth date|birthdate|date of birth|birth day|birthday|dob
gps|latitude|longitude|geo location|geolocation
first name|firstname|last name|lastname|full name|fullname|family name|given name|surname|maiden name|real name
user name|username|participant name|subject name|worker name|person name|login name
worker id|workerid|mturk|assignment id|hit id|prolific|prolific id|prolific pid|sona id|student id|matriculation number
user agent|useragent|browser fingerprint|device id|imei|cookie
ssn|social security|passport|national id|iban|credit card
response id|responseid|respondent|respondent id|respondentid|assignmentid|hitid|private id|public id|external session id
user id|userid|panel id|panelist|panelist id|psid|survey code|access code|crowdsourcing|cloud research|cloudresearch
lucid id|cint id|dynata id|toloka id|gorilla id|zooniverse id|jatos id|turk submit to|recipient email|external reference
""")
_IDENTIFYING_ALONE = _words(
    "token name address street mail lat lon lng zip plz initials facebook instagram twitter linkedin whatsapp"
)
"""Words that identify people only if they are the whole name: `image_name` does not."""

_TIMES = _words("""\
timestamp timestamps ts epoch date dates datetime start started starts end ended ends submit submitted complete
completed finish finished create created update updated modified recorded unix unixtime clock time when login utc now
begin began
""")
_DURATIONS = _words("""\
response reaction rt rts duration durations elapsed latency delay interval limit timeout onset offset remaining spent
taken count number index
""")
_DEMOGRAPHICS = _words("""\
age ages sex gender country countries nationality citizenship language languages education degree ethnicity ethnic race
occupation profession job employment employed student income salary handedness handed region state city town residence
religion religious marital children household birth born disability political politics military veteran orientation
""")
_CONTENTS = _words("""\
image images img picture pictures photo stimulus stimuli stim file files filename path url pair mixture item asset video
frame md sha hash digest checksum commit model version trial condition block batch
""")
_PEOPLE = _words("""\
participant person people subject worker user respondent response session panel panelist member assignment account
player login visitor client device browser
""")

_UNITS = (1, 10**3, 10**6, 10**9)
_FROM, _TO = 946_684_800, 4_102_444_800
"""The years 2000 to 2099, in seconds."""
_LIKELY_FROM, _LIKELY_TO = 1_104_537_600, 2_051_222_400
"""The years 2005 to 2034, the plausible times of a study."""


def _words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column name in lower case, without the prefix x of a study's own columns.

    "x_birthDate" gives birth, date; "x_filename" gives filename, which is not name.
    """
    words = tuple(word.lower() for word in _WORD.findall(name[:1000]))
    return words[1:] if words[:1] == ("x",) else words


def identifies_people(name: str, *, is_of_people: bool = True) -> bool:
    """Return whether a column's name suggests that it identifies people.

    Parameters
    ----------
    name
        The column's name.
    is_of_people
        Whether the rows are about people, unlike the `name` and `location` of a picture.
    """
    words = _words_of(name)
    if is_of_people and "_".join(words) in _IDENTIFYING_ALONE:
        return True
    ends = range(1, max(map(len, _IDENTIFYING)) + 1)
    return any(words[start : start + n] in _IDENTIFYING for start in range(len(words)) for n in ends)


def may_hold_times(name: str) -> bool:
    """Return whether a column's name suggests points in time, not durations such as response times."""
    words = set(_words_of(name))
    return bool(words & _TIMES) and not words & _DURATIONS


def is_of_content(name: str) -> bool:
    """Return whether a column's name suggests stimuli, files or digests, whose ids do not refer to people."""
    words = set(_words_of(name))
    return bool(words & _CONTENTS) and not words & _PEOPLE


def is_demographic(name: str) -> bool:
    """Return whether a column's name suggests what others may know about a person, such as age."""
    return bool(_DEMOGRAPHICS.intersection(_words_of(name)))


def are_epochs(name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which numbers are points in time, counted since 1970 in seconds or fractions of them.

    In a column whose name suggests times, these are numbers in this century. In other columns, all numbers must be
    within thirty years in milliseconds or finer, which is longer than any response.

    Parameters
    ----------
    name
        The column's name.
    values
        float64 (N,); NaN for cells without a number.

    Returns
    -------
    bool (N,)
    """
    none = np.zeros(len(values), dtype=np.bool_)
    if _DURATIONS.intersection(_words_of(name)):
        return none
    if may_hold_times(name):
        return np.logical_or.reduce([_lie_between(values, _FROM * unit, _TO * unit) for unit in _UNITS])
    is_number = np.isfinite(values)
    for unit in _UNITS[1:]:
        likely = _lie_between(values, _LIKELY_FROM * unit, _LIKELY_TO * unit)
        if likely.any() and np.array_equal(likely, is_number):
            return likely
    return none


def _lie_between(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.bool_]:
    return np.asarray((values >= low) & (values < high), dtype=np.bool_)
