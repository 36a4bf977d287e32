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

    Each `for` loop is one epoch, and a finished one is followed by the next. A loop that was left early begins its
    epoch again, unless `load_state_dict` says where to go on.

    Attributes
    ----------
    epoch
        Number of the epoch that the next loop gives.
    vocabularies
        For each of `columns` that holds codes, the values that they count: ids, class names or flags.
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
        """Return the number of batches that the next loop gives this process."""
        return int(self._rows.steps(self._start, self.epoch))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next loop, as one does with a `DistributedSampler`.

        It begins at its start; but where a state of that very epoch was loaded, the loop goes on from there.
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
            # Of the whole epoch, not of this process's part of it, so that all processes say the same.
            self._next = following if behind is None else (epoch, behind)
            yield batch
        self.epoch, self._next = epoch + 1, following

    def state_dict(self) -> State:
        """Return where the next batch is: numbers and a fingerprint, for a checkpoint.

        The same for all processes that have taken as many batches; it may be loaded by another number of them, or with
        another batch size. (That of a stream is of the process alone, and of its number and size.)
        """
        epoch, place = self._next
        return {"epoch": epoch, "place": place, **_said(self._rows.identity)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where a state was taken: the next loop begins with the very batch that would have been next.

        Raises
        ------
        ConfigurationError
            If the state is of other rows, or of another order.
        """
        found = state if isinstance(state, Mapping) else {}
        identity = self._rows.identity
        # Those that are not said of every order are compared below.
        missing = [name for name in ("epoch", "place", *_said(identity)) if name not in {*found, *_NOT_ALWAYS}]
        if missing:
            msg = f"this is no state of batches: it lacks {', '.join(missing)}"
            raise ConfigurationError(msg, hint="state_dict() gives one")
        for name, ours in identity.items():
            if state.get(name) != ours:
                msg = f"the state is of other batches: its {name} is {state.get(name)!r}, here it is {ours!r}"
                hint = "give batches the same dataset, seed, shuffle, buffer_size and mix as before"
                raise ConfigurationError(msg, hint=hint)
        self.epoch = check_whole(state["epoch"], "the epoch of the state")
        self._start = self._rows.check_place(state["place"])
        self._next = (self.epoch, self._start)


_NOT_ALWAYS = ("buffer_size", "mix")


def _said(identity: State) -> State:
    """Return what a state says of an order: what is as usual it leaves out."""
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
        shards, of a built study the row groups, are read in a random order, each process its share of them, and rows
        are shuffled within `buffer_size`. Batches hold `shard` beside `row`, which then counts within it; ids among the
        columns need `vocabularies`. With `pad`, or `drop_last` and several processes, rows of filtered streams are
        counted first, for which all are read.
    batch_size
        Rows of a batch, B; of each process, where there are several.
    images
        "mixed": `image`, what people saw, to the last bit before scaling (see `render`). "endpoints": `image_1` and
        `image_2`, for mixing anew with `mix`; all zeros for a missing second. `None`: no pictures.
    targets
        "auto" (default): "soft_label" where classes were answered, "rating" where scales were, else "human". Or one or
        several of these, by whose names batches hold them, (B, K) each, summing to 1; `None`: no targets.

        * "shown": the usual mixup label, the coefficient for image 1 and the rest for image 2.
        * "human": the inferred coefficient instead; of by-stimulus tables, its mean over judgments. In the midpoint
          tasks one half for each class, since the person took the picture for that.
        * "human_weighted": `confidence * human + (1 - confidence) * other`, where `toward` names the other. No
          confidence given counts as 1. Of by-stimulus tables, the mean over judgments.
        * "soft_label": see `soft_labels`; of a chosen class, 1 for it. Of by-stimulus tables, the mean, which is the
          share of the answers that chose each class.
        * "rating": (B,), 0 to 1, of ratings on one scale; of their by-stimulus table, the mean.
    columns
        Other columns that batches shall hold, as `to_tensors` gives them; what ids are counted in is the attribute
        `vocabularies`.
    device
        Where the tensors are held and batches made.
    dtype
        Floating type of pictures and targets; torch.uint8 for pictures as they are, targets being float32.
    normalize
        `None`: pictures are 0 to 1. `(mean, std)`, three numbers each, or "cifar10": `(picture - mean) / std`.
    toward
        "shown" or "uniform": what a lack of confidence pulls "human_weighted" towards.
    smoothing
        Votes that "soft_label" gives to each class besides; see `soft_labels`.
    shuffle, seed, epoch
        Whether each epoch is in a random order, which depends on seed and epoch alone; and the first epoch's number.
    drop_last
        Whether to leave out the last rows, which do not fill a batch in every process. Without it the last batches are
        smaller, and where fewer rows than processes are left, some have one batch fewer.
    pad
        Whether to fill the last batches with the first rows of the epoch's order once more, so that every process has
        as many batches, all of them full. Batches then hold `repeated`, bool (B,): true where a row was there before.
    rank, world_size
        Number of this process and of all: each takes every `world_size`-th row of the one order.
    keep_in_memory
        True: tensors of all rows are made now, each distinct picture once. False: rows are read from the mapped files,
        `buffer_size` at a time, in memory that does not grow with N. Pictures are drawn when they are first needed, and
        kept in a temporary file, of a quarter of the free disk and an eighth of the memory at most. (A column of lists
        is padded to the longest of the rows that are read together.)
    buffer_size
        Rows that are read and shuffled at a time with `keep_in_memory=False`. Up to so many are in the very order that
        they have in memory. Of more, blocks of up to 1,024 consecutive rows stand in a random order, 192 of them or a
        multiple are read, and their rows shuffled; of several processes, each reads its own share of blocks where their
        number is 2, 3, 4, 6, 8 or another factor of 192.
    vocabularies
        What ids among the columns are counted in; see `to_tensors`. Give those of the training batches to the test
        batches, so that a person has one code in both.
    on_screen
        See `render`; the target "shown" is then that of the picture on the screen, too.
    mix
        A `HumanMixup`. The two images of each row are mixed anew in every epoch, with a fresh coefficient instead of
        the one that participants were shown. Batches hold the mixture as `image`, the label that people would give it
        as `mixup`, (B, K), and the share of image 1 as `coefficient`, float32 (B,); with images="endpoints" also the
        two images. Coefficients depend only on the seed of `mix`, the epoch and the row's place in the epoch's order:
        not on batch size or number of processes (unless `mix` draws one per batch). The state of `mix` itself does not
        change.
    cifar10, image_sets, image_size
        See `render`; `image_size` is asked for where pictures are of several sizes.

    Returns
    -------
    Batches
        Iterate over it once per epoch; `len()`, `state_dict()`, `load_state_dict(state)`, `set_epoch(epoch)`. A batch
        is a dict: pictures (B, 3, H, W), targets, columns, and `row`, int64 (B,), the rows of `dataset`. A batch stays
        as it is for as long as you hold it. Small ones are made several at a time and lie in one piece of memory: to
        keep one for long, or to save it, `clone` its tensors.

    Raises
    ------
    ConfigurationError
        If an option makes no sense, or the dataset lacks what is asked for.
    SchemaError, SourceError
        If a row's pictures do not exist, or cannot be had.

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
            msg = "mix= takes a dataset in files, and not a stream"
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
