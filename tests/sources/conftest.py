"""An empty cache folder for each test, a folder of pictures, and writers of CIFAR-10's original batches and archive."""

from __future__ import annotations

import hashlib
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from picture_files import PIXELS, write_list
from PIL import Image

from hmix_hub.sources import cifar10_files


@pytest.fixture
def image_cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder; nothing in the environment names CIFAR-10."""
    monkeypatch.setenv("HMIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HMIX_CIFAR10", raising=False)
    return tmp_path / "cache" / "image-sets"


@pytest.fixture
def folder(tmp_path, image_cache):
    """Three pictures of 8 x 6: two owls and a heron."""
    folder = tmp_path / "birds"
    (folder / "more").mkdir(parents=True)
    for name, pixels in zip(("b.png", "a.bmp", "more/c.png"), PIXELS, strict=True):
        Image.fromarray(pixels).save(folder / name)
    write_list(folder, "file,label\nb.png,owl\na.bmp,heron\nmore/c.png,owl\n")
    return folder


# What Python 2 and its numpy wrote: byte strings, and an array's state with its bytes as they are.
PYTHON_2 = (
    b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b"
    b"\x87Rq\x05(K\x01M%sM\x00\x0c\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xff"
    b"J\xff\xff\xff\xffK\x00tb\x89T%stbU\x06labels]q\x08(%seU\x0bbatch_labelU\x01xu."
)


@pytest.fixture
def batch_of(monkeypatch):
    """Write a batch as the original archive has it: uint8 (n, 32, 32, 3) and labels; pinned as the one of that name."""

    def write(pictures, labels, *, name="test_batch", is_pinned=True) -> bytes:
        data = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)).tobytes()
        codes = b"".join(b"K" + bytes([label]) for label in labels)
        content = PYTHON_2 % (struct.pack("<H", len(pictures)), struct.pack("<i", len(data)) + data, codes)
        if is_pinned:
            monkeypatch.setitem(cifar10_files.BATCH_SHA256, name, hashlib.sha256(content).hexdigest())
        return content

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
