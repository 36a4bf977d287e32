"""Chunks of a file: rows as columns of text or typed columns, with each row's number in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.studies.rules.files import UNREADABLE
from hmix_hub.studies.rules.rule import Rule

CHUNK_BYTES = 8 * 2**20
"""Bytes of text read at a time."""
CHUNK_ROWS = 65_536
"""Rows read at a time, for formats that count rows."""
CELL_LIMIT = 32_768
"""Maximum length of a cell, in characters."""
COLUMN_LIMIT = 256
"""Maximum number of columns of a file."""
RAW_COLUMN_LIMIT = 16_384
"""Maximum number of columns of a raw file, as in spreadsheets; wide tables have hundreds."""
ROW_LIMIT = 100_000_000
"""Maximum number of rows of a file whose format counts them before they are read."""
ROWS_PER_BYTE, ROWS_FREE = 4, 2**20
"""Maximum number of rows per byte of such a file, beyond the first rows; an answer takes at least two bits."""
INFLATED_LIMIT = 4 * 2**30
"""Maximum decompressed size of a file, in bytes."""
INFLATED_RATIO, INFLATED_FREE = 200, 2**24
"""Maximum ratio of decompressed to compressed size, beyond the first bytes; judgments reach ten."""


class UnreadableError(Exception):
    """A file cannot be read beyond a data row (`None` if unknown); `rule` is the broken rule."""

    def __init__(self, message: str, *, row: int | None = None, rule: Rule = UNREADABLE) -> None:
        super().__init__(message)
        self.row = row
        self.rule = rule


@dataclass(frozen=True)
class Piece:
    """A piece of a file that can be read on its own.

    Parameters
    ----------
    groups
        Numbers of its row groups, in ascending order; `None` for the whole file.
    start
        Data row of the file at which the piece begins.
    rows
        Number of rows; `None` if unknown before reading.
    """

    groups: tuple[int, ...] | None = None
    start: int = 0
    rows: int | None = None


WHOLE = Piece()


@dataclass(frozen=True)
class Chunk:
    """Rows of a file."""

    columns: dict[str, pa.Array]
    """N values by column name: text (empty or null if missing), or typed if the format is."""
    rows: npt.NDArray[np.int64]
    """int64 (N,): 0-based data rows."""
    names: Sequence[str] = ()
    """Names of the columns in the file, including duplicates; empty if they are those of `columns`."""

    def __len__(self) -> int:
        return len(self.rows)
