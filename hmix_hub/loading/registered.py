"""Loading of registered studies: fetched, verified and imported once, then kept as built tables in the cache."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from hmix_hub.builders.h_mix import code_fingerprint
from hmix_hub.builders.row_groups import BuiltFile
from hmix_hub.datasets_by_name import entry_file
from hmix_hub.errors import CacheWarning, SourceError, SourceMissingError, Where, first_line
from hmix_hub.files import sha256_of, whole_folder
from hmix_hub.importing.gathering import RawFiles, gather, write_judgments
from hmix_hub.judgments.conditions import Condition
from hmix_hub.loading.entries import Entry, Expected, check_counts, fingerprint_of, place_of, read_entry
from hmix_hub.loading.studies import BuiltStudy
from hmix_hub.schema import has_flag
from hmix_hub.schema.arrays import Ints, take
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.sources.arrays import CACHE_VARIABLE, cache_root
from hmix_hub.sources.source import Source, Web
from hmix_hub.studies.built_tables import CHECKSUMS, checksums_text, row_groups, write_table
from hmix_hub.studies.checks.trials import telling_columns
from hmix_hub.studies.folder import JUDGMENTS
from hmix_hub.studies.judgment_table import refuse_errors
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.opened import Space
from hmix_hub.studies.study import Study
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.flags import EXPORTED_TWICE
from hmix_hub.yaml_file import plain_yaml

if TYPE_CHECKING:
    import datasets

_WIDTH = 110


@dataclass(frozen=True)
class RegisteredStudy(BuiltStudy):
    """A registered study, whose tables are built in the cache when first needed.

    Parameters
    ----------
    entry
        Description and location of its files.
    place
        Source of its files.
    """

    entry: Entry
    place: Source

    @property
    def description(self) -> str:
        """Its name."""
        return f"the registered study {self.entry.name}"

    @property
    def left_out(self) -> tuple[str, ...]:
        """Flags whose rows are left out unless they are asked for."""
        return tuple(self.entry.leave_out)

    @property
    def is_here(self) -> bool:
        """Whether its tables are in the cache, so that they load without a download."""
        return (self.path / CHECKSUMS).is_file()

    def some_rows(
        self, name: str, *, options: Mapping[str, Any], conditions: Sequence[Condition]
    ) -> datasets.Dataset | None:
        """Return `None`: its tables are complete in the cache."""
        return None

    def files(self, name: str, *, in_parts: bool) -> list[BuiltFile]:
        """Check a table's files; build them if missing, and again if damaged."""
        for source_file in self.entry.pinned.files:
            self.place.check(source_file)
        if not self.is_here:
            build_tables(self.entry, self.place, self.path)
        try:
            return super().files(name, in_parts=False)
        except SourceError as error:
            said = f"the tables of {self.entry.name} are damaged ({first_line(error)}); building them again"
            warnings.warn(said, CacheWarning, stacklevel=2)
        build_tables(self.entry, self.place, self.path, replaces=True)
        return super().files(name, in_parts=False)


def open_registered(name: str, source: str | os.PathLike[str] | Source | None = None) -> RegisteredStudy:
    """Open a registered study without fetching or building anything.

    Parameters
    ----------
    name
        Its name.
    source
        See `hmix_hub.loading.entries.place_of`.

    Raises
    ------
    SourceError
        If its entry or the source is not valid.
    """
    entry = read_entry(name)
    fingerprint = fingerprint_of(entry, code_fingerprint("importing", "loading"))
    folder = cache_root() / "registered" / f"{name}-{fingerprint}"
    return RegisteredStudy(entry.manifest, folder, entry, place_of(entry, source))


def build_tables(entry: Entry, place: Source, target: Path, *, replaces: bool = False) -> None:
    """Fetch and import the files of a registered study, and write its tables, completely or not at all.

    Parameters
    ----------
    entry, place
        The study, and the source of its files.
    target
        Folder to write. Several processes may do so at once: the first one wins.
    replaces
        Whether to replace an existing folder.

    Raises
    ------
    SourceError
        If a file is unavailable, has another hash, or leads to counts other than expected; or the cache cannot be
        written.
    StudyError
        If the imported study breaks a rule.
    """
    with tempfile.TemporaryDirectory(prefix="hmix-registered-") as scratch:
        if isinstance(place, Web) and not entry.source.keep:
            place = replace(place, into=Path(scratch) / "raw")
        study, copies = _imported(entry, place, Path(scratch) / entry.name)
        tables = {name: _with_copies(study.table(name), copies.get(name)) for name in study.configurations}
        check_counts(entry, {task: _counts(tables[task], task, entry) for task in study.manifest.tasks})
        try:
            with whole_folder(target, replaces=replaces) as made:
                for name, table in tables.items():
                    write_table(row_groups(table), study.features(name), name, made)
                (made / MANIFEST).write_bytes((study.path / MANIFEST).read_bytes())
                written = sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())
                sums = {name: sha256_of(made / name) for name in written}
                (made / CHECKSUMS).write_text(checksums_text(sums), encoding="utf-8")
        except FileExistsError:
            # Another process was first and wrote the same.
            return
        except OSError as error:
            msg = f"the cache cannot be written: {error.strerror or error}"
            hint = f"free some space, or set {CACHE_VARIABLE} to a writable folder"
            raise SourceMissingError(msg, where=Where(str(target)), hint=hint) from None


