"""Pictures of the released stimuli, against an independent computation of the rule."""

import io
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import hmix_hub
from hmix_hub.loading.pictures import open_image_sets
from hmix_hub.release import verify
from hmix_hub.stimuli.fingerprints import FINGERPRINTS, all_pictures, fingerprint_of
from hmix_hub.tables import arrow_columns

COUNTS = {
    "construct_midpoint": 249 * 11,
    "select_shuffled_midpoint": 249 * 11,
    "infer_mixing_factor": 2070,
    "categorical_soft_labels": 100,
}


@pytest.fixture(scope="module")
def decoded(cifar10):
    """The test set, decoded here: uint8 (10000, 3, 32, 32)."""
    (path,) = Path(cifar10).glob("plain_text/test-*.parquet")
    pictures = pq.read_table(path, columns=["img"])["img"].to_pylist()
    return np.stack([np.asarray(Image.open(io.BytesIO(p["bytes"]))) for p in pictures]).transpose(0, 3, 1, 2)


@pytest.fixture(scope="module")
def load(release):
    def load(config, **options):
        return hmix_hub.load_dataset("h-mix", config, split="train", source=release, **options)

    return load


def expected_of(row, coefficient, decoded):
    one, two = (decoded[row[f"image_{i}_index"]].astype(np.float64) for i in (1, 2))
    return ((coefficient * one + (1 - coefficient) * two) / 255 * 255).astype(np.uint8)


def drawn(dataset, task, cifar10):
    table = arrow_columns(dataset, dataset.column_names)
    return all_pictures(table, task, open_image_sets(dataset, cifar10=cifar10))


def expected_pictures(dataset, task, decoded):
    key = "pair_id" if task.endswith("midpoint") else "stimulus_id"
    rows = {row[key]: row for row in dataset}
    walk = np.arange(0, 1.1, 0.1)
    for name in sorted(rows):
        levels = walk if key == "pair_id" else [rows[name]["mixing_coefficient"]]
        yield from (expected_of(rows[name], level, decoded) for level in levels)


def test_every_stimulus_equals_the_rule(task, load, decoded, cifar10):
    dataset = load(task)
    pictures = drawn(dataset, task, cifar10)
    assert len(pictures) == COUNTS[task]
    assert (pictures == np.stack(list(expected_pictures(dataset, task, decoded)))).all()
    assert fingerprint_of(pictures) == FINGERPRINTS["collins2023"][task]


def test_float32_and_rounding_would_give_other_pictures(load, decoded, cifar10):
    dataset = load("infer_mixing_factor")
    rows = dataset.select(range(500)).to_list()
    pictures = hmix_hub.render(dataset.select(range(500)), cifar10=cifar10).numpy()
    share = np.array([row["mixing_coefficient"] for row in rows])[:, None, None, None]
    one, two = (decoded[[row[f"image_{i}_index"] for row in rows]] for i in (1, 2))
    exact = share * one + (1 - share) * two
    narrow = share.astype(np.float32)
    in_float32 = (narrow * one.astype(np.float32) + (1 - narrow) * two.astype(np.float32)) / 255 * 255
    assert (pictures != np.rint(exact).astype(np.uint8)).any()
    assert (pictures != in_float32.astype(np.uint8)).any()


def test_36_answers_named_another_picture_than_the_screen_showed(load, decoded, cifar10):
    dataset = load("construct_midpoint")
    answered, seen = (hmix_hub.render(dataset, on_screen=flag, cifar10=cifar10).numpy() for flag in (False, True))
    flagged = np.array(["endpoint_not_shown" in flags for flags in dataset["flags"]])
    assert flagged.sum() == 36
    assert (answered[~flagged] == seen[~flagged]).all()
    for place in np.flatnonzero(flagged):
        row = dataset[int(place)]
        step = 9 if row["selected_coefficient"] == 1 else 1
        assert (seen[place] == expected_of(row, np.arange(0, 1.1, 0.1)[step], decoded)).all()
        assert (seen[place] != answered[place]).any()


def test_verify_checks_the_pictures(release, cifar10):
    found = verify(release, images=True, cifar10=cifar10)
    assert {check.task: check.pictures for check in found.pictures} == COUNTS
    assert found.is_good


def test_pictures_of_the_dataset_are_those(load, cifar10):
    dataset = load("infer_mixing_factor_by_stimulus", images="mixed", cifar10=cifar10)
    assert (hmix_hub.to_tensors(dataset, "image")["image"] == hmix_hub.render(dataset, cifar10=cifar10)).all()
