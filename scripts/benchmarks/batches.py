"""Batches of the benchmark: pictures with human labels per second, by this package and by other ways."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import datasets
import numpy as np
import torch
from torch.utils.data import DataLoader

import hmix_hub
from benchmarks.workload import Workload
from hmix_hub.schema import CIFAR10
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.sample.drawing import labels_of, pictures
from hmix_hub.training.pictures import CIFAR10_MEAN_STD

PICTURES = 10_000
"""Pictures that the drawn judgments are about, as many as CIFAR-10's test set has."""
BYTES_READ, BYTES_WRITTEN = 3 * 32 * 32, 4 * 3 * 32 * 32
"""Of each picture: bytes from the table, float32 to the batch. No way can move fewer."""
Batch = dict[str, torch.Tensor]
Epoch = Callable[[], Iterable[Batch]]


@dataclass
class Training:
    """A training loop's data: N judgments with their pictures.

    Parameters
    ----------
    workload
        The judgments.
    batch_size
        B, which may be changed.
    """

    workload: Workload
    batch_size: int

    @cached_property
    def image_sets(self) -> dict[str, ImageSet]:
        """Drawn pictures, as many as CIFAR-10's test set has, in a mapped file."""
        path = self.workload.folder / "pictures.npy"
        labels = labels_of(np.arange(PICTURES))
        if not path.is_file():
            np.save(path, np.ascontiguousarray(pictures(PICTURES)[0].transpose(0, 3, 1, 2)))
        return {"sample/pictures": ImageSet("sample/pictures", path, labels, CIFAR10, "benchmark")}

    def batches(self, **options: Any) -> hmix_hub.training.batches.Batches:
        """Return this package's way."""
        return hmix_hub.batches(
            self.workload.dataset, self.batch_size, normalize="cifar10", image_sets=self.image_sets, **options
        )

    @cached_property
    def by_hand(self) -> ByHand:
        """The best that we can write with torch alone."""
        return ByHand(self)

    @cached_property
    def with_images(self) -> datasets.Dataset:
        """The judgments with their pictures in the table, as the Hub's viewer shows them."""
        columns = ["image", "image_1_label", "image_2_label", "inferred_coefficient"]
        return hmix_hub.add_images(self.workload.dataset, image_sets=self.image_sets).select_columns(columns)

    def loader(self, workers: int, *, shuffle: bool = True) -> Epoch:
        """Return what the documentation of `datasets` shows, with_format("torch") in a `DataLoader`; workers stay."""
        rows: Any = self.with_images.with_format("torch")
        options: dict[str, Any] = {"num_workers": workers, "persistent_workers": workers > 0}
        loader = DataLoader(rows, self.batch_size, shuffle=shuffle, **options)
        return lambda: map(_normalise, loader)


def _normalise(batch: Batch) -> Batch:
    """Scale pictures, and make labels of the inferred coefficients, as a user would in the training loop."""
    mean, std = (torch.tensor(numbers).view(3, 1, 1) for numbers in CIFAR10_MEAN_STD)
    labels = _human_labels(batch["image_1_label"], batch["image_2_label"], batch["inferred_coefficient"].float())
    return {"image": batch["image"].float().div_(255).sub_(mean).div_(std), "human": labels}


