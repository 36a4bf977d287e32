"""The Hugging Face dataset builder over the Parquet files of a built study, checked by the schema while reading."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import datasets
import pyarrow as pa

from hmix_hub.builders.cached_table import CachedTable
from hmix_hub.builders.h_mix import code_fingerprint
from hmix_hub.builders.row_groups import BuiltFile, CheckedReader, RowGroup, row_groups, wrong
from hmix_hub.filters import warn_empty
from hmix_hub.judgments.conditions import Condition, IsAnyOf, select_rows, within
from hmix_hub.schema import Column, Vocabulary
from hmix_hub.studies.built_tables import study_features
from hmix_hub.studies.reading.parquet_file import fault_of_rows
from hmix_hub.tables import vocabularies_of

MOST_ROWS = 1_000_000
"""Maximum number of rows to search for filtered rows if the table is not cached."""
_AT_ONCE = 16
"""Number of files whose footers are read at a time."""


@dataclass
class StudyTableConfig(datasets.BuilderConfig):
    """Configuration of the builder: exactly what determines the cached bytes."""

    fingerprint: str = ""

    def create_config_id(self, config_kwargs: dict[str, Any], custom_features: datasets.Features | None = None) -> str:
        """Return the cache folder's name: the configuration and the hashes of its files, wherever they are."""
        return f"{self.name}-{self.fingerprint}"


