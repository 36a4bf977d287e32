"""Rows of the benchmark that are read one by one or picked: streams against Parquet's, picked rows against all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch

import hmix_hub
from benchmarks.cases import NUMBERS, Workload
from benchmarks.measures import Job, medians, milliseconds

PICKED = 100_000
"""Rows that are picked in another order."""
_COEFFICIENT = 0.5
Row = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One job, done two ways that must give the same.

    Parameters
    ----------
    rows
        Rows that it is about.
    name, other_name
        What is done, and the other way.
    jobs
        Ours and the other way.
    aim
        What the project aims at: the other way's time over ours.
    """

    rows: int
    name: str
    other_name: str
    jobs: tuple[Job, Job]
    aim: float


@dataclass(frozen=True)
class Streams:
    """The sample study, streamed, and plain Parquet of the same table.

    Parameters
    ----------
    folder
        Folder of its own, for Parquet.
    """

    folder: Path

    def ours(self, images: str | None = None, **filters: Any) -> datasets.IterableDataset:
        """Stream by name."""
        options: dict[str, Any] = {"split": "train", "source": "sample", "streaming": True}
        return hmix_hub.load_dataset("h-mix", images=images, **options, **filters)

    def parquet(self, images: str | None = None) -> datasets.IterableDataset:
        """Stream the same table, which plain `datasets` finds as Parquet, pictures in it."""
        path = self.folder / f"{images}.parquet"
        if not path.is_file():
            hmix_hub.load_dataset("h-mix", split="train", source="sample", images=images).to_parquet(path)
        cache = str(self.folder / "cache")
        return datasets.load_dataset("parquet", data_files=str(path), split="train", streaming=True, cache_dir=cache)

    def lines(self) -> list[Line]:
        """Return what is compared."""
        n = sum(1 for _ in self.parquet().with_format("arrow"))
        plain = 'load_dataset("parquet", streaming=True)'
        kept = {"input_columns": ["mixing_coefficient"]}

        def only(stream: datasets.IterableDataset) -> datasets.IterableDataset:
            return stream.filter(lambda coefficient: coefficient == _COEFFICIENT, **kept)

        found = []
        for images in (None, "mixed"):
            what = "stream with pictures" if images else "stream"

            def ours(images: str | None = images) -> list[Row]:
                return list(self.ours(images))

            def theirs(images: str | None = images) -> list[Row]:
                return list(self.parquet(images))

            def ours_filtered(images: str | None = images) -> list[Row]:
                return list(self.ours(images, mixing_coefficient=_COEFFICIENT))

            def theirs_filtered(images: str | None = images) -> list[Row]:
                return list(only(self.parquet(images)))

            found.append(Line(n, what, plain, (ours, theirs), 1))
            found.append(Line(n, f"{what}, filtered", f"{plain}.filter(lambda)", (ours_filtered, theirs_filtered), 1))
        return found


@dataclass(frozen=True)
class Picked:
    """Judgments in an order of their own, as `shuffle` and `split` leave them, against the table they are of.

    Parameters
    ----------
    workload
        The judgments.
    """

    workload: Workload

    @cached_property
    def whole(self) -> datasets.Dataset:
        """All rows, in the order of the table."""
        return self.workload.dataset

    @cached_property
    def picked(self) -> datasets.Dataset:
        """All rows, in another order."""
        return self.whole.select(self._order)

    @cached_property
    def _order(self) -> np.ndarray:
        return np.random.default_rng(0).permutation(len(self.whole))

    def lines(self) -> list[Line]:
        """Return what is compared."""
        ways: dict[str, Callable[[datasets.Dataset], Any]] = {
            "batches(images=None), first batch": lambda d: next(
                iter(hmix_hub.batches(d, len(d), images=None, shuffle=False))
            ),
            "8 numeric columns to tensors": lambda d: hmix_hub.to_tensors(d, NUMBERS),
            "by_stimulus": hmix_hub.by_stimulus,
            "filter by coefficient": lambda d: hmix_hub.filter(d, mixing_coefficient=_COEFFICIENT),
        }
        return [
            Line(len(self.whole), f"{name}, shuffled", "the same, not shuffled", self._jobs(way), 0.33)
            for name, way in ways.items()
        ]

    def _jobs(self, way: Callable[[datasets.Dataset], Any]) -> tuple[Job, Job]:
        return lambda: way(self.picked), lambda: way(self.whole)

    def check_same(self, ours: Any, theirs: Any) -> bool:
        """Whether picked rows gave what the table gave, each row in its other place."""
        if isinstance(ours, datasets.Dataset):
            ids = "stimulus_id"
            return sorted(ours[ids][:]) == sorted(theirs[ids][:])
        order = torch.from_numpy(self._order)
        names = [name for name in ours if name != "row"]
        return all(torch.equal(ours[name], theirs[name][order]) for name in names)


def same_rows(ours: Sequence[Row], theirs: Sequence[Row]) -> bool:
    """Whether two streams gave the same rows, pictures by their pixels."""
    return len(ours) == len(theirs) and all(
        one.keys() == other.keys() and all(_plain(one[name]) == _plain(other[name]) for name in one)
        for one, other in zip(ours, theirs, strict=True)
    )


def _plain(cell: Any) -> Any:
    return cell.tobytes() if hasattr(cell, "tobytes") else cell


def print_rows(picked_rows: int, rounds: int) -> None:
    """Print the lines of streams and of picked rows."""
    print("\n| rows | job | hmix-hub | other way | time | ratio | aim |")
    print("|---:|---|---:|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="hmix-benchmark-") as folder:
        streams, picked = Streams(Path(folder)), Picked(Workload(picked_rows, Path(folder)))
        for line in streams.lines():
            _print(line, rounds, same_rows)
        for line in picked.lines():
            _print(line, rounds, picked.check_same)


def _print(line: Line, rounds: int, is_same: Callable[[Any, Any], bool]) -> None:
    if not is_same(*(job() for job in line.jobs)):
        msg = f"{line.name}: {line.other_name} gave something else"
        raise SystemExit(msg)
    ours, theirs = medians(line.jobs, rounds)
    print(
        f"| {line.rows:,} | {line.name} | {milliseconds(ours)} | {line.other_name} | {milliseconds(theirs)} "
        f"| {theirs / ours:.2f} | {line.aim:g} |",
        flush=True,
    )
