import csv
import hashlib
import json
from collections import Counter

import numpy as np
import pytest

from hmix_hub.schema import RELEASED, arrow_schema
from hmix_hub.sources import JUDGMENT_FILES, SAMPLE, resolve_source
from hmix_hub.sources.sample.drawing import pictures
from hmix_hub.sources.sample.files import write_sample_file
from hmix_hub.sources.sample.layout import released_table
from hmix_hub.tasks import columns


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    for name in SAMPLE.files:
        write_sample_file(name, folder / name)
    return folder


def read(folder, task):
    with (folder / JUDGMENT_FILES[task]).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_files_are_the_same_bytes_every_time(folder):
    for name, file in SAMPLE.files.items():
        content = (folder / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size, file.sha256)


def test_the_cache_holds_the_same_files(folder):
    for name in SAMPLE.files:
        assert resolve_source("sample").path(name).read_bytes() == (folder / name).read_bytes()


def test_the_headers_are_the_releases(folder, release):
    for name in JUDGMENT_FILES.values():
        ours, theirs = ((place / name).read_text().split("\n", 1)[0] for place in (folder, release))
        assert ours == theirs


def test_people_and_platform_ids_are_plainly_synthetic(folder, task):
    rows = read(folder, task)
    assert all(row["subject"].startswith("sample0") for row in rows)
    assert all(row["study_id"].startswith("0" * 21) for row in rows)


def test_pairs_name_pictures_of_the_sample_with_their_labels(folder):
    drawn, labels = pictures()
    names = "Airplane Automobile Bird Cat Deer Dog Frog Horse Ship Truck".split()
    for row in read(folder, "infer_mixing_factor"):
        first, second = int(float(row["id1"])), int(float(row["id2"]))
        assert names[labels[first]] == row["label1"] < row["label2"] == names[labels[second]]
    assert drawn.shape == (200, 32, 32, 3)
    assert drawn.dtype == np.uint8
    assert Counter(labels.tolist()) == dict.fromkeys(range(10), 20)


def test_pictures_of_a_class_differ_and_are_drawn_alike_every_time():
    first, second = pictures()[0], pictures()[0]
    assert (first == second).all()
    assert len({picture.tobytes() for picture in first}) == 200


def test_the_sizes_of_the_study(folder):
    sizes = {
        task: (len(read(folder, task)), len({r["subject"] for r in read(folder, task)})) for task in JUDGMENT_FILES
    }
    assert sizes == {
        "construct_midpoint": (384, 12),
        "select_shuffled_midpoint": (320, 10),
        "infer_mixing_factor": (1236, 20),
        "categorical_soft_labels": (264, 8),
    }


def test_the_oddities_of_the_release_are_there(folder):
    construct = read(folder, "construct_midpoint")
    assert {"0.1", "0.9"} == {row["start_value"] for row in construct}
    assert any(len(row["final_value"]) > 4 for row in construct)
    infer = read(folder, "infer_mixing_factor")
    assert len({row["study_id"] for row in infer}) == 3
    assert sum(row["responses"] == '{"mixingcoeff":50,"confidence":50}' for row in infer) == 35
    assert sum(round(float(row["final_value"]), 1) in {0, 1} for row in construct) == 33
    assert max(float(row["rt"]) for row in infer) > 100_000
    assert {"8", "6"} <= {row["trial_index"] for row in construct}
    categorical = read(folder, "categorical_soft_labels")
    answers = [json.loads(r["response"]) for r in categorical if r["trial_type"] == "survey-html-form"]
    ticked = [[key for key in answer if key.startswith("improb")] for answer in answers]
    assert any(keys != sorted(keys) for keys in ticked)
    assert {"pavlovia", "external-html", "instructions", "preload", "survey-text"} <= {
        r["trial_type"] for r in categorical
    }


@pytest.mark.parametrize(
    ("config", "flags", "repeats", "batches"),
    [
        ("construct_midpoint", {"endpoint_not_shown": 33, "repeated_in_batch": 3, "straightlining": 32}, 24, 4),
        ("select_shuffled_midpoint", {"repeated_in_batch": 3}, 20, 3),
        # Two of the six batches have a person who lost trials, and so was given another set.
        ("infer_mixing_factor", {"untouched_sliders": 35}, 38, 8),
        (
            "categorical_soft_labels",
            {"ruled_out_choice": 2, "same_class_twice": 1, "ignored_probability": 3, "probabilities_exceed_one": 2},
            16,
            4,
        ),
    ],
)
def test_flags_repeats_and_batches_are_the_planted_ones(config, flags, repeats, batches, load_sample):
    judgments = load_sample(config)
    assert Counter(flag for row in judgments["flags"] for flag in row) == flags | {"synthetic": len(judgments)}
    assert sum(judgments["is_repeat"]) == repeats
    assert len(judgments.unique("batch_id")) == batches


def test_rounds_share_no_person_and_no_stimulus(load_sample):
    rows = load_sample().to_list()
    assert Counter(row["collection_round"] for row in rows) == {"B": 372, "A": 492, "C": 372}
    for key in ("participant_id", "stimulus_id"):
        assert len({row[key] for row in rows}) == len({(row[key], row["collection_round"]) for row in rows})
    assert Counter(load_sample("construct_midpoint")["collection_round"]) == {"1": 320, "2": 64}


def test_a_study_of_any_size_has_the_released_schema(task):
    table = released_table(task, 1000, seed=3)
    assert table.num_rows == 1000
    assert table.schema.equals(arrow_schema(columns(task, RELEASED)))
    assert table.equals(released_table(task, 1000, seed=3))
    assert not table.equals(released_table(task, 1000, seed=4))
