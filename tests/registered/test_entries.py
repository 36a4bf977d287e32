"""Every registered study, from the files of its authors: exact counts, and pictures that are those of its image set."""

from __future__ import annotations

import numpy as np
import pytest
from cifar10s_labels import answers_of, published_label

import hmix_hub
from hmix_hub.datasets_by_name import registered_names
from hmix_hub.loading.entries import read_entry
from hmix_hub.schema.arrays import matrix
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.tables import arrow_columns
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
        assert dataset.unique("image_set") == [entry.manifest.image_set]
        assert dataset.features["image_1_label"].names == list(known.vocabulary.names)
        table = arrow_columns(dataset, ["image_1_label", "image_1_index"])
        np.testing.assert_array_equal(table["image_1_label"], known.labels()[table["image_1_index"].to_numpy()])


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


def votes_of(name, files_of):
    return hmix_hub.load_dataset(name, split="train", source=files_of(name))


def test_the_most_chosen_class_of_cifar10h_is_the_label_of_nearly_every_picture(files_of):
    votes = votes_of("cifar10h", files_of)
    counts = matrix(arrow_columns(votes, ["class_counts"])["class_counts"])
    assert (counts.sum(axis=1).min(), counts.sum(axis=1).max()) == (47, 63)
    assert (counts.sum(axis=1) == votes["n_votes"]).all()
    assert (counts.argmax(axis=1) == votes["image_1_label"]).mean() == 0.9921
    np.testing.assert_allclose(hmix_hub.soft_labels(votes), counts / counts.sum(axis=1, keepdims=True), atol=1e-15)


def test_error_rates_of_cifar10n_are_those_of_its_authors(files_of):
    votes = votes_of("cifar10n", files_of)
    names = votes.features["image_1_label"].names
    own = [name for name in votes.column_names if name.startswith("x_")]
    table = arrow_columns(votes, ["image_1_label", "n_votes", "class_counts", *own])
    codes = {name: table[name].combine_chunks().dictionary_encode() for name in own}
    cast = {
        name: np.array([names.index(word) for word in found.dictionary.to_pylist()])[found.indices.to_numpy()]
        for name, found in codes.items()
    }
    labels = table["image_1_label"].to_numpy()
    assert {name: round(float((label != labels).mean()), 5) for name, label in cast.items()} == {
        "x_random_label_1": 0.17234,
        "x_random_label_2": 0.18122,
        "x_random_label_3": 0.1764,
        "x_aggregate_label": 0.0901,
        "x_worst_label": 0.40208,
    }
    assert table["n_votes"].unique().to_pylist() == [3]
    # The three votes are those that are counted.
    three = np.stack([cast[f"x_random_label_{number}"] for number in (1, 2, 3)], axis=1)
    np.testing.assert_array_equal(matrix(table["class_counts"]), (three[:, :, None] == np.arange(10)).sum(axis=1))


def test_votes_refuse_what_asks_for_people(files_of):
    votes = votes_of("cifar10h", files_of)
    with pytest.raises(hmix_hub.HMixError, match="participant"):
        hmix_hub.filter(votes, participants="p1")
    with pytest.raises(hmix_hub.HMixError, match="participant"):
        hmix_hub.split(votes, by="participant")
    chosen = hmix_hub.load_dataset("cifar10h", split="train", source=files_of("cifar10h"), labels="cat")
    assert len(chosen) == 1000


def test_votes_of_two_studies_join(files_of):
    source = {name: files_of(name) for name in ("cifar10h", "cifar10n")}
    joined = hmix_hub.load_dataset(["cifar10h", "cifar10n"], split="train", source=source)
    assert (len(joined), joined.unique("image_set")) == (60_000, ["cifar10/test", "cifar10/train"])


def test_every_kind_of_label_of_a_picture_is_found(files_of, release):
    source = {"h-mix": release, **{name: files_of(name) for name in ENTRIES}}
    labels = hmix_hub.labels_of("cifar10/test", 22, source=source)
    assert set(labels.dataset) == {"h-mix", "cifar10s", "cifar10h"}
    votes = labels[labels.dataset == "cifar10h"].iloc[0]
    assert (votes["label"], votes["n_judgments"]) == ("deer", 51)
    assert sum(votes["label_distribution"].values()) == pytest.approx(1)
    (row,) = hmix_hub.labels_of("cifar10/train", 0, source=source).to_dict("records")
    assert (row["dataset"], row["label_distribution"]) == ("cifar10n", {"deer": 1 / 3, "frog": 2 / 3})


def test_votes_come_with_their_pictures(files_of, cifar10):
    folder = files_of("cifar10h")
    votes = hmix_hub.load_dataset(
        "cifar10h", split="train[:3]", source=folder, images="mixed", cifar10=cifar10, labels=["cat", "ship"]
    )
    pictures = IMAGE_SETS["cifar10/test"].open(cifar10)
    for row in votes:
        np.testing.assert_array_equal(
            np.asarray(row["image"]).transpose(2, 0, 1), pictures.picture(row["image_1_index"])
        )
    parts = hmix_hub.split(votes, by="image", fractions={"train": 0.5, "test": 0.5})
    assert sum(map(len, parts.values())) == 3
