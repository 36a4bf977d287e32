"""An empty cache folder for each test, and writers of CIFAR-10's original batches and archive."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def image_cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder; nothing in the environment names CIFAR-10."""
    monkeypatch.setenv("HMIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HMIX_CIFAR10", raising=False)
    return tmp_path / "cache" / "image-sets"


@pytest.fixture
def batch_of():
    """Write a batch as the original archive has it: uint8 (n, 32, 32, 3) and labels to a pickle of protocol 2."""

    def write(pictures, labels, *, protocol=2, keys=(b"data", b"labels")) -> bytes:
        data = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)).reshape(len(pictures), -1)
        return pickle.dumps({keys[0]: data, keys[1]: [int(label) for label in labels]}, protocol=protocol)

    return write


@pytest.fixture
def archive_of():
    """Write a .tar.gz with members of these contents."""

    def write(path: Path, members: dict[str, bytes], folder: str = "cifar-10-batches-py/") -> Path:
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:
            for name, content in members.items():
                entry = tarfile.TarInfo(folder + name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return path

    return write
