import pickle

import numpy as np
import pytest
from at_once import run_at_once

from hmix_hub.errors import SourceError, SourceMissingError, SourceNameError
from hmix_hub.schema.vocabulary import CIFAR10
from hmix_hub.sources.arrays import cached_array, find_array, write_whole
from hmix_hub.sources.image_sets import ImageSet, open_image_set
from hmix_hub.sources.sample import pictures

pytestmark = pytest.mark.usefixtures("image_cache")

ARRAY = np.arange(12, dtype=np.uint8).reshape(3, 4)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_sample_has_its_own_pictures():
    found = open_image_set("sample/pictures")
    drawn, labels = pictures()
    assert len(found) == 200
    assert np.array_equal(found.pictures, drawn.transpose(0, 3, 1, 2))
    assert np.array_equal(found.labels, labels)
    assert found.vocabulary is CIFAR10
    assert len(found.fingerprint) == 16


def test_pictures_and_labels_cannot_be_changed():
    found = open_image_set("sample/pictures")
    assert isinstance(found.pictures, np.memmap)
    assert found.pictures is found.pictures
    with pytest.raises(ValueError, match="read-only"):
        found.pictures[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        found.labels[0] = 0


def test_pickling_carries_the_path_and_not_the_pixels(tmp_path):
    path = tmp_path / "many.npy"
    np.save(path, np.zeros((50_000, 3, 8, 8), dtype=np.uint8))
    found = ImageSet("many", path, np.arange(50_000) % 10, CIFAR10, "0" * 16)
    assert found.pictures.shape == (50_000, 3, 8, 8)
    content = pickle.dumps(found)
    assert len(content) < 200_000
    again = pickle.loads(content)
    assert again == found
    assert hash(again) == hash(found)
    assert np.array_equal(again.labels, found.labels)
    assert again.labels.dtype == np.int64
    assert np.array_equal(again.pictures, found.pictures)


def test_a_file_that_is_gone_or_damaged_is_named(tmp_path):
    path = tmp_path / "pictures.npy"
    found = ImageSet("mine", path, np.zeros(2), CIFAR10, "0" * 16)
    with pytest.raises(SourceMissingError, match=r"pictures\.npy"):
        _ = found.pictures
    path.write_bytes(b"no array")
    with pytest.raises(SourceError, match="damaged"):
        _ = found.pictures
    np.save(path, np.zeros((3, 3, 2, 2), dtype=np.uint8))
    with pytest.raises(SourceError, match=r"expected uint8 \(2, 3, height, width\), found uint8 \(3, 3, 2, 2\)"):
        _ = found.pictures


def test_an_unknown_name_is_told_the_nearest_ones():
    with pytest.raises(SourceNameError, match="did you mean 'cifar10/test'") as caught:
        open_image_set("cifar-10/test")
    assert "image_sets={'cifar-10/test': folder}" in caught.value.hint
    with pytest.raises(SourceNameError, match="'birds/all'"):
        open_image_set("bird/all", folders={"birds/all": "."})


def test_an_image_set_goes_by_the_name_it_was_given():
    mine = open_image_set("sample/pictures")
    assert open_image_set("mine", folders={"mine": mine}) is mine
    assert open_image_set("cifar10/test", folders={"cifar10/test": mine}) is mine


def test_opening_needs_no_network_and_no_heavy_library(run):
    done = run(
        "import sys\nfrom hmix_hub.sources.image_sets import open_image_set\n"
        "open_image_set('sample/pictures').pictures\n"
        "import hmix_hub.sources.cifar10, hmix_hub.sources.picture_folder\n"
        "assert not {'huggingface_hub', 'PIL', 'pyarrow.parquet'} & set(sys.modules), 'heavy'\n"
    )
    assert done.returncode == 0, done.stderr


def test_an_array_is_made_once(image_cache):
    made = []
    for _ in range(3):
        path = cached_array("a.npy", lambda: made.append(1) or ARRAY)
    assert np.array_equal(np.load(path), ARRAY)
    assert made == [1]
    assert files(image_cache) == ["a.npy", "a.sha256"]


@pytest.mark.parametrize("damage", ["changed", "truncated", "emptied", "reshaped", "no array", "no note"])
def test_a_damaged_array_is_made_again(damage, image_cache):
    path = cached_array("a.npy", lambda: ARRAY)
    content = path.read_bytes()
    if damage == "reshaped":
        np.save(path, ARRAY.reshape(4, 3))
    elif damage == "no note":
        path.with_suffix(".sha256").unlink()
    else:
        changed = content[:-1] + b"\xff"
        path.write_bytes({"changed": changed, "truncated": content[:-1], "emptied": b""}.get(damage, b"no array"))
    assert find_array("a.npy") is None
    assert np.array_equal(np.load(cached_array("a.npy", lambda: ARRAY)), ARRAY)
    assert files(image_cache) == ["a.npy", "a.sha256"]


def test_what_fails_half_way_leaves_nothing(image_cache):
    def fail(file):
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(image_cache / "a.npy", fail)
    assert files(image_cache) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HMIX_CACHE", str(tmp_path / "file"))
    with pytest.raises(SourceMissingError, match="HMIX_CACHE"):
        cached_array("a.npy", lambda: ARRAY)


def test_eight_processes_at_once_give_one_whole_file(image_cache):
    code = (
        "import numpy as np\nfrom hmix_hub.sources.arrays import cached_array\n"
        "for _ in range(20):\n"
        "    path = cached_array('a.npy', lambda: np.full((500, 3, 32, 32), 7, np.uint8))\n"
        "    assert (np.load(path) == 7).all() and np.load(path).shape == (500, 3, 32, 32)\n"
    )
    run_at_once(code, "numpy", "hmix_hub.sources.arrays")
    assert files(image_cache) == ["a.npy", "a.sha256"]
