import hashlib
import io
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from at_once import run_at_once
from PIL import Image

from hmix_hub.errors import SourceError, SourceMissingError, SourceNameError
from hmix_hub.schema.vocabulary import CIFAR10
from hmix_hub.sources import cifar10 as module
from hmix_hub.sources.arrays import digest_of
from hmix_hub.sources.cifar10 import digests_of, open_cifar10
from hmix_hub.sources.cifar10_files import HUB_FILE, REPOSITORY, REVISION

pytestmark = pytest.mark.usefixtures("image_cache")

HUB = "huggingface_hub.hf_hub_download"
PARQUET = "plain_text/test-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def original(cifar10):
    """The test set's pixels, uint8 (10000, 32, 32, 3), and labels, decoded here and not by the package."""
    table = pq.read_table(cifar10 / PARQUET)
    pictures = np.stack([np.array(Image.open(io.BytesIO(cell["bytes"].as_py()))) for cell in table["img"]])
    return pictures, np.array(table["label"])


@pytest.fixture(scope="module")
def small():
    """Sixty pictures and labels that stand for the test set, and the pins that they do it by."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (60, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 10, 60)
    labels[[2, 7, 8]] = 8
    return pictures, labels


@pytest.fixture
def pins(small, tmp_path, monkeypatch):
    """What the package knows of the test set, for the small one."""
    pictures, labels = small
    (tmp_path / "pins").write_bytes(digests_of(pictures) + labels.astype(np.uint8).tobytes())
    pins = {
        "TEST_PICTURES": len(labels),
        "PICTURES_SHA256": hashlib.sha256(pictures.tobytes()).hexdigest(),
        "LABELS_SHA256": hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest(),
        "CACHED_DIGEST": digest_of(pictures.transpose(0, 3, 1, 2)),
        "_DIGESTS": tmp_path / "pins",
    }
    for name, value in pins.items():
        monkeypatch.setattr(module, name, value)
    return pins


@pytest.fixture
def small_folder(small, pins, parquet, tmp_path):
    """A folder with the Parquet file of the small set."""
    path = tmp_path / "small" / PARQUET
    path.parent.mkdir(parents=True)
    parquet(map(png, small[0]), small[1]).rename(path)
    return tmp_path / "small"


@pytest.fixture
def parquet(tmp_path):
    """Write a Parquet file as the Hub's: contents of picture files, and labels."""

    def write(contents, labels, img="img"):
        path = tmp_path / "set.parquet"
        cells = [{"bytes": content, "path": None} for content in contents]
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        pq.write_table(pa.table({img: pa.array(cells, kind), "label": pa.array(labels, pa.int64())}), path)
        return path

    return write


@pytest.fixture
def no_hub(monkeypatch):
    def fail(**_options):
        raise OSError("no route\nto the Hub")

    monkeypatch.setattr(HUB, fail)


def png(pixels, kind="PNG"):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


PICTURE = png(np.zeros((32, 32, 3), np.uint8))


def is_original(found, original):
    return np.array_equal(found.pictures, original[0].transpose(0, 3, 1, 2)) and np.array_equal(
        found.labels, original[1]
    )


def test_the_pins_are_those_of_the_original_set(original):
    pictures, labels = original
    assert hashlib.sha256(pictures.tobytes()).hexdigest() == module.PICTURES_SHA256
    assert hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest() == module.LABELS_SHA256
    assert module._DIGESTS.read_bytes() == digests_of(pictures) + labels.astype(np.uint8).tobytes()


def test_a_folder_gives_the_test_set(cifar10, original):
    found = open_cifar10("test", cifar10)
    assert found.name == "cifar10/test"
    assert len(found) == 10_000
    assert found.vocabulary is CIFAR10
    assert found.fingerprint == "0d2fb404722fd649"
    assert is_original(found, original)


def test_the_environment_names_a_place(small_folder, monkeypatch, no_hub):
    monkeypatch.setenv("HMIX_CIFAR10", str(small_folder))
    assert len(open_cifar10("test")) == 60
    monkeypatch.setenv("HMIX_CIFAR10", str(small_folder / "nowhere"))
    with pytest.raises(SourceMissingError, match="nowhere"):
        open_cifar10("test")


@pytest.mark.parametrize("name", ["plain_text/test-0.parquet", "test-0.parquet", "data/test-0.parquet"])
def test_a_parquet_file_is_found_in_a_folder_or_named(small_folder, tmp_path, name):
    path = tmp_path / "set" / name
    path.parent.mkdir(parents=True)
    path.symlink_to(small_folder / PARQUET)
    by_folder = open_cifar10("test", tmp_path / "set")
    assert open_cifar10("test", str(path)) == by_folder


