"""Observed columns of judgment files: from any format to typed chunks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema import Column, Kind
from hmix_hub.schema.arrays import as_mask
from hmix_hub.schema.judgment import EXTRA_PREFIX
from hmix_hub.studies.columns.names import check_columns
from hmix_hub.studies.columns.own import OwnColumnReader
from hmix_hub.studies.columns.reader import ColumnReader, NumberRange
from hmix_hub.studies.columns.scales import ScaleReader
from hmix_hub.studies.findings import Ints, Mask, Report, Reporter
from hmix_hub.studies.folder import StudyFolder
from hmix_hub.studies.manifest import SINGLE, Manifest
from hmix_hub.studies.picture_columns import PictureColumns
from hmix_hub.studies.pictures import KnownPictures, listed_pictures
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.reading.arrays import as_text, is_whole, plain_array, whole_texts
from hmix_hub.studies.reading.chunks import WHOLE, Chunk, Piece
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS, computed_columns, contributed_columns
from hmix_hub.tasks.scale_rating import SCALE
from hmix_hub.tasks.soft_labels import ASKED_COLUMNS, QUESTIONS, Question, unasked_columns


@dataclass(frozen=True)
class ObservedChunk:
    """Rows of a judgment file, with typed observed columns."""

    values: dict[str, pa.Array]
    """Arrays of N values by column: the task's observed columns that the file has."""
    present: dict[str, Mask]
    """bool (N,) by column: whether the file has a value, valid or not."""
    extras: dict[str, pa.Array]
    """The study's own columns, and computed columns, as in the file."""
    rows: Ints
    """int64 (N,): data rows."""

    def __len__(self) -> int:
        return len(self.rows)

    def codes(self, name: str) -> Ints:
        """Return a column of integers or labels as int64 (N,), -1 where null or absent."""
        if name not in self.values:
            return np.full(len(self), -1, dtype=np.int64)
        filled = self.values[name].fill_null(-1).cast(pa.int64())
        return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)

    def numbers(self, name: str) -> np.ndarray:
        """Return a column of numbers as float64 (N,), NaN where null or absent."""
        if name not in self.values:
            return np.full(len(self), np.nan)
        return np.asarray(self.values[name].to_numpy(zero_copy_only=False), dtype=np.float64)

    def truths(self, name: str) -> Mask:
        """Return a column of booleans as bool (N,), false where null or absent."""
        if name not in self.values:
            return np.zeros(len(self), dtype=bool)
        return as_mask(self.values[name])

    def is_unread(self, name: str) -> Mask:
        """Return where a column has a value that could not be read; bool (N,)."""
        if name not in self.values:
            return np.zeros(len(self), dtype=bool)
        return self.present[name] & ~as_mask(self.values[name].is_valid())

    def report(
        self, reporter: Reporter, column: str, rule: Rule, bad: Mask, note: str | Callable[[int], str] = ""
    ) -> Mask:
        """Report the rows where a mask, bool (N,), is true, with the column's values; see `Reporter.add_where`."""
        return reporter.of(column).add_where(rule, bad, self.rows, self.values.get(column), note)


class ReadRows:
    """Findings about a file as a whole, reported after its last row."""

    def __init__(self) -> None:
        self._count = 0
        self._ranges: dict[str, NumberRange] = {}

    def add(self, n_rows: int, ranges: Mapping[str, NumberRange]) -> None:
        """Add rows; `ranges` hold the results of all rows so far."""
        self._count += n_rows
        self._ranges.update(ranges)

    def merge(self, later: ReadRows) -> None:
        """Add the results of the file's next piece."""
        self._count += later._count
        for name, found in later._ranges.items():
            if name in self._ranges:
                self._ranges[name].merge(found)
            else:
                self._ranges[name] = found

    def finish(self, reporter: Reporter) -> None:
        """Report the findings and the number of rows."""
        for name, found in self._ranges.items():
            found.finish(reporter.of(name))
        reporter.report.rows[reporter.file] = self._count
        if not self._count and not reporter.report.has_errors_in(reporter.file):
            reporter.add(file_rules.EMPTY)

    def __len__(self) -> int:
        return self._count


def observed_chunks(
    folder: StudyFolder,
    manifest: Manifest,
    task: str,
    report: Report,
    *,
    pictures: KnownPictures | None = None,
    piece: Piece = WHOLE,
    read: ReadRows | None = None,
) -> Iterator[ObservedChunk]:
    """Read the judgment file of a task, chunk by chunk.

    Parameters
    ----------
    folder, manifest, task
        The study, and one of `folder.judgments`.
    report
        Receives the findings and the number of rows.
    pictures
        The study's pictures; looked up if needed and not given.
    piece
        Piece of the file to read.
    read
        Receives the results for findings about all pieces; if `None`, these are reported at the end.
    """

    def known() -> KnownPictures | None:
        return listed_pictures(manifest, folder, report) if pictures is None else pictures

    name = folder.judgments[task]
    reader: _FileReader | None = None
    rows = ReadRows() if read is None else read
    for chunk in read_chunks(folder.file(name), name, report, piece=piece):
        if reader is None:
            reader = _FileReader(chunk, task, manifest, Reporter(report, name), known)
        found = reader.read(chunk)
        rows.add(len(chunk), reader.ranges)
        yield found
    if read is None:
        rows.finish(Reporter(report, name))


