"""A list of pairs: a CSV file beside the study file, which anybody may have made."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hmix_hub.errors import StudyFileError, Where, nearest
from hmix_hub.files import is_plain_inside
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import Findings, read_bounded
from hmix_hub.suite.study.rules import DECIMALS, is_exact

SIZE_LIMIT = 32 * 2**20
ROW_LIMIT = 500_000

INDICES = ("image_1_index", "image_2_index")
LABELS = ("image_1_label", "image_2_label")
COEFFICIENT, BATCH = "mixing_coefficient", "batch"
COLUMNS = (*INDICES, *LABELS, COEFFICIENT, BATCH)

_HINT = f"the columns are {','.join(INDICES)}, perhaps {COEFFICIENT}, {BATCH}, {','.join(LABELS)}"


@dataclass(frozen=True)
class ListedPair:
    """A row of the list, as it stands there.

    Parameters
    ----------
    indices
        The two pictures.
    labels
        Their class names; `None`: the list does not say.
    coefficient
        Share of image 1, 0 to 1; `None`: the list does not say.
    batch
        Number of the batch within the task, from 0; `None`: batches are drawn.
    line
        Line of the file, from 1.
    """

    indices: tuple[int, int]
    labels: tuple[str, str] | None
    coefficient: float | None
    batch: int | None
    line: int


def read_pair_file(folder: Path, name: str, findings: Findings) -> list[ListedPair]:
    """Read a list of pairs.

    Parameters
    ----------
    folder
        The collection folder.
    name
        The file's path within it. A CSV file of the columns image_1_index and image_2_index, rows of the image set;
        perhaps mixing_coefficient, the share of image 1; batch, a number from 0; image_1_label and image_2_label,
        class names that are compared with those of the pictures.
    findings
        Gets what is wrong with single rows, which are then left out.

    Raises
    ------
    StudyFileError
        If it is no such file; the line is named.
    """
    pairs = []
    for line, cells in _rows(_content(folder, name), name):
        try:
            pairs.append(_pair(cells, line))
        except ValueError as error:
            findings.add(name, line, str(error))
    if not pairs and not findings.found:
        msg = "the list names no pair"
        raise StudyFileError(msg, where=Where(name), hint=_HINT)
    return pairs


def hashes_of_lists(folder: Path, study: StudyFile) -> tuple[tuple[str, str], ...]:
    """Give the name of each list of pairs of a study and the sha256 of its content, in the order of names.

    A byte order mark and line ends as Windows has them make no difference.

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


def _content(folder: Path, name: str) -> str:
    path = folder / name
    if not is_plain_inside(path, folder):
        msg = "this link leads out of the folder" if path.is_file() else "the list of pairs is missing"
        raise StudyFileError(msg, where=Where(name), hint="put the file there, or change tasks.*.pairs.file")
    return read_bounded(path, name, limit=SIZE_LIMIT, hint=f"save it as a CSV file in UTF-8; {_HINT}")


def _rows(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Give each row that is not empty, by column, with its line."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip() for column in next(rows, [])]
        _check_header(header, name)
        for number, cells in enumerate(filter(None, rows), start=1):
            if number > ROW_LIMIT:
                msg = f"more than {ROW_LIMIT} rows"
                raise StudyFileError(msg, where=Where(name, line=rows.line_num))
            if len(cells) != len(header):
                msg = f"{len(cells)} cells under {len(header)} columns"
                raise StudyFileError(msg, where=Where(name, line=rows.line_num), hint=_HINT)
            yield rows.line_num, {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        msg = f"not a CSV file: {error}"
        raise StudyFileError(msg, where=Where(name, line=rows.line_num), hint=_HINT) from None


def _check_header(header: list[str], name: str) -> None:
    for column in header:
        if column not in COLUMNS:
            msg = f"there is no such column {column!r}; {nearest(column, COLUMNS, label='columns')}"
            raise StudyFileError(msg, where=Where(name, line=1), hint=_HINT)
        if header.count(column) > 1:
            msg = f"the column {column} stands twice"
            raise StudyFileError(msg, where=Where(name, line=1), hint=_HINT)
    wanted = (*INDICES, *(LABELS if set(LABELS) & set(header) else ()))
    for column in wanted:
        if column not in header:
            msg = f"the column {column} is missing"
            raise StudyFileError(msg, where=Where(name, line=1), hint=_HINT)


def _pair(cells: dict[str, str], line: int) -> ListedPair:
    first, second = (_whole(cells, column) for column in INDICES)
    labels = (cells[LABELS[0]], cells[LABELS[1]]) if LABELS[0] in cells else None
    coefficient = _share(cells[COEFFICIENT]) if COEFFICIENT in cells else None
    return ListedPair((first, second), labels, coefficient, _whole(cells, BATCH) if BATCH in cells else None, line)


def _whole(cells: dict[str, str], column: str) -> int:
    text = cells[column]
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        msg = f"{column}: {text[:40]!r} is no whole number from 0"
        raise ValueError(msg)
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        msg = f"{COEFFICIENT}: {text[:40]!r} is no number from 0 to 1"
        raise ValueError(msg)
    if not is_exact(share):
        msg = f"{COEFFICIENT}: {text[:40]!r} has more than {DECIMALS} decimals"
        raise ValueError(msg)
    return round(share, DECIMALS)
