"""The interface's own words: English ones, those that are shipped in other languages, and a study's own."""

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
"""All words in English, by name; what stands in braces is filled in on the page."""
LANGUAGES = tuple(
    sorted(
        file.name.removesuffix(".yaml") for file in _CLIENT.joinpath("words").iterdir() if file.name.endswith(".yaml")
    )
)
"""Languages other than English whose words are shipped."""
_OTHER_SCRIPTS = {"zh": {"hant", "tw", "hk", "mo"}}
"""Subtags of a language that is written otherwise than its shipped words are."""


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
        Texts by name; one that is left out is English.
    """

    language: str
    is_reviewed: bool
    words: Mapping[str, str]


def shipped(language: str) -> Translation | None:
    """Return the words that are shipped for a language, BCP 47; `None`: there are none, or it is English.

    A region makes no difference, unless the language is written otherwise there: zh-CN has those of zh, zh-TW has none.
    """
    primary, *rest = language.lower().split("-")
    is_other = _OTHER_SCRIPTS.get(primary, set()).intersection(rest)
    return _read(primary) if primary in LANGUAGES and not is_other else None


@lru_cache
def _read(language: str) -> Translation:
    content = yaml.safe_load(_CLIENT.joinpath("words", f"{language}.yaml").read_text(encoding="utf-8"))
    return Translation(content["language"], content["reviewed"], content["words"])


def words_of(study: StudyFile) -> dict[str, str]:
    """Return all words of a study: its own, else those of its language, else the English ones."""
    translation = shipped(study.language)
    return WORDS | dict(translation.words if translation else {}) | study.words


def missing_words(language: str, own: Iterable[str] = ()) -> list[str]:
    """Name the words that pages in a language would show in English; `own` are those that the study brings."""
    if language.split("-", maxsplit=1)[0] == ENGLISH:
        return []
    translation = shipped(language)
    known = {*own, *(translation.words if translation else ())}
    return [name for name in WORDS if name not in known]


def words_block(words: Mapping[str, str]) -> str:
    """Write words as the key `words` of a study file."""
    return "words:\n" + "".join(f"  {name}: {json.dumps(text, ensure_ascii=False)}\n" for name, text in words.items())


def placeholders(text: str) -> frozenset[str]:
    """Name what is filled in: the names in braces."""
    return frozenset(re.findall(r"\{(\w*)\}", text))
