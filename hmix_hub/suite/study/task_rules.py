"""Rules for one task of the study file: its mixtures and pairs, their numbers, and the pages around its trials."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from hmix_hub.errors import nearest
from hmix_hub.files import is_plain_path
from hmix_hub.schema import TOLERANCE
from hmix_hub.suite.study.model import Pairs, PracticeTrial, Quiz, StudyFile, TaskDesign
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import TASKS
from hmix_hub.yaml_file import KeyPath

Problem = tuple[KeyPath, str]
"""A key, and what is wrong with it."""

DECIMALS = 4
"""Maximum decimals of a coefficient; a picture with 256 shades cannot show more."""
_ROUNDED = partial(round, ndigits=DECIMALS)


def broken_by(study: StudyFile, task: str, design: TaskDesign) -> Iterator[Problem]:
    """Return what makes a task impossible, each with its key within the task."""
    for key in design.model_fields_set - set(SUITE_TASKS[task].options):
        if takers := [name for name, other in SUITE_TASKS.items() if key in other.options]:
            yield (key,), f"{task} does not have this key; it is for {' and '.join(takers)}"
    for key in SUITE_TASKS[task].needs:
        if not getattr(design, key):
            yield (key,), f"{task} requires this key; `hmix collect init DIR --task {task}` writes an example"
    yield from _coefficients(task, design)
    yield from _pairs(study, task, design.pairs)
    yield from _numbers(study, task, design)
    yield from doubles(("repeats",), design.repeats, "place {} is already listed (entry {})")
    for number, place in enumerate(design.repeats):
        if not 1 <= place <= design.batch_size:
            yield ("repeats", number), f"there is no place {place} in a batch of {design.batch_size} stimuli"
    for number, value in enumerate(design.start.values):
        if abs(value * 10 - round(value * 10)) > TOLERANCE:
            yield ("start", "values", number), f"{value} is not a multiple of 0.1; the pictures are 0, 0.1, 0.2, ... 1"
    yield from doubles(("start", "values"), design.start.values, "{} is already listed (entry {})", _ROUNDED)
    yield from _around(task, design)


def _around(task: str, design: TaskDesign) -> Iterator[Problem]:
    """Report problems around the trials: the quiz, practice, breaks, worked examples."""
    if design.quiz is not None:
        yield from _quiz(design.quiz)
    for number, practised in enumerate(design.practice):
        for key, said in _practised(task, practised):
            yield ("practice", number, key), said
    trials = design.batch_size + len(design.repeats)
    if design.breaks is not None and design.breaks.every >= trials:
        yield ("breaks", "every"), f"there would never be a break: a batch has {trials} trials"
    for place, page in enumerate(design.instructions):
        for number, example in enumerate(page.examples):
            if example.image_1_index == example.image_2_index:
                yield (
                    ("instructions", place, "examples", number, "image_2_index"),
                    f"an example of picture {example.image_1_index} with itself is not a mixture",
                )


def _practised(task: str, trial: PracticeTrial) -> Iterator[tuple[str, str]]:
    """Report why a practice trial cannot be shown, as far as this is known without pictures, by key."""
    is_single = trial.image_2_index is None
    if is_single and not SUITE_TASKS[task].takes_single:
        yield "image_2_index", f"{task} requires two pictures; name the second one"
    elif (is_single or TASKS[task].shows == "pair") and trial.coefficient is not None:
        shown = "a single picture is shown unmixed" if is_single else f"{task} shows all eleven mixtures of a pair"
        yield "coefficient", f"{shown}; remove this"
    elif not is_single and TASKS[task].shows != "pair" and trial.coefficient is None:
        yield "coefficient", f"{task} shows one mixture of a pair; choose it, as in coefficient: 0.7"
    elif trial.coefficient is not None and not is_exact(trial.coefficient):
        yield "coefficient", f"{trial.coefficient} has more than {DECIMALS} decimals"


def is_exact(coefficient: float) -> bool:
    """Return whether a coefficient has at most `DECIMALS` decimals, so that it can be compared exactly everywhere."""
    return abs(coefficient - round(coefficient, DECIMALS)) < TOLERANCE


def _coefficients(task: str, design: TaskDesign) -> Iterator[Problem]:
    wanted = design.pairs.coefficients_per_pair
    if TASKS[task].shows == "pair":
        if design.coefficients:
            yield ("coefficients",), f"{task} shows all eleven mixtures of a pair; remove the coefficients"
        if wanted > 1:
            yield ("pairs", "coefficients_per_pair"), f"{task} shows all eleven mixtures of a pair; remove this"
        return
    for number, value in enumerate(design.coefficients):
        if not is_exact(value):
            yield ("coefficients", number), f"{value} has more than {DECIMALS} decimals"
    yield from doubles(("coefficients",), design.coefficients, "{} is already listed (entry {})", _ROUNDED)
    if design.pairs.per_class:
        if design.coefficients or wanted > 1:
            key: KeyPath = ("coefficients",) if design.coefficients else ("pairs", "coefficients_per_pair")
            yield key, "per_class draws single pictures, which are shown unmixed; remove this"
    elif not design.coefficients:
        if design.pairs.file is None:
            yield ("coefficients",), f"{task} shows one mixture of a pair; choose some, as in coefficients: [0.25, 0.5]"
    elif wanted > len(design.coefficients):
        yield (
            ("pairs", "coefficients_per_pair"),
            f"{wanted} different mixtures of a pair cannot be made with {len(design.coefficients)} coefficients",
        )


def _pairs(study: StudyFile, task: str, pairs: Pairs) -> Iterator[Problem]:
    takes_single = SUITE_TASKS[task].takes_single
    given = [key for key in ("file", "per_class_pair", "per_class") if getattr(pairs, key) is not None]
    if len(given) != 1:
        single = ", or per_class, which draws single pictures" if takes_single else ""
        ways = f"per_class_pair, which draws them{single}"
        said = f"{' and '.join(given)} are given" if given else "none of them is given"
        yield ("pairs",), f"give either file, a list of pairs, or {ways}; {said}"
    if pairs.per_class is not None and not takes_single:
        takers = " and ".join(name for name, other in SUITE_TASKS.items() if other.takes_single)
        yield ("pairs", "per_class"), f"{task} requires two pictures; single ones are for {takers}"
    if pairs.file is not None and not is_plain_path(pairs.file):
        yield ("pairs", "file"), f"{pairs.file!r} is not a plain path within the folder, such as pairs/infer.csv"
    if pairs.classes is None:
        return
    if pairs.file is not None:
        yield ("pairs", "classes"), "this is for drawn pairs; a list of pairs determines its own classes"
    names = _vocabulary(study)
    for number, name in enumerate(pairs.classes):
        if name.lower() not in {known.lower() for known in names}:
            offered = nearest(name, names, label="classes")
            yield ("pairs", "classes", number), f"there is no class {name!r}; {offered}"
    yield from doubles(("pairs", "classes"), pairs.classes, "{!r} is already listed (entry {})", str.lower)
    if len(pairs.classes) < 2 and pairs.per_class is None:
        yield ("pairs", "classes"), "a pair requires two different classes, but only one is named"


def _numbers(study: StudyFile, task: str, design: TaskDesign) -> Iterator[Problem]:
    """Report if fewer stimuli are drawn than batches need; lists of pairs are counted when they are read."""
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
    """Report if there are too few stimuli for the batches or too many mixtures per pair; `drawn` names their source."""
    batches = design.batches or stimuli // design.batch_size
    needed = (design.batches or 1) * design.batch_size
    if needed > stimuli:
        words = f"{design.batches} batches of {design.batch_size}" if design.batches else f"a batch of {needed}"
        where: KeyPath = ("batches",) if design.batches else ("batch_size",)
        return [(where, f"{words} stimuli cannot be filled: there are only {stimuli}, from {drawn}")]
    if design.pairs.coefficients_per_pair > batches:
        wanted = design.pairs.coefficients_per_pair
        said = f"the {wanted} mixtures of a pair must be in different batches, but there are only {batches}"
        return [(("pairs", "coefficients_per_pair"), said)]
    return []


def _vocabulary(study: StudyFile) -> Sequence[str]:
    names = study.pictures.classes
    return names if isinstance(names, list) else study.pictures.vocabulary.names


def _quiz(quiz: Quiz) -> Iterator[Problem]:
    for number, question in enumerate(quiz.questions):
        path: KeyPath = ("quiz", "questions", number)
        if question.answer > len(question.choices):
            yield (
                (*path, "answer"),
                f"choice {question.answer} does not exist: there are {len(question.choices)} choices",
            )
        yield from doubles((*path, "choices"), question.choices, "{!r} is already listed (choice {})")


def doubles(
    path: KeyPath, values: Sequence[Any], said: str, key: Callable[[Any], object] = lambda value: value
) -> Iterator[Problem]:
    """Report each duplicate value; `said` is formatted with the value and its first position, counted from 1."""
    first: dict[object, int] = {}
    for number, value in enumerate(values):
        if (before := first.setdefault(key(value), number)) != number:
            yield (*path, number), said.format(value, before + 1)
