"""Rules of the study file that one key alone cannot break, and advice on one that keeps them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from hmix_hub.errors import nearest
from hmix_hub.schema import TOLERANCE
from hmix_hub.studies.manifest import Manifest
from hmix_hub.suite.study.manifest import manifest_of
from hmix_hub.suite.study.model import Pairs, Quiz, StudyFile, TaskDesign
from hmix_hub.suite.study.recruiting import Completion
from hmix_hub.suite.study.texts import WORDS, placeholders
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import TASKS
from hmix_hub.yaml_file import KeyPath

Problem = tuple[KeyPath, str]
"""A key, and what is wrong with it."""

DECIMALS = 4
"""Decimals of a coefficient at most; a picture of 256 shades shows no more."""
_ROUNDED = partial(round, ndigits=DECIMALS)
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_MARKDOWN = re.compile(r"\*\*\S[^*\n]*\*\*|\[[^\]\n]+\]\(https?://[^)\s]+\)|^#{1,6} ", re.MULTILINE)
_ONE_CODE_FOR_ALL = ("prolific.com", "prolific.co")
"""Hosts of platforms that know one completion code for a study, and none of a person's own."""


def impossible(study: StudyFile) -> Iterator[Problem]:
    """Return what cannot be carried out, as far as it can be told without pictures and lists of pairs."""
    yield from _classes(study)
    for task, design in study.tasks.items():
        if task not in SUITE_TASKS:
            yield ("tasks", task), f"no page asks this task; those that can be collected are {', '.join(SUITE_TASKS)}"
            continue
        for path, said in _task(study, task, design):
            yield ("tasks", task, *path), said
    if study.session.resume_hours * 60 < study.session.timeout_minutes:
        hours, minutes = f"{study.session.resume_hours:g}", f"{study.session.timeout_minutes:g}"
        yield (
            ("session", "resume_hours"),
            f"who comes back within {hours} h could not go on while the place is still kept, for {minutes} minutes",
        )
    yield from _completion(study.completion)
    yield from _words(study)
    yield from _manifest(study)


def _classes(study: StudyFile) -> Iterator[Problem]:
    names = study.pictures.classes
    if isinstance(names, list):
        yield from _doubles(("pictures", "classes"), names, "{!r} stands already in place {}", str.lower)


def _task(study: StudyFile, task: str, design: TaskDesign) -> Iterator[Problem]:
    for key in design.model_fields_set - set(SUITE_TASKS[task].options):
        if takers := [name for name, other in SUITE_TASKS.items() if key in other.options]:
            yield (key,), f"this means nothing in {task}; it is for {' and '.join(takers)}"
    for key in SUITE_TASKS[task].needs:
        if not getattr(design, key):
            yield (key,), f"{task} needs this key; `hmix collect init DIR --task {task}` writes an example"
    yield from _coefficients(task, design)
    yield from _pairs(study, task, design.pairs)
    yield from _numbers(study, task, design)
    yield from _doubles(("repeats",), design.repeats, "place {} stands already as number {}")
    for number, place in enumerate(design.repeats):
        if not 1 <= place <= design.batch_size:
            yield ("repeats", number), f"there is no place {place} in a batch of {design.batch_size} stimuli"
    for number, value in enumerate(design.start.values):
        if abs(value * 10 - round(value * 10)) > TOLERANCE:
            yield ("start", "values", number), f"{value} is no tenth; the pictures are 0, 0.1, 0.2, ... 1"
    yield from _doubles(("start", "values"), design.start.values, "{} stands already as number {}", _ROUNDED)
    if design.quiz is not None:
        yield from _quiz(design.quiz)
    for place, page in enumerate(design.instructions):
        for number, example in enumerate(page.examples):
            if example.image_1_index == example.image_2_index:
                yield (
                    ("instructions", place, "examples", number, "image_2_index"),
                    f"an example of picture {example.image_1_index} with itself shows no mixture",
                )


