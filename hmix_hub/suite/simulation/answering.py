"""Scripted participants' recruiting ids, surroundings, and answers to questions that do not screen them out."""

from __future__ import annotations

import math
import secrets
from typing import Any

import numpy as np

from hmix_hub.errors import CollectionError
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.questionnaire import POINTERS, AskedPage, measured_surroundings
from hmix_hub.suite.study.questions import AskedQuestion
from hmix_hub.suite.study.recruiting import Recruiting

TEXT = "A synthetic answer of a scripted participant."
_ANSWERING_SHARE = 0.8
"""Share of optional questions that are answered."""
_SPAN = 50.0
"""Range of numbers if there is only one bound, or none."""
_DECIMALS = 2
_WINDOWS = ((1366, 657), (1920, 969), (360, 740))
_RATIOS = (1.0, 1.25, 2.0, 3.0)
_PICTURE = 320


def answer_page(page: AskedPage, rng: np.random.Generator, *, is_attentive: bool = True) -> dict[str, Any]:
    """Answer a page of questions so that the session continues.

    Parameters
    ----------
    is_attentive
        Whether attention checks are answered correctly, rather than at random.
    """
    return {asked.name: _answer(asked, rng, is_attentive=is_attentive) for asked in page.questions}


def _answer(asked: AskedQuestion, rng: np.random.Generator, *, is_attentive: bool) -> Any:
    if asked.answer is not None and is_attentive:
        return asked.answer
    if not asked.required and rng.random() > _ANSWERING_SHARE:
        return None
    if asked.kind == "text":
        return TEXT[: asked.longest]
    if asked.kind == "number":
        return _number(asked, rng)
    open_places = [place for place in range(1, asked.number_of_places + 1) if place not in asked.screen_out]
    if not open_places:
        return None
    number = int(rng.integers(1, len(open_places) + 1)) if asked.kind == "several" else 1
    chosen = sorted(rng.permutation(open_places)[:number].tolist())
    return chosen if asked.kind == "several" else chosen[0]


def _number(asked: AskedQuestion, rng: np.random.Generator) -> float:
    lows = [bound for bound in (asked.least, asked.screen_out_below) if bound is not None]
    highs = [bound for bound in (asked.most, asked.screen_out_above) if bound is not None]
    low = max(lows) if lows else min(highs, default=_SPAN) - _SPAN
    high = min(highs) if highs else low + _SPAN
    if asked.whole:
        return int(rng.integers(math.ceil(low), math.floor(high) + 1))
    return float(np.clip(round(rng.uniform(low, high), _DECIMALS), low, high))


def surroundings_of(study: StudyFile, rng: np.random.Generator) -> dict[str, Any]:
    """Return what the page of a scripted participant would measure; empty if the study records nothing."""
    found: dict[str, Any] = {
        "window": list(_WINDOWS[rng.integers(len(_WINDOWS))]),
        "picture": [_PICTURE, _PICTURE],
        "pixel_ratio": _RATIOS[rng.integers(len(_RATIOS))],
        "pointer": POINTERS[rng.integers(2)],
    }
    return {name: found[name] for name in measured_surroundings(study)}


def scripted_id(recruiting: Recruiting) -> str:
    """Return a made-up recruiting id in the form that a study requires.

    Raises
    ------
    CollectionError
        If no such id matches the study's own pattern.
    """
    number = secrets.token_hex(16)
    forms = (f"scripted-{number}", number[:24], f"A{number[:14].upper()}", str(int(number, 16))[:12], number)
    found = next((form for form in forms if recruiting.id_of(form)), None)
    if found is None:
        msg = f"no scripted id matches recruiting.pattern, {recruiting.pattern}"
        raise CollectionError(msg, hint="simulate a copy of the study without the pattern, or with `links: required`")
    return found
