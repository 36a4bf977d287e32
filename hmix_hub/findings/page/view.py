"""View of a report: the content of the page in order, with one anchor for each number."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from hmix_hub import __version__
from hmix_hub.datasets_by_name import citation
from hmix_hub.findings.finding import Finding, Number, Table
from hmix_hub.findings.page.figures import figures_of
from hmix_hub.findings.page.svg import Drawn
from hmix_hub.findings.report import Report, SourceFile
from hmix_hub.findings.wording import MINUS, NOTHING, counted, interval_text, value_text
from hmix_hub.origin import Origin, origin_of
from hmix_hub.schema import CURRENT
from hmix_hub.sources import SAMPLE
from hmix_hub.sources.study import RELEASE
from hmix_hub.studies.findings import printable
from hmix_hub.tasks import TASKS

_NUMERALS = re.compile(r"[\u2212-]?\d[\d,]*(?:\.\d+)?(?: %)?")
_SAID = re.compile(r"(?<![\w.])(-?\d+(?:\.(\d+))?)(?: \[(-?[\d.]+), (-?[\d.]+)\])?(?![\w.]*\d)")
_WIDE, _TALL, _NARROW = 3, 16, 4
"""Numbers per row from which a table is wide, rows above which it scrolls, and columns that fit next to a figure."""
_SURE = 3
"""Decimals that identify a value given without its interval."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table, or part of a sentence.

    Parameters
    ----------
    value
        Text; for a number, without the interval.
    number
        The number; `None` for a text.
    interval
        Text of the interval; empty if there is none.
    anchor
        Whether links to the number lead to this cell.
    behind, command
        What the number was computed from, in words, and the command that lists those judgments.
    is_value
        Whether the cell is right-aligned, like numbers.
    """

    value: str
    number: Number | None = None
    interval: str = ""
    anchor: bool = False
    behind: str = ""
    command: str = ""
    is_value: bool = False


@dataclass(frozen=True)
class Part:
    """Part of a sentence; if it states a number, the id of that number."""

    text: str
    number: str = ""


@dataclass(frozen=True)
class Grid:
    """A table as shown on the page: id, title, headings as cells, and rows of cells."""

    id: str
    title: str
    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def looks(self) -> str:
        """Return the CSS classes: wide for many numbers in a row, tall for many rows."""
        numbers = max((sum(cell.number is not None for cell in row) for row in self.rows), default=0)
        return " ".join(["wide"] * (numbers >= _WIDE) + ["tall"] * (len(self.rows) > _TALL))


@dataclass(frozen=True)
class Section:
    """A finding as shown on the page."""

    id: str
    title: str
    paragraphs: tuple[tuple[Part, ...], ...]
    figures: tuple[Drawn, ...]
    tables: tuple[Grid, ...]
    method: str

    @property
    def beside(self) -> int:
        """Return the number of tables next to the figure: 1 for a single figure and a small first table."""
        is_small = bool(self.tables) and len(self.tables[0].rows) <= _TALL and len(self.tables[0].columns) <= _NARROW
        return int(len(self.figures) == 1 and is_small)


KEY_NUMBERS = {
    "infer.absolute_error": "mean absolute difference between inferred and shown coefficient",
    "deviation.people": "of the squared deviation from the synthetic label is between people who see the same mixture",
    "ceiling.new_person": "lowest possible root mean squared error of predicting a new person's answer",
    "agreement.alpha.infer_mixing_factor": "Krippendorff's alpha between participants, inferred coefficient",
    "retest.icc.infer_mixing_factor": "ICC(A,1) between first and repeated answers, inferred coefficient",
    "soft.outside": "of the probability of soft labels lies on classes of neither image",
}
"""Numbers at the top of the page, if the report has them, with descriptions."""


@dataclass(frozen=True)
class View:
    """Content of the page.

    Parameters
    ----------
    title, subject, mark
        Heading, subject of the report, and the mark for synthetic judgments (empty if there are none).
    counts
        Counts of judgments, participants and so on, each with its noun.
    keys
        Numbers at the top of the page, with descriptions.
    sections
        The findings.
    missing
        What was omitted, and why.
    method, facts
        How intervals were computed; settings and versions by name.
    sources
        The files.
    citation, cited_elsewhere
        Lines of H-Mix's BibTeX entry, if the report includes it; other studies, which are cited as in their cards.
    command, version
        Command that generates the page, and version of the package.
    """

    title: str
    subject: str
    mark: str
    counts: tuple[tuple[str, str], ...]
    keys: tuple[tuple[Cell, str], ...]
    sections: tuple[Section, ...]
    missing: tuple[str, ...]
    method: str
    facts: tuple[tuple[str, str], ...]
    sources: tuple[SourceFile, ...]
    citation: tuple[str, ...]
    cited_elsewhere: tuple[str, ...]
    command: str
    version: str


def view_of(report: Report, call: Sequence[str] = ()) -> View:
    """Return the content of a report's page; `call` are the arguments of `hmix report`."""
    origin = origin_of_report(report)
    cells = _Cells(call)
    studies = sorted({source.study_id for source in report.sources})
    return View(
        title=f"What {origin.who} see in mixed images",
        subject=", ".join(report.datasets),
        mark=origin.mark,
        counts=tuple(_counts(report, origin)),
        keys=tuple(
            (replace(cells.shown(report.numbers[name]), anchor=False), words)
            for name, words in KEY_NUMBERS.items()
            if name in report.numbers and report.numbers[name].value is not None
        ),
        sections=tuple(_section(finding, cells) for finding in report.findings),
        missing=report.missing,
        method=report.method,
        facts=(
            ("Resamplings", f"{report.resamples:,}, seed {report.seed}"),
            ("Package", f"hmix-hub {__version__}"),
            ("Schema of the judgments", CURRENT),
        ),
        sources=report.sources,
        citation=tuple(citation().splitlines()) if RELEASE.study_id in studies else (),
        cited_elsewhere=tuple(study for study in studies if study not in {RELEASE.study_id, SAMPLE.study_id}),
        command=report_command(call),
        version=__version__,
    )


