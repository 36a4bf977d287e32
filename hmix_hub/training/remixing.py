"""Remixing: image pairs that are mixed again in every epoch and labelled by a `HumanMixup`."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from hmix_hub.errors import ConfigurationError
from hmix_hub.perception.human_mixup import HumanMixup
from hmix_hub.rendering import mix
from hmix_hub.stimuli.columns import check_images
from hmix_hub.tables import arrow_columns, vocabulary_of
from hmix_hub.tensors import MASK_SUFFIX
from hmix_hub.training.targets import AUTO, check_targets

if TYPE_CHECKING:
    import datasets

IMAGE, TARGET, COEFFICIENT = "image", "mixup", "coefficient"
_LABELS = ("image_1_label", "image_2_label")
_ENDPOINTS = ("image_1", "image_2")
_EPOCH = 1 << 40
"""Positions of the coefficient stream reserved for an epoch; more than any dataset has rows."""


@dataclass(frozen=True, eq=False)
class Remixing:
    """How batches are mixed again.

    Parameters
    ----------
    mixup
        A copy of the caller's, on the device of the batches.
    with_images
        Whether batches hold images.
    kept
        Names that the caller asked for; other inputs of the mixing are removed from batches.
    n_classes
        K.
    """

    mixup: HumanMixup
    with_images: bool
    kept: frozenset[str]
    n_classes: int

    @classmethod
    def of(
        cls,
        dataset: datasets.Dataset,
        mixup: object,
        *,
        images: str | None,
        targets: str | Sequence[str] | None,
        columns: Sequence[str],
        dtype: torch.dtype,
    ) -> Remixing:
        """Check that the rows of a dataset can be mixed again, and how; see `hmix_hub.batches`."""
        check_images(images)
        if not isinstance(mixup, HumanMixup):
            msg = f"mix= takes an hmix_hub.HumanMixup, not {type(mixup).__name__}"
            raise ConfigurationError(msg, hint='HumanMixup("identity") is plain mixup')
        if targets != AUTO and set(check_targets(targets, dataset)) != {TARGET}:
            msg = f"with mix= the only target is {TARGET!r}, not {targets!r}: other targets describe stimuli as shown"
            raise ConfigurationError(msg, hint="leave targets out")
        if dtype == torch.uint8:
            msg = "mix= needs a floating dtype, not torch.uint8"
            raise ConfigurationError(msg, hint="leave dtype out for torch.float32")
        both = sorted({TARGET, COEFFICIENT, IMAGE if images else TARGET} & set(columns))
        if both:
            msg = f"a batch cannot hold two things called {both[0]!r}: a column and a result of mix="
            raise ConfigurationError(msg, hint="leave the column out of columns=")
        names = vocabulary_of(dataset).names
        _check_classes(mixup, names)
        if "image_2_label" not in dataset.column_names or arrow_columns(dataset, _LABELS[1:])[_LABELS[1]].null_count:
            msg = "mix= needs two images in every row, but image_2_label is missing"
            hint = "select rows with two images; or mix within a batch: mixup(batch['image'], labels)"
            raise ConfigurationError(msg, hint=hint)
        own = copy.deepcopy(mixup)
        own.n_classes = len(names)
        kept = {*columns, *(_ENDPOINTS if images == "endpoints" else ())}
        return cls(own, images is not None, frozenset(kept), len(names))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the mixing reads."""
        return _LABELS

    @property
    def _needed(self) -> frozenset[str]:
        """Names that are removed from a batch after mixing."""
        unasked = {*_LABELS, *_ENDPOINTS} - self.kept
        return frozenset(unasked | {name + MASK_SUFFIX for name in unasked})

    def contents(self, held: Sequence[str], batch_size: int) -> list[str]:
        """Return the names and shapes of what batches hold, given those of the batches before mixing."""
        image = [text.replace(_ENDPOINTS[0], IMAGE) for text in held if text.split()[0] == _ENDPOINTS[0]]
        added = [*image, f"{TARGET} {[batch_size, self.n_classes]}", f"{COEFFICIENT} {[batch_size]}"]
        return [*added, *(text for text in held if text.split()[0] not in self._needed)]

    def remix(self, batch: dict[str, torch.Tensor], epoch: int, places: range) -> dict[str, torch.Tensor]:
        """Return a batch with its image pairs mixed again.

        Parameters
        ----------
        batch
            Endpoint images and their labels.
        epoch
            Number of the epoch.
        places
            Places of the rows in the epoch's order; with the epoch, they determine the coefficients.
        """
        one, two = (batch[name] for name in _LABELS)
        positions = torch.arange(places.start, places.stop, places.step, device=one.device) + epoch * _EPOCH
        coefficient = self.mixup.coefficients_at(positions)
        added = {TARGET: self.mixup.relabel(coefficient, one, two, positions=positions), COEFFICIENT: coefficient}
        if self.with_images:
            first, second = (batch[name] for name in _ENDPOINTS)
            added = {IMAGE: mix(first, second, coefficient), **added}
        return added | {name: tensor for name, tensor in batch.items() if name not in self._needed}

    def fingerprint(self) -> str:
        """Return a hash of everything that determines coefficients and labels."""
        digest = hashlib.blake2b(repr(self.mixup.get_extra_state()).encode(), digest_size=8)
        for name, tensor in sorted(self.mixup.state_dict().items()):
            if isinstance(tensor, torch.Tensor) and not name.endswith("position"):
                digest.update(tensor.cpu().numpy().tobytes())
        return digest.hexdigest()


def _check_classes(mixup: HumanMixup, names: tuple[str, ...]) -> None:
    """Check that a `HumanMixup` and a dataset count the same classes in the same order."""
    known = mixup.classes
    if known is not None and [name.lower() for name in known] != [name.lower() for name in names]:
        msg = f"the dataset has the classes {', '.join(names)}, but mix= has {', '.join(known)}"
        raise ConfigurationError(msg, hint="HumanMixup(model, classes=...) takes class names in the dataset's order")
    if mixup.n_classes not in {None, len(names)}:
        msg = f"the dataset has {len(names)} classes, but mix= has {mixup.n_classes}"
        raise ConfigurationError(msg)
