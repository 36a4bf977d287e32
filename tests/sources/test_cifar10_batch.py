import builtins
import hashlib
import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from hmix_hub.errors import SourceError
from hmix_hub.sources import cifar10_files
from hmix_hub.sources.cifar10_files import BATCH_SHA256, TRAIN_BATCHES, BatchUnpickler, read_batch

RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
LABELS = [3, 0, 9]
FILE = Path("test_batch")


class Calls:
    """Pickles to a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_batch_gives_pictures_and_labels(batch_of):
    pictures, labels = read_batch("test_batch", batch_of(PICTURES, LABELS), FILE)
    assert np.array_equal(pictures, PICTURES)
    assert pictures.dtype == np.uint8
    assert labels.tolist() == LABELS
    assert labels.dtype == np.int64


def test_every_batch_of_the_original_archive_is_pinned():
    assert set(BATCH_SHA256) == {"test_batch", *TRAIN_BATCHES}
    assert list(TRAIN_BATCHES) == [f"data_batch_{number}" for number in range(1, 6)]
    assert {len(bytes.fromhex(sha256)) for sha256 in BATCH_SHA256.values()} == {32}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a pickle", id="text"),
        pytest.param(b"\x80\x02)" + b"\x85" * 1_000_000 + b".", id="nested a million deep"),
        pytest.param(b"\x80\x02Nr\xff\xff\xff\x7f.", id="a memo of gigabytes"),
        pytest.param(b"\x80\x02T\xff\xff\xff\x7fab.", id="a string of gigabytes"),
        pytest.param(b"\x80\x02c_codecs\nencode\nN}X\x08\x00\x00\x00__code__Ns\x86b.", id="a changed function"),
        pytest.param(pickle.dumps({b"data": Calls(os.system, "touch made")}), id="a call"),
        pytest.param(pickle.dumps({b"data": np.zeros((1, 3072), np.uint8), b"labels": [0]}, 2), id="packed anew"),
    ],
)
def test_bytes_other_than_the_original_ones_are_never_unpickled(content, monkeypatch):
    monkeypatch.setattr(cifar10_files, "BatchUnpickler", None)
    with pytest.raises(SourceError, match="test_batch is damaged or not the original one: expected sha256 f53d8d4575"):
        read_batch("test_batch", content, FILE)


@pytest.mark.parametrize("kept", [1, 20, 200, 5000, -1])
def test_a_truncated_batch_is_refused(batch_of, kept):
    content = batch_of(PICTURES, LABELS)
    with pytest.raises(SourceError, match=f"damaged .* expected sha256 {hashlib.sha256(content).hexdigest()}, found"):
        read_batch("test_batch", content[:kept], FILE)


def test_a_batch_is_not_another_one(batch_of):
    first, second = (batch_of(PICTURES + k, LABELS, name=f"data_batch_{k + 1}") for k in (0, 1))
    assert read_batch("data_batch_1", first, FILE)[1].tolist() == LABELS
    with pytest.raises(SourceError, match="data_batch_1 is damaged or not the original one"):
        read_batch("data_batch_1", second, FILE)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("function", "argument", "named"),
    [
        (os.system, "touch {}", "posix.system"),
        (builtins.eval, "open({!r}, 'w')", r"builtin\w*\.eval"),
        (np.load, "{}", r"numpy\S*\.load"),
        (np.random.seed, 0, "RandomState|random"),
    ],
)
def test_whatever_a_pickle_names_is_refused_by_name_and_never_called(tmp_path, function, argument, named, protocol):
    made = tmp_path / "made"
    argument = argument.format(made) if isinstance(argument, str) else argument
    content = pickle.dumps({"data": Calls(function, argument)}, protocol=protocol)
    with pytest.raises(pickle.UnpicklingError, match=named):
        BatchUnpickler(io.BytesIO(content), encoding="bytes").load()
    assert not made.exists()
