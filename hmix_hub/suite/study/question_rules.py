"""Rules for the questions around the trials: they must be answerable, exportable and covered by the consent form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from hmix_hub.contribute.privacy.column_names import identifies_people, is_demographic, may_hold_times
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.questionnaire import (
    ATTENTION,
    SEVERAL,
    SURROUNDINGS,
    exported_questions,
    questionnaire_of,
    questions_of,
)
from hmix_hub.suite.study.questions import KEYS, NEEDED, AskedQuestion, QuestionPage
from hmix_hub.suite.study.task_rules import Problem, doubles
from hmix_hub.suite.study.words import words_of
from hmix_hub.yaml_file import KeyPath

RESERVED = frozenset({"participant_id", *ATTENTION, *SURROUNDINGS})
"""Columns of participants.csv that the export fills itself."""


def impossible_questions(study: StudyFile) -> Iterator[Problem]:
    """Return what is wrong with the pages of questions, and with what is stored about participants' surroundings."""
    places: dict[str, int] = {}
    for key, pages in (("before", study.before), ("after", study.after)):
        for number, page in enumerate(pages):
            path: KeyPath = (key, number)
            yield from ((path + inner, said) for inner, said in _page(page))
            for place, asked in enumerate(page.questions):
                at = (*path, "questions", place)
                yield from ((at + inner, said) for inner, said in _question(asked))
                if key == "after" and screening_keys(asked):
                    yield (
                        (*at, screening_keys(asked)[0]),
                        "participants cannot be screened out after judging the pictures; ask this before",
                    )
    all_asked = list(questions_of(questionnaire_of(study)))
    for asked_page, asked in all_asked:
        count = places[asked.name] = places.get(asked.name, 0) + 1
        if count == 2:
            yield (
                _path_of(study, asked_page.number),
                f"two questions are called {asked.name!r}; each needs a different name, since it is a column",
            )
    checks = sum(asked.answer is not None for _, asked in all_asked)
    if study.attention_failures and study.attention_failures >= checks:
        said = f"nobody could fail more than {study.attention_failures}: there are {checks} attention checks"
        yield ("attention_failures",), said
    yield from _surroundings(study)


def _path_of(study: StudyFile, number: int) -> KeyPath:
    return ("before", number) if number < len(study.before) else ("after", number - len(study.before))


def _page(page: QuestionPage) -> Iterator[Problem]:
    if page.preset is None and not page.questions:
        yield (), "give questions, or `preset: demographics`"
    elif page.preset is not None and page.questions:
        yield ("questions",), "a preset has its own questions; put these on a separate page"
    elif page.preset is None and page.title is None:
        yield (), "this page requires a title"


def _question(asked: AskedQuestion) -> Iterator[Problem]:
    takes = KEYS[asked.kind]
    own = {key for keys in KEYS.values() for key in keys}
    for key in sorted((asked.model_fields_set & own) - set(takes)):
        kinds = " and ".join(kind for kind, keys in KEYS.items() if key in keys)
        yield (key,), f"a question of the kind {asked.kind} does not have this key; it is for {kinds}"
    missing = [key for key in NEEDED.get(asked.kind, ()) if not getattr(asked, key)]
    for key in missing:
        yield (key,), f"a question of the kind {asked.kind} requires this key"
    if asked.answer is not None and not asked.required:
        yield ("required",), "an attention check must be answered; remove this"
    if asked.answer is not None and screening_keys(asked):
        yield (
            (screening_keys(asked)[0],),
            "an attention check is only counted and screens nobody out; remove either `answer` or this",
        )
    if asked.kind == "number":
        yield from _number(asked)
    elif not missing and asked.kind != "text":
        yield from _choices(asked) if asked.kind != "scale" else _scale(asked)
        yield from _places(asked)
    yield from _name(asked)


def screening_keys(asked: AskedQuestion) -> list[str]:
    """Return the keys with which answers to a question can end the session."""
    keys = ("screen_out", "screen_out_below", "screen_out_above")
    return [key for key in keys if getattr(asked, key) not in (None, [])]


def _choices(asked: AskedQuestion) -> Iterator[Problem]:
    if len(asked.choices) < 2:
        yield ("choices",), "a question requires at least two choices"
    yield from doubles(("choices",), asked.choices, "{!r} is already listed (choice {})", str.casefold)
    if asked.values and len(asked.values) != len(asked.choices):
        yield ("values",), f"there are {len(asked.values)} values for {len(asked.choices)} choices; give one for each"
    if asked.kind == "several" and not asked.values:
        for number, text in enumerate(asked.choices):
            if SEVERAL in text:
                yield ("choices", number), f"{SEVERAL} separates choices in the export; give `values` without it"
    # Several values can be empty: they export nothing.
    yield from doubles(
        ("values",), asked.values, "{!r} is already listed (value {})", lambda value: value.casefold() or object()
    )


