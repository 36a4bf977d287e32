"""The Hugging Face dataset builder over the Parquet of a study that was built, checked by the schema while read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import datasets
import pyarrow as pa

from hmix_hub.builders.cached_table import CachedTable
from hmix_hub.builders.h_mix import code_fingerprint
from hmix_hub.errors import SchemaError, SourceError, Where, first_line
from hmix_hub.judgments.checks import check_values
from hmix_hub.schema import Column, Vocabulary
from hmix_hub.studies.built_tables import study_features
from hmix_hub.studies.reading.parquet_file import fault_of_rows

_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class BuiltFile:
    """A Parquet file: its name in messages, its hash, and how to open it as a `pyarrow.parquet.ParquetFile`."""

    name: str
    sha256: str
    open: Callable[[], Any]


@dataclass
class StudyTableConfig(datasets.BuilderConfig):
    """Configuration of the builder: what decides the cached bytes, and nothing else."""

    fingerprint: str = ""

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None) -> str:
        """Return the cache folder's name: the configuration and the hashes of its files, wherever these are."""
        return f"{self.name}-{self.fingerprint}"


class StudyTable(CachedTable):
    """A configuration of a study that was built.

    Parameters
    ----------
    configuration
        Its name.
    files
        Its files in order, at least one: they are read by their exact paths.
    columns_of
        Returns the columns that the schema describes, given the names of those that are there.
    vocabulary
        Class names that labels count in.
    hint
        What to do where a file is not what it should be.
    **options
        Parameters of `datasets.DatasetBuilder`: `cache_dir` and so on.

    Raises
    ------
    SourceError
        If a file is no Parquet, lacks a column of the schema, or has its labels coded in other classes. When the table
        is prepared or streamed, also if a file is damaged, or holds a value that its column may not have.
    """

    BUILDER_CONFIG_CLASS = StudyTableConfig

    def __init__(
        self,
        configuration: str,
        files: Sequence[BuiltFile],
        columns_of: Callable[[list[str]], tuple[Column, ...]],
        vocabulary: Vocabulary,
        hint: str,
        **options: Any,
    ) -> None:
        self.files, self._columns_of, self._vocabulary, self._hint = files, columns_of, vocabulary, hint
        super().__init__(
            dataset_name="h-mix-study",
            config_name=configuration,
            hash=code_fingerprint(),
            fingerprint=hashlib.sha256(" ".join(file.sha256 for file in files).encode()).hexdigest()[:16],
            **options,
        )

    def _info(self) -> datasets.DatasetInfo:
        first = self.files[0]
        schema = self._read(first, lambda parquet: parquet.schema_arrow)
        columns = self._columns_of(schema.names)
        for column in columns:
            if schema.get_field_index(column.name) < 0:
                raise self._wrong(first, f"there is no column {column.name}, or more than one")
        features = study_features(schema, columns, self._vocabulary)
        self._check_classes(first, schema, features)
        return datasets.DatasetInfo(features=features)

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        return [datasets.SplitGenerator(name="train", gen_kwargs={"files": list(self.files)})]

    def _check_classes(self, file: BuiltFile, schema: pa.Schema, features: datasets.Features) -> None:
        """Check that labels are coded in the classes of the manifest, where the file names its classes."""
        try:
            named = datasets.Features.from_arrow_schema(schema) if b"huggingface" in (schema.metadata or {}) else {}
        # A description that anybody may have written raises anything.
        except Exception:
            raise self._wrong(file, "the description of its columns cannot be read") from None
        for name, feature in features.items():
            names, own = (getattr(one, "names", None) for one in (feature, named.get(name)))
            if names is not None and own is not None and list(own) != list(names):
                raise self._wrong(file, f"{name} is coded in other classes than study.yaml lists", name)

    def _generate_tables(self, files: list[BuiltFile]) -> Iterator[tuple[Any, Any]]:
        schema, number = self.info.features.arrow_schema, 0
        columns = self._columns_of(list(self.info.features))
        for file in files:
            row = 0
            for batch in self._batches(file):
                try:
                    table = pa.Table.from_batches([batch]).select(schema.names).cast(schema)
                    check_values(table, columns, self._vocabulary)
                except SchemaError as error:
                    at = None if error.where.row is None else row + error.where.row
                    raise self._wrong(file, error.message, error.where.column, at) from None
                except (pa.ArrowException, KeyError, ValueError) as error:
                    raise self._wrong(file, first_line(error)) from None
                row += table.num_rows
                yield (0, number), table
                number += 1

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
        msg = f"not a valid table {self.config.name} of a built study: {said}"
        return SourceError(msg, where=Where(file.name, row, column), hint=self._hint)


def _bytes_of(metadata: Any) -> int:
    """Return the bytes that the columns of a Parquet file take in it."""
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return sum(group.column(n).total_compressed_size for group in groups for n in range(metadata.num_columns))
