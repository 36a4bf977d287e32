"""Every registered study, from the files of its authors: exact counts, and pictures that are those of its image set."""

from __future__ import annotations

import numpy as np
import pytest
from cifar10s_labels import answers_of, published_label

import hmix_hub
from hmix_hub.datasets_by_name import registered_names
from hmix_hub.loading.entries import read_entry
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.tasks import CATEGORICAL, TASKS

ENTRIES = registered_names()


@pytest.fixture(params=ENTRIES)
def name(request):
    return request.param


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_pinned_licensed_and_cited(name):
    entry = read_entry(name)
    assert entry.name == name
    assert entry.address.startswith("https://raw.githubusercontent.com/")
    assert hmix_hub.citation(name).startswith("@")
    assert entry.manifest.licence


def test_its_files_come_to_the_counts_of_its_entry(name, files_of):
    folder = files_of(name)
    for task, expected in read_entry(name).expected.items():
        dataset = hmix_hub.load_dataset(name, task, split="train", source=folder)
        assert len(dataset) == expected.rows - expected.left_out
        assert len(dataset.unique(TASKS[task].stimulus_column)) == expected.stimuli
        if expected.participants is not None:
            assert len(dataset.unique("participant_id")) == expected.participants
        if expected.left_out:
            every = hmix_hub.load_dataset(name, task, split="train", source=folder, exclude_flags=[])
            assert len(every) == expected.rows


def test_its_pictures_are_those_of_its_image_set(name, files_of):
    entry = read_entry(name)
    known = IMAGE_SETS[entry.manifest.image_set]
    for task in entry.expected:
        dataset = hmix_hub.load_dataset(name, task, split="train", source=files_of(name))
        assert set(dataset["image_set"]) == {entry.manifest.image_set}
        assert dataset.features["image_1_label"].names == list(known.vocabulary.names)
        np.testing.assert_array_equal(dataset["image_1_label"], known.labels()[dataset["image_1_index"]])


def test_all_labels_of_cifar10s_are_those_of_its_authors(files_of):
    folder = files_of("cifar10s")
    answers = answers_of(folder / "raw_human_data.csv")
    dataset = hmix_hub.load_dataset("cifar10s", CATEGORICAL, split="train", source=folder)
    judged = list(zip(dataset["participant_id"], dataset["trial_index"], strict=True))
    assert sorted(judged) == sorted(answers)
    published = np.array([published_label(answers[judgment]) for judgment in judged])
    np.testing.assert_allclose(hmix_hub.soft_labels(dataset), published, rtol=0, atol=1e-12)


def test_cifar10s_joins_h_mix(files_of, release):
    source = {"h-mix": release, "cifar10s": files_of("cifar10s")}
    joined = hmix_hub.load_dataset(["h-mix", "cifar10s"], split="train", source=source)
    assert (joined["study_id"].count("collins2023"), joined["study_id"].count("cifar10s")) == (216, 6696)