def is_exact(coefficient: float) -> bool:
    """Whether a coefficient has as few decimals as it may: two that differ can then be told apart everywhere."""
    return abs(coefficient - round(coefficient, DECIMALS)) < TOLERANCE


def _coefficients(task: str, design: TaskDesign) -> Iterator[Problem]:
    wanted = design.pairs.coefficients_per_pair
    if TASKS[task].shows == "pair":
        if design.coefficients:
            yield ("coefficients",), f"{task} shows all eleven mixtures of a pair; leave the coefficients out"
        if wanted > 1:
            yield ("pairs", "coefficients_per_pair"), f"{task} shows all eleven mixtures of a pair; leave this out"
        return
    for number, value in enumerate(design.coefficients):
        if not is_exact(value):
            yield ("coefficients", number), f"{value} has more than {DECIMALS} decimals"
    yield from _doubles(("coefficients",), design.coefficients, "{} stands already as number {}", _ROUNDED)
    if design.pairs.per_class:
        if design.coefficients or wanted > 1:
            key: KeyPath = ("coefficients",) if design.coefficients else ("pairs", "coefficients_per_pair")
            yield key, "per_class draws single pictures, which are shown as they are; leave this out"
    elif not design.coefficients:
        if design.pairs.file is None:
            yield ("coefficients",), f"{task} shows one mixture of a pair: say which, as in coefficients: [0.25, 0.5]"
    elif wanted > len(design.coefficients):
        yield (
            ("pairs", "coefficients_per_pair"),
            f"{wanted} different mixtures of a pair cannot be made of {len(design.coefficients)} coefficients",
        )


def _pairs(study: StudyFile, task: str, pairs: Pairs) -> Iterator[Problem]:
    takes_single = SUITE_TASKS[task].takes_single
    given = [key for key in ("file", "per_class_pair", "per_class") if getattr(pairs, key) is not None]
    if len(given) != 1:
        ways = "per_class_pair, which draws them" + (
            ", or per_class, which draws single pictures" if takes_single else ""
        )
        said = f"{' and '.join(given)} are given" if given else "none of them is given"
        yield ("pairs",), f"give either file, a list of pairs, or {ways}; {said}"
    if pairs.per_class is not None and not takes_single:
        takers = " and ".join(name for name, other in SUITE_TASKS.items() if other.takes_single)
        yield ("pairs", "per_class"), f"{task} is about two pictures; single ones are for {takers}"
    if pairs.file is not None:
        path = PurePosixPath(pairs.file)
        if path.is_absolute() or PureWindowsPath(pairs.file).anchor or "\\" in pairs.file or ".." in path.parts:
            yield ("pairs", "file"), f"{pairs.file!r} is no plain path within the folder, such as pairs/infer.csv"
    if pairs.classes is None:
        return
    if pairs.file is not None:
        yield ("pairs", "classes"), "classes are drawn from; a list of pairs says itself which they are"
    names = _vocabulary(study)
    for number, name in enumerate(pairs.classes):
        if name.lower() not in {known.lower() for known in names}:
            offered = nearest(name, names, label="classes")
            yield ("pairs", "classes", number), f"no class is called {name!r}; {offered}"
    yield from _doubles(("pairs", "classes"), pairs.classes, "{!r} stands already as number {}", str.lower)
    if len(pairs.classes) < 2 and pairs.per_class is None:
        yield ("pairs", "classes"), "a pair is of two different classes, and one alone is named"


def _numbers(study: StudyFile, task: str, design: TaskDesign) -> Iterator[Problem]:
    """Report where a sampler draws fewer stimuli than batches need; lists of pairs are counted when they are read."""
    pairs = design.pairs
    classes = len(_vocabulary(study) if pairs.classes is None else pairs.classes)
    if pairs.per_class is not None:
        yield from too_few(
            design,
            classes * pairs.per_class,
            f"{classes} class{'es' if classes > 1 else ''} with {pairs.per_class} pictures each",
        )
    if pairs.per_class_pair is None:
        return
    class_pairs = classes * (classes - 1) // 2
    stimuli = class_pairs * pairs.per_class_pair * pairs.coefficients_per_pair
    drawn = f"{class_pairs} class pairs with {pairs.per_class_pair} pairs each"
    if TASKS[task].shows != "pair":
        drawn += f" and {pairs.coefficients_per_pair} of their mixtures"
    yield from too_few(design, stimuli, drawn)