class _FileReader:
    """Reader of the chunks of one file; the first chunk determines the columns."""

    def __init__(
        self,
        first: Chunk,
        task: str,
        manifest: Manifest,
        reporter: Reporter,
        pictures: Callable[[], KnownPictures | None],
    ) -> None:
        vocabulary = manifest.vocabulary
        names = first.names or list(first.columns)
        # A study that does not state its questions may have asked all of them.
        self._asked = tuple(QUESTIONS) if not TASKS[task].asked_columns or manifest.asked is None else manifest.asked
        self._shows_mixtures = TASKS[task].shows == "mixture"
        self._is_single = manifest.stimuli.mixing == SINGLE
        self._names = check_columns(
            names,
            task,
            reporter.file,
            reporter.report,
            version=manifest.schema_version,
            asked=self._asked,
            is_single=self._is_single,
        )
        self._reporter = reporter
        understood = dict.fromkeys(self._names.values())
        self._pictures = PictureColumns(understood, self._reporter, pictures)
        self._may_be_empty = {*_OPTIONAL_VALUES, *TASKS[task].optional, *unasked_columns(self._asked)}
        self._scales = ScaleReader(manifest, reporter.of(SCALE)) if SCALE in TASKS[task].facets else None
        self._rating = TASKS[task].answered
        self._may_be_empty |= set(TASKS[task].facets)
        self._may_be_empty |= {"image_1_index"} if "image_1_file" in understood else set()
        self._readers = {
            column.name: ColumnReader(self._as_contributed(column), vocabulary, self._reporter.of(column.name))
            for column in contributed_columns(task)
            if column.name in understood
        }
        self._own_readers = {
            name: OwnColumnReader(name, vocabulary, self._reporter.of(name))
            for name in understood
            if name.startswith(EXTRA_PREFIX)
        }
        computed = {column.name for column in computed_columns(task)}
        self._kept = [name for name in understood if name in computed or name in self._own_readers]

    def read(self, chunk: Chunk) -> ObservedChunk:
        columns = {
            self._names[name]: self._plain(array, chunk.rows, self._names[name])
            for name, array in chunk.columns.items()
            if name in self._names
        }
        values, present = {}, {}
        for name, reader in self._readers.items():
            if name in columns:
                values[name] = reader.read(columns[name], chunk.rows)
                present[name] = _presence(columns[name])
        self._pictures.fill(values, present, chunk.rows)
        if self._is_single and self._shows_mixtures:
            values.setdefault("mixing_coefficient", pa.array(np.ones(len(chunk.rows))))
        if self._scales is not None:
            values[SCALE] = self._scales.read(values.get(SCALE), chunk.rows)
            rating = self._rating
            if rating in values:
                values[rating] = self._scales.on_steps(values[SCALE], values[rating])
        check_unasked(values, self._asked, chunk.rows, self._reporter)
        extras = {name: columns[name] for name in self._kept if name in columns}
        extras |= {
            name: self._own_readers[name].read(extras[name], chunk.rows) for name in extras if name in self._own_readers
        }
        return ObservedChunk(values, present, extras, chunk.rows)

    def _plain(self, raw: pa.Array, rows: Ints, column: str) -> pa.Array:
        plain, reporter = plain_array(raw), self._reporter.of(column)
        if pa.types.is_string(plain.type):
            return whole_texts(plain, rows, reporter)
        if is_whole(plain):
            return plain
        reporter.add_where(file_rules.ENCODING, np.ones(len(raw), dtype=bool), rows)
        return pa.nulls(len(raw), pa.string())

    def _as_contributed(self, column: Column) -> Column:
        """Return a column as allowed in contributed files: optional columns may have empty cells."""
        may_be_empty = column.name in self._may_be_empty
        return replace(column, nullable=True) if may_be_empty and column.kind is not Kind.LABELS else column

    @property
    def ranges(self) -> dict[str, NumberRange]:
        """Return the results for each column's range so far."""
        return {name: reader.range for name, reader in self._readers.items()}


def _presence(raw: pa.Array) -> Mask:
    text = as_text(raw)
    there = raw.is_valid() if text is None else pc.not_equal(text, "")
    return as_mask(there)


_OPTIONAL_VALUES = ("is_repeat", "collection_round", "image_set", "source_file", "source_row")


def check_unasked(values: Mapping[str, pa.Array], asked: Collection[Question], rows: Ints, reporter: Reporter) -> None:
    """Report answers to questions that were not asked according to study.yaml; `values` are N values by column."""
    for name in unasked_columns(asked):
        if name in values:
            nothing = ASKED_COLUMNS[name].nothing
            said = f"leave the cell empty, or write {nothing:g}" if isinstance(nothing, float) else ""
            reporter.of(name).add_where(
                rules.NOT_ASKED,
                ASKED_COLUMNS[name].answered(values[name]),
                rows,
                None if name.endswith(("class", "classes")) else values[name],
                said,
            )
