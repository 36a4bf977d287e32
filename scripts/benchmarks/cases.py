"""Cases of the benchmark: the same job done by this package and by the best known other way, over drawn judgments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import datasets
import torch

import hmix_hub
from hmix_hub.schema import CURRENT
from hmix_hub.sources import JUDGMENT_FILES, SourceFile, Study
from hmix_hub.sources.source import Folder
from hmix_hub.tasks import INFER
from hmix_hub.tensor_columns import RECORDED_LISTS
from hmix_hub.tensors import PROVENANCE

NUMBERS = [
    "mixing_coefficient",
    "inferred_coefficient",
    "confidence",
    "response_time_ms",
    "image_1_label",
    "image_2_label",
    "image_1_index",
    "image_2_index",
]
"""Columns that a training loop wants as tensors: four of numbers, two of labels, two of indices."""

Job = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One job, done two ways that must give the same.

    Parameters
    ----------
    name
        What is done.
    other_name
        The other way.
    aim
        Ratio that the project aims at: the other way's time over ours.
    """

    name: str
    other_name: str
    aim: float


FILTER = Case("filter by coefficient and repeats", "Dataset.filter(lambda)", 30)
FILTER_PEOPLE = Case("filter by 20 participants", "Dataset.filter(lambda)", 30)
TENSORS = Case("8 numeric columns to tensors", 'with_format("torch")[:]', 50)
ALL_TENSORS = Case("the default columns to tensors", 'with_format("torch")[:]', 50)
LOAD = Case("warm load_dataset", 'load_dataset("parquet"), warm', 1)
CASES = (FILTER, FILTER_PEOPLE, TENSORS, ALL_TENSORS, LOAD)


@dataclass(frozen=True)
class Workload:
    """Judgments of one size, drawn by the sample study's generator, as a source that the builder can read.

    Parameters
    ----------
    rows
        N.
    folder
        Folder of its own, for its files and caches.
    """

    rows: int
    folder: Path

    @cached_property
    def source(self) -> Folder:
        """A study in the layout of the release with N judgments, as one CSV file."""
        from pyarrow import csv

        from hmix_hub.sources.sample.layout import released_table

        name = JUDGMENT_FILES[INFER]
        path = self.folder / name
        if not path.is_file():
            table = released_table(INFER, self.rows)
            # The released files' leading column has no name.
            csv.write_csv(table.rename_columns(["", *table.column_names[1:]]), path)
        file = SourceFile(name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        return Folder(Study("drawn", "drawn judgments", "sample/pictures", {name: file}, synthetic=True), self.folder)

    def load(self) -> datasets.Dataset:
        """Load by name, as users do."""
        return datasets.load_dataset("h-mix", INFER, split="train", source=self.source, cache_dir=self._cache)

    def load_parquet(self) -> datasets.Dataset:
        """Load the same table as plain Parquet."""
        path = self.folder / "judgments.parquet"
        if not path.is_file():
            self.load().to_parquet(path)
        return datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=self._cache)

    @property
    def _cache(self) -> str:
        return str(self.folder / "cache")

    @cached_property
    def dataset(self) -> datasets.Dataset:
        """The judgments, mapped from the builder's cache."""
        return self.load()

    @cached_property
    def people(self) -> list[str]:
        """Twenty participants."""
        return self.dataset.unique("participant_id")[:20]

    def jobs(self, case: Case) -> tuple[Job, Job]:
        """Return a case's job done by this package, and the other way."""
        ds = self.dataset
        if case is FILTER:
            return (
                lambda: hmix_hub.filter(ds, mixing_coefficient=(0.25, 0.75), repeats=False),
                lambda: ds.filter(
                    lambda coefficient, repeat: 0.25 <= coefficient <= 0.75 and not repeat,
                    input_columns=["mixing_coefficient", "is_repeat"],
                    load_from_cache_file=False,
                ),
            )
        if case is FILTER_PEOPLE:
            people = set(self.people)
            return (
                lambda: hmix_hub.filter(ds, participants=people),
                lambda: ds.filter(
                    lambda person: person in people, input_columns=["participant_id"], load_from_cache_file=False
                ),
            )
        if case is LOAD:
            return self.load, self.load_parquet
        left_out = {*PROVENANCE, *RECORDED_LISTS}
        columns = NUMBERS if case is TENSORS else [name for name in ds.column_names if name not in left_out]
        torch_view = ds.select_columns(columns).with_format("torch")
        return lambda: hmix_hub.to_tensors(ds, columns), lambda: torch_view[:]


def read_all() -> None:
    """Read the four judgment files of the release, or of the sample where that cannot be reached, into their tables."""
    from hmix_hub.builders.readers import read_judgments
    from hmix_hub.sources import choose_source, resolve_source

    source = resolve_source(choose_source()[0])
    for task in JUDGMENT_FILES:
        read_judgments(source, task)


def check_same(case: Case, ours: Any, theirs: Any) -> None:
    """Check that both ways gave the same.

    Raises
    ------
    SystemExit
        If they did not: a ratio of different results means nothing.
    """
    if case in {TENSORS, ALL_TENSORS}:
        numbers = [name for name in NUMBERS if name in theirs]
        same = all(torch.equal(ours[name], theirs[name].to(ours[name].dtype)) for name in numbers)
    else:
        same = ours.column_names == theirs.column_names and ours["judgment_id"][:] == theirs["judgment_id"][:]
        same = same and set(ours["schema_version"][:1]) == {CURRENT}
    if not same:
        msg = f"{case.name}: {case.other_name} gave something else"
        raise SystemExit(msg)
