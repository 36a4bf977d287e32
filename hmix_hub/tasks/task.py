"""A task: what a person was asked about mixed pictures, and everything that follows from it, as data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from hmix_hub.errors import ConfigurationError
from hmix_hub.schema.column import Column
from hmix_hub.schema.judgment import AFTER, BEFORE, COMPUTED, COUNTS, IMAGE_SET, IMAGES, MIXING_COEFFICIENT, PAIR_ID
from hmix_hub.schema.judgment import STIMULUS_ID as STIMULUS
from hmix_hub.schema.versions import CURRENT, RELEASED, VERSIONS, check_version, is_in
from hmix_hub.tasks.soft_labels import Question


@dataclass(frozen=True)
class Flag:
    """A quality flag.

    Parameters
    ----------
    name
        Its name in the column `flags`.
    meaning
        When a row has it.
    """

    name: str
    meaning: str


@dataclass(frozen=True)
class Released:
    """How the released interface names a task's judgment trials, and its columns in schema 1.0.0.

    Parameters
    ----------
    trial_type
        jsPsych plugin; only rows of it are judgments.
    name
        Name in the column `task`; repeats have `REPEAT_PREFIX` before it.
    columns
        Columns of the released file, in order.
    """

    trial_type: str
    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Task:
    """A task.

    Parameters
    ----------
    name
        Its name, and that of its configuration.
    section
        Section of the paper that describes it.
    question
        What the participant did, in a sentence without its subject.
    shows
        What a participant sees: a pair in all its mixtures, or one mixture, which is then the stimulus.
    answer_columns
        The task's own columns, behind the stimulus and its coefficient.
    answer
        Columns that are one answer, when answers are compared.
    core
        Columns that a reader needs to see what was judged and answered, the most important first.
    flags
        Flags that a row can have, in the order in which a row lists them.
    by_stimulus
        The by-stimulus table's own columns, behind the stimulus and the counts.
    core_by_stimulus
        Columns of it that a reader needs, the most important first.
    target
        What a model is taught unless another target is named: "human" or "soft_label".
    answered
        Coefficient that is the answer; empty: the answer is none.
    released
        Its form in schema 1.0.0; `None`: it has none.
    has_by_stimulus
        Whether the by-stimulus table is a configuration of its own.
    questions
        By answer column, the questions that must have been asked for it to hold anything; empty: all are always asked.
    """

    name: str
    section: str
    question: str
    shows: Literal["pair", "mixture"]
    answer_columns: tuple[Column, ...]
    answer: tuple[str, ...]
    core: tuple[str, ...]
    flags: tuple[Flag, ...]
    by_stimulus: tuple[Column, ...]
    core_by_stimulus: tuple[str, ...]
    target: Literal["human", "soft_label"]
    answered: str = ""
    released: Released | None = None
    has_by_stimulus: bool = True
    questions: Mapping[str, frozenset[Question]] = field(default_factory=dict, hash=False)

    @property
    def own_columns(self) -> tuple[Column, ...]:
        """Columns that not every task has: the mixture that was shown, if one was, then the answer."""
        return (*((STIMULUS, MIXING_COEFFICIENT) if self.shows == "mixture" else ()), *self.answer_columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns of the task's judgment table, in order."""
        return (*BEFORE, *self.own_columns, *AFTER)

    @property
    def stimulus_column(self) -> str:
        """Column that names the stimulus: the pair, where the participant saw all its mixtures."""
        return "stimulus_id" if self.shows == "mixture" else "pair_id"

    @property
    def coefficient_column(self) -> str:
        """Column that says which mixture of a pair a row is about: the shown one, else the answered one."""
        return "mixing_coefficient" if self.shows == "mixture" else self.answered

    @property
    def by_stimulus_columns(self) -> tuple[Column, ...]:
        """All columns of the task's by-stimulus table, in order."""
        keys = (
            (STIMULUS, IMAGE_SET, PAIR_ID, *IMAGES, MIXING_COEFFICIENT)
            if self.shows == "mixture"
            else (PAIR_ID, IMAGE_SET, *IMAGES)
        )
        return (*keys, *COUNTS, *self.by_stimulus)

    @property
    def versions(self) -> tuple[str, ...]:
        """Schema versions in which the task's table exists, oldest first."""
        return VERSIONS if self.released else VERSIONS[1:]

    def in_version(self, version: str = CURRENT) -> tuple[Column, ...]:
        """Return the columns of the judgment table in a schema version, in order.

        Raises
        ------
        ConfigurationError
            If the task has no form in that version.
        """
        if check_version(version) == RELEASED:
            return self.in_release.columns
        return tuple(column for column in self.columns if is_in(column, version))

    @property
    def in_release(self) -> Released:
        """The task's form in schema 1.0.0.

        Raises
        ------
        ConfigurationError
            If it has none.
        """
        if self.released is None:
            msg = f"the task {self.name!r} does not exist in schema {RELEASED}"
            raise ConfigurationError(msg, hint=f"stay with schema {VERSIONS[1]} or later")
        return self.released

    def unasked_columns(self, asked: Collection[Question]) -> tuple[str, ...]:
        """Return the answer columns that hold nothing where only these questions were asked."""
        return tuple(name for name, questions in self.questions.items() if not questions <= set(asked))

    @property
    def observed_columns(self) -> tuple[Column, ...]:
        """Columns that are observed, in the order of the judgment table."""
        return tuple(column for column in self.columns if column.name not in COMPUTED)
