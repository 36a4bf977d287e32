"""Lists of pairs: CSV files next to the study file that determine (part of) a design."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from hmix_hub.errors import StudyFileError, Where, nearest
from hmix_hub.files import is_plain_inside
from hmix_hub.suite.design.dealing import pair_of
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.pictures import Labels
from hmix_hub.suite.study.model import StudyFile, TaskDesign
from hmix_hub.suite.study.reading import Findings, read_bounded
from hmix_hub.suite.study.task_rules import DECIMALS, Problem, is_exact
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import Stimulus
from hmix_hub.tasks import TASKS

SIZE_LIMIT = 32 * 2**20
ROW_LIMIT = 500_000

INDICES = ("image_1_index", "image_2_index")
LABELS = ("image_1_label", "image_2_label")
COEFFICIENT, BATCH = "mixing_coefficient", "batch"
COLUMNS = (*INDICES, *LABELS, COEFFICIENT, BATCH)

_HINT = f"the columns are {','.join(INDICES)} and, optionally, {COEFFICIENT}, {BATCH}, {','.join(LABELS)}"


@dataclass(frozen=True)
class ListedPair:
    """A row of the list, as written.

    Parameters
    ----------
    indices
        The two pictures; `None` for the second of a single picture.
    labels
        Their class names; `None` if not in the list.
    coefficient
        Share of image 1, 0 to 1; `None` if not in the list.
    batch
        Number of the batch within the task, from 0; `None`: batches are drawn.
    line
        Line of the file, from 1.
    """

    indices: tuple[int, int | None]
    labels: tuple[str, str] | None
    coefficient: float | None
    batch: int | None
    line: int


def read_pair_file(folder: Path, name: str, findings: Findings, *, takes_single: bool = False) -> list[ListedPair]:
    """Read a list of pairs.

    Parameters
    ----------
    name
        The file's path within the folder. A CSV file with the columns image_1_index and image_2_index, rows of the
        image set, and optionally mixing_coefficient, the share of image 1; batch, a number from 0; image_1_label and
        image_2_label, class names that are compared with those of the pictures.
    findings
        Receives the problems of single rows, which are then left out.
    takes_single
        Whether a row may name a single picture, with an empty second cell or without that column.

    Raises
    ------
    StudyFileError
        If it is not such a file (with the line).
    """
    pairs = []
    needed = INDICES[:1] if takes_single else INDICES
    for line, cells in _rows(_content(folder, name), name, needed):
        try:
            pairs.append(_pair(cells, line, takes_single=takes_single))
        except ValueError as error:
            findings.add(name, line, str(error))
    if not pairs and not findings.found:
        msg = "the list is empty"
        raise StudyFileError(msg, where=Where(name), hint=_HINT)
    return pairs


def hashes_of_lists(folder: Path, study: StudyFile) -> tuple[tuple[str, str], ...]:
    """Return the name of each list of pairs of a study and the SHA-256 of its content, sorted by name.

    A byte order mark and Windows line ends make no difference.

    Raises
    ------
    StudyFileError
        If a list cannot be read.
    """
    names = sorted({design.pairs.file for design in study.tasks.values() if design.pairs.file is not None})
    contents = [_content(folder, name).replace("\r\n", "\n") for name in names]
    return tuple(
        (name, hashlib.sha256(content.encode()).hexdigest()) for name, content in zip(names, contents, strict=True)
    )


def unused_rows(folder: Path, frozen: FrozenStudy) -> list[str]:
    """Return a sentence for each task whose design uses only some rows of its list of pairs."""
    sentences = []
    for task, design in frozen.study.tasks.items():
        if (name := design.pairs.file) is None:
            continue
        rows = read_pair_file(folder, name, Findings(), takes_single=SUITE_TASKS[task].takes_single)
        of_mixtures = rows[0].coefficient is not None
        stimuli = {one for batch in frozen.batches if batch.task == task for one in batch.stimuli}
        shown = len(stimuli if of_mixtures else set(map(pair_of, stimuli)))
        if shown < len(rows):
            sentences.append(
                f"tasks.{task}.pairs.file: only {shown} of the {len(rows)} rows of {name} are shown, drawn at random; "
                f"batches times batch_size should be {len(rows)}"
            )
    return sentences


def _content(folder: Path, name: str) -> str:
    path = folder / name
    if not is_plain_inside(path, folder):
        msg = "this link leads out of the folder" if path.is_file() else "the list of pairs is missing"
        raise StudyFileError(msg, where=Where(name), hint="put the file there, or change tasks.*.pairs.file")
    return read_bounded(path, name, limit=SIZE_LIMIT, hint=f"save it as a CSV file in UTF-8; {_HINT}")


def _refuse(said: str, name: str, line: int) -> NoReturn:
    raise StudyFileError(said, where=Where(name, line=line), hint=_HINT)


def _rows(text: str, name: str, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each non-empty row, by column, with its line."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(rows, [])]
        for column in header:
            if column not in COLUMNS:
                _refuse(f"unknown column {column!r}; {nearest(column, COLUMNS, label='columns')}", name, 1)
            if header.count(column) > 1:
                _refuse(f"the column {column} occurs twice", name, 1)
        for column in (*needed, *(LABELS if set(LABELS) & set(header) else ())):
            if column not in header:
                _refuse(f"the column {column} is missing", name, 1)
        for number, cells in enumerate(filter(None, rows), start=1):
            if number > ROW_LIMIT:
                _refuse(f"more than {ROW_LIMIT} rows", name, rows.line_num)
            if len(cells) != len(header):
                _refuse(f"{len(cells)} cells under {len(header)} columns", name, rows.line_num)
            yield rows.line_num, {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        _refuse(f"not a CSV file: {error}", name, rows.line_num)


def _pair(cells: dict[str, str], line: int, *, takes_single: bool) -> ListedPair:
    is_single = takes_single and not cells.get(INDICES[1])
    first, second = _whole(cells, INDICES[0]), None if is_single else _whole(cells, INDICES[1])
    labels = (cells[LABELS[0]], cells[LABELS[1]]) if LABELS[0] in cells else None
    given = cells.get(COEFFICIENT)
    # For a single picture, the cell may be empty.
    coefficient = None if given is None or (is_single and not given) else _share(given)
    if is_single:
        if coefficient not in {None, 1}:
            msg = f"{COEFFICIENT}: a single picture is shown unmixed; its coefficient is 1 or empty"
            raise ValueError(msg)
        coefficient = 1.0
    return ListedPair((first, second), labels, coefficient, _whole(cells, BATCH) if BATCH in cells else None, line)


def _whole(cells: dict[str, str], column: str) -> int:
    text = cells[column]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        msg = f"{column}: {text[:40]!r} is not a whole number from 0"
        raise ValueError(msg)
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1 or not is_exact(share):
        said = f"has more than {DECIMALS} decimals" if 0 <= share <= 1 else "is not a number from 0 to 1"
        msg = f"{COEFFICIENT}: {text[:40]!r} {said}"
        raise ValueError(msg)
    return round(share, DECIMALS)


@dataclass(frozen=True)
class Listed:
    """A checked list of pairs.

    Parameters
    ----------
    stimuli
        Its rows, in order; in each pair, the class that comes first in the alphabet is first.
    has_coefficients
        Whether it determines the mixing coefficients.
    batches
        The batches in the list; `None`: they are still to be dealt.
    """

    stimuli: list[Stimulus]
    has_coefficients: bool
    batches: list[list[Stimulus]] | None


def read_listed(
    folder: Path, task: str, design: TaskDesign, labels: Labels, *, findings: Findings, problems: list[Problem]
) -> Listed:
    """Read the list of pairs of a task.

    If the class of a row's first picture does not come first in the alphabet, the pair is swapped together with its
    coefficient: 0.9 of a frog with a dog becomes 0.1 of the dog with the frog, the same picture.

    Parameters
    ----------
    task, design
        The task, and its settings in the study file, which name the list.
    findings
        Receives the problems of rows of the list.
    problems
        Receives the problems of keys of the study file, by their path within the task.

    Raises
    ------
    StudyFileError
        If the file is not a list of pairs.
    """
    name = design.pairs.file or ""
    rows = read_pair_file(folder, name, findings, takes_single=SUITE_TASKS[task].takes_single)
    has_coefficients, has_batches = (
        any(getattr(row, field) is not None for row in rows) for field in ("coefficient", "batch")
    )
    _check_keys(task, design, problems, has_coefficients=has_coefficients, has_batches=has_batches)
    if has_coefficients and TASKS[task].shows == "pair":
        findings.add(name, 1, f"{task} shows all eleven mixtures of a pair; remove the column {COEFFICIENT}")
    stimuli: list[Stimulus] = []
    first_line: dict[tuple[int | None, Stimulus], int] = {}
    kept: list[ListedPair] = []
    for row in rows:
        first, second = row.indices
        fault = labels.fault_of_one(first) if second is None else labels.fault_of(first, second)
        fault = fault or _disagreement(row, labels)
        if not fault and has_coefficients and row.coefficient is None:
            fault = f"other rows are single pictures; give the mixture of this row in a column {COEFFICIENT}"
        if fault:
            findings.add(name, row.line, fault)
            continue
        stimulus = labels.stimulus(*row.indices, row.coefficient)
        before = first_line.setdefault((row.batch, stimulus), row.line)
        if before != row.line:
            place = f" in batch {row.batch}" if has_batches else ""
            what = "this mixture" if has_coefficients else "this pair"
            findings.add(name, row.line, f"{what} is already listed{place}, in line {before}")
        stimuli.append(stimulus)
        kept.append(row)
    batches = _batches(design, kept, stimuli, findings=findings, problems=problems) if has_batches else None
    if not has_batches:
        _check_mixtures(design, stimuli, problems)
    return Listed(stimuli, has_coefficients, batches)


def _check_keys(
    task: str, design: TaskDesign, problems: list[Problem], *, has_coefficients: bool, has_batches: bool
) -> None:
    if TASKS[task].shows == "pair":
        return
    if has_coefficients and design.coefficients:
        problems.append((("coefficients",), f"the list has a column {COEFFICIENT}; remove one of the two"))
    if has_coefficients and design.pairs.coefficients_per_pair > 1:
        said = f"the list has a column {COEFFICIENT}, which determines the mixtures of each pair; remove this"
        problems.append((("pairs", "coefficients_per_pair"), said))
    if not has_coefficients and not design.coefficients:
        said = f"{task} shows one mixture of a pair; give it here, or in a column {COEFFICIENT} of the list"
        problems.append((("coefficients",), said))
    if has_batches and not has_coefficients:
        said = f"in {task}, a list with a column {BATCH} also requires a column {COEFFICIENT}"
        problems.append((("pairs", "file"), said))


def _disagreement(row: ListedPair, labels: Labels) -> str | None:
    for index, said in zip(row.indices, row.labels or (), strict=False):
        if index is not None and said.lower() != labels.name_of(index).lower():
            return f"picture {index} is of the class {labels.name_of(index)}, not {said!r}"
    return None


def _batches(
    design: TaskDesign, rows: list[ListedPair], stimuli: list[Stimulus], *, findings: Findings, problems: list[Problem]
) -> list[list[Stimulus]]:
    name = design.pairs.file or ""
    by_number: dict[int, list[Stimulus]] = {}
    lines: dict[int, int] = {}
    for row, stimulus in zip(rows, stimuli, strict=True):
        number = row.batch or 0
        by_number.setdefault(number, []).append(stimulus)
        lines.setdefault(number, row.line)
    for place, number in enumerate(sorted(by_number)):
        size = len(by_number[number])
        if place != number:
            findings.add(
                name, lines[number], f"batches must be numbered from 0 without gaps; there is no batch {place}"
            )
            break
        if size > design.batch_size:
            said = f"batch {number} has {size} stimuli, more than batch_size, {design.batch_size}"
            findings.add(name, lines[number], said)
        for position, repeat in enumerate(design.repeats):
            if size < repeat <= design.batch_size:
                problems.append((("repeats", position), f"batch {number} has no place {repeat}, only {size} stimuli"))
    if by_number and max(map(len, by_number.values())) < design.batch_size:
        largest = max(map(len, by_number.values()))
        problems.append((("batch_size",), f"no batch in the list has this many stimuli; the largest has {largest}"))
    if design.batches not in {None, len(by_number)}:
        problems.append((("batches",), f"the list has {len(by_number)} batches, not {design.batches}"))
    return [by_number[number] for number in sorted(by_number)]


def _check_mixtures(design: TaskDesign, stimuli: list[Stimulus], problems: list[Problem]) -> None:
    """Report pairs with more mixtures than there are batches, since no batch may contain a pair twice."""
    if not stimuli:
        return
    pair, most = Counter(map(pair_of, stimuli)).most_common(1)[0]
    batches = design.batches or len(stimuli) // design.batch_size
    if most > max(batches, 1):
        said = (
            f"the {most} mixtures of the pictures {pair[0]} and {pair[1]} must be in different batches, but there are "
        )
        problems.append((("pairs", "file"), f"{said}only {batches}; or list the batches in a column {BATCH}"))
