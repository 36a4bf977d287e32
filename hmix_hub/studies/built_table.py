"""Table of a built study: its Parquet files, read by their exact paths, and checked against the schema."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hmix_hub.errors import SchemaError, SourceError, Where, first_line
from hmix_hub.judgments.checks import check_values
from hmix_hub.schema import Column, Vocabulary
from hmix_hub.studies.features import study_features
from hmix_hub.studies.reading.parquet_file import fault_of_rows

if TYPE_CHECKING:
    import datasets

_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class BuiltFile:
    """A Parquet file.

    Parameters
    ----------
    name
        What it is called in messages.
    sha256
        Its hash, 64 hex digits.
    open
        Opens it as a `pyarrow.parquet.ParquetFile`.
    """

    name: str
    sha256: str
    open: Callable[[], Any]


@dataclass(frozen=True)
class BuiltTable:
    """A configuration of a built study.

    Parameters
    ----------
    configuration
        Its name.
    files
        Its files in order; at least one.
    columns_of
        Gives the columns that the schema describes, given the names of those that are there.
    vocabulary
        Class names that labels count in.
    hint
        What to do where a file is not what it should be.
    """

    configuration: str
    files: tuple[BuiltFile, ...]
    columns_of: Callable[[list[str]], tuple[Column, ...]]
    vocabulary: Vocabulary
    hint: str

    @property
    def fingerprint(self) -> str:
        """Hash of the files' hashes, 16 hex digits."""
        return hashlib.sha256(" ".join(file.sha256 for file in self.files).encode()).hexdigest()[:16]

    def features(self) -> datasets.Features:
        """Return the features of the table.

        Raises
        ------
        SourceError
            If a file is no Parquet, lacks a column of the schema, or has its labels coded in other classes.
        """
        first = self.files[0]
        schema = self._read(first, lambda parquet: parquet.schema_arrow)
        columns = self.columns_of(schema.names)
        for column in columns:
            if schema.get_field_index(column.name) < 0:
                raise self._wrong(first, f"there is no column {column.name}, or more than one")
        features = study_features(schema, columns, self.vocabulary)
        self._check_classes(first, schema, features)
        return features

    def _check_classes(self, file: BuiltFile, schema: pa.Schema, features: datasets.Features) -> None:
        """Check that labels are coded in the classes of the manifest, where the file names its classes."""
        from datasets import Features

        try:
            named = Features.from_arrow_schema(schema) if b"huggingface" in (schema.metadata or {}) else {}
        # A description that anybody may have written raises anything.
        except Exception:
            raise self._wrong(file, "the description of its columns cannot be read") from None
        for name, feature in features.items():
            names, own = (getattr(one, "names", None) for one in (feature, named.get(name)))
            if names is not None and own is not None and list(own) != list(names):
                raise self._wrong(file, f"{name} is coded in other classes than study.yaml lists", name)

    def pieces(self, files: list[BuiltFile], features: datasets.Features) -> Iterator[pa.Table]:
        """Read files piece by piece, each checked as it is read.

        Raises
        ------
        SourceError
            If a file is damaged, or holds a value that its column may not have; the row is named.
        """
        schema = features.arrow_schema
        columns = self.columns_of(list(features))
        for file in files:
            row = 0
            for batch in self._batches(file):
                try:
                    table = pa.Table.from_batches([batch]).select(schema.names).cast(schema)
                    check_values(table, columns, self.vocabulary)
                except SchemaError as error:
                    at = None if error.where.row is None else row + error.where.row
                    raise self._wrong(file, error.message, error.where.column, at) from None
                except (pa.ArrowException, KeyError, ValueError) as error:
                    raise self._wrong(file, first_line(error)) from None
                row += table.num_rows
                yield table

    def _batches(self, file: BuiltFile) -> Iterator[pa.RecordBatch]:
        parquet = self._read(file, lambda opened: opened)
        with parquet:
            fault = fault_of_rows(parquet.metadata.num_rows, _bytes_of(parquet.metadata))
            if fault is not None:
                raise self._wrong(file, fault)
            batches = parquet.iter_batches(batch_size=_BATCH_ROWS, use_threads=False)
            while (batch := self._tried(file, lambda: next(batches, None))) is not None:
                yield batch

    def _read(self, file: BuiltFile, use: Callable[[Any], Any]) -> Any:
        return self._tried(file, lambda: use(file.open()))

    def _tried(self, file: BuiltFile, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except (pa.ArrowException, OSError, UnicodeError, ValueError) as error:
            raise self._wrong(file, first_line(error)) from None

    def _wrong(self, file: BuiltFile, said: str, column: str | None = None, row: int | None = None) -> SourceError:
        msg = f"not a valid table {self.configuration} of a built study: {said}"
        return SourceError(msg, where=Where(file.name, row, column), hint=self.hint)


def _bytes_of(metadata: Any) -> int:
    """Return the bytes that the columns of a Parquet file take in it."""
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return sum(group.column(n).total_compressed_size for group in groups for n in range(metadata.num_columns))
