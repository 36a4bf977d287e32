"""CIFAR-10's training set: its batches, and the classes that the package knows of it."""

import types

import numpy as np
import pytest

from hmix_hub.errors import SourceError, SourceMissingError
from hmix_hub.files import sha256_of
from hmix_hub.sources import cifar10 as module
from hmix_hub.sources.cifar10 import known_labels, open_cifar10

pytestmark = pytest.mark.usefixtures("image_cache")


@pytest.fixture
def train(batch_of):
    """Five small batches that stand for the training set's."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (10, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 10, 10)
    batches = {
        name: batch_of(pictures[2 * k : 2 * k + 2], labels[2 * k : 2 * k + 2], name=name)
        for k, name in enumerate(module.files.TRAIN_BATCHES)
    }
    return types.SimpleNamespace(pictures=pictures, labels=labels, batches=batches)


def test_the_training_set_comes_from_the_original_archive(train, tmp_path, archive_of, monkeypatch):
    archive = archive_of(tmp_path / "cifar-10-python.tar.gz", dict(reversed(train.batches.items())))
    folder = tmp_path / "batches"
    folder.mkdir()
    for name, content in train.batches.items():
        (folder / name).write_bytes(content)
    found = open_cifar10("train", archive)
    assert found.name == "cifar10/train"
    assert np.array_equal(found.pictures, train.pictures.transpose(0, 3, 1, 2))
    assert np.array_equal(found.labels, train.labels)
    monkeypatch.setattr(module.files, "read_batch", None)
    assert open_cifar10("train", tmp_path) == found
    assert open_cifar10("train", folder) == found


COUNTS = [
    [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981],
    [984, 1007, 1010, 995, 1010, 988, 1008, 1026, 987, 985],
    [994, 1042, 965, 997, 990, 1029, 978, 1015, 961, 1029],
    [1003, 963, 1041, 976, 1004, 1021, 1004, 981, 1024, 983],
    [1014, 1014, 952, 1016, 997, 1025, 980, 977, 1003, 1022],
]
"""Pictures of each class in data_batch_1 to data_batch_5, as those who read the archive have printed them."""
FIRST = ["69941127834772999326", "16688346060366548326", "85069283627469007372", "06027212415663135581"]
"""First labels of data_batch_1 to data_batch_4, from the same prints."""


def test_the_known_labels_of_the_training_set_are_those_of_its_batches():
    batches = known_labels("train").reshape(5, 10_000)
    assert [np.bincount(labels, minlength=10).tolist() for labels in batches] == COUNTS
    assert ["".join(map(str, labels[:20].tolist())) for labels in batches[:4]] == FIRST


def test_the_known_labels_of_the_training_set_are_the_clean_ones_of_cifar10n(cifar10):
    import torch
    from numpy._core.multiarray import _reconstruct

    path = cifar10.parent / "sisters" / "cifar10n" / "CIFAR-10_human.pt"
    if not path.is_file():
        pytest.skip("CIFAR-10N's labels are not beside CIFAR-10, in sisters/cifar10n")
    assert sha256_of(path) == "873e69c39cb9b5e97fb6bae2d60bb59b38a5cbc31d2b868f7903dcb2b9dd2310"
    named = (_reconstruct, "numpy.core.multiarray._reconstruct")
    with torch.serialization.safe_globals([named, np.ndarray, np.dtype, np.dtypes.Int64DType]):
        clean = torch.load(path, weights_only=True)["clean_label"]
    assert np.array_equal(known_labels("train"), clean)


def test_a_damaged_list_of_labels_is_no_list(tmp_path, monkeypatch):
    content = bytearray(module._TRAIN_LABELS.read_bytes())
    content[7] ^= 1
    (tmp_path / "labels").write_bytes(content)
    monkeypatch.setattr(module, "_TRAIN_LABELS", tmp_path / "labels")
    with pytest.raises(SourceError, match="damaged"):
        known_labels("train")


def test_another_training_batch_is_refused_by_name(train, tmp_path, archive_of):
    archive = archive_of(tmp_path / "a.tar.gz", train.batches | {"data_batch_3": train.batches["data_batch_2"]})
    with pytest.raises(SourceError, match=r"data_batch_3 is damaged or not the original one: expected sha256"):
        open_cifar10("train", archive)


def test_the_training_set_has_no_road_from_the_hub(cifar10):
    for place in (None, cifar10, cifar10 / "plain_text/test-00000-of-00001.parquet"):
        with pytest.raises(SourceMissingError) as caught:
            open_cifar10("train", place)
        assert "not pinned to the original order" in caught.value.hint
        assert "cifar-10-python.tar.gz" in caught.value.hint
