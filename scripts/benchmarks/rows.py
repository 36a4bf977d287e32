"""Rows of the benchmark that are read one by one or picked: streams against Parquet's, picked rows against all."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import torch

import hmix_hub
from benchmarks.measures import Comparison
from benchmarks.workload import NUMBERS, Workload

PICKED = 100_000
"""Rows that are picked in another order."""
_COEFFICIENT = 0.5
Row = dict[str, Any]


@dataclass(frozen=True)
class Streams:
    """The sample study, streamed, and plain Parquet of the same table.

    Parameters
    ----------
    folder
        Folder of its own, for Parquet.
    """

    folder: Path

    def parquet(self, images: str | None = None) -> datasets.IterableDataset:
        """Stream the same table, which plain `datasets` finds as Parquet, pictures in it."""
        path = self.folder / f"{images}.parquet"
        if not path.is_file():
            hmix_hub.load_dataset("h-mix", split="train", source="sample", images=images).to_parquet(path)
        cache = str(self.folder / "cache")
        return datasets.load_dataset("parquet", data_files=str(path), split="train", streaming=True, cache_dir=cache)

    def comparisons(self) -> list[Comparison]:
        """Return what is compared."""
        found = []
        for images in (None, "mixed"):
            what = "stream with pictures" if images else "stream"
            whole = partial(self._ours, images), partial(self._theirs, images)
            some = partial(self._ours, images, mixing_coefficient=_COEFFICIENT), partial(self._filtered, images)
            plain = 'load_dataset("parquet", streaming=True)'
            found.append(Comparison(what, plain, 1, whole, same_rows))
            found.append(Comparison(f"{what}, filtered", f"{plain}.filter(lambda)", 1, some, same_rows))
        return found

    def _ours(self, images: str | None, **filters: Any) -> list[Row]:
        options: dict[str, Any] = {"split": "train", "source": "sample", "streaming": True}
        return list(hmix_hub.load_dataset("h-mix", images=images, **options, **filters))

    def _theirs(self, images: str | None) -> list[Row]:
        return list(self.parquet(images))

    def _filtered(self, images: str | None) -> list[Row]:
        stream = self.parquet(images)
        return list(stream.filter(lambda share: share == _COEFFICIENT, input_columns=["mixing_coefficient"]))


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

    def comparisons(self) -> list[Comparison]:
        """Return what is compared."""
        ways: dict[str, Callable[[datasets.Dataset], Any]] = {
            "batches(images=None), first batch": lambda d: next(
                iter(hmix_hub.batches(d, len(d), images=None, shuffle=False))
            ),
            "8 numeric columns to tensors": lambda d: hmix_hub.to_tensors(d, NUMBERS),
            "by_stimulus": hmix_hub.by_stimulus,
            "filter by coefficient": lambda d: hmix_hub.filter(d, mixing_coefficient=_COEFFICIENT),
        }
        jobs = {name: (partial(way, self.picked), partial(way, self.whole)) for name, way in ways.items()}
        return [
            Comparison(f"{name}, shuffled", "the same, not shuffled", 0.33, both, self.is_same)
            for name, both in jobs.items()
        ]

    def is_same(self, ours: Any, theirs: Any) -> bool:
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
        streamed = sum(1 for _ in streams.parquet().with_format("arrow"))
        for rows, comparisons in ((streamed, streams.comparisons()), (picked_rows, picked.comparisons())):
            for comparison in comparisons:
                comparison.check(*(job() for job in comparison.jobs))
                print(comparison.line(rows, rounds), flush=True)
