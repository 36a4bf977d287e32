"""`hmix collect init`, `check` and `words`: the study file, its design, and the words of its pages."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hmix_hub.cli.collect import collection_argument
from hmix_hub.cli.options import cifar10_option, json_option, source_option
from hmix_hub.cli.output import echo_json, echo_table
from hmix_hub.errors import CollectionError, StudyFileError, Where
from hmix_hub.tasks import TASKS

if TYPE_CHECKING:
    from hmix_hub.suite.design.design import FrozenStudy
    from hmix_hub.suite.design.overview import TaskOverview

PRESETS = ("starter", "paper-2023")


@click.command("init")
@click.argument("folder", metavar="DIR")
@click.option(
    "--preset",
    default="starter",
    show_default=True,
    type=click.Choice(PRESETS),
    help="starter: a small study of drawn pictures, ready to try; paper-2023: the design of Human-in-the-Loop Mixup.",
)
@click.option(
    "--task",
    "tasks",
    multiple=True,
    # Votes are published counts; nobody is asked for them.
    type=click.Choice([name for name, task in TASKS.items() if task.has_participants]),
    help="Task to ask; may be repeated.",
)
@click.option(
    "--pairs",
    type=click.Choice(["release"]),
    help="With paper-2023: the pairs and batches of the release, from your own copy of it.",
)
@source_option
def init(folder: str, preset: str, tasks: tuple[str, ...], pairs: str | None, source: str | None) -> None:
    """Write a collection folder to start from, with a commented collection.yaml.

    The starter can be served as it is; in paper-2023, replace every TODO.
    """
    from hmix_hub.studies.manifest_fields import PLACEHOLDER
    from hmix_hub.suite.starter import preset_text, write_collection

    written = write_collection(folder, preset=preset, tasks=tasks, pairs=pairs, source=source)
    for name in written.files:
        click.echo(f"wrote {folder.rstrip('/')}/{name}")
    for note in written.notes:
        click.echo(note)
    is_draft = PLACEHOLDER in preset_text(preset, "x", tasks)
    first = f"replace every {PLACEHOLDER} in collection.yaml, " if is_draft else ""
    click.echo(f"next: {first}hmix collect check {shlex.quote(folder)}")


@click.command("check")
@collection_argument
@cifar10_option
@json_option
def check(folder: Path, cifar10: str | None, as_json: bool) -> None:
    """Check the study file and show its design: what is shown to how many participants, and how long it takes.

    All problems are reported together, each with its line. Texts that are still TODO are reported as well; the design
    is shown all the same. Exit status: 0 the study can be served, 1 it cannot.
    """
    from hmix_hub.suite.design.overview import overview_of, questions_overview
    from hmix_hub.suite.design.pair_file import unused_rows
    from hmix_hub.suite.study.rules import advice_on

    frozen, unfinished = _drawn(folder, cifar10)
    collected = _collected(folder)
    tasks, advice = overview_of(frozen), [*advice_on(frozen.study), *unused_rows(folder, frozen)]
    if as_json:
        known = {"sha256": frozen.sha256, "collected": collected, "image_set": frozen.image_set}
        echo_json(
            known
            | {
                "tasks": [asdict(task) for task in tasks],
                "questions": asdict(questions_overview(frozen)),
                "advice": advice,
            }
        )
    else:
        _echo(frozen, tasks, advice, collected)
    if unfinished is not None:
        raise unfinished
    if collected not in {None, frozen.sha256}:
        msg = "the study was changed since its collection began"
        hint = "restore the study file, lists and pictures; or start a new collection folder"
        raise CollectionError(msg, where=Where(str(folder)), hint=hint)


def _drawn(folder: Path, cifar10: str | None) -> tuple[FrozenStudy, StudyFileError | None]:
    """Draw the design even if texts are unfinished; the error about them is then returned."""
    from hmix_hub.suite.design.drawing import draw_design
    from hmix_hub.suite.study.reading import read_study_file

    unfinished = None
    try:
        study = read_study_file(folder)
    except StudyFileError as error:
        unfinished = error
        try:
            study = read_study_file(folder, allow_placeholders=True)
        except StudyFileError:
            raise unfinished from None
    try:
        return draw_design(folder, study, cifar10)[0], unfinished
    except StudyFileError:
        if unfinished is not None:
            click.echo(str(unfinished), err=True)
        raise


def _collected(folder: Path) -> str | None:
    """Return the hash of the collection in progress; `None` before it starts."""
    from hmix_hub.suite.store.database import DATABASE_NAME
    from hmix_hub.suite.store.store import Store

    if not (folder / DATABASE_NAME).exists():
        return None
    with Store.open(folder, read_only=True) as store:
        return store.frozen.sha256


def _echo(frozen: FrozenStudy, tasks: list[TaskOverview], advice: list[str], collected: str | None) -> None:
    from hmix_hub.suite.design.overview import sitting_minutes

    click.echo(f"{frozen.study.id}: {frozen.study.title}")
    click.echo(f"pictures: {frozen.image_set}, fingerprint {frozen.pictures}\n")
    echo_table([_row(task) for task in tasks])
    click.echo()
    for task in tasks:
        click.echo(_balance(task))
    for line in filter(None, (_turns(frozen, task) for task in tasks)):
        click.echo(line)
    for line in _asked(frozen):
        click.echo(line)
    if sitting := frozen.study.sitting:
        orders, minutes = len(sitting.orders()), round(sitting_minutes(frozen, tasks))
        said = "one after the other" if orders == 1 else f"in {orders} orders, used equally often"
        people = f"{tasks[0].people} participants do all {len(tasks)} tasks"
        click.echo(f"sitting: {people}, {said}; {minutes} minutes each")
    for line in advice:
        click.echo(f"advice on {line}")
    click.echo(
        "\nminutes: reading, 4 s a question, and each trial: the median response time of the release, of later tasks "
        "an estimate"
    )
    frozen_as = "is collected with" if collected == frozen.sha256 else "will be frozen with"
    click.echo(f"this design {frozen_as} the hash {frozen.sha256}")


def _row(task: TaskOverview) -> dict[str, Any]:
    return {
        "task": task.task,
        "batches": task.batches,
        "stimuli": _span(task.stimuli),
        "trials": _span(task.trials),
        "people": task.people,
        "judgments": task.judgments,
        "minutes": round(task.minutes),
    }


def _balance(task: TaskOverview) -> str:
    low, high = task.per_class_pair
    of_each = "1 stimulus" if high == 1 else f"{_span((low, high))} stimuli"
    said = f"{task.task}: {_shown(task)}, {of_each} of each, at most {task.in_batch} of one in a batch"
    if task.pictures_twice:
        said += f"; pictures repeated within a batch: {task.pictures_twice}"
    if task.pairs_twice:
        said += f"; pairs repeated as another mixture: {task.pairs_twice}"
    return said


def _shown(task: TaskOverview) -> str:
    pairs = task.pairs - task.singles
    if not task.singles:
        return f"{pairs} pairs of {task.class_pairs} class pairs"
    if not pairs:
        return f"{task.singles} single pictures of {task.class_pairs} classes"
    return f"{pairs} pairs and {task.singles} single pictures of {task.class_pairs} class pairs or classes"


def _turns(frozen: FrozenStudy, task: TaskOverview) -> str:
    """Return how many participants get each side and start value; nothing for a task that has neither."""
    said = []
    if task.sides:
        said.append(
            f"image 1 on the left for {task.sides['left']} participants, on the right for {task.sides['right']}"
        )
    if task.starts:
        is_between = frozen.study.tasks[task.task].start.vary == "between"
        counted = "people" if is_between else "trials"
        counts = ", ".join(f"{value}: {count}" for value, count in task.starts.items())
        said.append(f"{counted} by start value {counts}")
    return f"{task.task}: {'; '.join(said)}" if said else ""


def _asked(frozen: FrozenStudy) -> Iterator[str]:
    """Return what is asked before and after the trials, line by line."""
    from hmix_hub.suite.design.overview import questions_overview

    asked, allowed = questions_overview(frozen), frozen.study.attention_failures
    told: dict[str, Sequence[str]] = {
        "questions before the trials": asked.before,
        "questions after the trials": asked.after,
        f"attention checks, {allowed or 'none'} of which may be failed": asked.attention_checks,
        "screening questions": asked.screening,
        "stored about participants' devices": frozen.study.surroundings,
    }
    return (f"{what}: {', '.join(names)}" for what, names in told.items() if names)


def _span(numbers: tuple[int, int]) -> str:
    low, high = numbers
    return str(low) if low == high else f"{low}-{high}"


@click.command("words")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--language", metavar="CODE", help="Language, BCP 47: de, pt-BR; default: that of the study in DIR.")
@click.option("--missing", is_flag=True, help="Print only the words that are still English.")
def words(folder: Path | None, language: str | None, missing: bool) -> None:
    """Print the words of the pages as the key `words` of a study file, to translate or change them.

    English, German, French, Spanish, simplified Chinese and Arabic words are built in. A study's own words, those of
    DIR, take precedence.
    """
    from hmix_hub.suite.study.reading import read_study_file
    from hmix_hub.suite.study.words import ENGLISH, LANGUAGES, WORDS, missing_words, shipped, words_block

    if folder is None and language is None:
        msg = "name a collection folder, or a language with --language"
        raise click.UsageError(msg)
    study = None if folder is None else read_study_file(folder, allow_placeholders=True)
    code = language or (study.language if study else ENGLISH)
    own = study.words if study and study.language == code else {}
    translation, left = shipped(code), missing_words(code, own)
    told = WORDS | dict(translation.words if translation else {}) | own
    if translation and not translation.is_reviewed:
        click.echo(f"# {translation.language}: no speaker has reviewed these words yet.")
    if left:
        known = ", ".join((ENGLISH, *LANGUAGES))
        click.echo(f"# {code}: {len(left)} of {len(WORDS)} words are still English (shipped: {known}).")
    elif missing:
        click.echo(f"# {code}: nothing is missing.")
        return
    click.echo(words_block({name: told[name] for name in left} if missing else told), nl=False)
