"""Advice on a study file that can be served: what people would stumble over, and what is easily forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from hmix_hub.suite.study.model import Completion, StudyFile
from hmix_hub.suite.study.words import WORDS

_MARKDOWN = re.compile(r"\*\*\S[^*\n]*\*\*|\[[^\]\n]+\]\(https?://[^)\s]+\)|^#{1,6} ", re.MULTILINE)
_ONE_CODE_FOR_ALL = ("prolific.com", "prolific.co")
"""Hosts of platforms that know one completion code for a study, and none of a person's own."""


def advice_on(study: StudyFile) -> list[str]:
    """Say what should be looked at before people are asked; nothing of it keeps a study from being served.

    Returns
    -------
    list of str
        Sentences, each with the key that it is about.
    """
    return [*_on_language(study), *_on_completion(study.completion), *_on_texts(study)]


def _on_language(study: StudyFile) -> Iterator[str]:
    if study.language.split("-")[0] == "en":
        return
    missing = [name for name in WORDS if name not in study.words]
    if missing:
        yield (
            f"words: the language is {study.language}, and {len(missing)} of the interface's {len(WORDS)} words are "
            f"English: {', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}"
        )
    if study.pictures.classes == "cifar10" and len(study.pictures.class_names) < len(study.pictures.vocabulary):
        yield f"pictures.class_names: the language is {study.language}, and pages call classes by their English names"
    if "text" not in study.completion.model_fields_set:
        yield f"completion.text: the language is {study.language}, and the default is English"


def _on_completion(completion: Completion) -> Iterator[str]:
    if completion.url is None:
        return
    host = urlsplit(completion.url).hostname or ""
    knows_one = any(host == name or host.endswith(f".{name}") for name in _ONE_CODE_FOR_ALL)
    if "{code}" in completion.url and completion.code is None and knows_one:
        yield f"completion.code: {host} knows one code for the whole study; each person would bring another"
    elif completion.code is None and "{code}" not in completion.url:
        yield "completion.url: it has no {code}, so that nobody's code arrives there"


def _on_texts(study: StudyFile) -> Iterator[str]:
    texts = {"consent.text": study.consent.text, "completion.text": study.completion.text}
    for task, design in study.tasks.items():
        texts |= {f"tasks.{task}.instructions, page {n}": page.text for n, page in enumerate(design.instructions, 1)}
    for key, text in texts.items():
        if found := _MARKDOWN.search(text):
            yield f"{key}: {found.group().strip()!r} looks like Markdown, and people would read it as it stands"
