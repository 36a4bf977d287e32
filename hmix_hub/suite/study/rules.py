"""Rules of the study file that involve several keys, and advice on valid study files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import ValidationError

from hmix_hub.errors import nearest
from hmix_hub.studies.manifest import Manifest
from hmix_hub.suite.study.manifest import manifest_of
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.question_rules import advice_on_questions, impossible_questions
from hmix_hub.suite.study.recruiting import OUTCOMES, Completion
from hmix_hub.suite.study.task_rules import Problem, broken_by, doubles
from hmix_hub.suite.study.texts import markdown_in
from hmix_hub.suite.study.words import WORDS, missing_words, placeholders, shipped
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.yaml_file import KeyPath

_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_ONE_CODE_FOR_ALL = ("prolific.com", "prolific.co")
"""Hosts of platforms with one completion code per study, rather than one per participant."""


def impossible(study: StudyFile) -> Iterator[Problem]:
    """Return what makes the study impossible, as far as this is known without pictures and lists of pairs."""
    yield from _classes(study)
    for task, design in study.tasks.items():
        if task not in SUITE_TASKS:
            yield ("tasks", task), f"this task has no page; those that can be collected are {', '.join(SUITE_TASKS)}"
            continue
        for path, said in broken_by(study, task, design):
            yield ("tasks", task, *path), said
    yield from _sitting(study)
    if study.session.resume_hours * 60 < study.session.timeout_minutes:
        hours, minutes = f"{study.session.resume_hours:g}", f"{study.session.timeout_minutes:g}"
        yield (
            ("session", "resume_hours"),
            f"the place is kept for {minutes} minutes, but participants cannot continue after {hours} h",
        )
    yield from _completion(study.completion)
    yield from impossible_questions(study)
    yield from _words(study)
    yield from _manifest(study)


def _classes(study: StudyFile) -> Iterator[Problem]:
    names = study.pictures.classes
    if isinstance(names, list):
        yield from doubles(("pictures", "classes"), names, "{!r} is already listed (entry {})", str.lower)


def _sitting(study: StudyFile) -> Iterator[Problem]:
    if study.sitting is None:
        return
    yield from doubles(("sitting", "tasks"), study.sitting.tasks, "{!r} is already listed (entry {})")
    for number, task in enumerate(study.sitting.tasks):
        if task not in study.tasks:
            yield ("sitting", "tasks", number), f"not a task of the study; {nearest(task, study.tasks, label='tasks')}"
    for task in study.tasks:
        if task not in study.sitting.tasks:
            yield ("sitting", "tasks"), f"{task} is missing; in a sitting, every participant is asked all tasks"


def _completion(completion: Completion) -> Iterator[Problem]:
    ends = {name: getattr(completion, name) for name in OUTCOMES.values()}
    addresses = {("completion", name, "url"): end.url for name, end in ends.items() if end is not None}
    for path, url in ({("completion", "url"): completion.url} | addresses).items():
        if mark := next((mark for mark in _BRACES.findall(url or "") if mark != "{code}"), None):
            yield path, f"{mark!r} is not a placeholder; the completion code replaces {{code}}"
    for name, end in ends.items():
        if end is not None and end.code is None and "{code}" in (end.url or ""):
            yield ("completion", name, "url"), "there is no code to replace {code}; give one as `code`"
    if completion.redirect and completion.url is None and not any(addresses.values()):
        yield ("completion", "redirect"), "there is no url to redirect participants to"
    if "{code}" in completion.text:
        yield ("completion", "text"), "{code} is only replaced in the url; the page shows the code below the text"


def _words(study: StudyFile) -> Iterator[Problem]:
    for name, written in study.words.items():
        if name not in WORDS:
            yield ("words", name), f"unknown name; {nearest(name, WORDS, label='words')}"
            continue
        wanted, given = (sorted(f"{{{part}}}" for part in placeholders(text)) for text in (WORDS[name], written))
        if wanted != given:
            asked, found = (" and ".join(parts) or "nothing" for parts in (wanted, given))
            yield ("words", name), f"the placeholders of {WORDS[name]!r} are {asked}, but here they are {found}"


_MANIFEST_PATHS: dict[str, KeyPath] = {
    "id": ("id",),
    "title": ("title",),
    "language": ("language",),
    "tasks": ("tasks",),
    "stimuli": ("pictures",),
    "scales": ("tasks",),
}


def _manifest(study: StudyFile) -> Iterator[Problem]:
    """Report what would make the export an invalid contribution."""
    try:
        Manifest.model_validate(manifest_of(study, first="2000-01", last="2000-01", is_synthetic=False))
    except ValidationError as error:
        for problem in error.errors():
            parts = tuple(part for part in problem["loc"] if not str(part).startswith(("literal[", "list[")))
            said = str(problem["msg"]).removeprefix("Value error, ")
            yield _study_path(parts, said), f"the export's study.yaml would not be valid: {said}"


def _study_path(parts: KeyPath, said: str) -> KeyPath:
    if not parts and said.startswith("stimuli.classes:"):
        return ("pictures", "classes")
    head, *rest = parts or ("id",)
    if parts[:2] == ("ethics", "consent"):
        return ("consent", "text")
    if head in _MANIFEST_PATHS:
        # A rule about the whole table of stimuli is about its class names.
        inside = ("classes",) if head == "stimuli" and not rest else tuple(rest)
        return (*_MANIFEST_PATHS[str(head)], *inside)
    if head in {"ethics", "citation"}:
        return ("about", *rest)
    return ("about", head, *rest) if parts else ("id",)


def advice_on(study: StudyFile) -> list[str]:
    """Return advice on a study file; none of it prevents the study from being served.

    Returns
    -------
    list of str
        Sentences, each with the key that it is about.
    """
    return [*_on_language(study), *_on_completion(study.completion), *_on_texts(study), *advice_on_questions(study)]


def _on_language(study: StudyFile) -> Iterator[str]:
    if study.language.split("-")[0] == "en":
        return
    missing = missing_words(study.language, study.words)
    if missing:
        yield (
            f"words: the language is {study.language}, but {len(missing)} of the interface's {len(WORDS)} texts are in "
            f"English: {', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}; see `collect words --missing`"
        )
    translation = shipped(study.language)
    if translation and not translation.is_reviewed and not translation.words.keys() <= study.words.keys():
        yield (
            f"words: no speaker has reviewed the {translation.language} texts yet; `hmix collect words DIR` prints them"
        )
    if study.pictures.classes == "cifar10" and len(study.pictures.class_names) < len(study.pictures.vocabulary):
        yield f"pictures.class_names: the language is {study.language}, but pages show the English names of the classes"
    if "text" not in study.completion.model_fields_set:
        yield f"completion.text: the language is {study.language}, but the default text is English"


def _on_completion(completion: Completion) -> Iterator[str]:
    if completion.url is None:
        return
    host = urlsplit(completion.url).hostname or ""
    knows_one = any(host == name or host.endswith(f".{name}") for name in _ONE_CODE_FOR_ALL)
    if "{code}" in completion.url and completion.code is None and knows_one:
        yield f"completion.code: {host} expects one code per study, but every participant would get a different one"
    elif completion.code is None and "{code}" not in completion.url:
        yield "completion.url: without {code}, the platform does not receive the completion code"


def _on_texts(study: StudyFile) -> Iterator[str]:
    rich = {"consent.text": study.consent.text, "completion.text": study.completion.text}
    plain = {} if study.comments is None else {"comments": study.comments}
    for task, design in study.tasks.items():
        plain[f"tasks.{task}.question"] = design.question
        for number, page in enumerate(design.instructions, 1):
            key = f"tasks.{task}.instructions, page {number}"
            rich[key] = "\n".join([page.text, *(example.text for example in page.examples)])
        for number, asked in enumerate(design.quiz.questions if design.quiz else (), 1):
            plain[f"tasks.{task}.quiz, question {number}"] = "\n".join([asked.question, *asked.choices])
        for number, practised in enumerate(design.practice, 1):
            rich[f"tasks.{task}.practice, trial {number}"] = practised.feedback
        if design.breaks is not None:
            rich[f"tasks.{task}.breaks"] = design.breaks.text or ""
    for side, pages in (("before", study.before), ("after", study.after)):
        for number, sheet in enumerate(pages, 1):
            said = [each for one in sheet.questions for each in (one.question, *one.choices, one.low, one.high)]
            plain[f"{side}, page {number}"] = "\n".join(filter(None, (sheet.title, sheet.text, *said)))
    for texts, is_rich in ((rich, True), (plain, False)):
        for key, text in texts.items():
            if found := markdown_in(text, is_rich=is_rich):
                yield f"{key}: {found!r} looks like unsupported Markdown; participants would see it as written"