def _scale(asked: AskedQuestion) -> Iterator[Problem]:
    if asked.low == asked.high:
        yield ("high",), f"both ends of the scale are {asked.high!r}"


def _places(asked: AskedQuestion) -> Iterator[Problem]:
    """Report numbers of choices or steps that do not exist."""
    most, called = asked.number_of_places, "steps" if asked.kind == "scale" else "choices"
    if asked.answer is not None and not 1 <= asked.answer <= most:
        yield ("answer",), f"{asked.answer} does not exist: the {called} are 1 to {most}"
    for number, place in enumerate(asked.screen_out):
        if not 1 <= place <= most:
            yield ("screen_out", number), f"{place} does not exist: the {called} are 1 to {most}"
    if asked.screen_out and asked.required and set(range(1, most + 1)) <= set(asked.screen_out):
        yield ("screen_out",), "every answer ends the session, so nobody could take part"


def _number(asked: AskedQuestion) -> Iterator[Problem]:
    least, most = asked.bounds
    first, last = (math.ceil(least), math.floor(most)) if asked.whole else (least, most)
    if first > last:
        kind = "whole number" if asked.whole else "number"
        yield ("most",), f"this cannot be answered: there is no {kind} from {least:g} to {most:g}"
        return
    if asked.answer is not None and not first <= asked.answer <= last:
        yield ("answer",), f"{asked.answer} cannot be answered: numbers are from {least:g} to {most:g}"
    below, above = asked.screen_out_below, asked.screen_out_above
    if below is not None and below <= least:
        yield ("screen_out_below",), f"no number below {below:g} can be answered: the smallest is {least:g}"
    if above is not None and above >= most:
        yield ("screen_out_above",), f"no number above {above:g} can be answered: the largest is {most:g}"
    kept_from, kept_to = (first if below is None else max(first, below)), (last if above is None else min(last, above))
    if kept_from > kept_to and asked.required:
        key = "screen_out_below" if above is None else "screen_out_above"
        yield (key,), "every answer ends the session, so nobody could take part"
    for number, (one, other) in enumerate(zip(asked.groups, asked.groups[1:], strict=False), 1):
        if one >= other:
            yield ("groups", number), f"groups must be in increasing order, but {other:g} follows {one:g}"
    for number, start in enumerate(asked.groups):
        if not least <= start <= most:
            yield ("groups", number), f"no answer can be in a group from {start:g}: answers are {least:g} to {most:g}"


def _name(asked: AskedQuestion) -> Iterator[Problem]:
    if asked.name in RESERVED:
        yield ("name",), f"the export already has a column {asked.name}; use another name"
    elif (
        asked.kind != "text" and asked.answer is None and (identifies_people(asked.name) or may_hold_times(asked.name))
    ):
        said = f"a column called {asked.name} cannot be published, because it may identify participants"
        yield ("name",), f"{said}; ask something else, or use another name"


def _surroundings(study: StudyFile) -> Iterator[Problem]:
    words, agreed = words_of(study), _plain(study.consent.text)
    for number, name in enumerate(study.surroundings):
        phrase = words[f"recorded_{name}"]
        if name in study.surroundings[:number]:
            yield ("surroundings", number), f"{name} is listed twice"
        elif _plain(phrase) not in agreed:
            said = f"`surroundings` contains {name}, but the form does not mention it; say that {phrase!r} is stored"
            other = f"to word it differently, set words.recorded_{name} to the words of the form"
            yield ("consent", "text"), f"{said} ({other})"


def _plain(text: Any) -> str:
    return " ".join(str(text).casefold().split())


def advice_on_questions(study: StudyFile) -> Iterator[str]:
    """Return advice on the questions before the study starts."""
    for page, asked in exported_questions(questionnaire_of(study)):
        path = _path_of(study, page.number)
        if asked.kind == "number" and not asked.groups and is_demographic(asked.name):
            yield (
                f"{path[0]}, page {int(path[1]) + 1}, {asked.name}: an exact number may identify participants; "
                "`groups: [25, 35, 45]` exports groups instead"
            )
