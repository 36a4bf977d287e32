"""Column names, read word by word: which tell on people, hold times, or hold demographics."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_TELLING = """\
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
"""
_TELLING_ALONE = (
    "token|name|address|street|mail|lat|lon|lng|zip|plz|initials|facebook|instagram|twitter|linkedin|whatsapp"
)
"""Words that tell on people only where they are the whole name: `image_name` does not."""

_TIMES = """\
timestamp timestamps ts epoch date dates datetime start started starts end ended ends submit submitted complete
completed finish finished create created update updated modified recorded unix unixtime clock time when login utc now
begin began
"""
_DURATIONS = """\
response reaction rt rts duration durations elapsed latency delay interval limit timeout onset offset remaining spent
taken count number index
"""
_DEMOGRAPHICS = """\
age ages sex gender country countries nationality citizenship language languages education degree ethnicity ethnic race
occupation profession job employment employed student income salary handedness handed region state city town residence
religion religious marital children household birth born disability political politics military veteran orientation
"""
_CONTENTS = """\
image images img picture pictures photo stimulus stimuli stim file files filename path url pair mixture item asset video
frame md sha hash digest checksum commit model version trial condition block batch
"""
_PERSONS = """\
participant person people subject worker user respondent response session panel panelist member assignment account
player login visitor client device browser
"""


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for line in text.splitlines() for phrase in line.split("|") if phrase)


_TELLING_PHRASES = _phrases(_TELLING)
_WHOLE_NAMES = frozenset(_TELLING_ALONE.split("|"))
_LONGEST_PHRASE = max(map(len, _TELLING_PHRASES))
_TIME_WORDS, _DURATION_WORDS = frozenset(_TIMES.split()), frozenset(_DURATIONS.split())
_DEMOGRAPHIC_WORDS = frozenset(_DEMOGRAPHICS.split())
_CONTENT_WORDS, _PERSON_WORDS = frozenset(_CONTENTS.split()), frozenset(_PERSONS.split())


def words_of(name: str) -> tuple[str, ...]:
    """Give the words of a column name, lower case, without the x that begins columns of a study's own.

    "x_birthDate" gives birth, date; "x_filename" gives filename, which is not name.
    """
    words = tuple(word.lower() for word in _WORD.findall(name[:1000]))
    return words[1:] if words[:1] == ("x",) else words


def tells_on_people(name: str, *, is_of_people: bool = True) -> bool:
    """Say whether a column is called as one that holds what tells who a person is.

    Parameters
    ----------
    name
        The column's name.
    is_of_people
        Whether the rows are of people: the `name` and `location` of a picture are none of theirs.
    """
    words = words_of(name)
    if is_of_people and "_".join(words) in _WHOLE_NAMES:
        return True
    ends = range(1, _LONGEST_PHRASE + 1)
    return any(words[start : start + n] in _TELLING_PHRASES for start in range(len(words)) for n in ends)


def may_hold_times(name: str) -> bool:
    """Say whether a column is called as one that holds points in time; durations, such as response times, are none."""
    words = set(words_of(name))
    return bool(words & _TIME_WORDS) and not words & _DURATION_WORDS


def is_of_content(name: str) -> bool:
    """Whether a column is called as one of stimuli, files or digests, whose ids and hashes are of no person."""
    words = set(words_of(name))
    return bool(words & _CONTENT_WORDS) and not words & _PERSON_WORDS


def holds_durations(name: str) -> bool:
    """Say whether a column is called as one that holds durations or counts."""
    return bool(set(words_of(name)) & _DURATION_WORDS)


def is_demographic(name: str) -> bool:
    """Say whether a column of participants.csv is called as what others may know of a person, such as age."""
    return bool(set(words_of(name)) & _DEMOGRAPHIC_WORDS)