def _human_labels(first: torch.Tensor, second: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    labels = torch.zeros(len(share), 10).scatter_(1, first.unsqueeze(1), share.unsqueeze(1))
    return labels.scatter_add_(1, second.unsqueeze(1), 1 - share.unsqueeze(1))


class ByHand:
    """Indexing by hand, written as well as we can: tensors made once, three operations a batch.

    Parameters
    ----------
    training
        What it is written for.
    """

    def __init__(self, training: Training) -> None:
        self.training, dataset = training, training.workload.dataset
        self.n = len(dataset)
        distinct: dict[str, int] = {}
        self.of_row = torch.tensor([distinct.setdefault(name, len(distinct)) for name in dataset["stimulus_id"][:]])
        rendered = hmix_hub.render(list(distinct), image_set="sample/pictures", image_sets=training.image_sets)
        self.table = rendered.view(len(rendered), -1)
        columns = ["image_1_label", "image_2_label", "inferred_coefficient"]
        tensors = hmix_hub.to_tensors(dataset, columns)
        self.labels = _human_labels(*(tensors[name] for name in columns))
        mean, std = (torch.tensor(numbers) for numbers in CIFAR10_MEAN_STD)
        self.factor, self.offset = (each.repeat_interleave(1024) for each in (1 / (255 * std), -mean / std))
        self.buffer = torch.empty(0)

    def epoch(self, rows: torch.Tensor, buffer: torch.Tensor | None = None) -> Iterator[Batch]:
        """Return batches of rows: each a tensor of its own, or all in one buffer, each overwriting the one before."""
        for some in torch.split(rows, self.training.batch_size):
            whole = torch.empty(len(some), self.table.shape[1]) if buffer is None else buffer[: len(some)]
            numbers = self.of_row.index_select(0, some)
            # A few at a time, so that they stay in the cache: 256 is the best of 64, 128, 256, 512 and all.
            for start in range(0, len(some), 256):
                part = whole[start : start + 256]
                part.copy_(self.table.index_select(0, numbers[start : start + 256]))
                torch.addcmul(self.offset, part, self.factor, out=part)
            yield {"image": whole.view(-1, 3, 32, 32), "human": self.labels.index_select(0, some)}

    def shuffled(self) -> Iterator[Batch]:
        """Return an epoch; a batch may be kept."""
        return self.epoch(torch.randperm(self.n))

    def overwriting(self) -> Iterator[Batch]:
        """Return an epoch; a batch is gone with the next."""
        if len(self.buffer) != self.training.batch_size:
            self.buffer = torch.empty(self.training.batch_size, self.table.shape[1])
        return self.epoch(torch.randperm(self.n), self.buffer)


def check_same(training: Training, *, with_loader: bool = True) -> None:
    """Check that all ways give the same pictures and labels; with those of a `DataLoader`, or without.

    Raises
    ------
    SystemExit
        If they do not: a ratio of different results means nothing.
    """
    ours = next(iter(training.batches(shuffle=False)))
    others = {
        "by hand": next(training.by_hand.epoch(ours["row"])),
        "mapped": next(iter(training.batches(shuffle=False, keep_in_memory=False))),
    }
    if with_loader:
        others["with_format"] = next(iter(training.loader(0, shuffle=False)()))
    for name, other in others.items():
        if not all(torch.allclose(ours[key], other[key], atol=1e-5) for key in ("image", "human")):
            msg = f"batches: {name} gave something else"
            raise SystemExit(msg)


def seconds_per_picture(epoch: Epoch, wanted: int, *, skip: int = 0) -> float:
    """Time a loop over so many pictures, of several epochs if need be.

    Parameters
    ----------
    epoch
        Gives an epoch's batches.
    wanted
        Pictures.
    skip
        Batches before those that are timed, besides the first.
    """
    batches = itertools.chain.from_iterable(epoch() for _ in itertools.count())
    for _ in range(skip + 1):
        next(batches)
    seen, started = 0, time.perf_counter()
    for batch in batches:
        seen += len(batch["human"])
        if seen >= wanted:
            break
    return (time.perf_counter() - started) / seen


class Read:
    """Batches that are read from mapped files, one epoch after the other.

    Parameters
    ----------
    training
        What they are of.
    """

    def __init__(self, training: Training) -> None:
        loader = training.batches(keep_in_memory=False)
        started = time.perf_counter()
        seen = sum(len(batch["human"]) for batch in loader)
        self.first_epoch = (time.perf_counter() - started) / seen
        # Begun anew in each turn, an epoch would begin with rows that were just read.
        self._batches = itertools.chain.from_iterable(loader for _ in itertools.count())

    def seconds_per_picture(self, wanted: int) -> float:
        """Time so many pictures of later epochs, from where the turn before stopped."""
        seen, started = 0, time.perf_counter()
        while seen < wanted:
            seen += len(next(self._batches)["human"])
        return (time.perf_counter() - started) / seen


class Copy:
    """A copy of as many bytes as pictures need, read and written, half each.

    Parameters
    ----------
    n
        Pictures whose bytes are copied at a time: few stay in the cache, many are a stream through memory.
    """

    def __init__(self, n: int, device: str = "cpu") -> None:
        self.n = n
        self.source = torch.zeros(n * (BYTES_READ + BYTES_WRITTEN) // 2, dtype=torch.uint8, device=device)
        self.target = torch.zeros_like(self.source)

    def seconds_per_picture(self, wanted: int) -> float:
        """Time copies of so many pictures' bytes."""
        repeats = -(-wanted // self.n)
        started = time.perf_counter()
        for _ in range(repeats):
            self.target.copy_(self.source)
        return (time.perf_counter() - started) / (repeats * self.n)