def origin_of_report(report: Report) -> Origin:
    """Return the origin of a report's judgments, over all tasks."""
    import datasets

    parts = [origin_of(datasets.Dataset(table)) for table in report.tables.values()]
    studies: dict[str, int] = {}
    for part in parts:
        for name, count in part.studies.items():
            studies[name] = studies.get(name, 0) + count
    return Origin(sum(part.judgments for part in parts), sum(part.n_synthetic for part in parts), studies)


def _counts(report: Report, origin: Origin) -> Iterator[tuple[str, str]]:
    people: set[tuple[str, ...]] = set()
    stimuli: set[tuple[str, ...]] = set()
    for name, table in report.tables.items():
        people |= _distinct(table, "study_id", "participant_id")
        stimuli |= _distinct(table, "image_set", TASKS[name].stimulus_column)
    counts = {"judgment": origin.judgments, "participant": len(people), "stimulus": len(stimuli)}
    for noun, count in (counts | {"task": len(report.tables)}).items():
        yield f"{count:,}", noun if count == 1 else _PLURALS.get(noun, f"{noun}s")


def _distinct(table: pa.Table, *names: str) -> set[tuple[str, ...]]:
    columns = table.select(names).group_by(names).aggregate([])
    return set(zip(*(columns[name].to_pylist() for name in names), strict=True))


_PLURALS = {"stimulus": "stimuli"}


def explain_command(number: Number, call: Sequence[str]) -> str:
    """Return the command that lists the rows behind a number, quoted for a shell.

    `call` are the arguments of `hmix report`: its datasets, and options that select judgments.
    """
    return shlex.join(["hmix", "explain", number.id, *map(printable, call)])


def report_command(call: Sequence[str]) -> str:
    """Return the command that generates a report's page, quoted for a shell."""
    return shlex.join(["hmix", "report", *map(printable, call), "-o", "DIR"])


class _Cells:
    """Creates cells, and remembers which numbers already have an anchor."""

    def __init__(self, call: Sequence[str]) -> None:
        self._call = call
        self._placed: set[str] = set()

    def of(self, content: Number | str) -> Cell:
        if isinstance(content, str):
            text = f"{int(content):,}" if content.isdecimal() and content.isascii() else content
            return Cell(NOTHING if text == "-" else text, is_value=text == "-" or bool(_NUMERALS.fullmatch(text)))
        is_first = content.id not in self._placed
        self._placed.add(content.id)
        return replace(self.shown(content), anchor=is_first)

    def shown(self, content: Number) -> Cell:
        return Cell(
            value_text(content.value, content.unit),
            content,
            interval_text(content),
            True,
            f"{counted(content.n_judgments, 'judgment')} by {counted(content.n_participants, 'participant')}",
            explain_command(content, self._call),
            is_value=True,
        )

    def is_placed(self, number: Number) -> bool:
        return number.id in self._placed


def _section(finding: Finding, cells: _Cells) -> Section:
    grids = [_grid(table, cells) for table in finding.tables]
    others = [number for number in finding.numbers if not cells.is_placed(number)]
    if others:
        rows = tuple((n.label, n, f"{n.n_judgments:,}", f"{n.n_participants:,}") for n in others)
        columns = ("number", "estimate", "judgments", "participants")
        title = "Other numbers" if grids else "Numbers"
        grids.append(_grid(Table(f"{finding.id}-numbers", title, columns, rows), cells))
    return Section(
        finding.id,
        finding.title,
        tuple(tuple(_parts(text, finding.numbers)) for text in finding.text.split("\n\n") if text.strip()),
        tuple(figures_of(finding)),
        tuple(grids),
        finding.method,
    )


def _grid(table: Table, cells: _Cells) -> Grid:
    # The first cell names the row, even if it is numeric.
    rows = tuple(
        tuple(cells.of(c) if place or isinstance(c, Number) else Cell(c) for place, c in enumerate(row))
        for row in table.rows
    )
    are_values = [any(row[place].is_value for row in rows) for place in range(len(table.columns))]
    headings = tuple(Cell(text, is_value=right) for text, right in zip(table.columns, are_values, strict=True))
    return Grid(f"table-{table.id}", table.title, headings, rows)


def _parts(text: str, numbers: Iterable[Number]) -> Iterator[Part]:
    """Split a paragraph into parts; text that states a number links to it."""
    numbers, begin = list(numbers), 0
    for found in _SAID.finditer(text):
        repeated = [number for number in numbers if _is_said(number, found)]
        if repeated and (found[3] or len(repeated) == 1):
            yield from (Part(_typeset(text[begin : found.start()])), Part(found[1].replace("-", MINUS), repeated[0].id))
            begin = found.end(1)
    yield Part(_typeset(text[begin:]))


def _is_said(number: Number, found: re.Match[str]) -> bool:
    """Return whether a numeral, with the interval after it, states a number."""
    digits = len(found[2] or "")
    said = [(found[1], number.value), (found[3], number.low), (found[4], number.high)]
    if found[3] is None:
        if digits < _SURE:
            return False
        said = said[:1]
    return all(end is not None and f"{round(end, digits) + 0.0:.{digits}f}" == text for text, end in said)


def _typeset(text: str) -> str:
    """Return a text with minus signs instead of hyphens before negative numerals."""
    return re.sub(r"(?<![\w.)])-(?=\d)", MINUS, text)