class StudyTable(CachedTable):
    """A configuration of a built study.

    Parameters
    ----------
    configuration
        Its name.
    files
        Its files in order, at least one; read by exact paths.
    columns_of
        Returns the columns that the schema describes, given the names of existing ones.
    vocabulary
        Class names that labels count in.
    conditions
        Conditions for the rows of `some_rows`, and of a stream as far as its columns allow: row groups in which no row
        can meet them are not read. A cached table is complete.
    **options
        Parameters of `datasets.DatasetBuilder`: `cache_dir` and so on.

    Raises
    ------
    SourceError
        If a file is not Parquet, lacks a column of the schema, or codes labels by other classes. When the table is
        prepared or streamed, also if a file is damaged, or holds a value that is not allowed in its column.
    """

    BUILDER_CONFIG_CLASS = StudyTableConfig

    def __init__(
        self,
        configuration: str,
        files: Sequence[BuiltFile],
        columns_of: Callable[[list[str]], tuple[Column, ...]],
        vocabulary: Vocabulary,
        *,
        conditions: Sequence[Condition] = (),
        **options: Any,
    ) -> None:
        self.files, self._columns_of, self._vocabulary = files, columns_of, vocabulary
        self._conditions, self._footers = conditions, dict[str, Any]()
        super().__init__(
            dataset_name="h-mix-study",
            config_name=configuration,
            hash=code_fingerprint(),
            fingerprint=hashlib.sha256(" ".join(file.sha256 for file in files).encode()).hexdigest()[:16],
            **options,
        )

    def _info(self) -> datasets.DatasetInfo:
        first = self.files[0]
        schema = self._footer(first).schema.to_arrow_schema()
        columns = self._columns_of(schema.names)
        for column in columns:
            if schema.get_field_index(column.name) < 0:
                raise wrong(first, f"there is no column {column.name}, or more than one")
        features = study_features(schema, columns, self._vocabulary)
        self._check_classes(first, schema, features)
        return datasets.DatasetInfo(features=features)

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        # `datasets` distributes lists among its processes; tuples are passed to each of them.
        groups, conditions = (self.chosen(), self._pushed) if dl_manager.is_streaming else (self.groups, ())
        return [datasets.SplitGenerator(name="train", gen_kwargs={"groups": groups, "conditions": conditions})]

    def some_rows(self) -> datasets.Dataset | None:
        """Return the rows that meet the conditions, in memory; `None` if the whole table should be prepared.

        That is the case if it is prepared, has only one file, or more than `MOST_ROWS` rows must be searched.
        """
        if len(self.files) == 1 or len(self._pushed) < max(1, len(self._conditions)) or os.path.isdir(self.cache_dir):
            return None
        if sum(group.n_rows for group in self.groups if group.may_meet(self._pushed)) > MOST_ROWS:
            return None
        tables = [table for _, table in self._generate_tables(self.chosen(), self._pushed)]
        found = pa.concat_tables([self.info.features.arrow_schema.empty_table(), *tables]).combine_chunks()
        if not found.num_rows:
            warn_empty(f"none meets {' and '.join(repr(condition.name) for condition in self._pushed)} together")
        digest = hashlib.sha256(f"{self.hash} {self.config.fingerprint} {self._pushed}".encode()).hexdigest()
        return datasets.Dataset(found, info=self.info, split=datasets.Split.TRAIN, fingerprint=digest[:16])

    @cached_property
    def groups(self) -> list[RowGroup]:
        """Row groups of all files, in order."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            footers = list(pool.map(self._footer, self.files))
        return [g for file, footer in zip(self.files, footers, strict=True) for g in row_groups(file, footer)]

    @property
    def _pushed(self) -> tuple[Condition, ...]:
        """The conditions whose columns are in the files."""
        return within(self._conditions, list(self.info.features))

    def chosen(self) -> list[RowGroup]:
        """Return the row groups in which a row may meet the conditions, after checking their files and all ids."""
        chosen = [group for group in self.groups if group.may_meet(self._pushed)]
        for file in {group.file.name: group.file for group in chosen}.values():
            if file.check is not None:
                file.check()
        for condition in self._pushed:
            if isinstance(condition, IsAnyOf):
                self._check_ids(condition)
        return chosen

    def _check_ids(self, condition: IsAnyOf) -> None:
        """Check that each id exists, reading its column only in row groups that may hold it."""
        (name,) = condition.columns(list(self.info.features))
        known: set[str | None] = {value for group in self.groups for value in group.bounds(name) or ()}
        for group in self.groups:
            if known.issuperset(condition.values):
                return
            if group.may_meet([condition]):
                known |= self._ids(group, name)
        # Unknown ids are reported with the existing ones.
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            known.update(*pool.map(partial(self._ids, name=name), self.groups))
        ids = pa.table({name: pa.array(sorted(filter(None, known)), pa.string())})
        condition.check([ids], [condition.mask(ids, {})])

    def _ids(self, group: RowGroup, name: str) -> set[str | None]:
        return {
            value for batch in group.batches([name]) for value in batch[name].unique().cast(pa.string()).to_pylist()
        }

    def _check_classes(self, file: BuiltFile, schema: pa.Schema, features: datasets.Features) -> None:
        """Check that labels are coded by the classes of the manifest, if the file names its classes."""
        try:
            named = datasets.Features.from_arrow_schema(schema) if b"huggingface" in (schema.metadata or {}) else {}
        # An untrusted description may raise any error.
        except Exception:
            raise wrong(file, "the description of its columns cannot be read") from None
        for name, feature in features.items():
            names, own = (getattr(one, "names", None) for one in (feature, named.get(name)))
            if names is not None and own is not None and list(own) != list(names):
                raise wrong(file, f"{name} is coded by other classes than listed in study.yaml", name)

    def _generate_tables(
        self, groups: list[RowGroup], conditions: tuple[Condition, ...]
    ) -> Iterator[tuple[Any, pa.Table]]:
        reader, vocabularies = self._reader, vocabularies_of(self.info.features)
        for number, table in enumerate(table for group in groups for table in reader.tables(group)):
            (kept,), _ = select_rows([table], conditions, [vocabularies], is_whole=False)
            yield (0, number), table.filter(kept) if conditions else table

    @property
    def _reader(self) -> CheckedReader:
        features = self.info.features
        return CheckedReader(features.arrow_schema, self._columns_of(list(features)), self._vocabulary)

    def reader(self, groups: Sequence[RowGroup], names: Sequence[str]) -> Callable[[], pa.Table]:
        """Return a reader of columns of row groups that checks their values; picklable, for other processes."""
        return partial(self._reader.of(names).read, groups)

    def _footer(self, file: BuiltFile) -> Any:
        """Return the metadata of a file, read once."""
        if file.name not in self._footers:
            with file.tried(file.open) as parquet:
                footer = self._footers[file.name] = parquet.metadata
            fault = fault_of_rows(footer.num_rows, _bytes_of(footer))
            if fault is not None:
                raise wrong(file, fault)
        return self._footers[file.name]


def _bytes_of(metadata: Any) -> int:
    """Return the bytes that the columns of a Parquet file take in it."""
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return sum(group.column(n).total_compressed_size for group in groups for n in range(metadata.num_columns))
