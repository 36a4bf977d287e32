"""Slices of a split, "train[:10%]", as `datasets` counts them, of a dataset that is already there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datasets


def slice_split(dataset: datasets.Dataset, split: Any) -> Any:
    """Return the parts of a dataset that a split asks for.

    Parameters
    ----------
    dataset
        What the split "train" is.
    split
        "train" or "all", a slice of it, a `datasets.ReadInstruction`, a list or dict of these, or `None` for a dict of
        all splits.

    Returns
    -------
    datasets.Dataset, a list of them, or a DatasetDict
        As `datasets.load_dataset` would return.

    Raises
    ------
    ValueError
        If there is no such split.
    """
    from datasets import DatasetDict, ReadInstruction, concatenate_datasets

    if split is None:
        return DatasetDict({"train": dataset})
    if isinstance(split, list | tuple):
        return [slice_split(dataset, one) for one in split]
    if isinstance(split, dict):
        return DatasetDict({name: slice_split(dataset, one) for name, one in split.items()})
    if split in {"train", "all"}:
        # As it is: a selection of all rows would be another dataset to `datasets`, with a fingerprint of its own.
        return dataset
    instruction = split if isinstance(split, ReadInstruction) else ReadInstruction.from_spec(split)
    n = len(dataset)
    pieces = [
        dataset.select(range(piece.from_ or 0, n if piece.to is None else piece.to))
        for piece in instruction.to_absolute({"train": n})
    ]
    return pieces[0] if len(pieces) == 1 else concatenate_datasets(pieces)
