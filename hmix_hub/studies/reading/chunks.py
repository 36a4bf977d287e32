"""Chunks of a file: rows as columns of text, or as typed columns, with the number that each row has in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.studies.rules.files import UNREADABLE
from hmix_hub.studies.rules.rule import Rule

CHUNK_BYTES = 8 * 2**20
"""Bytes of text that are read at a time."""
CHUNK_ROWS = 65_536
"""Rows that are read at a time, where a format counts rows."""
CELL_LIMIT = 32_768
"""Longest text of a cell, in characters."""
COLUMN_LIMIT = 256
"""Most columns of a file."""
RAW_COLUMN_LIMIT = 16_384
"""Most columns of a raw file, as many as a spreadsheet has: one row a person makes hundreds."""
ROW_LIMIT = 100_000_000
"""Most rows of a file whose format counts them before they are read."""
ROWS_PER_BYTE, ROWS_FREE = 4, 2**20
"""How many rows such a file may have for each of its bytes, beyond the first of them; no answer takes less than two
bits."""
INFLATED_LIMIT = 4 * 2**30
"""Most bytes that a compressed file may come to."""
INFLATED_RATIO, INFLATED_FREE = 200, 2**24
"""How many times its size a compressed file may come to, beyond its first bytes; answers come to ten times."""


class UnreadableError(Exception):
    """A file cannot be read beyond a data row, `None` where it is not known, by a rule; the message says why."""

    def __init__(self, message: str, *, row: int | None = None, rule: Rule = UNREADABLE) -> None:
        super().__init__(message)
        self.row = row
        self.rule = rule


@dataclass(frozen=True)
class Piece:
    """A piece of a file, read by itself.

    Parameters
    ----------
    groups
        Numbers of its row groups, rising; `None`: the whole file.
    start
        Data row of the file that is its first one.
    rows
        Number of its rows; `None`: known once they are read.
    """

    groups: tuple[int, ...] | None = None
    start: int = 0
    rows: int | None = None


WHOLE = Piece()


@dataclass(frozen=True)
class Chunk:
    """Rows of a file."""

    columns: dict[str, pa.Array]
    """Arrays by column name, N rows each: text (empty or null: missing), or as typed as the format is."""
    rows: npt.NDArray[np.int64]
    """int64 (N,): 0-based data row of each."""
    names: Sequence[str] = ()
    """Names of the columns as the file has them, one that stands twice twice; empty: those of `columns`."""

    def __len__(self) -> int:
        return len(self.rows)
