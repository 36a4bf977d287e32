"""Check of votes whose voters are not known: each row adds up, and each stimulus stands once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hmix_hub.schema.arrays import Floats, matrix
from hmix_hub.studies.checks.rows import Check
from hmix_hub.studies.findings import Ints, Reporter
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.row_hashes import Hashes, hash_columns, later_ones
from hmix_hub.studies.rules import votes as rules
from hmix_hub.tasks.class_votes import (
    CLASS_COUNTS,
    N_VOTES,
    NO_DISTRIBUTION,
    NO_VOTES,
    OTHER_FREQUENCIES,
    OTHER_TOTAL,
    TASK,
    faults_of_votes,
)
from hmix_hub.tasks.votes import CLASS_FREQUENCIES

_RULES = {
    NO_VOTES: (rules.NONE, CLASS_COUNTS.name),
    OTHER_TOTAL: (rules.TOTAL, N_VOTES.name),
    NO_DISTRIBUTION: (rules.DISTRIBUTION, CLASS_FREQUENCIES.name),
    OTHER_FREQUENCIES: (rules.FREQUENCIES, CLASS_FREQUENCIES.name),
}


class VotesCheck(Check):
    """Check of a file of votes; of other tasks it looks at nothing."""

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        super().__init__(task, manifest, reporter)
        self._rows: list[Ints] = []
        self._stimuli: list[Hashes] = []

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        if self.task != TASK.name:
            return
        counts, shares = self._by_class(chunk, CLASS_COUNTS.name), self._by_class(chunk, CLASS_FREQUENCIES.name)
        # What is there and could not be read is reported as that.
        unread = np.zeros(len(chunk), dtype=bool)
        for column in TASK.answer_columns:
            if column.name in chunk.values:
                is_read = chunk.values[column.name].is_valid().to_numpy(zero_copy_only=False)
                unread |= chunk.present[column.name] & ~is_read
        for fault, bad in faults_of_votes(chunk.numbers(N_VOTES.name), counts, shares).items():
            rule, column_name = _RULES[fault]
            shown = chunk.values.get(column_name)
            self.reporter.of(column_name).add_where(rule, bad & ~unread, chunk.rows, shown)
        names = ("image_1_index", "image_2_index")
        shown_at = chunk.numbers("mixing_coefficient")
        keys = [*(chunk.codes(name) for name in names), shown_at]
        known = np.flatnonzero((keys[0] >= 0) & ~np.isnan(shown_at))
        self._rows.append(chunk.rows[known])
        self._stimuli.append(hash_columns(keys)[known])

    def _by_class(self, chunk: ObservedChunk, name: str) -> Floats:
        if name not in chunk.values:
            return np.full((len(chunk), len(self.manifest.vocabulary)), np.nan)
        return matrix(pa.chunked_array([chunk.values[name]]), is_nullable=True)

    def finish(self) -> None:
        """Report stimuli that stand twice."""
        if not self._rows:
            return
        found = np.concatenate(self._rows)[later_ones(np.concatenate(self._stimuli))]
        self.reporter.add_rows(rules.TWICE, np.sort(found).tolist(), count=len(found))
