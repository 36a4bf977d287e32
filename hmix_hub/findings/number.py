"""A number of a report: an estimate, its interval, and the rows of the judgment table that it was computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmix_hub.schema.arrays import Ints


@dataclass(frozen=True, eq=False)
class RowRef:
    """Rows of one task's judgment table.

    Parameters
    ----------
    table
        Name of the configuration, such as "infer_mixing_factor".
    rows
        int64 (N,): row numbers in the report's table of that task, rising, each once.
    columns
        Columns whose values the number was computed from; the first is the answer itself.
    """

    table: str
    rows: Ints
    columns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RowRef):
            return NotImplemented
        return (self.table, self.columns) == (other.table, other.columns) and np.array_equal(self.rows, other.rows)

    def __hash__(self) -> int:
        return hash((self.table, self.columns, self.rows.tobytes()))


@dataclass(frozen=True)
class Number:
    """A number of a report.

    Parameters
    ----------
    id
        Stable slug, such as "infer.mean.0.25".
    label
        What it is, in words, without its value.
    value
        The estimate; `None` where the judgments do not define it.
    low, high
        Ends of its 95 % interval; `None` where it has none, as with fewer than two participants.
    unit
        Such as "share of image 1", "percent", or empty.
    n_judgments, n_participants
        Judgments that it was computed from, and the participants who gave them.
    rows
        These judgments.
    note
        What has to be known to read it; empty: nothing.
    """

    id: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    n_judgments: int
    n_participants: int
    rows: RowRef
    note: str = ""

    @property
    def has_interval(self) -> bool:
        """Whether it has an interval."""
        return self.low is not None and self.high is not None

    def contains(self, value: float) -> bool | None:
        """Return whether the interval contains a value; `None` where there is no interval."""
        return None if self.low is None or self.high is None else bool(self.low <= value <= self.high)
