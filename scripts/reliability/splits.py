"""Splits: which pictures are trained on and which are tested on, as the authors chose them, verified before use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, Where
from hmix_hub.files import local_path
from hmix_hub.sources import SourceFile, Study
from hmix_hub.sources.source import Folder, Web

ENVIRONMENT_VARIABLE = "HMIX_SPLITS"
TRAIN_FILE, TEST_FILE = "train_indices.npy", "test_indices.npy"
SPLIT_URL = (
    "https://raw.githubusercontent.com/cambridge-mlg/cifar-10s/86b114f0257ad88e36add572db3dd69dbca0fdf7/other_data/"
)
AUTHORS = Study(
    study_id="cifar10s-split",
    title="the authors' split of CIFAR-10's test set",
    image_set="cifar10/test",
    files={
        TRAIN_FILE: SourceFile(TRAIN_FILE, 56128, "af80134e896dda7f42c7acc9386243d53b4bf54c996b219452fa6ac600c8883a"),
        TEST_FILE: SourceFile(TEST_FILE, 24128, "2cda098d4cc19137cde538b37f26759e8c0fbc20c470aa89a9574f4edba2bcbb"),
    },
)
"""7000 and 3000 rows of CIFAR-10's test set, ordered by class; no picture of any H-Mix task is among the 3000."""
TEST_EVERY = 5
"""Where the authors have no split, every fifth picture of a class is a test picture."""

Rows = npt.NDArray[np.int64]


class Split(NamedTuple):
    """Rows of an image set; int64 (N,) each, ascending within a class."""

    train: Rows
    test: Rows


def authors_split(folder: str | os.PathLike[str] | None = None) -> Split:
    """Load the authors' split of CIFAR-10's test set into 7000 training and 3000 test pictures.

    Parameters
    ----------
    folder
        Folder that holds `train_indices.npy` and `test_indices.npy`. `None`: what HMIX_SPLITS names, else the files
        are downloaded from GitHub `cambridge-mlg/cifar-10s` at a pinned commit, and cached.

    Raises
    ------
    SourceError
        If a file is missing, unavailable, or not the authors' file: size and sha256 are verified.

    Notes
    -----
    Source: GitHub `cambridge-mlg/cifar-10s`, folder `other_data/`.
    """
    named = local_path(folder or os.environ.get(ENVIRONMENT_VARIABLE))
    source = Web(AUTHORS, SPLIT_URL) if named is None else Folder(AUTHORS, named)
    try:
        parts = [_read(source.path(name)) for name in (TRAIN_FILE, TEST_FILE)]
    except SourceError as error:
        hint = f"name a folder that holds {TRAIN_FILE} and {TEST_FILE} with --splits or {ENVIRONMENT_VARIABLE}"
        raise type(error)(error.message, where=error.where, hint=f"{hint}; they are from {SPLIT_URL}") from None
    return Split(*parts)


def _read(path: Path) -> Rows:
    rows = np.load(path, allow_pickle=False)
    if rows.dtype != np.int64 or rows.ndim != 1 or len(np.unique(rows)) != len(rows):
        msg = f"expected distinct row numbers, int64 (N,), found {rows.dtype} {rows.shape}"
        raise SourceError(msg, where=Where(str(path)))
    return np.asarray(rows)


def every_fifth(labels: Rows) -> Split:
    """Return a split of an image set that the authors do not split, such as the sample study's.

    Parameters
    ----------
    labels
        int64 (M,): classes of the pictures.
    """
    place_in_class = np.zeros(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        place_in_class[rows] = np.arange(len(rows))
    is_test = place_in_class % TEST_EVERY == TEST_EVERY - 1
    return Split(np.flatnonzero(~is_test), np.flatnonzero(is_test))
