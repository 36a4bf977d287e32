"""Packaged fingerprints of all pictures of a task, one sha256 each, to verify pictures drawn again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from hmix_hub.schema.arrays import take
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.stimuli.drawing import draw
from hmix_hub.stimuli.mixtures import mixtures_of, pairs_of, walk_between
from hmix_hub.stimuli.sizes import Pictures
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT, TASKS
from hmix_hub.tasks.midpoint import WALK

FINGERPRINTS: dict[str, dict[str, str]] = {
    "collins2023": {
        CONSTRUCT: "9b61e8f4262d74c8cb547ed6ed26f30ea8d95c00db3410d78d4dd0fafd1b4814",
        SELECT: "9b61e8f4262d74c8cb547ed6ed26f30ea8d95c00db3410d78d4dd0fafd1b4814",
        INFER: "06e0123d1d4301445ac862e77038c3d371da834d86b2e623e332b7c7bedcc24c",
        CATEGORICAL: "adf1122c50ed9954900fd010a0371e74cbeb692ec7dcbf604db29b31643292b1",
    },
    "sample": {
        CONSTRUCT: "ab3af1d7421c106616b640c8437b07aa728f2736ca32602389ababf648c6b80a",
        SELECT: "4fa24cffae68a81cfb806fe40b0dde168bdbb169ae32b54d22feb4fb5e7fdaa1",
        INFER: "c75cc8c744d5bda023498d8a8e59ab74c41b121458efbb165ca3dd8aae702ba3",
        CATEGORICAL: "a6bcfc72fe7279adb99ea3222bc33f1ef05b87bdc4a4777b5f06fe293a9110f6",
    },
}
"""By study and task: sha256 of the bytes of its pictures, (3, H, W) each, sorted by stimulus id; for pairs in the
midpoint tasks, their eleven mixtures from 0 to 1.
"""


def all_pictures(table: pa.Table, task: str, image_sets: Mapping[str, ImageSet]) -> Pictures:
    """Draw every picture of a task, in the order of the fingerprints.

    Parameters
    ----------
    table
        All its judgments.
    task
        Name of the task.
    image_sets
        The image sets that they name.

    Returns
    -------
    numpy.ndarray
        uint8 (S, 3, H, W): one per stimulus; eleven per pair in the midpoint tasks.
    """
    is_pair = TASKS[task].shows == "pair"
    mixtures = pairs_of(table) if is_pair else mixtures_of(table, task)
    ids = take(table[TASKS[task].stimulus_column], mixtures.row).to_pylist()
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    if not is_pair:
        return draw(mixtures, image_sets, order)
    places = order[:, None] * len(WALK) + np.arange(len(WALK))
    return draw(walk_between(mixtures), image_sets, places.ravel())


def fingerprint_of(pictures: Pictures) -> str:
    """Return the sha256 of pictures, 64 hex digits."""
    return hashlib.sha256(np.ascontiguousarray(pictures).tobytes()).hexdigest()
