"""Changes of the example study, used as examples in the catalogue."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence

from hmix_hub.studies.example import csv_bytes
from hmix_hub.studies.rules.rule import Change, Files
from hmix_hub.tasks import INFER, TASKS

ROW = 7
"""The row that examples change; the first participant's eighth."""

Rows = list[dict[str, str]]


def table_path(task: str = INFER) -> str:
    """Return the path of a task's judgment file in the example study."""
    return f"judgments/{task}.csv"


def cell(column: str, value: str, *, row: int = ROW) -> Change:
    """Return a change that sets one cell."""
    return cells({column: value}, row=row)


def cells(values: dict[str, str], *, task: str = INFER, row: int = ROW) -> Change:
    """Return a change that sets cells of one row; a new column is empty in all other rows."""

    def change(rows: Rows) -> None:
        for number, cells_ in enumerate(rows):
            missing = {column: "" for column in values if column not in cells_}
            cells_.update(values if number == row else missing)

    said = ", ".join(f"`{column}` is `{value}`" for column, value in values.items())
    return rows_changed(f"in row {row}, {said}", change, task=task, named=(row,))


def rows_changed(
    text: str, change: Callable[[Rows], Rows | None], *, task: str = INFER, path: str = "", named: tuple[int, ...] = ()
) -> Change:
    """Return a change of a table's rows; `change` edits them in place or returns new ones."""
    path = path or table_path(task)

    def apply(files: Files) -> None:
        rows = list(csv.DictReader(io.StringIO(files[path].decode())))
        files[path] = csv_bytes(change(rows) or rows)

    return Change(text, apply, named)


def every(column: str, text: str, convert: Callable[[str], str]) -> Change:
    """Return a change of every cell of a column."""

    def change(rows: Rows) -> None:
        for row in rows:
            row[column] = convert(row[column])

    return rows_changed(f"`{column}` {text}", change)


def added(column: str, value: str, *, row: int | None = None) -> Change:
    """Return a change that adds a column with one value, in every row or in a single row."""

    def change(rows: Rows) -> None:
        for number, cells_ in enumerate(rows):
            cells_[column] = value if row in {None, number} else ""

    where = "" if row is None else f" in row {row}"
    return rows_changed(f"a column `{column}` with `{value}`{where}", change, named=() if row is None else (row,))


def dropped(column: str) -> Change:
    """Return a change that removes a column."""

    def change(rows: Rows) -> Rows:
        return [{name: value for name, value in row.items() if name != column} for row in rows]

    return rows_changed(f"the column `{column}` is missing", change)


def replaced(path: str, old: str, new: str) -> Change:
    """Return a change that replaces part of a file's text."""

    def apply(files: Files) -> None:
        text = files[path].decode()
        if old not in text:
            msg = f"{path} does not contain {old!r}"
            raise ValueError(msg)
        files[path] = text.replace(old, new, 1).encode()

    said = f"`{new.strip()}` instead of `{old.strip()}`" if new.strip() else f"without `{old.strip()}`"
    return Change(f"{path}: {said}", apply)


def content(path: str, change: Callable[[bytes], bytes], text: str, *, rows: Sequence[int] = ()) -> Change:
    """Return a change of a file's bytes."""

    def apply(files: Files) -> None:
        files[path] = change(files[path])

    return Change(f"{path}: {text}", apply, tuple(rows))


def unstated(task: str, key: str) -> Change:
    """Return a change that removes a task's own key from study.yaml."""
    said = TASKS[task].example_manifest.encode()
    return content("study.yaml", lambda text: text.replace(said, b""), f"there is no `{key}:`")


def file_added(path: str, made: bytes | Callable[[Files], bytes], text: str = "") -> Change:
    """Return a change that adds a file."""

    def apply(files: Files) -> None:
        files[path] = made(files) if callable(made) else made

    return Change(text or f"there is a file {path}", apply)


def file_removed(path: str) -> Change:
    """Return a change that removes a file."""

    def apply(files: Files) -> None:
        del files[path]

    return Change(f"there is no {path}", apply)
