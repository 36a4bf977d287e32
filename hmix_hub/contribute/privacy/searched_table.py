"""A table that is searched for what gives people away: names of columns and every cell, a piece at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.contribute.privacy.column_names import is_of_content, may_hold_times, tells_on_people
from hmix_hub.contribute.privacy.epochs import are_epochs
from hmix_hub.contribute.privacy.free_text import FreeText
from hmix_hub.contribute.privacy.leaves import Leaf, leaves_of
from hmix_hub.contribute.privacy.masking import masked, masked_name, masked_names
from hmix_hub.contribute.privacy.patterns import IDENTITIES, IN_ROWS_OF_PEOPLE, IN_TIMES, PATTERNS, Pattern
from hmix_hub.schema import Kind
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.rules import privacy as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS

if TYPE_CHECKING:
    from hmix_hub.studies.reading.chunks import Chunk

_Codes = npt.NDArray[np.int64]
_DIGITS = r"-?[0-9]{1,19}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?"
_NUMBER = rf"^\s*{_DIGITS}\s*$"
"""Texts that no pattern is looked for in; longer digits may be an id."""
_NUMBERS = rf"^\s*\[?\s*{_DIGITS}(?:\s*[|,]\s*{_DIGITS})*\s*\]?\s*$"
"""Lists of numbers, which some measures are: what divides them is no part of a telephone number."""
_LISTS = frozenset(column.name for task in TASKS.values() for column in task.columns if column.kind is Kind.FLOATS)


@dataclass(frozen=True)
class _Texts:
    """The D distinct texts of a leaf of N cells.

    Parameters
    ----------
    leaf
        The leaf.
    distinct
        Its distinct texts.
    words
        The same, null where the text is a number.
    numbers
        float64 (D,); NaN where the text is no number.
    codes
        int64 (N,): which text stands in each cell; D: none.
    """

    leaf: Leaf
    distinct: pa.Array
    words: pa.Array
    numbers: npt.NDArray[np.float64]
    codes: _Codes

    @classmethod
    def of(cls, leaf: Leaf, *, is_measure: bool = False) -> _Texts:
        encoded = leaf.values.dictionary_encode()
        distinct = encoded.dictionary
        nothing = pa.scalar(None, distinct.type)
        is_number = pc.match_substring_regex(distinct, _NUMBER)
        numbers = _floats(pc.utf8_trim_whitespace(pc.if_else(is_number, distinct, nothing)))
        if is_measure:
            is_number = pc.or_(is_number, pc.match_substring_regex(distinct, _NUMBERS))
        codes = encoded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(leaf, distinct, pc.if_else(is_number, nothing, distinct), numbers, codes)


class SearchedTable:
    """Search of one table.

    Parameters
    ----------
    name
        Its path within the study.
    report
        Gets the findings, every value masked.
    measures
        Names of columns that hold measures by their definition, so that no number in them is a date.
    is_of_people
        Whether its rows are of people or their judgments; the rows of a list of pictures are not, whose dates and
        descriptions are the pictures' own.
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
        self._rows = 0
        self.has_hidden_columns = False
        """Whether columns have one name, of which pieces hold the first alone."""

    @property
    def has_rows(self) -> bool:
        """Whether a row was searched."""
        return self._rows > 0

    def add(self, piece: Chunk) -> None:
        """Search a piece."""
        self._rows += len(piece)
        leaves = [leaf for column, values in piece.columns.items() for leaf in leaves_of(column, values, piece.rows)]
        self.add_header([*piece.columns, *(leaf.name for leaf in leaves)])
        self.has_hidden_columns |= len(set(piece.names)) < len(piece.names)
        texts = [_Texts.of(leaf, is_measure=leaf.name in self._measures & _LISTS) for leaf in leaves if _is_text(leaf)]
        self._look_for(self._patterns, texts, [text.words for text in texts])
        if self._is_of_people:
            named = [text for text in texts if not self._is_of_stimuli(text.leaf.name)]
            self._look_for(IN_ROWS_OF_PEOPLE, named, [text.words for text in named])
            self._search_times([leaf for leaf in leaves if leaf.name not in self._measures], texts)
            for text in texts:
                if text.leaf.name not in {*self._measures, "participant_id"}:
                    called = self._called[text.leaf.name]
                    self._free_text.setdefault(called, FreeText(called)).add(text.words, text.codes, text.leaf.rows)

    def _is_of_stimuli(self, name: str) -> bool:
        return is_of_content(name) or name in self._measures - {"source_file"}

    def add_header(self, names: Sequence[str]) -> None:
        """Look at the names of columns, each of them once."""
        new = [name for name in dict.fromkeys(names) if name not in self._called]
        self._called |= dict(zip(new, masked_names(new), strict=True))
        for name in new:
            if tells_on_people(name, is_of_people=self._is_of_people):
                self._report.add(rules.COLUMN, file=self._file, column=self._called[name])
        for pattern in self._patterns if new else ():
            for name, found in zip(new, pattern.finds(pa.array(new, pa.string())), strict=True):
                if found is not None:
                    note, called = f"the column's name holds {pattern.what}", self._called[name]
                    self._report.add(pattern.rule, file=self._file, column=called, value=masked(found), note=note)

    def finish(self) -> None:
        """Report what only the whole table tells."""
        for texts in self._free_text.values():
            texts.tell(self._report, self._file, self._rows)
        self._report.rows[self._file] = self._rows

    def _search_times(self, leaves: Sequence[Leaf], texts: Sequence[_Texts]) -> None:
        # By identity, since a field of a record may be called as a column is.
        found = {id(text.leaf): text for text in texts}
        named = [leaf for leaf in leaves if may_hold_times(leaf.name)]
        whole = [Leaf(leaf.name, leaf.values.cast(pa.string()), leaf.rows) for leaf in named if _is_whole(leaf)]
        dated = [*(found[id(leaf)] for leaf in named if id(leaf) in found), *map(_Texts.of, whole)]
        self._look_for(IN_TIMES, dated, [text.distinct for text in dated])
        for leaf in leaves:
            kind = leaf.values.type
            if id(leaf) in found:
                text = found[id(leaf)]
                self._look_for_epochs(leaf, text.numbers, text.distinct, text.codes)
            elif not types.is_temporal(kind):
                everywhere = np.arange(len(leaf.values), dtype=np.int64)
                self._look_for_epochs(leaf, _floats(leaf.values), leaf.values, everywhere)
            elif not (types.is_duration(kind) or types.is_interval(kind)):
                where = np.flatnonzero(leaf.values.is_valid().to_numpy(zero_copy_only=False))
                self._tell(rules.EXACT_TIME, leaf, where, [None] * len(where[:MOST_PLACES]), f"its type is {kind}")

    def _look_for(self, patterns: Sequence[Pattern], texts: Sequence[_Texts], values: Sequence[pa.Array]) -> None:
        """Look for patterns in all columns at once: to prepare an expression takes longer than a small table."""
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

    def _tell_finds(self, pattern: Pattern, text: _Texts, hits: npt.NDArray[np.bool_]) -> None:
        where = np.flatnonzero(np.append(hits, np.False_)[text.codes])
        seen, place = np.unique(text.codes[where[:MOST_PLACES]], return_inverse=True)
        finds = [None if found is None else masked(found) for found in pattern.finds(text.distinct.take(seen))]
        note = f"it looks like {pattern.what}"
        self._tell(pattern.rule, text.leaf, where, [finds[i] for i in place.tolist()], note)

    def _look_for_epochs(self, leaf: Leaf, numbers: npt.NDArray[np.float64], values: pa.Array, codes: _Codes) -> None:
        hits = np.append(are_epochs(leaf.name, numbers), np.False_)
        if hits.any():
            where = np.flatnonzero(hits[codes])
            shown = [masked(str(values[i].as_py())) for i in codes[where[:MOST_PLACES]].tolist()]
            self._tell(rules.EXACT_TIME, leaf, where, shown, "it looks like time since 1970")

    def _tell(
        self, rule: Rule, leaf: Leaf, where: npt.NDArray[np.int64], values: Sequence[str | None], note: str
    ) -> None:
        if not len(where):
            return
        first = leaf.rows[where[:MOST_PLACES]].tolist()
        column = self._called[leaf.name]
        notes = [note] * len(first)
        self._report.add_rows(rule, first, values, file=self._file, column=column, notes=notes, count=len(where))


def _is_text(leaf: Leaf) -> bool:
    return bool(types.is_string(leaf.values.type) or types.is_large_string(leaf.values.type))


def _is_whole(leaf: Leaf) -> bool:
    return bool(types.is_integer(leaf.values.type))


def _floats(values: pa.Array) -> npt.NDArray[np.float64]:
    """Give N numbers, or texts of numbers, as float64 (N,); null is NaN."""
    # Not safe, so that whole numbers beyond 2**53 are rounded rather than refused.
    numbers = pc.cast(values, pa.float64(), safe=False)
    return np.asarray(pc.fill_null(numbers, float("nan")).to_numpy(zero_copy_only=False), dtype=np.float64)