def test_batch_and_archive_give_the_same_set(small, pins, tmp_path, batch_of, archive_of):
    batch = batch_of(*small)
    (tmp_path / "cifar-10-batches-py").mkdir()
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(batch)
    found = [open_cifar10("test", tmp_path), open_cifar10("test", tmp_path / "cifar-10-batches-py")]
    found.append(open_cifar10("test", tmp_path / "cifar-10-batches-py" / "test_batch"))
    (tmp_path / "packed").mkdir()
    archive = archive_of(tmp_path / "packed" / "cifar-10-python.tar.gz", {"readme.html": b"x", "test_batch": batch})
    found += [open_cifar10("test", archive), open_cifar10("test", archive.parent)]
    assert all(is_original(each, small) for each in found)
    assert len({each.fingerprint for each in found}) == 1


def test_without_a_place_the_hub_is_asked_once(small, small_folder, monkeypatch):
    asked = []
    monkeypatch.setattr(HUB, lambda **options: asked.append(options) or str(small_folder / PARQUET))
    assert is_original(open_cifar10("test"), small)
    open_cifar10("test")
    expected = {"repo_id": REPOSITORY, "repo_type": "dataset", "revision": REVISION, "filename": HUB_FILE}
    assert asked == [expected | {"local_files_only": False}]


def test_a_cached_set_needs_no_hub_client(small_folder, monkeypatch):
    open_cifar10("test", small_folder)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert len(open_cifar10("test")) == 60


def test_offline_means_offline(monkeypatch):
    asked = []

    def fail(**options):
        asked.append(options["local_files_only"])
        raise OSError("not in the cache")

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(HUB, fail)
    with pytest.raises(SourceMissingError):
        open_cifar10("test")
    assert asked == [True]


def test_a_hub_that_stays_away_is_told_with_what_to_do(no_hub):
    with pytest.raises(SourceMissingError, match="could not be downloaded from the Hub: no route") as caught:
        open_cifar10("test")
    assert "HMIX_CIFAR10" in caught.value.hint
    assert "cifar-10-python.tar.gz" in caught.value.hint


def test_a_file_is_decoded_once_and_then_only_hashed(small_folder, monkeypatch):
    open_cifar10("test", small_folder)
    monkeypatch.setattr(module.files, "read_test", None)
    assert len(open_cifar10("test", small_folder)) == 60


def test_a_file_that_was_changed_since_is_read_again(small, pins, tmp_path, batch_of):
    batch = tmp_path / "test_batch"
    batch.write_bytes(batch_of(*small))
    open_cifar10("test", batch)
    batch.write_bytes(batch_of(255 - small[0], small[1]))
    with pytest.raises(SourceError, match="60 pictures differ"):
        open_cifar10("test", batch)


@pytest.mark.parametrize("named", [True, False])
def test_a_damaged_cached_file_is_made_again(small, small_folder, image_cache, monkeypatch, named):
    path = open_cifar10("test", small_folder).path
    with path.open("r+b") as file:
        file.seek(100_000)
        file.write(b"damage")
    if not named:
        monkeypatch.setattr(HUB, lambda **_options: str(small_folder / PARQUET))
    assert is_original(open_cifar10("test", small_folder if named else None), small)


def test_a_damaged_cached_file_that_cannot_be_made_again_is_refused(small_folder, no_hub):
    path = open_cifar10("test", small_folder).path
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SourceMissingError):
        open_cifar10("test")


