"""The questionnaire of a study: its pages of questions, and the meaning of their answers.

Questions from a preset use the interface's words, so that they appear in the study's language; the exported answers are
the same in every language. This module also checks what browsers measure around the pictures, if the study records it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.questions import AskedQuestion, QuestionPage
from hmix_hub.suite.study.words import words_of
from hmix_hub.suite.tasks.trial import read_fields, read_number, read_whole, refuse

Answers = Mapping[str, Any]
"""By question: a number from 1 (choice, scale), a list of them (several), a number or a text; `None`: unanswered."""

ATTENTION = ("attention_checks", "attention_failed")
"""Columns of the export with the numbers of a participant's attention checks."""
SEVERAL = "|"
"""Separates several answers to one question in a cell of the export."""
_TOLD = ("name", "kind", "question", "required")
_TOLD_OF_KIND = {
    "choice": ("choices",),
    "several": ("choices",),
    "number": ("least", "most", "whole"),
    "text": ("longest",),
    "scale": ("low", "high", "steps"),
}
_NOT_SAID = "rather_not_say"
_DEMOGRAPHICS: dict[str, dict[str, str]] = {
    "age_group": {
        "age18": "18-24",
        "age25": "25-34",
        "age35": "35-44",
        "age45": "45-54",
        "age55": "55-64",
        "age65": "65 and over",
        _NOT_SAID: "",
    },
    "gender": {"gender_woman": "woman", "gender_man": "man", "gender_other": "other", _NOT_SAID: ""},
    "eyesight": {"answer_yes": "normal or corrected", "answer_no": "impaired", _NOT_SAID: ""},
    "colour_vision": {
        "answer_yes": "deficient",
        "answer_no": "no deficiency",
        "answer_unknown": "not known",
        _NOT_SAID: "",
    },
}
"""By question of the preset, worded as the word `ask_<name>`: the words of its choices, and their exported values."""
POINTERS = ("fine", "coarse", "none")
"""A mouse or a pen; a finger; neither."""
SURROUNDINGS = {
    "window_width": "width of the browser window, CSS pixels, rounded to 50",
    "window_height": "its height",
    "picture_width": "width at which the first picture was shown, CSS pixels",
    "picture_height": "its height",
    "pixel_ratio": "device pixels per CSS pixel",
    "pointer": "fine: a mouse or a pen; coarse: a finger; none",
}
"""Columns of the export, with their meanings."""
WINDOW_STEP = 50
"""Window sizes are rounded to this many CSS pixels, because exact ones would identify browsers."""
_DECIMALS = 2
_LARGEST = 100_000
_MOST_LOSSES = 100_000
_ROUNDING_MS = 1.0


@dataclass(frozen=True)
class AskedPage:
    """A page of questions as participants see it.

    Parameters
    ----------
    number
        Number within the study, from 0, starting with the pages before the trials.
    is_before
        Whether it comes before the trials.
    title, text
        Heading, and text above the questions; `None`: none.
    """

    number: int
    is_before: bool
    title: str | None
    text: str | None
    questions: tuple[AskedQuestion, ...]

    def told(self) -> dict[str, Any]:
        """Return the page for the browser, JSON, without correct answers or the answers that end the session."""
        return {
            "number": self.number,
            "title": self.title,
            "text": self.text,
            "questions": [
                {key: getattr(asked, key) for key in (*_TOLD, *_TOLD_OF_KIND[asked.kind])} for asked in self.questions
            ],
        }

    def read(self, sent: object) -> dict[str, Any]:
        """Check the answers to a page's questions; return them by name, in the order of the page.

        Parameters
        ----------
        sent
            Any JSON value.

        Raises
        ------
        FaultError
            If they are not valid answers to these questions.
        """
        given = read_fields(sent, "answers", *(asked.name for asked in self.questions))
        return {asked.name: _read(asked, given[asked.name]) for asked in self.questions}

    def screens_out(self, answers: Answers) -> bool:
        """Return whether these answers screen the participant out."""
        return any(screens_out(asked, answers[asked.name]) for asked in self.questions)


def questionnaire_of(study: StudyFile) -> tuple[AskedPage, ...]:
    """Return the pages of questions, those before the trials first, with presets expanded."""
    words = words_of(study)
    placed = [(True, page) for page in study.before] + [(False, page) for page in study.after]
    return tuple(_asked_page(number, *one, words) for number, one in enumerate(placed))


def _asked_page(number: int, is_before: bool, page: QuestionPage, words: Mapping[str, str]) -> AskedPage:
    if page.preset is None:
        return AskedPage(number, is_before, page.title, page.text, tuple(page.questions))
    title = page.title or words["demographics_title"]
    questions = (
        AskedQuestion.model_validate(
            {
                "name": name,
                "kind": "choice",
                "question": words[f"ask_{name}"],
                "choices": [words[word] for word in choices],
                "values": list(choices.values()),
            }
        )
        for name, choices in _DEMOGRAPHICS.items()
    )
    return AskedPage(number, is_before, title, page.text, tuple(questions))


def _read(asked: AskedQuestion, value: object) -> Any:
    if value is None or value in ("", []):
        if asked.required:
            refuse(f"{asked.name} is not answered")
        return None
    if asked.kind == "text":
        if not isinstance(value, str) or len(value) > asked.longest:
            refuse(f"{asked.name} is not a text of at most {asked.longest} characters")
        return value
    if asked.kind == "number":
        return _read_number(asked, value)
    if asked.kind == "several":
        if not isinstance(value, list) or len(value) > len(asked.choices):
            refuse(f"{asked.name} is not a list of choices")
        chosen = sorted({_read_place(asked, one) for one in value})
        if len(chosen) < len(value):
            refuse(f"{asked.name} contains a choice twice")
        return chosen
    return _read_place(asked, value)


