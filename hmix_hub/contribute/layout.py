"""Layout of a published study: which file is what, and how its Parquet is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyarrow import parquet

from hmix_hub.contribute.content import Content
from hmix_hub.files import is_plain_inside, sha256_of
from hmix_hub.studies.folder import LICENCES, STIMULI
from hmix_hub.studies.image_sets import stimulus_files
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.people import PARTICIPANTS_CONFIGURATION

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

ROW_GROUP = 100_000


class FileMark(NamedTuple):
    """Size in bytes, and sha256 as 64 hex digits, of a file."""

    size: int
    sha256: str


def mark_of(path: Path) -> FileMark:
    """Return the mark of a file."""
    return FileMark(path.stat().st_size, sha256_of(path))


def parquet_path(configuration: str) -> str:
    """Give the path of a configuration's Parquet file."""
    return f"{configuration}/train-00000-of-00001.parquet"


def write_tables(content: Content, out: Path) -> None:
    """Write every table of a study as Parquet; the same bytes whenever the same tables are written."""
    for name, table in content.tables.items():
        _write(table, content.features(name), out / parquet_path(name))
    if content.participants is not None:
        features = content.features(PARTICIPANTS_CONFIGURATION)
        _write(content.participants, features, out / parquet_path(PARTICIPANTS_CONFIGURATION))


def _write(table: pa.Table, features: datasets.Features, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The features stand in the metadata, too, so that labels keep their names without the card.
    parquet.write_table(
        table.cast(features.arrow_schema), path, row_group_size=ROW_GROUP, compression="zstd", write_page_checksum=True
    )


def copied_files(content: Content) -> list[str]:
    """Give the files that are published as they are: manifest, licence, and the pictures that lists name."""
    folder = content.folder
    licences = [name for name in LICENCES if is_plain_inside(folder.path / name, folder.path)]
    return [MANIFEST, *licences, *(f"{STIMULI}/{name}" for name in stimulus_files(folder, content.manifest))]


def copy_files(content: Content, out: Path) -> None:
    """Copy what is published as it is."""
    for name in copied_files(content):
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.folder.file(name).read_bytes())


def marks(out: Path) -> dict[str, FileMark]:
    """Give the marks of all files of a folder by path, sorted."""
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    return {name: mark_of(out / name) for name in files}


def checksums_text(found: Mapping[str, FileMark]) -> str:
    """Write checksums as `sha256sum --check` reads them."""
    return "".join(f"{mark.sha256}  {name}\n" for name, mark in found.items())
