"""Configurations of the dataset "h-mix": the four tasks, and two tables by stimulus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.schema.by_stimulus import by_stimulus_columns
from hmix_hub.schema.column import Column
from hmix_hub.schema.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT, TASKS
from hmix_hub.schema.versions import CURRENT, RELEASED, VERSIONS, columns

_BY_WHOM = ("participant_id", "response_time_ms", "flags")
_MEANS = ("n_judgments", "n_participants")
_CORE: dict[str, tuple[str, ...]] = {
    CONSTRUCT: ("pair_id", "start_coefficient", "selected_coefficient", *_BY_WHOM),
    SELECT: ("pair_id", "selected_coefficient", *_BY_WHOM),
    INFER: ("stimulus_id", "mixing_coefficient", "inferred_coefficient", "confidence", *_BY_WHOM),
    CATEGORICAL: (
        *("stimulus_id", "mixing_coefficient", "top_class", "top_probability", "second_class", "second_probability"),
        *(*_BY_WHOM, "impossible_classes"),
    ),
}
_CORE_BY_STIMULUS: dict[str, tuple[str, ...]] = {
    CONSTRUCT: ("pair_id", "mean_selected_coefficient", "std_selected_coefficient", *_MEANS),
    SELECT: ("pair_id", "mean_selected_coefficient", "std_selected_coefficient", *_MEANS),
    INFER: ("stimulus_id", "mixing_coefficient", "mean_inferred_coefficient", "std_inferred_coefficient", *_MEANS),
    CATEGORICAL: ("stimulus_id", "mixing_coefficient", *_MEANS, "mean_soft_label"),
}


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
        place = f"section{'s' if ' ' in task.section else ''} {task.section}"
        if self.by_stimulus:
            return f"One row per stimulus of {self.task}: all its judgments together (paper, {place})."
        return f"One row per judgment; the person {task.question} (paper, {place})."

    @property
    def core(self) -> tuple[str, ...]:
        """Names of the columns that a reader needs to see what was judged and answered, the most important first."""
        return (_CORE_BY_STIMULUS if self.by_stimulus else _CORE)[self.task]

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
            If the table does not exist in that version: by-stimulus tables came with 2.0.0.
        """
        of_judgments = columns(self.task, version)
        if not self.by_stimulus:
            return of_judgments
        if version == RELEASED:
            msg = f"configuration {self.name!r} does not exist in schema {version}"
            raise ConfigurationError(msg, hint=f"load {self.task!r}, or leave schema_version out")
        return by_stimulus_columns(self.task, is_synthetic=is_synthetic)

    def version_of(self, names: Iterable[str]) -> str | None:
        """Return the newest schema version whose columns are all among some names; `None`: no version's are."""
        there = set(names)
        fitting = [version for version in VERSIONS[1:] if {column.name for column in self.columns(version)} <= there]
        return fitting[-1] if fitting else None


CONFIGURATIONS: dict[str, Configuration] = {
    configuration.name: configuration
    for configuration in (
        *(Configuration(task, task) for task in TASKS),
        Configuration(f"{INFER}_by_stimulus", INFER, by_stimulus=True),
        Configuration(f"{CATEGORICAL}_by_stimulus", CATEGORICAL, by_stimulus=True),
    )
}
DEFAULT_CONFIGURATION = INFER


def check_configuration(name: str | None) -> Configuration:
    """Give a configuration by name; `None` is the default one.

    Raises
    ------
    ConfigurationError
        If there is no such configuration; the nearest names are offered.
    """
    name = DEFAULT_CONFIGURATION if name is None else name
    if not isinstance(name, str) or name not in CONFIGURATIONS:
        msg = f"there is no configuration {name!r}"
        raise ConfigurationError(msg, hint=nearest(name, CONFIGURATIONS, label="configurations"))
    return CONFIGURATIONS[name]
