"""The words (texts) of the interface: in English, the shipped translations, and a study's own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import yaml

from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.tasks import SUITE_TASKS

ENGLISH = "en"
_CLIENT = files("hmix_hub.suite.client")
_PAGES: dict[str, dict[str, str]] = yaml.safe_load(_CLIENT.joinpath("words.yaml").read_text(encoding="utf-8"))
_PAGES["Trials"] |= {name: text for task in SUITE_TASKS.values() for name, text in task.words.items()}
WORDS = {name: text for words in _PAGES.values() for name, text in words.items()}
"""All words in English, by name; placeholders in braces are filled in on the page."""
LANGUAGES = tuple(
    sorted(
        file.name.removesuffix(".yaml") for file in _CLIENT.joinpath("words").iterdir() if file.name.endswith(".yaml")
    )
)
"""Languages other than English with shipped translations."""
_OTHER_SCRIPTS = {"zh": {"hant", "tw", "hk", "mo"}}
"""Subtags of languages that are written in a different script from the shipped translation."""


@dataclass(frozen=True)
class Translation:
    """The interface's words in a language.

    Parameters
    ----------
    language
        Its English name.
    is_reviewed
        Whether a speaker has read all of them.
    words
        Texts by name; missing ones are shown in English.
    """

    language: str
    is_reviewed: bool
    words: Mapping[str, str]


def shipped(language: str) -> Translation | None:
    """Return the shipped translation for a BCP 47 language; `None`: there is none, or it is English.

    The region does not matter unless the language has another script there: zh-CN has the words of zh, zh-TW has none.
    """
    primary, *rest = language.lower().split("-")
    is_other = _OTHER_SCRIPTS.get(primary, set()).intersection(rest)
    return _read(primary) if primary in LANGUAGES and not is_other else None


@lru_cache
def _read(language: str) -> Translation:
    content = yaml.safe_load(_CLIENT.joinpath("words", f"{language}.yaml").read_text(encoding="utf-8"))
    return Translation(content["language"], content["reviewed"], content["words"])


def words_of(study: StudyFile) -> dict[str, str]:
    """Return all words of a study: its own, otherwise the translation, otherwise English."""
    translation = shipped(study.language)
    return WORDS | dict(translation.words if translation else {}) | study.words


def missing_words(language: str, own: Iterable[str] = ()) -> list[str]:
    """Return the names of words that pages in a language would show in English; `own` are the study's own."""
    if language.split("-", maxsplit=1)[0] == ENGLISH:
        return []
    translation = shipped(language)
    known = {*own, *(translation.words if translation else ())}
    return [name for name in WORDS if name not in known]


def words_block(words: Mapping[str, str]) -> str:
    """Return words as the key `words` of a study file."""
    return "words:\n" + "".join(f"  {name}: {json.dumps(text, ensure_ascii=False)}\n" for name, text in words.items())


def placeholders(text: str) -> frozenset[str]:
    """Return the names of a text's placeholders."""
    return frozenset(re.findall(r"\{(\w*)\}", text))
