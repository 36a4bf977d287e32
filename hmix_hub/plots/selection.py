"""Selection shown in a figure: columns as arrays, and the numbers of participants, stimuli and judgments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import datasets
import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError
from hmix_hub.judgments.conditions import HasNoneOf
from hmix_hub.origin import Origin, origin_of
from hmix_hub.resampling import COVERAGE
from hmix_hub.schema.arrays import classes_or_shares, codes, numbers
from hmix_hub.schema.groups import encode_key
from hmix_hub.tables import arrow_columns, pick_rows


@dataclass(frozen=True)
class Selection:
    """Data of a figure.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows, at least one.
    left_out
        Description of what the figure leaves out; empty: nothing.
    """

    dataset: datasets.Dataset
    left_out: str = ""

    def __post_init__(self) -> None:
        if not len(self.dataset):
            msg = "there is nothing to plot: the dataset has no rows"
            raise ConfigurationError(msg, hint="loosen the filters")

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """Return a number column; float64 (N,)."""
        return numbers(arrow_columns(self.dataset, [name])[name])

    def texts(self, name: str) -> npt.NDArray[np.str_]:
        """Return a text column without nulls; str (N,)."""
        return arrow_columns(self.dataset, [name])[name].to_numpy(zero_copy_only=False).astype(str)

    def labels(self, name: str) -> npt.NDArray[np.int64]:
        """Return a label column; int64 (N,), -1 where null."""
        return codes(arrow_columns(self.dataset, [name])[name])

    def classes_or_shares(self, name: str) -> npt.NDArray[np.int64] | npt.NDArray[np.float64]:
        """Return answers about classes: labels as int64 (N,), distributions as float64 (N, K)."""
        return classes_or_shares(arrow_columns(self.dataset, [name])[name])

    @property
    def has_participants(self) -> bool:
        """Whether rows are judgments of participants, rather than stimuli."""
        return "participant_id" in self.dataset.column_names

    @cached_property
    def groups(self) -> npt.NDArray[np.int64]:
        """Participant of each row, or stimulus if participants are pooled; int64 (N,)."""
        names = ["study_id", "participant_id"] if self.has_participants else ["image_set", "stimulus_id"]
        table = arrow_columns(self.dataset, names)
        return encode_key([table[name] for name in names])

    @cached_property
    def n_groups(self) -> int:
        """Number of participants, or of stimuli."""
        return int(self.groups.max()) + 1

    @property
    def units(self) -> npt.NDArray[np.int64]:
        """Resampling unit of each row: participant or stimulus, or judgment if one participant gave all; int64 (N,)."""
        return self.groups if self.n_groups > 1 else np.arange(len(self.dataset))

    @cached_property
    def origin(self) -> Origin:
        """Who made the judgments: participants, a program, or both."""
        return origin_of(self.dataset)

    def count(self) -> str:
        """Return the numbers of judgments and participants, or of stimuli, as text."""
        n, noun = self.n_groups, "person" if self.n_groups == 1 else "people"
        if self.origin.is_synthetic:
            noun = f"{noun}, some of them simulated" if self.origin.is_mixed else f"simulated {noun}"
        return f"{len(self.dataset)} judgments of {n} {noun}" if self.has_participants else f"{n} stimuli"

    def describe(self) -> str:
        """Return a line about what is shown and what the intervals are."""
        unit = ("people" if self.n_groups > 1 else "judgments") if self.has_participants else "stimuli"
        left_out = f"; {self.left_out}" if self.left_out else ""
        return f"{self.count()}; error bars: {COVERAGE:.0%} intervals by resampling {unit}{left_out}"


def select(dataset: datasets.Dataset) -> Selection:
    """Return the part of a dataset to plot: all but the participants who nearly always gave the same answer.

    Their answers do not depend on the picture, and two of them can produce a difference between groups. If there are no
    others, they are shown.
    """
    if "flags" not in dataset.column_names or "participant_id" not in dataset.column_names:
        return Selection(dataset)
    kept = HasNoneOf("exclude_flags", (_CARELESS,)).mask(arrow_columns(dataset, ["flags"]), {})
    if kept.all() or not kept.any():
        return Selection(dataset)
    careless = Selection(pick_rows(dataset, np.flatnonzero(~kept)))
    return Selection(pick_rows(dataset, np.flatnonzero(kept)), f"left out: {careless.count()} flagged {_CARELESS}")


_CARELESS = "straightlining"