def _imported(entry: Entry, place: Source, folder: Path) -> tuple[Study, dict[str, tuple[Ints, pa.Table]]]:
    """Import the files into a study folder checked by every rule, and return which rows are duplicated, by task.

    Duplicates come from sessions exported twice and are not separate judgments: the study has each once.
    """
    names = {as_table_file(place.path(name), folder.parent): name for name in entry.pinned.files}
    outcome = gather([RawFiles(names, entry.map)], entry.manifest.vocabulary)
    folder.mkdir()
    manifest = plain_yaml(entry.manifest.model_dump(mode="json", exclude_none=True), width=_WIDTH)
    (folder / MANIFEST).write_text(manifest, encoding="utf-8")
    copies = {}
    for task, parts in outcome.tables.items():
        table = pa.concat_tables(parts, promote_options="default")
        same = Groups(encode_key([table[name] for name in telling_columns(table.column_names)]))
        again = np.flatnonzero(same.ranks() > 0)
        if len(again):
            copies[task] = same.codes[again], table.select(["source_file", "source_row"]).take(pa.array(again))
            table = table.take(pa.array(same.first))
        write_judgments(table, folder / JUDGMENTS / f"{task}.csv", task)
    # In memory and in the order of the files, like the copies.
    study = Study.open(folder, is_draft=True, space=Space(unit=sys.maxsize))
    study.keeps_rows = True
    # The folder no longer exists when this is read.
    refuse_errors(study.report, study.folder, f"correct the map or the manifest in {entry_file(entry.name)}")
    return study, copies


def _with_copies(table: pa.Table, copies: tuple[Ints, pa.Table] | None) -> pa.Table:
    """Return a judgment table with the duplicated rows of the files, flagged, in the order of the files.

    `copies` holds, for M duplicates, the row of the table each one copies, int64 (M,), and its position.
    """
    if copies is None:
        return table
    of, places = copies
    again = pa.table([take(column, of) for column in table.columns], schema=table.schema)
    times = Groups(encode_key([of])).ranks() + 2
    ids = [f"{name}#{time}" for name, time in zip(again["judgment_id"].to_pylist(), times.tolist(), strict=True)]
    flags = [[*flags, EXPORTED_TWICE.name] for flags in again["flags"].to_pylist()]
    changed = {"judgment_id": ids, "flags": flags, **{name: places[name] for name in places.column_names}}
    for name, values in changed.items():
        number = again.column_names.index(name)
        field = again.schema.field(number)
        column = pa.array(values, field.type) if isinstance(values, list) else values.cast(field.type)
        again = again.set_column(number, field, column)
    both = pa.concat_tables([table, again])
    order = np.lexsort((both["source_row"].to_numpy(), encode_key([both["source_file"]])))
    return both.take(pa.array(order)).combine_chunks()


def _counts(table: pa.Table, task: str, entry: Entry) -> Expected:
    left_out = np.zeros(table.num_rows, dtype=bool)
    for flag in entry.leave_out:
        left_out |= has_flag(table["flags"], flag)
    has_people = "participant_id" in table.column_names
    return Expected(
        rows=table.num_rows,
        left_out=int(left_out.sum()),
        participants=len(table["participant_id"].unique()) if has_people else None,
        stimuli=len(table[TASKS[task].stimulus_column].unique()),
    )


def as_table_file(path: Path, folder: Path) -> Path:
    """Return the file to read: for a PyTorch archive, a Parquet file with a column for each array.

    Parameters
    ----------
    path
        A file with a verified sha256. Even so, only numbers and arrays of numbers are unpickled.
    folder
        Folder to write the Parquet file to.

    Raises
    ------
    SourceError
        If the archive holds anything else.
    """
    if path.suffix != ".pt":
        return path
    import torch

    array = np.zeros(0, dtype=np.int64)
    make = array.__reduce__()[0]
    # Parts of NumPy's arrays, by their names in NumPy 2 and NumPy 1.
    known: list[Any] = [make, (make, "numpy.core.multiarray._reconstruct"), np.ndarray, np.dtype, type(array.dtype)]
    try:
        with torch.serialization.safe_globals(known):
            content = torch.load(path, weights_only=True)
        columns = {str(name): np.asarray(values) for name, values in content.items()}
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
    except Exception as error:
        # Reading such a file may raise any error.
        msg = f"the archive cannot be read as arrays: {first_line(error)}"
        hint = "the archive must hold a dict of one-dimensional arrays of numbers, all of one length"
        raise SourceError(msg, where=Where(str(path)), hint=hint) from None
    made = folder / f"{path.stem}.parquet"
    parquet.write_table(table, made)
    return made
