"""A map-style dataset for `torch.utils.data.DataLoader`: `hmix_hub.JudgmentDataset`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import Dataset, default_collate
from torch.utils.data._utils.collate import default_collate_fn_map

from hmix_hub.class_order import in_one_order
from hmix_hub.tables import check_dataset_type
from hmix_hub.training.prepared import Vocabularies, prepare, wanted_of
from hmix_hub.training.targets import AUTO

if TYPE_CHECKING:
    import datasets


class Judgment(dict[str, torch.Tensor]):
    """One row: pictures (3, H, W), targets (K,), other columns."""


class Rows(Sequence[Judgment]):
    """Several rows gathered at once; a `DataLoader` uses them as a batch directly."""

    def __init__(self, batch: dict[str, torch.Tensor], n: int) -> None:
        self.batch = batch
        self._n = n

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(self._n))]
        if not -self._n <= row < self._n:
            raise IndexError(row)
        return Judgment({name: tensor[row] for name, tensor in self.batch.items()})


def _collate(rows: Any, *, collate_fn_map: Any = None) -> dict[str, torch.Tensor]:
    """Return rows as a batch; rows gathered together already are one."""
    return rows.batch if isinstance(rows, Rows) else default_collate([dict(row) for row in rows])


# As documented by torch for custom types.
default_collate_fn_map[Judgment] = _collate


class JudgmentDataset(Dataset[Judgment]):
    """Rows of a dataset as pictures and targets, for a `DataLoader` with or without workers.

    In your own training loop, `hmix_hub.batches` is faster; use this where a map-style dataset is expected.

    Parameters
    ----------
    dataset, images, targets, columns, dtype, normalize, toward, smoothing, vocabularies
        See `hmix_hub.batches`.
    on_screen, cifar10, image_sets, image_size
        See `hmix_hub.batches`.

    Attributes
    ----------
    vocabularies
        For each of `columns` with codes, the values that they refer to.

    Raises
    ------
    ConfigurationError, SchemaError, SourceError
        See `hmix_hub.batches`.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> item = hmix_hub.JudgmentDataset(ds)[0]
    >>> item["image"].shape, item["human"].shape
    (torch.Size([3, 32, 32]), torch.Size([10]))
    """

    def __init__(
        self,
        dataset: datasets.Dataset,
        *,
        images: str | None = "mixed",
        targets: str | Sequence[str] | None = AUTO,
        columns: str | Sequence[str] = (),
        dtype: torch.dtype = torch.float32,
        normalize: object = None,
        toward: str = "shown",
        smoothing: float = 0.0,
        vocabularies: Vocabularies = None,
        on_screen: bool = False,
        cifar10: str | os.PathLike[str] | None = None,
        image_sets: Mapping[str, Any] | None = None,
        image_size: tuple[int, int] | None = None,
    ) -> None:
        dataset = in_one_order(check_dataset_type(dataset))
        wanted = wanted_of(
            dataset,
            images=images,
            targets=targets,
            columns=columns,
            dtype=dtype,
            normalize=normalize,
            toward=toward,
            smoothing=smoothing,
            on_screen=on_screen,
            cifar10=cifar10,
            image_sets=image_sets,
            image_size=image_size,
            vocabularies=vocabularies,
        )
        self.vocabularies = wanted.vocabularies
        self._n = len(dataset)
        self._prepared = prepare(dataset, wanted)
        self._contents = ", ".join(wanted.contents(dataset))

    def __repr__(self) -> str:
        return f"JudgmentDataset({self._n} rows, each {self._contents})"

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, row: int) -> Judgment:
        """Return a row: pictures (3, H, W), targets (K,), other columns."""
        return self.__getitems__([row])[0]

    def __getitems__(self, rows: Sequence[int]) -> Rows:
        """Return several rows, gathered at once; called by a `DataLoader`."""
        numbers = torch.as_tensor(rows, dtype=torch.int64)
        if len(numbers) and not -self._n <= int(numbers.min()) <= int(numbers.max()) < self._n:
            msg = f"the rows are 0 to {self._n - 1}"
            raise IndexError(msg)
        return Rows(self._prepared.take(torch.where(numbers < 0, numbers + self._n, numbers)), len(numbers))
