"""Fixes: what was changed in a file, by the rule that asked for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hmix_hub.studies.findings import shown
from hmix_hub.studies.rules.rule import Rule

MOST_EXAMPLES = 3

Table = dict[str, list[str]]
"""Columns of text by name, all of one length."""


@dataclass
class Fix:
    """One kind of change to one column, or to a file as a whole.

    Parameters
    ----------
    rule
        The rule that asked for it.
    file, column
        Where; an empty column is the file as a whole.
    count
        Cells, rows or columns that were changed.
    examples
        The first few: data row, before, after.
    """

    rule: Rule
    file: str
    column: str = ""
    count: int = 0
    examples: list[tuple[int | None, str, str]] = field(default_factory=list)

    def note(self, row: int | None, before: str, after: str) -> None:
        """Count a change."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append((row, shown(before) or "", shown(after) or ""))
