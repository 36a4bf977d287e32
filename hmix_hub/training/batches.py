"""Batches for training loops: `hmix_hub.batches`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError
from hmix_hub.tables import check_dataset_type
from hmix_hub.training.order import Order, check_whole
from hmix_hub.training.prepared import Vocabularies, wanted_of
from hmix_hub.training.remixing import Remixing
from hmix_hub.training.streaming import StreamRows
from hmix_hub.training.targets import AUTO
from hmix_hub.training.windows import Batch, HeldRows, MappedRows, OrderedRows

if TYPE_CHECKING:
    import datasets

    from hmix_hub.perception.human_mixup import HumanMixup

State = dict[str, Any]


class Batches:
    """Batches of a dataset, epoch after epoch; see `hmix_hub.batches`.

    Each `for` loop is one epoch; after a finished loop, the next epoch follows. After a loop that was left early, the
    same epoch starts again, unless `load_state_dict` sets where to continue.

    Attributes
    ----------
    epoch
        Number of the next loop's epoch.
    vocabularies
        For each of `columns` with codes, the values that they refer to: ids, class names or flags.
    """

    def __init__(self, rows: OrderedRows | StreamRows, vocabularies: Mapping[str, Sequence[str]], epoch: int) -> None:
        self._rows: Any = rows
        self.vocabularies = vocabularies
        self.epoch = epoch
        self._start = rows.start
        self._next = (epoch, rows.start)

    def __repr__(self) -> str:
        return f"Batches({self._rows}; epoch {self.epoch}, {self._rows.order})"

    def __len__(self) -> int:
        """Return the number of batches of this process in the next loop."""
        return int(self._rows.steps(self._start, self.epoch))

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next loop, as with a `DistributedSampler`.

        It starts from the beginning, unless a state of the same epoch was loaded: then the loop continues from there.
        """
        epoch = check_whole(epoch, "epoch")
        if epoch != self.epoch:
            self._start = self._rows.start
        self.epoch, self._next = epoch, (epoch, self._start)

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of the epoch; each is a dict of tensors whose first dimension is B."""
        epoch, place = self.epoch, self._start
        following = (epoch + 1, self._rows.start)
        self._start = self._rows.start
        for batch, behind in self._rows.batches(epoch, place):
            # Of the whole epoch, not of this process's part, so that all processes agree.
            self._next = following if behind is None else (epoch, behind)
            yield batch
        self.epoch, self._next = epoch + 1, following

    def state_dict(self) -> State:
        """Return the position of the next batch, numbers and a fingerprint, for a checkpoint.

        It is the same for all processes that have taken as many batches, and may be loaded by another number of them,
        or with another batch size. (For a stream, it only fits the same process, number of processes and batch size.)
        """
        epoch, place = self._next
        return {"epoch": epoch, "place": place, **_said(self._rows.identity)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state: the next loop starts with the batch that would have been next.

        Raises
        ------
        ConfigurationError
            If the state belongs to other rows, or to another order.
        """
        found = state if isinstance(state, Mapping) else {}
        identity = self._rows.identity
        # Those not present in every state are compared below.
        missing = [name for name in ("epoch", "place", *_said(identity)) if name not in {*found, *_NOT_ALWAYS}]
        if missing:
            msg = f"this is not a state of batches: it lacks {', '.join(missing)}"
            raise ConfigurationError(msg, hint="use the result of state_dict()")
        for name, ours in identity.items():
            if state.get(name) != ours:
                msg = f"the state belongs to other batches: its {name} is {state.get(name)!r}, but here it is {ours!r}"
                hint = "use the same dataset, seed, shuffle, buffer_size and mix as before"
                raise ConfigurationError(msg, hint=hint)
        self.epoch = check_whole(state["epoch"], "the epoch of the state")
        self._start = self._rows.check_place(state["place"])
        self._next = (self.epoch, self._start)


_NOT_ALWAYS = ("buffer_size", "mix")