def _read_place(asked: AskedQuestion, value: object) -> int:
    place = read_whole(value, asked.name, asked.number_of_places)
    if place < 1:
        refuse(f"{asked.name} counts from 1")
    return place


def _read_number(asked: AskedQuestion, value: object) -> float:
    least, most = asked.bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        refuse(f"{asked.name} is not a number from {least:g} to {most:g}")
    if asked.whole and value != math.floor(value):
        refuse(f"{asked.name} is not a whole number")
    return int(value) if asked.whole else value


def screens_out(asked: AskedQuestion, value: Any) -> bool:
    """Return whether an answer ends the session."""
    if value is None:
        return False
    if asked.kind == "number":
        below, above = asked.screen_out_below, asked.screen_out_above
        return (below is not None and value < below) or (above is not None and value > above)
    return any(place in asked.screen_out for place in (value if isinstance(value, list) else [value]))


def attention_of(pages: tuple[AskedPage, ...], replies: Mapping[int, Answers]) -> tuple[int, int]:
    """Return how many attention checks a participant answered, and how many of them incorrectly.

    Parameters
    ----------
    replies
        Answers by page number.
    """
    checks = [
        replies[page.number][asked.name] == asked.answer
        for page in pages
        for asked in page.questions
        if asked.answer is not None and page.number in replies
    ]
    return len(checks), checks.count(False)


def questions_of(pages: tuple[AskedPage, ...]) -> Iterator[tuple[AskedPage, AskedQuestion]]:
    """Return all questions, each with its page."""
    return ((page, asked) for page in pages for asked in page.questions)


def exported_questions(pages: tuple[AskedPage, ...]) -> list[tuple[AskedPage, AskedQuestion]]:
    """Return the questions that become columns, which are all except free texts and attention checks."""
    return [(page, asked) for page, asked in questions_of(pages) if asked.kind != "text" and asked.answer is None]


def exported_value(asked: AskedQuestion, value: Any) -> str | float | None:
    """Return an answer as it is exported; `None`: no answer."""
    if value is None or asked.kind == "scale":
        return value
    if asked.kind == "number":
        return group_of(asked, value) if asked.groups else value
    places = value if isinstance(value, list) else [value]
    called = asked.values or asked.choices
    return SEVERAL.join(filter(None, (called[place - 1] for place in places))) or None


def group_of(asked: AskedQuestion, value: float) -> str:
    """Return a number's group: `under 18`, `18-24`, `65 and over`; for numbers with decimals, `18 to under 25`."""
    begins = [f"{start:g}" for start in asked.groups]
    place = sum(start <= value for start in asked.groups)
    if place == 0:
        return f"under {begins[0]}"
    if place == len(begins):
        return f"{begins[-1]} and over"
    if asked.whole:
        last = math.ceil(asked.groups[place]) - 1
        return begins[place - 1] if last <= asked.groups[place - 1] else f"{begins[place - 1]}-{last}"
    return f"{begins[place - 1]} to under {begins[place]}"


def measured_surroundings(study: StudyFile) -> list[str]:
    """Return the names of what a browser measures once, at the first trial."""
    return [name for name in study.surroundings if name != "focus"]


def read_surroundings(study: StudyFile, sent: object) -> dict[str, Any]:
    """Check what a browser measured; return it as it is stored and exported, by column.

    Parameters
    ----------
    sent
        Any JSON value. Expected, as far as the study records it: `window` and `picture`, [width, height] in CSS pixels;
        `pixel_ratio`, device pixels per CSS pixel; `pointer`.

    Raises
    ------
    FaultError
        If it is anything else.
    """
    given = read_fields(sent, "surroundings", *measured_surroundings(study))
    kept: dict[str, Any] = {}
    if "window" in given:
        width, height = _size(given["window"], "window")
        kept |= {"window_width": _to_step(width), "window_height": _to_step(height)}
    if "picture" in given:
        width, height = _size(given["picture"], "picture")
        kept |= {"picture_width": round(width, _DECIMALS), "picture_height": round(height, _DECIMALS)}
    if "pixel_ratio" in given:
        kept["pixel_ratio"] = round(read_number(given["pixel_ratio"], "pixel_ratio", _LARGEST), _DECIMALS)
    if "pointer" in given:
        if given["pointer"] not in POINTERS:
            refuse(f"pointer is not one of {', '.join(POINTERS)}")
        kept["pointer"] = given["pointer"]
    return kept


def _size(value: object, name: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        refuse(f"{name} is not a width and a height")
    return read_number(value[0], name, _LARGEST), read_number(value[1], name, _LARGEST)


def _to_step(pixels: float) -> int:
    return round(pixels / WINDOW_STEP) * WINDOW_STEP


def read_focus(value: object, elapsed: float) -> tuple[int, float]:
    """Check and return how often the page lost the focus during a trial, and for how many of its `elapsed` ms."""
    if not isinstance(value, list) or len(value) != 2:
        refuse("focus is not a number of losses and their milliseconds")
    return read_whole(value[0], "focus", _MOST_LOSSES), read_number(value[1], "focus", elapsed + _ROUNDING_MS)
