"""Tables of a built study: their files, listed in SHA256SUMS, and their features."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from hmix_hub.arrow_files import open_parquet
from hmix_hub.errors import SourceError, SourceMissingError, Where
from hmix_hub.files import is_plain_inside, known_sha256, link_or_copy
from hmix_hub.schema import Column, Vocabulary, features

if TYPE_CHECKING:
    import datasets

CHECKSUMS = "SHA256SUMS"
ROW_GROUP = 100_000
"""Number of rows in a row group."""
SHARD = 10
"""Number of row groups in a file."""
_FALSELY_FOUND = 0.01
"""False-positive rate of the Bloom filters by which readers skip row groups."""
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def read_checksums(text: str) -> dict[str, str]:
    """Read checksums like `sha256sum --check`: sha256 by path, ignoring lines that are not checksums."""
    return {found[2]: found[1] for found in map(_LINE.fullmatch, text.splitlines()) if found}


def open_checksums(path: Path, where: str, hint: str) -> dict[str, str]:
    """Read the checksums of a study.

    Parameters
    ----------
    path
        The file.
    where
        Name of the file in messages.
    hint
        What to do if it is missing or damaged.

    Returns
    -------
    dict
        sha256 by path, with `/` as separator.

    Raises
    ------
    SourceMissingError
        If the file does not exist.
    SourceError
        If the file is damaged.
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


def checksums_text(sums: Mapping[str, str]) -> str:
    """Return checksums, given as sha256 by path, in the format of `sha256sum`."""
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items())


def parquet_path(configuration: str, number: int = 0, count: int = 1) -> str:
    """Return the path of one of a configuration's Parquet files."""
    return f"{configuration}/train-{number:05d}-of-{count:05d}.parquet"


def row_groups(table: pa.Table) -> Iterator[pa.Table]:
    """Yield a table by row group; an empty table yields one."""
    return (table.slice(start, ROW_GROUP) for start in range(0, max(len(table), 1), ROW_GROUP))


def write_table(
    units: Iterable[pa.Table],
    columns: datasets.Features,
    configuration: str,
    out: Path,
    *,
    shard: int = SHARD,
    looked_up: Collection[str] = (),
) -> list[str]:
    """Write a table as Parquet, with the types of its features; the same units give the same bytes.

    Parameters
    ----------
    units
        The table by row group; at least one.
    columns
        Its features, which are also stored in the files, so that labels keep their names without the card.
    configuration
        Name of the configuration.
    out
        Folder to write it into.
    shard
        Number of row groups per file.
    looked_up
        Unsorted columns by whose values rows are looked up; they get page indexes and Bloom filters.

    Returns
    -------
    list of str
        Paths of the files within the folder.
    """
    (out / configuration).mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    left = iter(units)
    while (first := next(left, None)) is not None:
        made.append(out / configuration / f"{len(made)}.parquet")
        options: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}
        if looked_up:
            filters = {name: {"ndv": len(first[name].unique()), "fpp": _FALSELY_FOUND} for name in looked_up}
            options |= {"write_page_index": True, "bloom_filter_options": filters}
        with parquet.ParquetWriter(made[-1], columns.arrow_schema, **options) as writer:
            for unit in chain([first], islice(left, shard - 1)):
                writer.write_table(unit.cast(columns.arrow_schema), row_group_size=max(len(unit), 1))
    return name_files(made, configuration, out)


def name_files(made: Sequence[Path], configuration: str, out: Path) -> list[str]:
    """Rename files of a folder, in order, as a configuration's files; return their paths within the folder."""
    paths = [parquet_path(configuration, number, len(made)) for number in range(len(made))]
    for file, path in zip(made, paths, strict=True):
        file.rename(out / path)
    return paths


