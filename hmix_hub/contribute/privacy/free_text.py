"""Free text: columns in which people seem to have written in their own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from hmix_hub.contribute.privacy.masking import masked, plain_texts
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.rules import privacy as rules

if TYPE_CHECKING:
    import pyarrow as pa

FEWEST_TEXTS = 3
"""Different texts from which a column is free text; one or two in most rows are questions that the study repeats."""
SHORTEST = 16
"""Bytes of the shortest text that counts."""

_FOUR_WORDS = r"""(?:\p{L}[\p{L}'\x{2019}-]*[.,;:!?)"]*\s+){3}\p{L}"""
# Chinese, Japanese and Thai are written without spaces.
_WITHOUT_SPACES = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]{10}"
_JSON = r"^\s*[{\[]"


class FreeText:
    """Count of the long texts of one column; memory does not grow with the file."""

    def __init__(self, column: str) -> None:
        self.column = column
        self._seen: set[int] = set()
        self._rows: list[int] = []
        self._values: list[str] = []
        self._count = 0

    def add(self, distinct: pa.Array, codes: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> None:
        """Count the long texts of a piece.

        Parameters
        ----------
        distinct
            Its D distinct texts.
        codes
            int64 (N,): which of them stands in each cell; D: none.
        rows
            int64 (N,): data row of each cell.
        """
        are_long = np.append(_are_long(distinct), np.False_)
        if not are_long.any():
            return
        where = np.flatnonzero(are_long[codes])
        self._count += len(where)
        # One row of each text: a remark that is repeated in every row of its author would hide the others.
        first = where[np.unique(codes[where], return_index=True)[1]][: MOST_PLACES - len(self._rows)]
        texts = plain_texts(distinct.take(codes[first]))
        for row, text in zip(rows[first].tolist(), texts, strict=True):
            if hash(text) not in self._seen:
                self._seen.add(hash(text))
                self._rows.append(row)
                self._values.append(masked(text or ""))

    def tell(self, report: Report, file: str, rows: int) -> None:
        """Report the column of a table of so many rows, if it is free text."""
        if len(self._seen) < FEWEST_TEXTS and 2 * self._count >= rows:
            return
        order = np.argsort(self._rows, kind="stable").tolist()
        places, values = [self._rows[i] for i in order], [self._values[i] for i in order]
        report.add_rows(rules.FREE_TEXT, places, values, file=file, column=self.column, count=self._count)


def _are_long(texts: pa.Array) -> npt.NDArray[np.bool_]:
    if (pc.max(pc.binary_length(texts)).as_py() or 0) < SHORTEST:
        return np.zeros(len(texts), dtype=np.bool_)
    is_prose = pc.match_substring_regex(texts, f"{_FOUR_WORDS}|{_WITHOUT_SPACES}")
    is_long = pc.and_(is_prose, pc.greater_equal(pc.binary_length(texts), SHORTEST))
    found = pc.fill_null(pc.and_not(is_long, pc.match_substring_regex(texts, _JSON)), False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)
