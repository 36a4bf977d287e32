"""View of a report: what the page shows of it, in the order of the page, each number an anchor once."""

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
"""Numbers in a row, and rows, from which tables are drawn narrower, and scroll; columns that fit beside a figure."""
_SURE = 3
"""Digits after the point by which a value without its interval is known again."""


@dataclass(frozen=True)
class Cell:
    """A cell of a table, or a part of a sentence.

    Parameters
    ----------
    value
        Its words; of a number, without the interval.
    number
        The number; `None` of a text.
    interval
        Its interval in words; empty: none.
    anchor
        Whether this is the place of the page that links to the number lead to.
    behind, command
        What the number was computed from, in words, and the command that lists it.
    is_value
        Whether it stands to the right, as numbers do.
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
    """A piece of a sentence; where it repeats a number, the id of that number."""

    text: str
    number: str = ""


@dataclass(frozen=True)
class Grid:
    """A table as the page shows it: id, title, headings as cells, and rows of cells."""

    id: str
    title: str
    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def looks(self) -> str:
        """Return the classes of its style: wide with many numbers beside each other, tall with many rows."""
        numbers = max((sum(cell.number is not None for cell in row) for row in self.rows), default=0)
        return " ".join(["wide"] * (numbers >= _WIDE) + ["tall"] * (len(self.rows) > _TALL))


@dataclass(frozen=True)
class Section:
    """A finding as the page shows it."""

    id: str
    title: str
    paragraphs: tuple[tuple[Part, ...], ...]
    figures: tuple[Drawn, ...]
    tables: tuple[Grid, ...]
    method: str

    @property
    def beside(self) -> int:
        """How many of the tables stand beside the figure: the first one, where there is one figure and it is small."""
        is_small = bool(self.tables) and len(self.tables[0].rows) <= _TALL and len(self.tables[0].columns) <= _NARROW
        return int(len(self.figures) == 1 and is_small)


KEY_NUMBERS = {
    "infer.absolute_error": "mean absolute difference between inferred and shown coefficient",
    "deviation.people": "of the squared deviation from the synthetic label is between people who see the same mixture",
    "ceiling.new_person": "root mean squared error that no prediction of a new person's answer can beat",
    "agreement.alpha.infer_mixing_factor": "Krippendorff's alpha between participants, inferred coefficient",
    "retest.icc.infer_mixing_factor": "ICC(A,1) of a participant's answer and its repeat, inferred coefficient",
    "soft.outside": "of the probability of soft labels lies on classes of neither image",
}
"""Numbers that stand at the head of the page, as far as a report has them, and what each is."""


@dataclass(frozen=True)
class View:
    """All that the page shows.

    Parameters
    ----------
    title, subject, mark
        The heading, what the report is on, and the mark of judgments that a program made; empty: none.
    counts
        How many judgments, participants and so on there are, and the noun of each.
    keys
        Numbers at the head of the page, and what each is.
    sections
        The findings.
    missing
        What was left out, and why.
    method, facts
        How intervals were made, and settings and versions by name.
    sources
        The files.
    citation, cited_elsewhere
        The lines of H-Mix's BibTeX entry, where it is among the judgments; and the studies whose cards name theirs.
    command, version
        The command that makes the page, and the version of the package.
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
    """Return what the page of a report shows; `call` is what `hmix report` was called with."""
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
    """Return who made the judgments of a report, over all its tasks."""
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
    """Return the command that lists the rows behind a number of a report, quoted for a shell.

    `call` is what `hmix report` was called with: its datasets, and options that choose the judgments.
    """
    return shlex.join(["hmix", "explain", number.id, *map(printable, call)])


def report_command(call: Sequence[str]) -> str:
    """Return the command that makes the page of a report, quoted for a shell."""
    return shlex.join(["hmix", "report", *map(printable, call), "-o", "DIR"])


class _Cells:
    """Maker of cells, which knows the numbers that have a place in the page already."""

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
    # The first cell names the row, even where it is a number.
    rows = tuple(
        tuple(cells.of(c) if place or isinstance(c, Number) else Cell(c) for place, c in enumerate(row))
        for row in table.rows
    )
    are_values = [any(row[place].is_value for row in rows) for place in range(len(table.columns))]
    headings = tuple(Cell(text, is_value=right) for text, right in zip(table.columns, are_values, strict=True))
    return Grid(f"table-{table.id}", table.title, headings, rows)


def _parts(text: str, numbers: Iterable[Number]) -> Iterator[Part]:
    """Cut a paragraph into pieces; what repeats a number is a link to it."""
    numbers, begin = list(numbers), 0
    for found in _SAID.finditer(text):
        repeated = [number for number in numbers if _is_said(number, found)]
        if repeated and (found[3] or len(repeated) == 1):
            yield from (Part(_typeset(text[begin : found.start()])), Part(found[1].replace("-", MINUS), repeated[0].id))
            begin = found.end(1)
    yield Part(_typeset(text[begin:]))


def _is_said(number: Number, found: re.Match[str]) -> bool:
    """Whether a numeral, and the interval behind it, are those of a number."""
    digits = len(found[2] or "")
    said = [(found[1], number.value), (found[3], number.low), (found[4], number.high)]
    if found[3] is None:
        if digits < _SURE:
            return False
        said = said[:1]
    return all(end is not None and f"{round(end, digits) + 0.0:.{digits}f}" == text for text, end in said)


def _typeset(text: str) -> str:
    """Return a text with minus signs before its negative numerals."""
    return re.sub(r"(?<![\w.)])-(?=\d)", MINUS, text)
