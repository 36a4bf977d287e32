"""Workload of the benchmark: judgments of any number, drawn by the sample study's generator."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import datasets

from hmix_hub.sources import JUDGMENT_FILES, SourceFile, Study
from hmix_hub.sources.source import Folder
from hmix_hub.tasks import INFER

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