class StoredTable(NamedTuple):
    """A table on disk: Parquet files in a folder, each row group of which is a unit.

    Parameters
    ----------
    folder, files
        The folder, and the paths of the files within it.
    schema
        Arrow schema of the units.
    rows
        Number of rows.
    """

    folder: Path
    files: list[str]
    schema: pa.Schema
    rows: int

    @classmethod
    def of(cls, folder: Path, files: list[str], schema: pa.Schema) -> StoredTable:
        """Return the table in files of a folder."""
        return cls(folder, files, schema, sum(parquet.read_metadata(folder / file).num_rows for file in files))

    def units(self) -> Iterator[pa.Table]:
        """Yield the units, in order."""
        for path in self.files:
            with open_parquet(self.folder / path) as file:
                for number in range(file.num_row_groups):
                    yield file.read_row_group(number).cast(self.schema)

    def copy(self, out: Path) -> list[str]:
        """Link or copy the files into another folder; return their paths."""
        for path in self.files:
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(self.folder / path, out / path)
        return self.files


def table_files(sums: Mapping[str, str], configuration: str) -> list[str]:
    """Return the paths of a configuration's Parquet files, in order."""
    form = re.compile(rf"{re.escape(configuration)}/train-[\w-]+\.parquet")
    return sorted(name for name in sums if form.fullmatch(name))


def place_of(folder: Path, name: str, sums: Mapping[str, str], hint: str) -> Path:
    """Return the path of a file in a folder, after checking that it exists and has a checksum.

    Raises
    ------
    SourceMissingError
        If the file does not exist, or is not inside the folder.
    SourceError
        If the checksums do not list it.
    """
    path = folder / name
    if not is_plain_inside(path, folder):
        msg = "this is not a file of the study" if path.exists() or path.is_symlink() else "the file is missing"
        raise SourceMissingError(msg, where=Where(str(path)), hint=hint)
    if name not in sums:
        msg = f"{CHECKSUMS} does not list this file"
        raise SourceError(msg, where=Where(str(path)), hint=hint)
    return path


def check_file(folder: Path, name: str, sums: Mapping[str, str], hint: str) -> Path:
    """Return a path like `place_of`, after verifying the file's hash; a file is hashed again only if it was modified.

    Raises
    ------
    SourceMissingError, SourceError
        See `place_of`; also if the file cannot be read, or its hash differs from the checksum.
    """
    path = place_of(folder, name, sums, hint)
    try:
        found = known_sha256(path)
    except OSError as error:
        msg = f"the file cannot be read: {error.strerror or error}"
        raise SourceMissingError(msg, where=Where(str(path)), hint=hint) from None
    if found != sums[name]:
        msg = f"the file was changed: {CHECKSUMS} lists sha256 {sums[name]}, but the file has {found}"
        raise SourceError(msg, where=Where(str(path)), hint=hint)
    return path


def study_features(schema: pa.Schema, columns: Iterable[Column], vocabulary: Vocabulary) -> datasets.Features:
    """Return the features of a table.

    Parameters
    ----------
    schema
        Arrow schema of the table; the study's own columns are text, integers, numbers or booleans.
    columns
        Columns that the package's schema describes.
    vocabulary
        Class names that labels refer to.
    """
    # Imported here, since validation does not need `datasets`.
    from datasets import Features, Value
    from datasets.features.features import generate_from_arrow_type

    known = features(columns, vocabulary)
    found = {}
    for field in schema:
        feature = known.get(field.name) or generate_from_arrow_type(field.type)
        # An entirely empty column has no type of its own.
        found[field.name] = Value("string") if feature == Value("null") else feature
    return Features(found)


def write_units(
    units: Iterator[pa.Table],
    columns: Iterable[Column],
    vocabulary: Vocabulary,
    configuration: str,
    out: Path,
    *,
    shard: int,
) -> StoredTable:
    """Write a large table as Parquet, indexed by stimulus.

    Parameters
    ----------
    units, configuration, out, shard
        See `write_table`.
    columns, vocabulary
        See `study_features`.
    """
    first = next(units)
    made = study_features(first.schema, columns, vocabulary)
    looked_up = [name for name in ("stimulus_id", "pair_id") if name in first.column_names]
    files = write_table(chain([first], units), made, configuration, out, shard=shard, looked_up=looked_up)
    return StoredTable.of(out, files, first.schema)
