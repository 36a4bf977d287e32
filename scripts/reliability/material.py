"""Material: the pictures and the judgments of their mixtures, as tensors, one part for each use."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, fields

import datasets
import numpy as np
import numpy.typing as npt
import torch

import hmix_hub
from hmix_hub.errors import ConfigurationError
from hmix_hub.loading.pictures import open_image_sets
from hmix_hub.schema.arrays import codes, matrix, numbers, one_piece
from hmix_hub.sources import RELEASE
from hmix_hub.tables import arrow_columns, vocabulary_of
from reliability.splits import Split, authors_split, every_fifth

JUDGED, HELD_OUT = "infer_mixing_factor_by_stimulus", "categorical_soft_labels_by_stimulus"
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pictures:
    """Labelled pictures: uint8 (N, 3, H, W), and int64 (N,)."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Mixtures:
    """Judged mixtures: what was shown, and the mean answers.

    Parameters
    ----------
    images
        uint8 (M, 3, H, W): as people saw them.
    classes
        int64 (M, 2): classes of image 1 and image 2.
    shown
        float64 (M,): mixing coefficient, the share of image 1.
    perceived
        float64 (M,): mean inferred coefficient.
    confidence
        float64 (M,): mean confidence, 0 to 1.
    """

    images: torch.Tensor
    classes: Ints
    shown: Floats
    perceived: Floats
    confidence: Floats

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Mixtures whose classes people named, which nobody trains on: uint8 (H, 3, H, W), and float64 (H, K)."""

    images: torch.Tensor
    soft_labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Material:
    """All that a run needs.

    Parameters
    ----------
    train
        Pictures to train on.
    calibration
        Pictures that only the temperature is fitted to; no judged mixture is made of them.
    test
        Pictures to test on.
    mixtures
        Judged mixtures of training pictures, without the held-out ones.
    held_out
        The stimuli of `categorical_soft_labels`.
    judgments
        The judgments of `mixtures`, row by row: what models of people are fitted to.
    categorical
        The judgments of `held_out`.
    n_classes
        K.
    """

    train: Pictures
    calibration: Pictures
    test: Pictures
    mixtures: Mixtures
    held_out: HeldOut
    judgments: datasets.Dataset
    categorical: datasets.Dataset
    n_classes: int

    @property
    def fingerprint(self) -> str:
        """Hash of pictures, labels and answers, 16 hex digits."""
        content = hashlib.sha256()
        for part in (self.train, self.calibration, self.test, self.mixtures, self.held_out):
            for one in fields(part):
                value = np.ascontiguousarray(getattr(part, one.name))
                content.update(f"{one.name} {value.dtype.str} {value.shape} ".encode())
                content.update(value.tobytes())
        return content.hexdigest()[:16]


def load_material(
    *,
    source: str | os.PathLike[str] | None = None,
    cifar10: str | os.PathLike[str] | None = None,
    splits: str | os.PathLike[str] | None = None,
    n_calibration: int = 500,
    most_pictures: int | None = None,
) -> Material:
    """Load pictures and judgments, and split them.

    Parameters
    ----------
    source, cifar10
        See `hmix_hub.load_dataset`.
    splits
        See `reliability.splits.authors_split`; of studies of other pictures, every fifth picture is a test picture.
    n_calibration
        Pictures taken out of the training part to fit temperatures to, as many of each class; at most a tenth of them.
    most_pictures
        Training pictures at most, as many of each class, for a quick run; `None`: all.

    Raises
    ------
    SourceError
        If something is not available, or is not the expected version.
    ConfigurationError
        If too few pictures or mixtures are left.
    """
    judged, held_out = (
        hmix_hub.load_dataset("h-mix", name, split="train", source=source) for name in (JUDGED, HELD_OUT)
    )
    (name, image_set), *_ = open_image_sets(judged, cifar10=cifar10).items()
    split = authors_split(splits) if name == RELEASE.image_set else every_fifth(image_set.labels)
    table = arrow_columns(judged, ["stimulus_id", "image_1_index", "image_2_index"])
    endpoints = np.stack([codes(table[f"image_{i}_index"]) for i in (1, 2)], axis=1)
    unheld = ~np.isin(table["stimulus_id"].to_numpy(), held_out["stimulus_id"])
    calibration, train = _calibration(split, image_set.labels, endpoints, min(n_calibration, len(split.train) // 10))
    # Those of the release are all made of training pictures; the sample's are not.
    rows = np.flatnonzero(unheld & np.isin(endpoints, train).all(axis=1))
    if most_pictures is not None:
        train = _balanced(train, image_set.labels, most_pictures)
    chosen = (train, calibration, split.test)
    if not len(rows) or not all(map(len, chosen)):
        msg = f"{len(rows)} mixtures and {', '.join(str(len(part)) for part in chosen)} pictures are left"
        raise ConfigurationError(msg, hint="take fewer pictures for the calibration")
    stimuli = judged.select(rows)
    judgments, categorical = (
        hmix_hub.load_dataset("h-mix", name.removesuffix("_by_stimulus"), split="train", source=source)
        for name in (JUDGED, HELD_OUT)
    )
    pictures = [_pictures(image_set.pictures, image_set.labels, part) for part in chosen]
    return Material(
        train=pictures[0],
        calibration=pictures[1],
        test=pictures[2],
        mixtures=_mixtures(stimuli, cifar10),
        held_out=HeldOut(
            hmix_hub.render(held_out, cifar10=cifar10),
            torch.tensor(matrix(arrow_columns(held_out, ["mean_soft_label"])["mean_soft_label"])),
        ),
        judgments=hmix_hub.filter(judgments, stimuli=stimuli["stimulus_id"][:]),
        categorical=categorical,
        n_classes=len(vocabulary_of(judged)),
    )


def _calibration(split: Split, labels: Ints, endpoints: Ints, n: int) -> tuple[Ints, Ints]:
    """Return the calibration pictures, those of no judged mixture first, and the rest of the training part."""
    unjudged_first = np.concatenate([split.train[~np.isin(split.train, endpoints)], split.train])
    _, first = np.unique(unjudged_first, return_index=True)
    chosen = _balanced(unjudged_first[np.sort(first)], labels, n)
    return chosen, np.sort(split.train[~np.isin(split.train, chosen)])


def _balanced(rows: Ints, labels: Ints, n: int) -> Ints:
    """Return the first n rows that have as many of each class."""
    classes = np.unique(labels[rows])
    each = n // len(classes)
    return np.sort(np.concatenate([rows[labels[rows] == label][:each] for label in classes]))


def _pictures(pictures: npt.NDArray[np.uint8], labels: Ints, rows: Ints) -> Pictures:
    return Pictures(torch.from_numpy(pictures[rows]), torch.from_numpy(labels[rows]))


def _mixtures(stimuli: datasets.Dataset, cifar10: str | os.PathLike[str] | None) -> Mixtures:
    names = ["image_1_label", "image_2_label", "mixing_coefficient", "mean_inferred_coefficient", "confidences"]
    table = arrow_columns(stimuli, names)
    lists = one_piece(table["confidences"])
    lengths = np.asarray(lists.value_lengths())
    rows = np.repeat(np.arange(len(lengths)), lengths)
    confidence = np.bincount(rows, numbers(lists.flatten()), minlength=len(lengths)) / lengths
    return Mixtures(
        images=hmix_hub.render(stimuli, cifar10=cifar10),
        classes=np.stack([codes(table[name]) for name in names[:2]], axis=1),
        shown=numbers(table["mixing_coefficient"]),
        perceived=numbers(table["mean_inferred_coefficient"]),
        confidence=confidence,
    )
