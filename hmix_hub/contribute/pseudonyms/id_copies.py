"""Copies of participant ids in other columns, which would undo pseudonyms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.contribute.privacy.cells import cells_of
from hmix_hub.contribute.privacy.patterns import plain_texts
from hmix_hub.contribute.pseudonyms.id_rewriting import COMPUTED, ID

if TYPE_CHECKING:
    from hmix_hub.studies.reading.chunks import Chunk

SHORTEST = 8
"""Characters from which an id within another text is no chance."""
_NUMBER = r"^\s*-?[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?\s*$"
_TOKENS = (re.compile(r"[0-9A-Za-z]+"), re.compile(r"""[^\s"'&=?,;:/\\<>()\[\]{}|]+"""))


class IdCopies:
    """Search of one file for columns that hold ids, too.

    Parameters
    ----------
    ids
        Original ids of all people of the study.
    measures
        Columns that the schema defines: that a trial is called 3 as the person is, is no copy.
    """

    def __init__(self, ids: Iterable[str], measures: frozenset[str]) -> None:
        self._ids = {name for name in ids if len(name) >= SHORTEST}
        self._measures = measures
        self._same: dict[str, bool] = {}
        self._holding: dict[str, None] = {}
        self._people: set[str] = set()

    def add(self, piece: Chunk) -> None:
        """Search a piece."""
        people = as_texts(piece.columns[ID])
        if people is None:
            return
        self._people.update(text for text in plain_texts(people.unique())[:3] if text)
        for column, values in piece.columns.items():
            if column in {ID, COMPUTED}:
                continue
            if column not in self._measures and self._same.get(column, True):
                self._compare(column, values, people)
            if self._ids and column not in self._holding:
                self._search(column, values, piece)

    @property
    def columns(self) -> list[str]:
        """Columns that hold ids: the person's own in every row, or a long one within."""
        same = [column for column, is_same in self._same.items() if is_same and len(self._people) > 1]
        return list(dict.fromkeys([*same, *self._holding]))

    def _compare(self, column: str, values: pa.Array, people: pa.Array) -> None:
        texts = as_texts(values)
        if texts is None:
            return
        is_present = pc.and_(texts.is_valid(), pc.not_equal(texts, ""))
        if pc.any(is_present).as_py():
            same = pc.equal(texts, people).filter(pc.fill_null(is_present, False))
            self._same[column] = bool(pc.all(pc.fill_null(same, False)).as_py())

    def _search(self, column: str, values: pa.Array, piece: Chunk) -> None:
        for cells in cells_of(column, values, piece.rows):
            if cells.are_text:
                distinct = cells.values.unique()
                words = distinct.filter(pc.invert(pc.match_substring_regex(distinct, _NUMBER)))
                if any(self.are_in(text) for text in plain_texts(words) if text):
                    self._holding[column] = None
                    return

    def are_in(self, text: str) -> bool:
        """Say whether a text holds an id that is not too short to stand there by chance."""
        return text in self._ids or any(not self._ids.isdisjoint(token.findall(text)) for token in _TOKENS)


def as_texts(values: pa.Array) -> pa.Array | None:
    """Give N texts or whole numbers as texts; `None` where they are something else."""
    if types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind):
        return values.cast(pa.large_string())
    return None
