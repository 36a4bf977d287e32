"""Fixtures: the modules of the training script, and a small material that is made up."""

from __future__ import annotations

import importlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

PARTS = (
    "arms",
    "comparing",
    "draws",
    "figure",
    "material",
    "metrics",
    "network",
    "questions",
    "results",
    "runs",
    "scoring",
    "settings",
    "splits",
    "training",
)


@pytest.fixture(scope="session")
def parts(root):
    """The modules of `scripts/reliability`, by name, and the script itself."""
    sys.path.insert(0, str(root / "scripts"))
    try:
        found = {name: importlib.import_module(f"reliability.{name}") for name in PARTS}
        return SimpleNamespace(script=importlib.import_module("train_reliability"), **found)
    finally:
        sys.path.remove(str(root / "scripts"))


@pytest.fixture(autouse=True)
def one_thread():
    """Several threads wait for each other longer than so small networks take."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def made_up(parts):
    """Twelve pictures to train on, four mixtures, and few of everything else; three classes."""
    rng = np.random.default_rng(0)

    def images(n):
        return torch.from_numpy(rng.integers(0, 256, (n, 3, 8, 8), dtype=np.uint8))

    def pictures(n):
        return parts.material.Pictures(images(n), torch.arange(n) % 3)

    mixtures = parts.material.Mixtures(
        images=images(4),
        classes=np.array([[0, 1], [0, 2], [2, 1], [1, 0]]),
        shown=np.array([0.25, 0.25, 0.75, 0.75]),
        perceived=np.array([0.1, 0.4, 0.7, 1.0]),
        confidence=np.array([0.0, 0.5, 1.0, 0.25]),
    )
    held_out = parts.material.HeldOut(images(5), torch.full((5, 3), 1 / 3, dtype=torch.float64))
    return parts.material.Material(
        train=pictures(12),
        calibration=pictures(6),
        test=pictures(9),
        mixtures=mixtures,
        held_out=held_out,
        judgments=None,
        categorical=None,
        n_classes=3,
    )