def too_few(design: TaskDesign, stimuli: int, drawn: str) -> list[Problem]:
    """Report where there are fewer stimuli than batches need, or more mixtures of a pair; `drawn` says of what."""
    batches = design.batches or stimuli // design.batch_size
    needed = (design.batches or 1) * design.batch_size
    if needed > stimuli:
        words = f"{design.batches} batches of {design.batch_size}" if design.batches else f"a batch of {needed}"
        where: KeyPath = ("batches",) if design.batches else ("batch_size",)
        return [(where, f"{words} stimuli cannot be filled: there are {stimuli}, of {drawn}")]
    if design.pairs.coefficients_per_pair > batches:
        wanted = design.pairs.coefficients_per_pair
        said = f"the {wanted} mixtures of a pair go to batches of their own, and there is room for {batches}"
        return [(("pairs", "coefficients_per_pair"), said)]
    return []


def _vocabulary(study: StudyFile) -> Sequence[str]:
    names = study.pictures.classes
    return names if isinstance(names, list) else study.pictures.vocabulary.names


def _quiz(quiz: Quiz) -> Iterator[Problem]:
    for number, question in enumerate(quiz.questions):
        path: KeyPath = ("quiz", "questions", number)
        if question.answer > len(question.choices):
            yield (*path, "answer"), f"there is no choice {question.answer}: the choices are {len(question.choices)}"
        yield from _doubles((*path, "choices"), question.choices, "{!r} stands already as choice {}")


def _completion(completion: Completion) -> Iterator[Problem]:
    for mark in _BRACES.findall(completion.url or ""):
        if mark != "{code}":
            yield ("completion", "url"), f"{mark!r} is not filled in; the code stands for {{code}}, so written"
            break
    if "{code}" in completion.text:
        yield ("completion", "text"), "{code} is filled in in the url alone; the code is shown below the text by itself"


def _words(study: StudyFile) -> Iterator[Problem]:
    for name, written in study.words.items():
        if name not in WORDS:
            yield ("words", name), f"the interface has no such words; {nearest(name, WORDS, label='words')}"
            continue
        wanted, given = (sorted(f"{{{part}}}" for part in placeholders(text)) for text in (WORDS[name], written))
        if wanted != given:
            asked, found = (" and ".join(parts) or "nothing" for parts in (wanted, given))
            yield ("words", name), f"in {WORDS[name]!r} {asked} is filled in; here it is {found}"


_MANIFEST_PATHS: dict[str, KeyPath] = {
    "id": ("id",),
    "title": ("title",),
    "language": ("language",),
    "tasks": ("tasks",),
    "stimuli": ("pictures",),
    "scales": ("tasks",),
}


def _manifest(study: StudyFile) -> Iterator[Problem]:
    """Report where the export would be no valid contribution."""
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
        # A rule of the whole table of stimuli is one of its class names.
        inside = ("classes",) if head == "stimuli" and not rest else tuple(rest)
        return (*_MANIFEST_PATHS[str(head)], *inside)
    if head in {"ethics", "citation"}:
        return ("about", *rest)
    return ("about", head, *rest) if parts else ("id",)


def _doubles(
    path: KeyPath, values: Sequence[Any], said: str, key: Callable[[Any], object] = lambda value: value
) -> Iterator[Problem]:
    """Report each value that stands twice: `said` gets the value, and the number at which it stood first, from 1."""
    first: dict[object, int] = {}
    for number, value in enumerate(values):
        if (before := first.setdefault(key(value), number)) != number:
            yield (*path, number), said.format(value, before + 1)


def advice_on(study: StudyFile) -> list[str]:
    """Return what should be looked at before people are asked; nothing of it keeps a study from being served.

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
