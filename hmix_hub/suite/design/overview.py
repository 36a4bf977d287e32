"""Overview of a design: what is shown to how many participants, and how long it takes them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hmix_hub.suite.design.dealing import class_pair, pair_of
from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import SIDES, side_of, starts_of, turn_of
from hmix_hub.suite.study.model import TaskDesign
from hmix_hub.suite.study.question_rules import screening_keys
from hmix_hub.suite.study.questionnaire import questions_of
from hmix_hub.suite.tasks import SUITE_TASKS

WORDS_PER_MINUTE = 238
"""Silent reading of English.

Source: Brysbaert, *How many words do we read per minute?*, Journal of Memory and Language 109, 2019.
"""
SECONDS_PER_QUESTION = 4
"""Estimated time to answer a question after reading it."""


@dataclass(frozen=True)
class TaskOverview:
    """Summary of one task.

    Parameters
    ----------
    singles
        Number of single pictures among `pairs`, whose class counts as a class pair.
    stimuli
        Smallest and largest number of stimuli in a batch.
    trials
        Smallest and largest number of trials per participant, including repeats.
    judgments
        Total number of judgments, including repeats; one per scale if a page has several.
    minutes
        Estimated minutes per participant: reading time, and the release's median response time for each trial.
    per_class_pair
        Smallest and largest number of stimuli per class pair, over those in the design.
    in_batch
        Largest number of stimuli of one class pair in a batch.
    pictures_twice
        How often a picture is repeated within a batch.
    pairs_twice
        How often a pair is repeated within a batch, as another mixture.
    sides
        Participants by the side of image 1; empty if the task has no sides.
    starts
        Participants by start value, or trials if a participant has several; empty if the task has no start values.
    """

    task: str
    batches: int
    singles: int
    stimuli: tuple[int, int]
    trials: tuple[int, int]
    people: int
    judgments: int
    minutes: float
    pairs: int
    class_pairs: int
    per_class_pair: tuple[int, int]
    in_batch: int
    pictures_twice: int
    pairs_twice: int
    sides: dict[str, int]
    starts: dict[str, int]


def overview_of(frozen: FrozenStudy) -> list[TaskOverview]:
    """Return a summary of each task of a design."""
    tasks = [task for task in SUITE_TASKS if task in frozen.study.tasks]
    return [_task(frozen, [batch for batch in frozen.batches if batch.task == task]) for task in tasks]


def sitting_minutes(frozen: FrozenStudy, tasks: list[TaskOverview]) -> float:
    """Estimate the minutes of a participant who is asked all tasks; shared texts and questions count once."""
    return sum(task.minutes for task in tasks) - _shared_minutes(frozen) * (len(tasks) - 1)


@dataclass(frozen=True)
class QuestionOverview:
    """Summary of the questions around the trials.

    Parameters
    ----------
    before, after
        Names of the questions before and after the trials, in order.
    attention_checks
        Names of the attention checks.
    screening
        Names of the questions whose answers can end the session.
    """

    before: list[str]
    after: list[str]
    attention_checks: list[str]
    screening: list[str]


def questions_overview(frozen: FrozenStudy) -> QuestionOverview:
    """Return a summary of the questions around the trials."""
    asked = list(questions_of(frozen.questionnaire))
    return QuestionOverview(
        before=[one.name for page, one in asked if page.is_before],
        after=[one.name for page, one in asked if not page.is_before],
        attention_checks=[one.name for _, one in asked if one.answer is not None],
        screening=[one.name for _, one in asked if screening_keys(one)],
    )


def _task(frozen: FrozenStudy, batches: list[Batch]) -> TaskOverview:
    design = frozen.design_of(batches[0])
    sizes = [len(batch.stimuli) for batch in batches]
    repeats = len(design.repeats)
    of_class_pair = Counter(class_pair(stimulus) for stimulus in {one for batch in batches for one in batch.stimuli})
    in_batch = [Counter(map(class_pair, batch.stimuli)) for batch in batches]
    pictures = [Counter(index for pair in set(map(pair_of, batch.stimuli)) for index in pair) for batch in batches]
    most = max(sizes) + repeats
    # A page with several scales gives one judgment per scale.
    per_trial = len(design.scales) or 1
    seconds = SUITE_TASKS[batches[0].task].seconds_per_trial * per_trial
    return TaskOverview(
        task=batches[0].task,
        batches=len(batches),
        singles=len({one.image_1_index for batch in batches for one in batch.stimuli if one.image_2_index is None}),
        stimuli=(min(sizes), max(sizes)),
        trials=(min(sizes) + repeats, most),
        people=sum(batch.quota for batch in batches),
        judgments=sum(batch.quota * (size + repeats) for batch, size in zip(batches, sizes, strict=True)) * per_trial,
        minutes=_shared_minutes(frozen)
        + _words(_texts(design)) / WORDS_PER_MINUTE
        + (most + len(design.practice)) * seconds / 60,
        pairs=len({pair_of(stimulus) for batch in batches for stimulus in batch.stimuli}),
        class_pairs=len(of_class_pair),
        per_class_pair=(min(of_class_pair.values()), max(of_class_pair.values())),
        in_batch=max(max(counts.values()) for counts in in_batch),
        pictures_twice=sum(count - 1 for counts in pictures for count in counts.values()),
        pairs_twice=sum(len(batch.stimuli) - len(set(map(pair_of, batch.stimuli))) for batch in batches),
        sides=count_sides(batches, design),
        starts=count_starts(batches, design),
    )


def _shared_minutes(frozen: FrozenStudy) -> float:
    """Estimate a participant's minutes for the consent form and the questions around the trials."""
    texts, asked = [frozen.study.consent.text], [one for _, one in questions_of(frozen.questionnaire)]
    texts += [page.text or "" for page in frozen.questionnaire]
    texts += [text for one in asked for text in (one.question, *one.choices)]
    return _words(texts) / WORDS_PER_MINUTE + len(asked) * SECONDS_PER_QUESTION / 60


def _texts(design: TaskDesign) -> list[str]:
    """Return the texts of a task that a participant reads."""
    texts = [trial.feedback for trial in design.practice]
    for page in design.instructions:
        texts += [page.text, *(example.text for example in page.examples)]
    for question in design.quiz.questions if design.quiz else []:
        texts += [question.question, *question.choices]
    return texts


def _words(texts: list[str]) -> int:
    return sum(len(text.split()) for text in texts)


def count_sides(batches: list[Batch], design: TaskDesign) -> dict[str, int]:
    """Count the participants of a full study by the side of image 1; empty for a task without sides."""
    task = SUITE_TASKS[batches[0].task]
    counts = Counter(side_of(task, design, turn_of(batch, n)) for batch in batches for n in range(batch.quota))
    return {} if None in counts else {side: counts[side] for side in SIDES}


def count_starts(batches: list[Batch], design: TaskDesign) -> dict[str, int]:
    """Count the trials of a full study by start value; empty for a task without start values.

    If each participant has one start value, participants are counted instead.
    """
    if "start" not in SUITE_TASKS[batches[0].task].options:
        return {}
    counts: Counter[int] = Counter()
    for batch in batches:
        trials = 1 if design.start.vary == "between" else len(batch.stimuli) + len(design.repeats)
        for number in range(batch.quota):
            counts.update(starts_of(design, turn_of(batch, number), trials))
    return {f"{step / 10:g}": counts[step] for step in (round(value * 10) for value in design.start.values)}
