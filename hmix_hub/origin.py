"""Origin of judgments: participants, a program, or both; and how figures, tables and commands state it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.judgments.by_stimulus import synthetic_rows
from hmix_hub.schema import N_SYNTHETIC
from hmix_hub.schema.arrays import numbers
from hmix_hub.schema.released import SYNTHETIC_COLUMN
from hmix_hub.sources import SAMPLE
from hmix_hub.tables import arrow_columns, unique_values

if TYPE_CHECKING:
    import datasets

_MOST_STUDIES = 3
"""Maximum number of studies named in a mark."""


@dataclass(frozen=True)
class Origin:
    """Who made the judgments of a table.

    Parameters
    ----------
    judgments
        How many there are.
    n_synthetic
        How many of them were made by a program.
    studies
        The latter by study_id; empty for tables without studies, such as by-stimulus tables.
    """

    judgments: int
    n_synthetic: int
    studies: Mapping[str, int]

    @property
    def is_synthetic(self) -> bool:
        """Whether a program made any of the judgments."""
        return self.n_synthetic > 0

    @property
    def is_mixed(self) -> bool:
        """Whether some judgments were made by a program, and others by participants."""
        return 0 < self.n_synthetic < self.judgments

    @property
    def who(self) -> str:
        """Who judged, for titles."""
        if self.is_mixed:
            return "people and programs"
        return "simulated participants" if self.is_synthetic else "people"

    @property
    def mark(self) -> str:
        """Mark for every figure and table of synthetic judgments; empty if participants made all."""
        if not self.is_synthetic:
            return ""
        if not self.is_mixed:
            return SYNTHETIC_MARK
        named = [f"{name}: {count:,}" for name, count in list(self.studies.items())[:_MOST_STUDIES]]
        more = len(self.studies) - len(named)
        listed = ", ".join([*named, *([f"{more} more studies"] if more else [])])
        of = f"{self.n_synthetic:,} of {self.judgments:,} judgments"
        return f"SYNTHETIC in part: {of}{f' ({listed})' if listed else ''}"


SYNTHETIC_MARK = "SYNTHETIC: made by a program, not by people"
"""Mark of data made without participants."""


def origin_of(dataset: datasets.Dataset) -> Origin:
    """Return who made the judgments of a dataset.

    Parameters
    ----------
    dataset
        Judgments or stimuli. If `flags` (by stimulus, `n_synthetic`) was dropped, only the sample study is recognized.
    """
    names = set(dataset.column_names)
    if "n_judgments" in names:
        return _origin_of_stimuli(dataset)
    columns = [name for name in ("flags", "study_id") if name in names]
    table = arrow_columns(dataset, columns)
    is_synthetic = synthetic_rows(table)
    if SYNTHETIC_COLUMN.name in names:
        is_synthetic = np.asarray(arrow_columns(dataset, [SYNTHETIC_COLUMN.name])[SYNTHETIC_COLUMN.name]).astype(bool)
    if "study_id" not in names:
        return Origin(len(dataset), int(is_synthetic.sum()), {})
    studies = np.asarray(table["study_id"].to_numpy(zero_copy_only=False), dtype=object)
    is_synthetic |= studies == SAMPLE.study_id
    found, counts = np.unique(studies[is_synthetic].astype(str), return_counts=True)
    return Origin(len(dataset), int(is_synthetic.sum()), dict(zip(found.tolist(), counts.tolist(), strict=True)))


def _origin_of_stimuli(dataset: datasets.Dataset) -> Origin:
    judgments = int(numbers(arrow_columns(dataset, ["n_judgments"])["n_judgments"]).sum())
    if N_SYNTHETIC.name in dataset.column_names:
        counts = numbers(arrow_columns(dataset, [N_SYNTHETIC.name])[N_SYNTHETIC.name])
        return Origin(judgments, int(np.nansum(counts)), {})
    is_sample = "image_set" in dataset.column_names and unique_values(dataset, "image_set") == [SAMPLE.image_set]
    return Origin(judgments, judgments if is_sample else 0, {})