def test_another_set_is_refused_with_what_differs(small, pins, tmp_path, batch_of, image_cache):
    pictures, labels = small

    def refusal(pictures, labels):
        (tmp_path / "test_batch").write_bytes(batch_of(pictures, labels))
        with pytest.raises(SourceError, match=r"test_batch.*not CIFAR-10's test set: ") as caught:
            open_cifar10("test", tmp_path / "test_batch")
        return str(caught.value)

    changed = pictures.copy()
    changed[17, 3, 4, 1] ^= 1
    assert "row 17: not CIFAR-10's test set: 1 picture differs: row 17" in refusal(changed, labels)
    changed[18:24] //= 2
    assert "7 pictures differ: rows 17, 18, 19, 20, 21, ..." in refusal(changed, labels)
    order = np.roll(np.arange(60), -31)
    message = refusal(pictures[order], labels[order])
    assert "row 0: not CIFAR-10's test set: the same pictures in another order (row 0 is picture 31)" in message
    assert "expected 60 pictures of 32 x 32, found 59 of 32 x 32" in refusal(pictures[1:], labels[1:])
    other = labels.copy()
    other[2] = 3
    assert "row 2, column label: not CIFAR-10's test set: labels differ at row 2: 3, not 8\n" in refusal(
        pictures, other
    )
    other[7:9] = 0
    assert "labels differ at row 2: 3, not 8, and 2 more labels differ" in refusal(pictures, other)
    assert not image_cache.exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no picture"),
        (b"", "not a picture in one of the formats PNG"),
        (PICTURE[:-30], "truncated or damaged"),
        (png(np.zeros((32, 32, 3), np.uint8), "BMP"), "not a picture in one of the formats PNG"),
        (png(np.zeros((32, 33, 3), np.uint8)), "33 x 32, not 32 x 32"),
        (png(np.zeros((32, 32), np.uint8)), "mode L, not RGB"),
        (png(np.zeros((9000, 9000), np.uint8)), "too many for a 32 x 32 picture"),
        (PICTURE[:16] + b"\0\1\0\0\0\1\0\0" + PICTURE[24:], "damaged|too large|not a picture"),
    ],
)
def test_a_hostile_or_damaged_picture_is_named_with_its_row(parquet, content, reason):
    with pytest.raises(SourceError, match=rf"set\.parquet, row 1, column img: .*({reason})"):
        open_cifar10("test", parquet([PICTURE, content], [0, 0]))


@pytest.mark.parametrize("label", [-1, 10, None])
def test_a_label_out_of_range_is_named_with_its_row(parquet, label):
    with pytest.raises(SourceError, match=r"row 1, column label"):
        open_cifar10("test", parquet([PICTURE, PICTURE], [0, label]))


def test_a_parquet_file_of_another_form_is_refused(parquet):
    with pytest.raises(SourceError, match=r"column img: expected img of type struct.*found no such column"):
        open_cifar10("test", parquet([PICTURE], [0], img="image"))
    with pytest.raises(SourceError, match="0 rows"):
        open_cifar10("test", parquet([], []))


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"\0" * 100, b"\x1f\x8b", b"\x1f\x8b" + b"x" * 50, b"\x80\x02"])
def test_a_damaged_file_is_an_error_of_ours(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(SourceError, match=r"/file: .*damaged"):
        open_cifar10("test", tmp_path / "file")


def test_a_truncated_archive_is_refused(tmp_path, batch_of, archive_of):
    batch = batch_of(np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), np.uint8), [0] * 9)
    archive = archive_of(tmp_path / "a.tar.gz", {"test_batch": batch})
    archive.write_bytes(archive.read_bytes()[:9000])
    with pytest.raises(SourceError, match="archive is truncated or damaged"):
        open_cifar10("test", archive)


def test_an_archive_without_the_batch_and_one_that_is_a_bomb_are_refused(tmp_path, archive_of, monkeypatch):
    archive = archive_of(tmp_path / "a.tar.gz", {"other": b"x" * 1000})
    with pytest.raises(SourceMissingError, match="does not hold cifar-10-batches-py/test_batch"):
        open_cifar10("test", archive)
    monkeypatch.setattr(module.files, "_UNPACKED_LIMIT", 999)
    with pytest.raises(SourceError, match="more than 999 bytes"):
        open_cifar10("test", archive)


def test_places_and_splits_that_are_none_are_named(tmp_path):
    with pytest.raises(SourceMissingError, match="no such file"):
        open_cifar10("test", tmp_path / "nowhere")
    with pytest.raises(SourceNameError, match="holds no test set"):
        open_cifar10("test", tmp_path)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(SourceNameError, match="the file is not a Parquet file"):
        open_cifar10("test", tmp_path / "text")
    with pytest.raises(SourceNameError, match="did you mean 'test'"):
        open_cifar10("tests")


def test_eight_processes_at_once_open_it(pins, small_folder, image_cache):
    code = (
        "from pathlib import PosixPath; from hmix_hub.sources import cifar10\n"
        f"vars(cifar10).update({pins!r})\n"
        f"cifar10.open_cifar10('test', {str(small_folder)!r}).pictures[59]"
    )
    run_at_once(code, "hmix_hub.sources.cifar10", "pyarrow.parquet", "PIL.Image")
    assert sorted(path.suffix[:6] for path in image_cache.iterdir()) == [".from-", ".npy"]
