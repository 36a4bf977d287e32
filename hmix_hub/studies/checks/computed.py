"""Check of computed columns in a contributed file: their values must equal those of the computation."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial

import numpy as np
import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.errors import HMixError
from hmix_hub.schema import SYNTHETIC_FLAG, TOLERANCE, Kind
from hmix_hub.schema.column import BY_CLASS_KINDS
from hmix_hub.studies.checks.rows import Check
from hmix_hub.studies.findings import Mask, Report, Reporter
from hmix_hub.studies.folder import StudyFolder
from hmix_hub.studies.judgment_table import given_flag
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk, observed_chunks
from hmix_hub.studies.reading.arrays import as_text, listed
from hmix_hub.studies.rules import columns as rules
from hmix_hub.studies.rules import manifest as manifest_rules
from hmix_hub.studies.stored_rows import read_rows
from hmix_hub.tasks import FLAGS, computed_columns


class ComputedCheck(Check):
    """Checks computed columns against the computation; a file with any is read two more times.

    Parameters
    ----------
    folder, manifest, task
        The study, and the task of the file.
    reporter
        Reporter for the file.
    database
        Holds data that do not fit into memory; defaults to a new one.
    """

    def __init__(
        self, folder: StudyFolder, manifest: Manifest, task: str, reporter: Reporter, database: Database | None = None
    ) -> None:
        super().__init__(task, manifest, reporter)
        self._folder, self._database = folder, database
        self._columns = {column.name: column for column in computed_columns(task)}

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        self.seen |= dict.fromkeys(name for name in chunk.extras if name in self._columns)
        if "flags" in chunk.extras and not self.manifest.synthetic:
            marked = given_flag(chunk, SYNTHETIC_FLAG)
            here = self.reporter.of("flags")
            here.add_where(manifest_rules.SYNTHETIC_ROWS, marked, chunk.rows, chunk.extras["flags"])

    def finish(self) -> None:
        """Report findings about the file as a whole."""
        # Files with other errors may be impossible to compute.
        if self.seen and not self.reporter.report.has_errors_in(self.reporter.file):
            with Database() if self._database is None else nullcontext(self._database) as database:
                self._compare(database)

    def _compare(self, database: Database) -> None:
        reporter, names = self.reporter, list(self.seen)
        pending = pa.table({})
        try:
            wanted = read_rows(self._folder, self.manifest, self.task, database).in_file_order(names)
            for chunk in observed_chunks(self._folder, self.manifest, self.task, Report()):
                while len(pending) < len(chunk):
                    pending = pa.concat_tables([pending, next(wanted)]) if len(pending) else next(wanted)
                part, pending = pending.slice(0, len(chunk)), pending.slice(len(chunk))
                for name in filter(chunk.extras.__contains__, names):
                    raw, right = chunk.extras[name], part[name].combine_chunks()
                    bad = ~_is_equal(raw, right, self._columns[name].kind)
                    reporter.of(name).add_where(rules.COMPUTED, bad, chunk.rows, raw, partial(_wanted, right))
        except HMixError as error:
            for name in names:
                reporter.of(name).add(rules.COMPUTED, row=error.where.row, note=error.message)


def _wanted(values: pa.Array, position: int) -> str:
    return f"expected {values[position].as_py()}"


def _is_equal(raw: pa.Array, wanted: pa.Array, kind: Kind) -> Mask:
    """Return whether each of N values equals the expected one; bool (N,)."""
    if kind is Kind.STRINGS:
        lists = listed(raw)
        if any(lists) and not any(map(_without, lists)):
            # Observed flags alone do not show whether the computed flags are right.
            return np.ones(len(lists), dtype=bool)
        pairs = zip(lists, wanted.to_pylist(), strict=True)
        return np.array([_without(given) == _without(right) for given, right in pairs], dtype=bool)
    if kind in BY_CLASS_KINDS:
        pairs = zip(listed(raw), wanted.to_pylist(), strict=True)
        return np.array([_is_near(given, right) for given, right in pairs], dtype=bool)
    given = as_text(raw)
    texts = [str(value) for value in raw.to_pylist()] if given is None else given.to_pylist()
    return np.array([one == str(other) for one, other in zip(texts, wanted.to_pylist(), strict=True)], dtype=bool)


def _without(flags: list[object] | None) -> list[object] | None:
    return None if flags is None else [flag for flag in flags if flag not in _OBSERVED_FLAGS]


_OBSERVED_FLAGS = [flag.name for flag in FLAGS.values() if flag.observed_by]
"""Flags that are observed, not computed."""


def _is_near(given: list[object] | None, right: list[float]) -> bool:
    if given is None or len(given) != len(right):
        return False
    try:
        return bool(np.allclose(np.array(given, dtype=np.float64), right, rtol=0, atol=TOLERANCE))
    except (TypeError, ValueError):
        return False
