"""Writer of judgment files in the release's dialect of CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hmix_hub.schema import RELEASED
from hmix_hub.schema.released import ROW_NUMBER, SYNTHETIC_COLUMN
from hmix_hub.tasks import columns


def write_released_csv(path: Path, task: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a judgment file like the release's: UTF-8, line feeds, an unnamed first column with row numbers.

    Parameters
    ----------
    path
        The file.
    task
        Name of the task.
    rows
        Values by column of schema 1.0.0; missing values and `None` are empty. Floats are written in full, such as
        887.0. If rows have `synthetic`, so does the file.

    Returns
    -------
    int
        Number of rows written.
    """
    rows = list(rows)
    names = [column.name for column in columns(task, RELEASED)]
    names += [SYNTHETIC_COLUMN.name] if any(SYNTHETIC_COLUMN.name in row for row in rows) else []
    count = 0
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["" if name == ROW_NUMBER else name for name in names])
        for row in rows:
            writer.writerow([count, *(row.get(name) for name in names[1:])])
            count += 1
    return count
