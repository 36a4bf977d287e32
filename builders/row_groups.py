"""Row groups of built Parquet files: those in which conditions can be met, and their rows, read and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import pyarrow as pa

from hmix_hub.errors import SchemaError, SourceError, Where, first_line
from hmix_hub.judgments.checks import check_values
from hmix_hub.judgments.conditions import Condition
from hmix_hub.schema import Column, Vocabulary

T = TypeVar("T")

_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class BuiltFile:
    """A Parquet file of a built study.

    Parameters
    ----------
    name
        Its name in messages.
    sha256
        Its hash, as 64 hex digits.
    open
        Opens it as a `pyarrow.parquet.ParquetFile`. Its arguments are what will be read, if known: a `RowGroup`, and
        names of columns, or `None` for all of them.
    hint
        What to do if the file is not as expected.
    check
        Raises an error if the file is not as expected; `None`: it was checked, or cannot be.
    """

    name: str
    sha256: str
    open: Callable[..., Any]
    hint: str
    check: Callable[[], object] | None = None

    def tried(self, read: Callable[[], T]) -> T:
        """Return the result of reading; raise a `SourceError` if the file is damaged or cannot be read."""
        try:
            return read()
        except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
            raise wrong(self, first_line(error)) from None


def wrong(file: BuiltFile, said: str, column: str | None = None, row: int | None = None) -> SourceError:
    """Return an error about a problem with a file."""
    msg = f"not a valid table of a built study: {said}"
    return SourceError(msg, where=Where(file.name, row, column), hint=file.hint)


@dataclass(frozen=True)
class RowGroup:
    """A row group of a file.

    Parameters
    ----------
    file
        The file.
    footer
        Its metadata, a `pyarrow.parquet.FileMetaData`.
    number
        Number of the row group, from 0.
    """

    file: BuiltFile
    footer: Any
    number: int

    @property
    def n_rows(self) -> int:
        """Number of its rows."""
        return int(self.footer.row_group(self.number).num_rows)

    @property
    def start(self) -> int:
        """Its first row in the file."""
        return sum(self.footer.row_group(number).num_rows for number in range(self.number))

    def bounds(self, column: str) -> tuple[Any, Any] | None:
        """Return the smallest and the largest value of a column by the file's statistics; `None` if it has none."""
        names = self.footer.schema.names
        if column not in names:
            return None
        chunk = self.footer.row_group(self.number).column(names.index(column))
        # A list's values have other names, which may be those of columns.
        statistics = chunk.statistics if chunk.path_in_schema == column else None
        return (statistics.min, statistics.max) if statistics is not None and statistics.has_min_max else None

    def may_meet(self, conditions: Sequence[Condition]) -> bool:
        """Whether a row may meet all conditions, by the statistics of the columns that they use."""
        for condition in conditions:
            looked_at = condition.columns(self.footer.schema.names)
            bounds = self.bounds(looked_at[0]) if len(looked_at) == 1 else None
            if bounds is not None and not condition.may_be_met(*bounds):
                return False
        return True

    def byte_range(self, columns: Sequence[str] | None = None) -> tuple[int, int]:
        """Return the range of its columns in the file, in bytes; `None`: all of them."""
        group = self.footer.row_group(self.number)
        chunks = [group.column(number) for number in range(group.num_columns)]
        wanted = [c for c in chunks if columns is None or c.path_in_schema.split(".")[0] in columns]
        starts = [c.data_page_offset if c.dictionary_page_offset is None else c.dictionary_page_offset for c in wanted]
        return min(starts), max(start + c.total_compressed_size for start, c in zip(starts, wanted, strict=True))

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Read its rows, at most 100,000 at a time, with some or all columns."""
        with self.file.tried(lambda: self.file.open(self, columns)) as parquet:
            options = {"row_groups": [self.number], "columns": columns, "use_threads": False}
            batches = parquet.iter_batches(batch_size=_BATCH_ROWS, **options)
            while (batch := self.file.tried(lambda: next(batches, None))) is not None:
                yield batch


@dataclass(frozen=True)
class CheckedReader:
    """Picklable reader that reads row groups in the types of a table and checks each value by the schema.

    Parameters
    ----------
    schema
        Arrow schema of the table.
    columns
        Its columns that the package's schema describes.
    vocabulary
        Class names that labels refer to.
    names
        Columns to read; `None`: all.
    """

    schema: pa.Schema
    columns: tuple[Column, ...]
    vocabulary: Vocabulary
    names: tuple[str, ...] | None = None

    def of(self, names: Sequence[str]) -> CheckedReader:
        """Return a reader of only some columns."""
        schema = pa.schema([self.schema.field(name) for name in names])
        return replace(self, schema=schema, columns=tuple(c for c in self.columns if c.name in names), names=(*names,))

    def tables(self, group: RowGroup) -> Iterator[pa.Table]:
        """Read a row group, at most 100,000 rows at a time; a damaged one or invalid value is a `SourceError`."""
        row = group.start
        for batch in group.batches(self.names):
            try:
                table = pa.Table.from_batches([batch]).select(self.schema.names).cast(self.schema)
                check_values(table, self.columns, self.vocabulary)
            except SchemaError as error:
                at = None if error.where.row is None else row + error.where.row
                raise wrong(group.file, error.message, error.where.column, at) from None
            except (pa.ArrowException, KeyError, ValueError) as error:
                raise wrong(group.file, first_line(error)) from None
            row += table.num_rows
            yield table

    def read(self, groups: Sequence[RowGroup]) -> pa.Table:
        """Read row groups into one table."""
        return pa.concat_tables(
            [self.schema.empty_table(), *(table for group in groups for table in self.tables(group))]
        )


def row_groups(file: BuiltFile, footer: Any) -> list[RowGroup]:
    """Return the row groups of a file, in order."""
    return [RowGroup(file, footer, number) for number in range(footer.num_row_groups)]
