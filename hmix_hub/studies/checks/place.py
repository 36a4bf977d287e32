"""Place of a column's values: where findings about them are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.rules.rule import Rule

if TYPE_CHECKING:
    import pyarrow as pa

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """A file and a column of it.

    Parameters
    ----------
    report
        Gets the findings.
    file, column
        Names.
    """

    report: Report
    file: str
    column: str = ""

    def of(self, column: str) -> Place:
        """Give the place of another column of the file."""
        return Place(self.report, self.file, column)

    def tell(
        self,
        rule: Rule,
        bad: Mask,
        rows: Ints,
        values: pa.Array | None = None,
        note: Callable[[int], str] | None = None,
    ) -> None:
        """Report the rows where a mask is true.

        Parameters
        ----------
        rule
            The rule that they break.
        bad
            bool (N,).
        rows
            int64 (N,): number of each row.
        values
            N values to show; `None`: none.
        note
            What to say of a position, 0 to N - 1; `None`: nothing.
        """
        found = np.flatnonzero(bad)
        if not len(found):
            return
        first = found[:MOST_PLACES].tolist()
        self.report.add_rows(
            rule,
            rows[first].tolist(),
            [None if values is None else values[i].as_py() for i in first],
            file=self.file,
            column=self.column,
            notes=[note(i) if note else "" for i in first],
            count=len(found),
        )
