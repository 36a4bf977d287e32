import json
import pickle

import numpy as np
import pytest
from at_once import run_at_once

from hmix_hub.errors import SourceError, SourceMissingError, SourceNameError
from hmix_hub.schema.vocabulary import CIFAR10
from hmix_hub.sources.arrays import cached_array, find_array, write_whole
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import IMAGE_SETS, open_image_set
from hmix_hub.sources.sample.drawing import pictures
from hmix_hub.studies.manifest import Stimuli
from hmix_hub.studies.manifest_file import shipped_schema
from hmix_hub.suite.study.model import Pictures

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


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_every_image_set_is_offered_to_studies_and_collections(name):
    known = IMAGE_SETS[name]
    labels = known.labels()
    assert labels.dtype == np.int64
    assert set(labels.tolist()) == set(range(len(known.vocabulary)))
    assert known.sentence.format(both="BOTH").count("BOTH") == 1
    assert Stimuli(source=name, mixing="pixel-linear", classes="cifar10").source == name
    assert Pictures(source=name).source == name
    assert name in json.loads(shipped_schema())["$defs"]["Stimuli"]["properties"]["source"]["enum"]


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_every_image_set_is_opened_by_its_name(name, request, monkeypatch):
    if not name.startswith("sample/"):
        monkeypatch.setenv("HMIX_CIFAR10", str(request.getfixturevalue("cifar10")))
    if name == "cifar10/train":
        with pytest.raises(SourceMissingError, match=r"training set|data_batch_1"):
            open_image_set(name)
        return
    found = open_image_set(name)
    assert found.name == name
    assert found.vocabulary == IMAGE_SETS[name].vocabulary
    assert np.array_equal(found.labels, IMAGE_SETS[name].labels())


NEW_SET = """if True:
    import sys
    from pathlib import Path

    import numpy as np

    from hmix_hub.schema import CIFAR10
    from hmix_hub.sources.cifar10 import known_labels
    from hmix_hub.sources.image_set import ImageSet
    from hmix_hub.sources.image_sets import IMAGE_SETS, KnownImageSet

    folder, labels = Path({folder!r}), known_labels("test")
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 3, 4, 4), dtype=np.uint8)
    np.save(folder / "dots.npy", pixels)
    IMAGE_SETS["dots/all"] = KnownImageSet(
        "The pictures are dots: {{both}} of them.",
        CIFAR10,
        labels=lambda: labels,
        open=lambda _: ImageSet("dots/all", folder / "dots.npy", labels, CIFAR10, "d075" * 4),
    )

    import hmix_hub
    from hmix_hub.contribute.building import build
    from hmix_hub.contribute.starter import write_starter
    from hmix_hub.studies.example import example_study, write_files
    from hmix_hub.studies.study import Study

    files = example_study("infer_mixing_factor")
    files["study.yaml"] = files["study.yaml"].replace(b"source: cifar10/test", b"source: dots/all")
    study = write_files(folder / "study", files)
    built = build(Study(study), folder / "built").path
    assert "The pictures are dots: `image_1_index` and `image_2_index` are 0-based rows of them." in (
        built / "README.md"
    ).read_text()
    for place in (study, built):
        judgments = hmix_hub.load_dataset(place, split="train", images="endpoints")
        assert set(judgments["image_set"]) == {{"dots/all"}}
        row = judgments[3]
        assert np.array_equal(np.asarray(row["image_1"]).transpose(2, 0, 1), pixels[row["image_1_index"]])
        c, first, second = row["mixing_coefficient"], pixels[row["image_1_index"]], pixels[row["image_2_index"]]
        mixed = ((c * first + (1 - c) * second) / 255 * 255).astype(np.uint8)
        assert np.array_equal(hmix_hub.render(judgments.select([3]))[0].numpy(), mixed)
    write_starter(folder / "new", ["infer_mixing_factor"])
    assert "# cifar10/test, cifar10/train, dots/all; own:" in (folder / "new" / "study.yaml").read_text()
"""


def test_a_new_image_set_is_one_entry(tmp_path, run):
    done = run(NEW_SET.format(folder=str(tmp_path)))
    assert done.returncode == 0, done.stderr


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
