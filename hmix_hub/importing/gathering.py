"""Gathering of judgments from raw files, by task, and their writing as judgment files of a study."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv

from hmix_hub.files import replace_file
from hmix_hub.importing.column_map import ColumnMap
from hmix_hub.importing.mapped_table import MappedFiles
from hmix_hub.importing.numbering import Numberings
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.readers import read_raw
from hmix_hub.importing.suite_export import SuiteFiles
from hmix_hub.schema import Vocabulary
from hmix_hub.tasks import TASKS


class RawFiles(NamedTuple):
    """Raw files of one form: what source_file calls each, and their map; `None`: they are the original Suite's."""

    names: Mapping[Path, str]
    column_map: ColumnMap | None


def gather(
    groups: Sequence[RawFiles], vocabulary: Vocabulary, *, progress: Callable[[int], None] | None = None
) -> Outcome:
    """Read raw files, and return the judgments in them, in the order of the files; rows are numbered over all files.

    Parameters
    ----------
    groups
        The files of each form.
    vocabulary
        Class names of the study.
    progress
        Called with the number of files read so far.

    Raises
    ------
    SourceMissingError
        If a file is missing.
    SchemaError
        At the first row that cannot be read, or if no row is a judgment.
    ConfigurationError
        If no file of a group without a map is an export of the Suite, or a map does not fit.
    """
    outcome, numberings, done = Outcome(), Numberings(), 0
    for names, column_map in groups:
        into = SuiteFiles(vocabulary, outcome) if column_map is None else MappedFiles(column_map, outcome, numberings)
        layout = {} if column_map is None else column_map.model_dump(include={"skip", "header", "sheet"})
        for path, name in names.items():
            into.add(read_raw(path, outcome, **layout), path, name)
            done += 1
            if progress is not None:
                progress(done)
        into.finish()
    numberings.finish(outcome)
    outcome.notes += outcome.notes_on_files
    return outcome


def write_judgments(table: pa.Table, path: Path, task: str) -> None:
    """Write a judgment file as CSV, columns that are null throughout and not needed left out; whole, or not at all."""
    optional = [name for name in TASKS[task].optional_columns if name in table.column_names]
    empty = [name for name in optional if table[name].null_count == table.num_rows]
    content = io.BytesIO()
    csv.write_csv(table.drop_columns(empty), content, csv.WriteOptions(quoting_style="needed"))
    replace_file(path, content.getvalue())
