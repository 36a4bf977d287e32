"""The tasks, one file each; this registry, and what is derived from it.

To add a task, write `hmix_hub/tasks/<task>.py` and list it in `TASKS`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.schema.column import DISTRIBUTION_KINDS, LABEL_KINDS, Column
from hmix_hub.schema.judgment import COMPUTED_ALWAYS, IMAGE_FILES, N_SYNTHETIC
from hmix_hub.schema.versions import CURRENT, RELEASED
from hmix_hub.tasks import (
    categorical_soft_labels,
    class_choice,
    class_votes,
    construct_midpoint,
    infer_mixing_factor,
    scale_rating,
    select_shuffled_midpoint,
)
from hmix_hub.tasks.flags import Flag
from hmix_hub.tasks.soft_labels import QUESTIONS, Question, unasked_columns
from hmix_hub.tasks.task import Task

TASKS: dict[str, Task] = {
    module.TASK.name: module.TASK
    for module in (
        construct_midpoint,
        select_shuffled_midpoint,
        infer_mixing_factor,
        categorical_soft_labels,
        class_choice,
        scale_rating,
        class_votes,
    )
}
"""All tasks by name, in the order of every list of tasks."""

CONSTRUCT, SELECT = construct_midpoint.TASK.name, select_shuffled_midpoint.TASK.name
INFER, CATEGORICAL = infer_mixing_factor.TASK.name, categorical_soft_labels.TASK.name
CHOICE = class_choice.TASK.name
RATING = scale_rating.TASK.name
VOTES = class_votes.TASK.name
DEFAULT_TASK = INFER
"""The default task."""


def task_that_shows(pictures: Literal["pair", "mixture"]) -> str:
    """Return a task that shows such pictures, for rows without a task; all of them draw the pictures alike."""
    return next(name for name, task in TASKS.items() if task.shows == pictures)


def task_judged_in(names: Collection[str]) -> Task | None:
    """Return the first task whose answers, or their means by stimulus, are among some columns."""
    return next((task for task in TASKS.values() if not set(task.judged_columns).isdisjoint(names)), None)


def why_no_participants(names: Collection[str]) -> str:
    """Return why rows with these columns have no participants, as a sentence; empty if they may, or if unknown."""
    pooled = (task for task in TASKS.values() if not task.has_participants)
    return next((task.without_participants for task in pooled if not set(task.answer).isdisjoint(names)), "")


def soft_label_column(names: Collection[str]) -> str | None:
    """Return the column, among some, that holds soft labels, of all answers about a stimulus or of each answer."""
    over_classes = [task.judged_columns for task in TASKS.values() if task.is_over_classes]
    wanted = (*(pooled for _, pooled in over_classes), *(own for own, _ in over_classes))
    return next((name for name in wanted if name in names), None)


RELEASED_FORMS = {name: task.released for name, task in TASKS.items() if task.released}
"""The form of each task in schema 1.0.0; later tasks have none."""


def check_task(name: str) -> Task:
    """Return a task by name.

    Raises
    ------
    ConfigurationError
        If there is no such task; the nearest names are suggested.
    """
    if not isinstance(name, str) or name not in TASKS:
        msg = f"there is no task {name!r}"
        raise ConfigurationError(msg, hint=nearest(name, TASKS, label="tasks"))
    return TASKS[name]


def columns(task: str, version: str = CURRENT) -> tuple[Column, ...]:
    """Return the columns of a task's judgment table in a schema version, in order.

    Raises
    ------
    ConfigurationError
        If there is no such task, or it does not exist in that version.
    """
    return check_task(task).in_version(version)


def by_stimulus_columns(task: str, *, is_synthetic: bool = False) -> tuple[Column, ...]:
    """Return the columns of a task's by-stimulus table.

    Parameters
    ----------
    task
        Name of the task.
    is_synthetic
        Whether a program made any of the judgments.
    """
    return (*TASKS[task].by_stimulus_columns, *([N_SYNTHETIC] if is_synthetic else []))


BY_STIMULUS_COLUMNS = {name: task.by_stimulus_columns for name, task in TASKS.items()}
"""Columns of the by-stimulus table, by task."""

_TABLES = (*(task.columns for task in TASKS.values()), *BY_STIMULUS_COLUMNS.values())
OVER_CLASSES = {
    column.name: column for table in _TABLES for column in table if column.kind in LABEL_KINDS | DISTRIBUTION_KINDS
}
"""Columns about classes, by name: labels, lists of labels, and distributions over all classes."""


def distributions_among(names: Iterable[str]) -> list[str]:
    """Return the names of columns that hold distributions over all classes."""
    return [name for name in names if name in OVER_CLASSES and OVER_CLASSES[name].kind in DISTRIBUTION_KINDS]


COMPUTED = COMPUTED_ALWAYS | {name for task in TASKS.values() for name in task.derived}
"""Columns computed from the observed ones."""


def observed_columns(task: str, version: str = CURRENT) -> tuple[Column, ...]:
    """Return the columns of a task that are observed, in the order of the judgment table, optional ones included."""
    return tuple(column for column in columns(task, version) if column.name not in COMPUTED)


def contributed_columns(task: str, version: str = CURRENT) -> tuple[Column, ...]:
    """Return the columns that a contributed file may have: the observed ones, and `IMAGE_FILES`."""
    return (*observed_columns(task, version), *IMAGE_FILES)


def required_columns(task: str, asked: Collection[Question] = tuple(QUESTIONS)) -> tuple[Column, ...]:
    """Return the columns of a task that a contributed file must have.

    Parameters
    ----------
    task
        Name of the task.
    asked
        What was asked in addition to the class; columns of other questions may be missing.
    """
    unneeded = {*TASKS[task].optional_columns, *unasked_columns(asked)}
    return tuple(column for column in observed_columns(task) if column.name not in unneeded)


def missing_columns(
    names: Collection[str], task: str, asked: Collection[Question] = tuple(QUESTIONS), *, is_single: bool = False
) -> tuple[Column, ...]:
    """Return the required columns that a contributed file lacks.

    Pictures are identified by index or file, and their labels may be left out: the image set has them.

    Parameters
    ----------
    names
        Columns of the file.
    task, asked
        See `required_columns`.
    is_single
        Whether no row has a second picture: its index is then absent, and the mixing coefficient is 1.
    """
    unneeded = {*names, "image_1_label", "image_2_label"}
    unneeded |= {"image_2_index", "mixing_coefficient"} if is_single else set()
    unneeded |= {file.name.replace("_file", "_index") for file in IMAGE_FILES if file.name in names}
    return tuple(column for column in required_columns(task, asked) if column.name not in unneeded)


def computed_columns(task: str) -> tuple[Column, ...]:
    """Return the columns of a task that are computed from the observed ones."""
    return tuple(column for column in TASKS[task].columns if column.name in COMPUTED)


def _all_flags() -> dict[str, Flag]:
    """Return every flag once, in the order of the tasks."""
    found: list[Flag] = []
    for task in TASKS.values():
        at = len(found)
        for flag in reversed(task.flags):
            if flag in found:
                at = found.index(flag)
            else:
                found.insert(at, flag)
    return {flag.name: flag for flag in found}


FLAGS = _all_flags()
"""All flags by name; tensors count them in this order."""


def flags_of(task: str) -> tuple[str, ...]:
    """Return the names of the flags that rows of a task can have, in the order in which rows list them."""
    return tuple(flag.name for flag in TASKS[task].flags)


@dataclass(frozen=True)
class Configuration:
    """A configuration: one table that can be loaded by name.

    Parameters
    ----------
    name
        Its name.
    task
        Task whose judgments it holds.
    by_stimulus
        Whether a row is a stimulus with all its judgments, rather than one judgment.
    """

    name: str
    task: str
    by_stimulus: bool = False

    @property
    def description(self) -> str:
        """What a row is."""
        task = TASKS[self.task]
        section = f" (paper, section{'s' if ' ' in task.section else ''} {task.section})" if task.section else ""
        if self.by_stimulus:
            return f"One row per stimulus of {self.task}: all its judgments together{section}."
        if not task.has_participants:
            return f"One row per stimulus, with all participants' votes; each {task.question}{section}."
        return f"One row per judgment; the participant {task.question}{section}."

    @property
    def core(self) -> tuple[str, ...]:
        """Names of the columns that show what was judged and answered, the most important first."""
        return TASKS[self.task].by_stimulus.core if self.by_stimulus else TASKS[self.task].core

    def columns(self, version: str = CURRENT, *, is_synthetic: bool = False) -> tuple[Column, ...]:
        """Return the columns of the table in a schema version.

        Parameters
        ----------
        version
            The version.
        is_synthetic
            Whether a program made any of the judgments, which a by-stimulus table counts.

        Raises
        ------
        ConfigurationError
            If the table does not exist in that version: by-stimulus tables were added in 2.0.0.
        """
        of_judgments = columns(self.task, version)
        if not self.by_stimulus:
            return of_judgments
        if version == RELEASED:
            msg = f"configuration {self.name!r} does not exist in schema {version}"
            raise ConfigurationError(msg, hint=f"load {self.task!r}, or leave schema_version out")
        return by_stimulus_columns(self.task, is_synthetic=is_synthetic)

    def version_of(self, names: Iterable[str], stated: str) -> str:
        """Return the newest schema version whose columns are all among some names.

        Versions with the same columns differ only in name: the stated one takes precedence among these, and is returned
        if no version fits.
        """
        there = set(names)
        versions = [version for version in TASKS[self.task].versions if version != RELEASED]
        fitting = [version for version in versions if {column.name for column in self.columns(version)} <= there]
        if not fitting or (stated in fitting and self.columns(stated) == self.columns(fitting[-1])):
            return stated
        return fitting[-1]


CONFIGURATIONS: dict[str, Configuration] = {
    configuration.name: configuration
    for configuration in (
        *(Configuration(task, task) for task in TASKS),
        *(
            Configuration(f"{name}_by_stimulus", name, True)
            for name, task in TASKS.items()
            if task.by_stimulus.is_configuration
        ),
    )
}
RELEASED_CONFIGURATIONS = {name: one for name, one in CONFIGURATIONS.items() if one.task in RELEASED_FORMS}
"""The configurations of "h-mix", those of the released tasks."""
DEFAULT_CONFIGURATION = DEFAULT_TASK


def default_configuration(names: Sequence[str]) -> str:
    """Return the configuration loaded by default: the default one, or else the first that the study has."""
    return DEFAULT_CONFIGURATION if DEFAULT_CONFIGURATION in names else names[0]


def check_configuration(name: str | None) -> Configuration:
    """Return a configuration by name; `None` is the default one.

    Raises
    ------
    ConfigurationError
        If there is no such configuration; the nearest names are suggested.
    """
    name = DEFAULT_CONFIGURATION if name is None else name
    if not isinstance(name, str) or name not in CONFIGURATIONS:
        msg = f"there is no configuration {name!r}"
        raise ConfigurationError(msg, hint=nearest(name, CONFIGURATIONS, label="configurations"))
    return CONFIGURATIONS[name]
