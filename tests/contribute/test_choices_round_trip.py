"""The whole road of chosen classes: a lab's raw file, a map, validation, build, a dry run, and the Hub."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from task_road import command

import hmix_hub
from hmix_hub.contribute.importer import import_raw
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.sources.cifar10 import known_labels
from hmix_hub.studies.example import example_study
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CHOICE

REPOSITORY = "lab/choices"
PEOPLE, TRIALS = 6, 12
_MAP = """
task: class_choice
rows:
  - {column: block, equals: test}
columns:
  participant_id: worker
  trial_index: trial
  response_time_ms: {column: seconds, multiply: 1000}
  image_1_label: truth
  image_1_index: picture
  image_2_label: {constant: ''}
  image_2_index: {constant: ''}
  mixing_coefficient: {constant: 1}
  chosen_class: {column: key, values: {a: airplane, c: cat, d: dog}}
  confidence: {column: sure, divide: 100}
"""


@pytest.fixture
def raw():
    """Rows as an experiment wrote them: single pictures, a key for each class, practice among the trials."""
    labels = known_labels()
    names = {0: ("airplane", "a"), 3: ("cat", "c"), 5: ("dog", "d")}
    pictures = [int(number) for code in names for number in np.flatnonzero(labels == code)[:4]]
    rng = np.random.default_rng(1)
    rows = []
    for person in range(PEOPLE):
        for trial, picture in enumerate(rng.permutation(pictures)[:TRIALS].tolist()):
            truth, key = names[int(labels[picture])]
            rows.append(
                {
                    "worker": f"w{person}",
                    "block": "test" if trial else "practice",
                    "trial": trial,
                    "picture": picture,
                    "truth": truth,
                    "key": key if rng.random() < 0.8 else rng.choice(["a", "c", "d"]),
                    "seconds": round(float(rng.uniform(0.5, 3)), 3),
                    "sure": int(rng.integers(0, 101)) if trial % 5 else "",
                }
            )
    return rows


@pytest.fixture
def study(tmp_path, raw):
    file, column_map, folder = (tmp_path / name for name in ("answers.csv", "map.yaml", "study"))
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(raw[0]))
        writer.writeheader()
        writer.writerows(raw)
    column_map.write_text(_MAP)
    imported = import_raw([file], folder, map_file=column_map)
    assert imported.files == {f"judgments/{CHOICE}.csv": PEOPLE * (TRIALS - 1)}
    manifest = example_study(CHOICE)["study.yaml"].decode()
    changes = {"synthetic: true\n": "", "id: example-study": "id: choices", "mixing: pixel-linear": "mixing: none"}
    for old, new in changes.items():
        assert old in manifest
        manifest = manifest.replace(old, new)
    (folder / "study.yaml").write_text(manifest)
    return folder


def test_what_is_loaded_is_what_was_chosen(study, raw):
    command("contribute", "validate", study)
    ds = hmix_hub.load_dataset(str(study), CHOICE, split="train")
    names = ds.features["chosen_class"].names
    keys = {"a": "airplane", "c": "cat", "d": "dog"}
    tested = [row for row in raw if row["block"] == "test"]
    assert [names[code] for code in ds["chosen_class"]] == [keys[row["key"]] for row in tested]
    assert ds["confidence"][:] == [row["sure"] / 100 if row["sure"] != "" else None for row in tested]
    assert ds["response_time_ms"][:] == pytest.approx([1000 * row["seconds"] for row in tested])
    assert set(ds["image_2_label"]) == {None}


def test_a_dry_run_says_what_would_be_published(study):
    told = command("contribute", "publish", study, "--repo-id", REPOSITORY, "--dry-run")
    assert f"{CHOICE}/train-00000-of-00001.parquet" in told
    assert f"{CHOICE}_by_stimulus/train-00000-of-00001.parquet" in told
    assert "nothing was uploaded" in told


def test_what_comes_from_the_hub_is_what_went_in(study, hub):
    expected = hmix_hub.load_dataset(str(study), CHOICE, split="train")
    publish(Study.open(study), REPOSITORY, push=True)
    found = hmix_hub.load_dataset(REPOSITORY, CHOICE, split="train", revision="1.0.0")
    assert found.to_list() == expected.to_list()
    assert found.features == expected.features
    pooled = hmix_hub.load_dataset(REPOSITORY, f"{CHOICE}_by_stimulus", split="train")
    assert pooled.to_list() == hmix_hub.by_stimulus(expected).to_list()
    assert list(hmix_hub.load_dataset(REPOSITORY, CHOICE, split="train", streaming=True)) == expected.to_list()
    kept = hmix_hub.load_dataset(REPOSITORY, CHOICE, split="train", chosen_class="dog")
    assert 0 < len(kept) < len(expected)
    assert len(hub.files(REPOSITORY)["README.md"]) > 1000


def test_the_card_says_how_far_people_agree_with_the_classes(study):
    command("contribute", "card", study)
    card = (study / "README.md").read_text()
    for words in ("agreement: Fleiss' kappa", "agreement with the class of the picture", "`class_frequencies`"):
        assert words in card
    assert "lambda" not in card.partition("## ")[0]
