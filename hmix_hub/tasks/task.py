"""A task: what a participant was asked about mixed pictures, and everything specific to that task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
import pyarrow as pa

from hmix_hub.errors import ConfigurationError
from hmix_hub.schema.arrays import Mask
from hmix_hub.schema.column import DISTRIBUTION_KINDS, LABEL_KINDS, Column, Kind
from hmix_hub.schema.judgment import (
    AFTER,
    BEFORE,
    BEFORE_WITHOUT_PARTICIPANTS,
    COUNTS,
    COUNTS_WITHOUT_PARTICIPANTS,
    IMAGE_SET,
    IMAGES,
    MIXING_COEFFICIENT,
    OPTIONAL_ALWAYS,
    PAIR_ID,
    STIMULUS_ID,
)
from hmix_hub.schema.versions import CURRENT, JUDGMENT_TABLE, RELEASED, check_version, is_in, versions_since
from hmix_hub.tasks.flags import Flag
from hmix_hub.tasks.parts import ByStimulus, ExampleTrial, Path
from hmix_hub.tasks.released import Released
from hmix_hub.tasks.soft_labels import AskedColumn, Procedure

Tool = TypeVar("Tool")


def _as_it_is(observed: pa.Table) -> tuple[pa.Table, dict[str, Mask]]:
    return observed, {}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task.

    Parameters
    ----------
    name
        Its name, and that of its configuration.
    question
        What the participant did: a sentence without its subject.
    section
        Section of the paper that describes it; empty: the paper does not.
    since
        Version of the schema that introduced the task.
    shows
        What a participant sees: all mixtures of a pair, or one mixture, which is then the stimulus.
    answer_columns
        The task's own columns, after the stimulus and its coefficient.
    answer
        Columns that together form an answer, for comparing answers.
    facets
        Answer columns that identify what was asked about the stimulus, such as a scale: a stimulus is judged once per
        value, so an answer on another scale is not a repeat.
    answered
        Column of the number, 0 to 1, that is the answer or its main part; empty: a derived column is.
    core
        Columns that show what was judged and answered, the most important first.
    flags
        Flags that a row can have, in the order in which rows list them.
    by_stimulus
        Its by-stimulus table.
    statistics, panels
        Names of its statistics and of the six panels of its figure, in `hmix_hub.contribute.description`.
    plot
        Name of its figure in `hmix_hub.plots`.
    target
        Default training target: one of `hmix_hub.training.targets.TARGETS`.
    example
        Function from a trial of the example study, and a generator, to the cells of its answer.
    example_manifest
        Part of the example study's study.yaml specific to this task; YAML, empty or whole lines.
    released
        Its form in schema 1.0.0; `None`: the task is not in it.
    derived
        By column computed from the answer, a function from a table of N rows, K classes and the study's procedure to
        its values.
    judged
        Columns that show the whole answer: of judgments, and of all answers in the by-stimulus table; empty: the number
        that is the answer, or the first derived column, and its mean.
    asked_columns
        Answer columns that are empty if a study did not ask for them.
    optional
        Other answer columns that a contributed file may leave out, in addition to those that later versions of the
        schema introduced.
    observe
        Function from contributed answers to those of the judgment table, and the rows with a flag that no column shows.
    paths
        Recorded paths of its answers.
    without_participants
        Why rows have no participants, as a sentence: a row is then all that is known about a stimulus; empty: each row
        is a judgment of one participant.
    filters
        By answer column that rows can be filtered by, the rows kept: completes "keep rows ...".
    """

    name: str
    question: str
    section: str = ""
    since: str = JUDGMENT_TABLE
    shows: Literal["pair", "mixture"]
    answer_columns: tuple[Column, ...]
    answer: tuple[str, ...]
    facets: tuple[str, ...] = ()
    answered: str = ""
    core: tuple[str, ...]
    flags: tuple[Flag, ...]
    by_stimulus: ByStimulus
    statistics: tuple[str, ...]
    panels: tuple[str, ...]
    plot: str
    target: str
    example: Callable[[ExampleTrial, np.random.Generator], Mapping[str, Any]]
    example_manifest: str = ""
    released: Released | None = None
    derived: Mapping[str, Callable[[pa.Table, int, Procedure], pa.Array]] = field(default_factory=dict)
    judged: tuple[str, str] | None = None
    asked_columns: Mapping[str, AskedColumn] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    observe: Callable[[pa.Table], tuple[pa.Table, Mapping[str, Mask]]] = _as_it_is
    paths: tuple[Path, ...] = ()
    without_participants: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        answered = (self.answered,) if self.answered else ()
        named = {
            "answer": self.answer,
            "facets": self.facets,
            "answered": answered,
            "core": self.core,
            "derived": tuple(self.derived),
        }
        named |= {"asked_columns": tuple(self.asked_columns), "optional": self.optional}
        named |= {"by_stimulus.of": self.by_stimulus.of, "filters": tuple(self.filters)}
        held = {column.name for column in self.columns}
        faults = {part: [name for name in names if name not in held] for part, names in named.items()}
        pooled = {column.name for column in self.by_stimulus_columns}
        faults["by_stimulus.core"] = [name for name in self.by_stimulus.core if name not in pooled]
        if not (self.answered or self.derived or self.judged):
            msg = f"task {self.name!r}: none of `answered`, `derived` and `judged` names its answer"
            raise ValueError(msg)
        if self.judged is not None:
            faults["judged"] = [
                name for name, names in zip(self.judged, (held, pooled), strict=True) if name not in names
            ]
        for part, unknown in faults.items():
            if unknown:
                msg = f"task {self.name!r}: `{part}` names {', '.join(unknown)}, which the task has no column for"
                raise ValueError(msg)

    def tools(self, part: str, toolbox: Mapping[str, Tool]) -> tuple[Tool, ...]:
        """Return the tools of a toolbox that a part of the task names, such as `statistics` or `panels`.

        Raises
        ------
        ConfigurationError
            If the toolbox lacks one of them.
        """
        named = getattr(self, part)
        names = (named,) if isinstance(named, str) else named
        unknown = [name for name in names if name not in toolbox]
        if unknown or not names:
            msg = f"task {self.name!r}: `{part}` names {', '.join(map(repr, unknown)) or 'nothing'}"
            raise ConfigurationError(msg, hint=f"hmix_hub/tasks/{self.name}.py may name {', '.join(toolbox)}")
        return tuple(toolbox[name] for name in names)

    @property
    def has_participants(self) -> bool:
        """Whether each row is a judgment of one participant, rather than all that is known about a stimulus."""
        return not self.without_participants

    @property
    def own_columns(self) -> tuple[Column, ...]:
        """Columns specific to the task: the mixture shown, if any, then the answer."""
        return (*((STIMULUS_ID, MIXING_COEFFICIENT) if self.shows == "mixture" else ()), *self.answer_columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns of the task's judgment table, in order."""
        before = BEFORE if self.has_participants else BEFORE_WITHOUT_PARTICIPANTS
        return (*before, *self.own_columns, *AFTER)

    @property
    def stimulus_column(self) -> str:
        """Column that names the stimulus: the pair, if participants saw all its mixtures."""
        return "stimulus_id" if self.shows == "mixture" else "pair_id"

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns that together identify what was judged: the stimulus, and what was asked about it."""
        return (IMAGE_SET.name, self.stimulus_column, *self.facets)

    @property
    def coefficient_column(self) -> str:
        """Column that identifies the mixture of a pair that a row is about: the shown one, or the answered one."""
        return "mixing_coefficient" if self.shows == "mixture" else self.answered

    @property
    def judged_columns(self) -> tuple[str, str]:
        """Columns that show the whole answer: of judgments, and of all answers in the by-stimulus table."""
        name = self.answered or next(iter(self.derived), "")
        return self.judged or (name, f"mean_{name}")

    @property
    def is_over_classes(self) -> bool:
        """Whether the answer is a class, or a share for each class."""
        judged = next(column for column in self.columns if column.name == self.judged_columns[0])
        return judged.kind in LABEL_KINDS | DISTRIBUTION_KINDS

    @property
    def class_column(self) -> str:
        """Column of the class that the answer names first, its vote; empty: answers name no classes."""
        labels = {column.name for column in self.answer_columns if column.kind is Kind.LABEL}
        return next((name for name in self.answer if name in labels), "")

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """Observed columns that a contributed file may leave out; they are then empty or have defaults."""
        later = [column.name for column in self.columns if column.since]
        return (*OPTIONAL_ALWAYS, *self.optional, *later)

    @property
    def is_share_answered(self) -> bool:
        """Whether the answer is a share of image 1, comparable with the shown one."""
        return any(column.name == self.answered and column.of_image_1 for column in self.answer_columns)

    @property
    def by_stimulus_columns(self) -> tuple[Column, ...]:
        """All columns of the task's by-stimulus table, in order."""
        keys = (
            (STIMULUS_ID, IMAGE_SET, PAIR_ID, *IMAGES, MIXING_COEFFICIENT)
            if self.shows == "mixture"
            else (PAIR_ID, IMAGE_SET, *IMAGES)
        )
        facets = (column for column in self.answer_columns if column.name in self.facets)
        counts = COUNTS if self.has_participants else COUNTS_WITHOUT_PARTICIPANTS
        return (*keys, *facets, *counts, *self.by_stimulus.columns)

    @property
    def versions(self) -> tuple[str, ...]:
        """Schema versions in which the task's table exists, oldest first."""
        later = versions_since(self.since)
        return (RELEASED, *later) if self.released else later

    def in_version(self, version: str = CURRENT) -> tuple[Column, ...]:
        """Return the columns of the judgment table in a schema version, in order.

        Raises
        ------
        ConfigurationError
            If the task does not exist in that version.
        """
        if check_version(version) == RELEASED:
            return self.in_release.columns
        if version not in self.versions:
            raise self._too_old(version)
        return tuple(column for column in self.columns if is_in(column, version))

    @property
    def in_release(self) -> Released:
        """The task's form in schema 1.0.0.

        Raises
        ------
        ConfigurationError
            If it does not exist there.
        """
        if self.released is None:
            raise self._too_old(RELEASED)
        return self.released

    def _too_old(self, version: str) -> ConfigurationError:
        """Return the error for a version of the schema that does not have the task."""
        msg = f"the task {self.name!r} does not exist in schema {version}"
        return ConfigurationError(msg, hint=f"use schema {self.since} or later")
