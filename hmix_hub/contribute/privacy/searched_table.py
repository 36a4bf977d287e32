"""Search of a table for identifying information: column names and every cell, one chunk at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types

from hmix_hub.contribute.privacy.cells import Cells, FreeText, Texts, as_floats, cells_of
from hmix_hub.contribute.privacy.column_names import are_epochs, identifies_people, is_of_content, may_hold_times
from hmix_hub.contribute.privacy.patterns import (
    IDENTITIES,
    IN_ROWS_OF_PEOPLE,
    IN_TIMES,
    PATTERNS,
    Pattern,
    masked,
    masked_name,
    masked_names,
)
from hmix_hub.schema import Kind
from hmix_hub.schema.column import BY_CLASS_KINDS
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.reading.chunks import Chunk
from hmix_hub.studies.rules import privacy as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS

_Codes = npt.NDArray[np.int64]
_LISTS = frozenset(
    column.name for task in TASKS.values() for column in task.columns if column.kind in {Kind.FLOATS, *BY_CLASS_KINDS}
)


class SearchedTable:
    """Search of one table.

    Parameters
    ----------
    name
        Its path within the study.
    report
        Receives the findings, with every value masked.
    measures
        Names of columns that are measures by definition, so that their numbers are not dates.
    is_of_people
        Whether its rows are about people or their judgments, unlike a list of pictures, whose dates and descriptions
        are about the pictures.
    """

    def __init__(
        self, name: str, report: Report, *, measures: frozenset[str] = frozenset(), is_of_people: bool = True
    ) -> None:
        self._file = masked_name(name)
        self._report = report
        self._measures = measures
        self._is_of_people = is_of_people
        self._patterns = PATTERNS if is_of_people else IDENTITIES
        self._called: dict[str, str] = {}
        self._free_text: dict[str, FreeText] = {}
        self.rows = 0
        """Number of rows searched."""
        self.has_hidden_columns = False
        """Whether columns share a name, in which case chunks only contain the first of them."""

    def add(self, chunk: Chunk) -> None:
        """Search a chunk."""
        self.rows += len(chunk)
        cells = [one for column, values in chunk.columns.items() for one in cells_of(column, values, chunk.rows)]
        self.add_header([*chunk.columns, *(one.name for one in cells)])
        self.has_hidden_columns |= len(set(chunk.names)) < len(chunk.names)
        texts = [Texts.of(one, are_lists=one.name in self._measures & _LISTS) for one in cells if one.are_text]
        self._look_for(self._patterns, texts, [text.words for text in texts])
        if self._is_of_people:
            named = [text for text in texts if not self._is_of_stimuli(text.cells.name)]
            self._look_for(IN_ROWS_OF_PEOPLE, named, [text.words for text in named])
            self._search_times([one for one in cells if one.name not in self._measures], texts)
            for text in texts:
                if text.cells.name not in {*self._measures, "participant_id"}:
                    called = self._called[text.cells.name]
                    self._free_text.setdefault(called, FreeText(called)).add(text)

    def _is_of_stimuli(self, name: str) -> bool:
        return is_of_content(name) or name in self._measures - {"source_file"}

    def add_header(self, names: Sequence[str]) -> None:
        """Check the names of columns, each only once."""
        new = [name for name in dict.fromkeys(names) if name not in self._called]
        self._called |= dict(zip(new, masked_names(new), strict=True))
        for name in new:
            if identifies_people(name, is_of_people=self._is_of_people):
                self._report.add(rules.COLUMN, file=self._file, column=self._called[name])
        for pattern in self._patterns if new else ():
            for name, found in zip(new, pattern.finds(pa.array(new, pa.string())), strict=True):
                if found is not None:
                    note, called = f"the column's name contains {pattern.what}", self._called[name]
                    self._report.add(pattern.rule, file=self._file, column=called, value=masked(found), note=note)

    def finish(self) -> None:
        """Report findings that depend on the whole table."""
        for texts in self._free_text.values():
            texts.tell(self._report, self._file, self.rows)

    def _search_times(self, cells: Sequence[Cells], texts: Sequence[Texts]) -> None:
        found = {text.cells: text for text in texts}
        named = [one for one in cells if may_hold_times(one.name)]
        whole = [one for one in named if types.is_integer(one.values.type)]
        written = [Texts.of(Cells(one.name, one.values.cast(pa.string()), one.rows)) for one in whole]
        dated = [*(found[one] for one in named if one in found), *written]
        self._look_for(IN_TIMES, dated, [text.distinct for text in dated])
        for one in cells:
            kind = one.values.type
            if one in found:
                text = found[one]
                self._look_for_epochs(one, text.numbers, text.distinct, text.codes)
            elif not types.is_temporal(kind):
                everywhere = np.arange(len(one.values), dtype=np.int64)
                self._look_for_epochs(one, as_floats(one.values), one.values, everywhere)
            elif not (types.is_duration(kind) or types.is_interval(kind)):
                where = np.flatnonzero(one.values.is_valid().to_numpy(zero_copy_only=False))
                self._tell(rules.EXACT_TIME, one, where, [None] * len(where[:MOST_PLACES]), f"its type is {kind}")

    def _look_for(self, patterns: Sequence[Pattern], texts: Sequence[Texts], values: Sequence[pa.Array]) -> None:
        """Search all columns at once, because compiling a pattern takes longer than searching a small table."""
        if not texts:
            return
        joined = pa.concat_arrays([part.cast(pa.large_string()) for part in values])
        starts = np.cumsum([0, *map(len, values)])
        for pattern in patterns:
            hits = pattern.hits(joined).to_numpy(zero_copy_only=False)
            for number in np.unique(np.searchsorted(starts, np.flatnonzero(hits), side="right") - 1).tolist():
                found = hits[starts[number] : starts[number + 1]]
                if pattern.are_ids(values[number]):
                    self._tell_finds(pattern, texts[number], found)

    def _tell_finds(self, pattern: Pattern, text: Texts, hits: npt.NDArray[np.bool_]) -> None:
        where = np.flatnonzero(np.append(hits, np.False_)[text.codes])
        seen, place = np.unique(text.codes[where[:MOST_PLACES]], return_inverse=True)
        finds = [None if found is None else masked(found) for found in pattern.finds(text.distinct.take(seen))]
        note = f"it looks like {pattern.what}"
        self._tell(pattern.rule, text.cells, where, [finds[i] for i in place.tolist()], note)

    def _look_for_epochs(self, cells: Cells, numbers: npt.NDArray[np.float64], values: pa.Array, codes: _Codes) -> None:
        hits = np.append(are_epochs(cells.name, numbers), np.False_)
        if hits.any():
            where = np.flatnonzero(hits[codes])
            shown = [masked(str(values[i].as_py())) for i in codes[where[:MOST_PLACES]].tolist()]
            self._tell(rules.EXACT_TIME, cells, where, shown, "it looks like time since 1970")

    def _tell(
        self, rule: Rule, cells: Cells, where: npt.NDArray[np.int64], values: Sequence[str | None], note: str
    ) -> None:
        if not len(where):
            return
        first = cells.rows[where[:MOST_PLACES]].tolist()
        column = self._called[cells.name]
        notes = [note] * len(first)
        self._report.add_rows(rule, first, values, file=self._file, column=column, notes=notes, count=len(where))