def _said(identity: State) -> State:
    """Return the part of a state about an order; defaults are left out."""
    return {name: value for name, value in identity.items() if value is not None or name not in _NOT_ALWAYS}


def batches(
    dataset: datasets.Dataset | datasets.IterableDataset,
    batch_size: int = 256,
    *,
    images: str | None = "mixed",
    targets: str | Sequence[str] | None = AUTO,
    columns: str | Sequence[str] = (),
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    normalize: object = None,
    toward: str = "shown",
    smoothing: float = 0.0,
    shuffle: bool = True,
    seed: int = 0,
    drop_last: bool = False,
    rank: int = 0,
    world_size: int = 1,
    epoch: int = 0,
    keep_in_memory: bool = True,
    buffer_size: int = 131_072,
    pad: bool = False,
    vocabularies: Vocabularies = None,
    on_screen: bool = False,
    mix: HumanMixup | None = None,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
    image_size: tuple[int, int] | None = None,
) -> Batches:
    """Return batches of pictures and targets, without worker processes.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows: any selection. Or a stream of them, `load_dataset(..., streaming=True)`: its
        shards (row groups of a built study) are read in random order, each process its share, and rows are shuffled
        within `buffer_size`. Batches then hold `shard`, and `row` is relative to it; ids among the columns require
        `vocabularies`. With `pad`, or `drop_last` and several processes, filtered streams are first read in full to
        count rows.
    batch_size
        Rows per batch, B; per process, if there are several.
    images
        "mixed": `image`, what people saw, exact to the bit before scaling (see `render`). "endpoints": `image_1` and
        `image_2`, for mixing with `hmix_hub.mix`; all zeros for a missing second. `None`: no pictures.
    targets
        "auto" (default): "soft_label" for answers about classes, "rating" for scales, otherwise "human". Or one or
        several of the following; batches hold them by these names, (B, K) each, summing to 1. `None`: no targets.

        * "shown": the usual mixup label, the coefficient for image 1 and the rest for image 2.
        * "human": the inferred coefficient instead; in by-stimulus tables, its mean over judgments. In the midpoint
          tasks, one half for each class, since the participant judged the picture to be that.
        * "human_weighted": `confidence * human + (1 - confidence) * other`, where `toward` names the other. A missing
          confidence counts as 1. In by-stimulus tables, the mean over judgments.
        * "soft_label": see `soft_labels`; for a chosen class, 1 for it. In by-stimulus tables, the mean, which for
          chosen classes is the share of each.
        * "rating": (B,), 0 to 1, for ratings on one scale; in by-stimulus tables, the mean.
    columns
        Other columns for batches, as from `to_tensors`; the attribute `vocabularies` holds the values of ids.
    device
        Device of the tensors and batches.
    dtype
        Floating type of pictures and targets; torch.uint8 keeps pictures as they are, with float32 targets.
    normalize
        `None`: pictures are 0 to 1. `(mean, std)`, three numbers each, or "cifar10": `(picture - mean) / std`.
    toward
        "shown" or "uniform": the label that "human_weighted" approaches when confidence is low.
    smoothing
        Votes added to each class in "soft_label"; see `soft_labels`.
    shuffle, seed, epoch
        Whether each epoch has a random order, which depends only on seed and epoch; and the first epoch's number.
    drop_last
        Whether to leave out the last rows, which do not fill a batch in every process. Otherwise the last batches are
        smaller, and if fewer rows than processes are left, some processes have one batch fewer.
    pad
        Whether to fill the last batches with the first rows of the epoch's order, so that all processes have the same
        number of full batches. Batches then hold `repeated`, bool (B,), true for repeated rows.
    rank, world_size
        Number of this process, and number of processes: each takes every `world_size`-th row of a common order.
    keep_in_memory
        True: create tensors of all rows now, each distinct picture once. False: read rows from the mapped files,
        `buffer_size` at a time, in memory that does not grow with N. Pictures are drawn when first needed, and kept in
        a temporary file of at most a quarter of the free disk and an eighth of the memory. (A column of lists is padded
        to the longest list among the rows read together.)
    buffer_size
        Rows read and shuffled at a time with `keep_in_memory=False`. Up to this number of rows, the order is the same
        as in memory. Beyond, blocks of up to 1,024 consecutive rows are in random order, a multiple of 192 blocks is
        read at a time, and their rows are shuffled; each of several processes reads only its own blocks if their number
        is 2, 3, 4, 6, 8 or another factor of 192.
    vocabularies
        Values of ids among the columns; see `to_tensors`. Pass those of the training batches to the test batches, so
        that a participant has the same code in both.
    on_screen
        See `render`; the target "shown" is then also that of the picture on the screen.
    mix
        A `HumanMixup`. The two images of each row are mixed again in every epoch, with a fresh coefficient instead of
        the one that participants were shown. Batches hold the mixture as `image`, the label that people would give it
        as `mixup`, (B, K), and the share of image 1 as `coefficient`, float32 (B,); with images="endpoints" also the
        two images. Coefficients depend only on the seed of `mix`, the epoch and the row's place in the epoch's order:
        not on batch size or number of processes (unless `mix` draws one per batch). The state of `mix` itself does not
        change.
    cifar10, image_sets, image_size
        See `render`; `image_size` is required if pictures differ in size.

    Returns
    -------
    Batches
        Iterate over it once per epoch; it has `len()`, `state_dict()`, `load_state_dict(state)` and `set_epoch(epoch)`.
        A batch is a dict: pictures (B, 3, H, W), targets, columns, and `row`, int64 (B,), the rows of `dataset`. A
        batch does not change while you hold it. Small batches share memory with others: to keep or save one, `clone`
        its tensors.

    Raises
    ------
    ConfigurationError
        If an option is invalid, or the dataset lacks what is requested.
    SchemaError, SourceError
        If a row's pictures do not exist or are unavailable.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> batch = next(iter(hmix_hub.batches(ds, 64, seed=0)))
    >>> batch["image"].shape, batch["human"].shape
    (torch.Size([64, 3, 32, 32]), torch.Size([64, 10]))
    """
    from datasets import IterableDataset

    epoch = check_whole(epoch, "epoch")
    check_whole(buffer_size, "buffer_size", 1)
    is_stream = isinstance(dataset, IterableDataset)
    read_at_once = buffer_size if is_stream or not keep_in_memory else None
    n = 0 if is_stream else len(check_dataset_type(dataset))
    order = Order(n, batch_size, shuffle, seed, drop_last, rank, world_size, pad, read_at_once)
    options: dict[str, Any] = {
        "images": images,
        "targets": targets,
        "columns": columns,
        "dtype": dtype,
        "normalize": normalize,
        "toward": toward,
        "smoothing": smoothing,
        "on_screen": on_screen,
        "cifar10": cifar10,
        "image_sets": image_sets,
        "image_size": image_size,
        "vocabularies": vocabularies,
        "device": device,
    }
    if isinstance(dataset, IterableDataset):
        if mix is not None:
            msg = "mix= requires a dataset in files, not a stream"
            raise ConfigurationError(msg, hint="mix within a batch: mixup(batch['image'], labels)")
        stream = StreamRows(dataset, options, order)
        return Batches(stream, stream.vocabularies, epoch)
    dataset = in_one_order(dataset)
    remixing = None
    if mix is not None:
        names = [columns] if isinstance(columns, str) else list(columns)
        remixing = Remixing.of(dataset, mix, images=images, targets=targets, columns=names, dtype=dtype)
        options |= {"images": images and "endpoints", "targets": None, "columns": [*names, *remixing.columns]}
    wanted = wanted_of(dataset, **options)
    if remixing is not None:
        remixing.mixup.to(wanted.device)
    kind = HeldRows if keep_in_memory else MappedRows
    return Batches(kind(dataset, wanted, order, remixing), wanted.vocabularies, epoch)
