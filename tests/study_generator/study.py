"""A generated study: its values as Python has them, and the files that they are written to."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from study_generator.formats import Style, write_table

Row = dict[str, Any]


@dataclass(repr=False)
class Study:
    """A study that may still be changed before its files are written.

    `rows` are those of the judgment file, values typed, `None` where missing; `columns` its columns in order;
    `people` the rows of participants.csv, if there is one; `files` what lies beside; `edits` are made last, on bytes.
    `classes` are the class names in order, `labels` the classes of the pictures by index; `few` and `alike` the people
    that rules warn of with reason.
    """

    task: str
    manifest: dict[str, Any]
    columns: list[str]
    rows: list[Row]
    style: Style
    people: list[Row] | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    edits: list[Callable[[dict[str, bytes]], None]] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    few: frozenset[str] = frozenset()
    alike: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        stimuli = {name: value for name, value in self.manifest.get("stimuli", {}).items() if name != "classes"}
        return f"Study({self.task}, {stimuli}, {self.columns}, {len(self.rows)} rows, {self.style})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # Hypothesis would print every row and every picture.
        printer.text(repr(self))

    @property
    def path(self) -> str:
        """Path of the judgment file."""
        return f"judgments/{self.task}.{self.style.ending}"

    @property
    def extras(self) -> list[str]:
        """The study's own columns."""
        return [name for name in self.columns if name.startswith("x_")]

    def written(self) -> dict[str, bytes]:
        """Return the content of the files by path."""
        files = {"study.yaml": yaml.safe_dump(self.manifest, allow_unicode=True, sort_keys=False).encode()}
        files[self.path] = write_table(self.columns, self.rows, self.style, self.classes)
        if self.people is not None:
            files["participants.csv"] = write_table(list(self.people[0]), self.people, Style(), [])
        files |= self.files
        for edit in self.edits:
            edit(files)
        return files

    @property
    def people_ids(self) -> list[str]:
        """Ids of the people who judged, in the order of their first rows."""
        return list(dict.fromkeys(row["participant_id"] for row in self.rows))

    def add_column(self, name: str, values: dict[int, Any]) -> None:
        """Add a column that has values in some rows."""
        self.columns.append(name)
        for number, row in enumerate(self.rows):
            row[name] = values.get(number)

    def edit(self, change: Callable[[bytes], bytes], path: str | None = None) -> None:
        """Change the bytes of a file in the end; of the judgment file, within its compression."""
        path = path or self.path

        def apply(files: dict[str, bytes]) -> None:
            is_compressed = path.endswith(".gz")
            content = gzip.decompress(files[path]) if is_compressed else files[path]
            files[path] = gzip.compress(change(content), 1) if is_compressed else change(content)

        self.edits.append(apply)

    def in_format(self, ending: str) -> Study:
        """Return the same study with its judgments in another format."""
        return replace(self, style=replace(self.style, ending=ending))
