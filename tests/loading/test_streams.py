"""Streams: as fast as plain Parquet's, since nothing is done for each row by itself, and resumable like them."""

from __future__ import annotations

from itertools import islice

import datasets
import numpy as np
import pytest
import torch

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.schema import VERSIONS
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER


def h_mix(name=None, **options):
    return hmix_hub.load_dataset("h-mix", name, split="train", source="sample", streaming=True, **options)


@pytest.fixture(scope="module", params=["folder", "built"])
def place(request, tmp_path_factory):
    folder = write_files(tmp_path_factory.mktemp("study"), example_study(INFER))
    return folder if request.param == "folder" else build(Study.open(folder), folder.parent / "built").path


@pytest.fixture
def casts(monkeypatch):
    """Numbers of rows of every table that `datasets` casts on its way through a stream."""
    rows = []
    cast = datasets.iterable_dataset.cast_table_to_features

    def count(table, features):
        rows.append(len(table))
        return cast(table, features)

    monkeypatch.setattr(datasets.iterable_dataset, "cast_table_to_features", count)
    return rows


@pytest.mark.parametrize("config", [CATEGORICAL, f"{INFER}_by_stimulus"])
@pytest.mark.parametrize("options", [{}, {"mixing_coefficient": 0.5}, {"images": "mixed"}])
def test_no_row_of_a_stream_is_cast_by_itself(config, options, casts):
    assert next(iter(h_mix(config, **options)))
    stream = h_mix(config, **options)
    assert next(iter(hmix_hub.filter(stream, pairs=next(iter(stream))["pair_id"])))
    assert casts == []


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_no_row_of_a_study_is_cast_by_itself(version, place, casts):
    options = {"split": "train", "streaming": True, "schema_version": version}
    assert next(iter(hmix_hub.load_dataset(place, **options)))
    assert next(iter(hmix_hub.load_dataset(place, **options, mixing_coefficient=0.5)))
    assert casts == []


@pytest.mark.parametrize("filters", [{}, {"mixing_coefficient": 0.5}])
@pytest.mark.parametrize("version", VERSIONS[1:])
def test_a_stream_in_any_version_comes_as_tables_too(version, filters, place):
    options = {"split": "train", "schema_version": version, **filters}
    loaded = hmix_hub.load_dataset(place, **options)
    stream = hmix_hub.load_dataset(place, streaming=True, **options)
    assert [row for table in stream.with_format("arrow").iter(50) for row in table.to_pylist()] == loaded.to_list()
    assert list(stream) == loaded.to_list()


@pytest.mark.parametrize("options", [{}, {"labels": "dog"}, {"images": "mixed"}])
def test_a_stream_goes_on_where_its_state_was_taken(options):
    whole = [row["judgment_id"] for row in h_mix(**options).take(40)]
    stream = h_mix(**options)
    rows = iter(stream)
    begun = [next(rows)["judgment_id"] for _ in range(15)]
    resumed = h_mix(**options)
    resumed.load_state_dict(stream.state_dict())
    assert begun + [row["judgment_id"] for row in islice(resumed, 25)] == whole
    assert [row["judgment_id"] for row in h_mix(**options).skip(15).take(25)] == whole[15:]
    shuffled = [row["judgment_id"] for row in h_mix(**options).shuffle(seed=1, buffer_size=20).take(20)]
    assert shuffled != whole[:20]


def test_a_filtered_stream_of_another_version_feeds_data_loader_workers(place):
    options = {"split": "train", "schema_version": "2.0.0", "mixing_coefficient": 0.5}
    stream = hmix_hub.load_dataset(place, streaming=True, **options).select_columns(["inferred_coefficient"])
    loader = torch.utils.data.DataLoader(stream.with_format("torch"), batch_size=8, num_workers=1)
    assert sum(len(batch["inferred_coefficient"]) for batch in loader) == len(hmix_hub.load_dataset(place, **options))


def test_pictures_of_a_stream_are_stored_rather_than_compressed():
    stream = h_mix(images="mixed").cast_column("image", datasets.Image(decode=False))
    png = next(iter(stream))["image"]["bytes"]
    assert len(png) > 32 * 32 * 3
    decoded = np.asarray(datasets.Image().decode_example({"bytes": png, "path": None}))
    assert (decoded == np.asarray(next(iter(h_mix(images="mixed")))["image"])).all()
    loaded = hmix_hub.load_dataset("h-mix", split="train[:1]", source="sample", images="mixed")
    assert (decoded == np.asarray(loaded[0]["image"])).all()
