"""Pictures in the dataset: as `Image` columns, streaming included, and never unasked."""

import io

import numpy as np
import pytest
import torch
from datasets import Image, load_dataset

import hmix_hub
from hmix_hub.errors import ConfigurationError, SourceError
from hmix_hub.schema import CURRENT
from hmix_hub.tasks import RELEASED_CONFIGURATIONS

COLUMNS = {"mixed": ["image"], "endpoints": ["image_1", "image_2"]}


@pytest.mark.parametrize("images", COLUMNS)
@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_image_columns_stand_behind_the_others(config, images, load_sample):
    plain = load_sample(config)
    dataset = load_dataset("h-mix", config, split="train", source="sample", images=images)
    assert dataset.column_names == plain.column_names + COLUMNS[images]
    assert all(dataset.features[name] == Image() for name in COLUMNS[images])
    assert dataset.remove_columns(COLUMNS[images])[:] == plain[:]


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_the_pictures_are_those_that_render_gives(config):
    dataset = hmix_hub.load_dataset("h-mix", config, split="train", source="sample", images="mixed")
    rendered = hmix_hub.render(dataset)
    assert torch.equal(hmix_hub.to_tensors(dataset)["image"], rendered)
    assert (np.asarray(dataset[3]["image"]) == rendered[3].permute(1, 2, 0).numpy()).all()


@pytest.mark.parametrize("images", COLUMNS)
def test_a_stream_has_them_too(images):
    options = {"split": "train", "source": "sample", "images": images}
    dataset = hmix_hub.load_dataset("h-mix", **options)
    stream = hmix_hub.load_dataset("h-mix", streaming=True, **options)
    for row, streamed in zip(dataset.select(range(50)), stream, strict=False):
        assert all((np.asarray(row[name]) == np.asarray(streamed[name])).all() for name in COLUMNS[images])


def test_filters_and_slices_work_as_without(load_sample):
    options = {"split": "train[:20]", "source": "sample", "labels": "dog", "images": "mixed"}
    dataset = hmix_hub.load_dataset("h-mix", **options)
    assert len(dataset) == 20
    assert torch.equal(hmix_hub.to_tensors(dataset, "image")["image"], hmix_hub.render(dataset))


def test_they_survive_parquet(tmp_path):
    dataset = hmix_hub.load_dataset("h-mix", split="train[:10]", source="sample", images="endpoints")
    dataset.to_parquet(tmp_path / "some.parquet")
    loaded = load_dataset(
        "parquet", data_files=str(tmp_path / "some.parquet"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert loaded.features == dataset.features
    assert (np.asarray(loaded[4]["image_2"]) == np.asarray(dataset[4]["image_2"])).all()


def test_pictures_can_be_added_to_any_dataset(load_sample):
    for images in COLUMNS:
        added = hmix_hub.add_images(load_sample().select(range(30)), images)
        loaded = hmix_hub.load_dataset("h-mix", split="train[:30]", source="sample", images=images)
        assert added.features == loaded.features
        assert added[:] == loaded[:]
    joined = hmix_hub.load_dataset([load_sample().select(range(9))], split="train", images="mixed")
    assert joined[0]["image"].size == (32, 32)


def test_without_pictures_no_image_set_is_touched(run, tmp_path):
    code = (
        "import sys, hmix_hub\n"
        "hmix_hub.load_dataset('h-mix', split='train', cifar10='/nowhere')\n"
        "assert not {'hmix_hub.sources.cifar10', 'torch'} & set(sys.modules)\n"
    )
    ran = run(code, HF_HOME=str(tmp_path), HMIX_CIFAR10="/nowhere/at/all")
    assert ran.returncode == 0, ran.stderr


def test_what_cannot_be_is_refused(release):
    with pytest.raises(ConfigurationError, match="'mixed', 'endpoints' or None"):
        hmix_hub.load_dataset("h-mix", split="train", source="sample", images="both")
    with pytest.raises(ConfigurationError, match=f"schema {CURRENT}"):
        hmix_hub.load_dataset("h-mix", split="train", source="sample", images="mixed", schema_version="1.0.0")
    with pytest.raises(SourceError, match="nowhere"):
        hmix_hub.load_dataset("h-mix", split="train", source=release, images="mixed", cifar10="/nowhere")


def test_pictures_are_png(load_sample):
    dataset = hmix_hub.load_dataset("h-mix", split="train", source="sample", images="mixed")
    raw = dataset.cast_column("image", Image(decode=False))[0]["image"]
    assert raw["bytes"].startswith(b"\x89PNG")
    assert raw["path"] is None
    assert io.BytesIO(raw["bytes"]).read(8) == b"\x89PNG\r\n\x1a\n"
