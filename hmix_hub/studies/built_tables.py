"""Tables of a built study: checksums, features, and Parquet files that are checked against the schema while read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from hmix_hub.errors import SchemaError, SourceError, SourceMissingError, Where, first_line
from hmix_hub.files import is_plain_inside, known_sha256
from hmix_hub.judgments.checks import check_values
from hmix_hub.schema import Column, Vocabulary, features
from hmix_hub.studies.reading.parquet_file import fault_of_rows

CHECKSUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def read_checksums(text: str) -> dict[str, str]:
    """Read checksums as `sha256sum --check` does: sha256 by path; what is no checksum is passed over."""
    return {found[2]: found[1] for found in map(_LINE.fullmatch, text.splitlines()) if found}


def open_checksums(path: Path, where: str, hint: str) -> dict[str, str]:
    """Read the checksums of a study to load.

    Parameters
    ----------
    path
        The file.
    where
        What it is called in messages.
    hint
        What to do where it is missing or damaged.

    Returns
    -------
    dict
        sha256 by path, with /.

    Raises
    ------
    SourceMissingError
        If it is not there.
    SourceError
        If it is damaged.
    """
    if not path.is_file():
        msg = f"there is no {CHECKSUMS}, so the tables cannot be verified"
        raise SourceMissingError(msg, where=Where(where), hint=hint)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"the checksums cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        raise SourceError(msg, where=Where(where), hint=hint) from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not _LINE.fullmatch(line):
            msg = "not a checksum: 64 hexadecimal digits, two spaces and a path"
            raise SourceError(msg, where=Where(where, line=number), hint=hint)
    return read_checksums(text)


def table_files(sums: Mapping[str, str], configuration: str) -> list[str]:
    """Return the paths of a configuration's Parquet files, in order."""
    form = re.compile(rf"{re.escape(configuration)}/train-[\w-]+\.parquet")
    return sorted(name for name in sums if form.fullmatch(name))


def check_file(folder: Path, name: str, sums: Mapping[str, str], hint: str) -> Path:
    """Return the path of a file of a folder once its hash is known to be right; hashed again only if it was touched.

    Raises
    ------
    SourceMissingError
        If it is not there, or is no file of the folder.
    SourceError
        If its hash is not the one in the checksums.
    """
    path = folder / name
    where = Where(str(path))
    if not is_plain_inside(path, folder):
        msg = "this is not a file of the study" if path.exists() or path.is_symlink() else "the file is missing"
        raise SourceMissingError(msg, where=where, hint=hint)
    if name not in sums:
        msg = f"{CHECKSUMS} does not list this file"
        raise SourceError(msg, where=where, hint=hint)
    try:
        found = known_sha256(path)
    except OSError as error:
        msg = f"the file cannot be read: {error.strerror or error}"
        raise SourceMissingError(msg, where=where, hint=hint) from None
    if found != sums[name]:
        msg = f"the file was changed: {CHECKSUMS} lists sha256 {sums[name]}, but the file has {found}"
        raise SourceError(msg, where=where, hint=hint)
    return path


def study_features(schema: pa.Schema, columns: Iterable[Column], vocabulary: Vocabulary) -> datasets.Features:
    """Give the features of a table.

    Parameters
    ----------
    schema
        Its Arrow schema; the study's own columns are text, integers, numbers or truths.
    columns
        The columns that the package's schema describes.
    vocabulary
        Class names that labels count in.
    """
    from datasets import Features, Value
    from datasets.features.features import generate_from_arrow_type

    known = features(columns, vocabulary)
    found = {}
    for field in schema:
        feature = known.get(field.name) or generate_from_arrow_type(field.type)
        # A column that is empty throughout has no type of its own.
        found[field.name] = Value("string") if feature == Value("null") else feature
    return Features(found)


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

    def chunks(self, files: list[BuiltFile], features: datasets.Features) -> Iterator[pa.Table]:
        """Read files chunk by chunk, each checked as it is read.

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
