"""The released files, read by this package: the counts that were measured on them by other means."""

import hashlib
import json
from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pytest

import hmix_hub
from hmix_hub.builders.readers import read_judgments, read_table
from hmix_hub.judgments.migration import migrate
from hmix_hub.judgments.released import Provenance
from hmix_hub.release import configuration_counts, count_participants, flag_counts, verify
from hmix_hub.sources import resolve_source
from hmix_hub.tasks import RELEASED_CONFIGURATIONS, RELEASED_FORMS

TASK_COUNTS = {
    "construct_midpoint": (1440, 90, 45, 249),
    "select_shuffled_midpoint": (800, 50, 25, 249),
    "infer_mixing_factor": (4950, 162, 81, 2070),
    "categorical_soft_labels": (216, 16, 8, 100),
    "infer_mixing_factor_by_stimulus": (2070, None, 81, 2070),
    "categorical_soft_labels_by_stimulus": (100, None, 8, 100),
}
FLAG_COUNTS = {
    ("construct_midpoint", "endpoint_not_shown"): (36, 6),
    ("construct_midpoint", "repeated_in_batch"): (10, 10),
    ("construct_midpoint", "straightlining"): (64, 2),
    ("select_shuffled_midpoint", "repeated_in_batch"): (7, 7),
    ("infer_mixing_factor", "untouched_sliders"): (163, 32),
    ("categorical_soft_labels", "ruled_out_choice"): (3, 3),
    ("categorical_soft_labels", "same_class_twice"): (1, 1),
    ("categorical_soft_labels", "ignored_probability"): (15, 3),
    ("categorical_soft_labels", "probabilities_exceed_one"): (14, 3),
}


# sha256 of the schema and the rows of each table in schema 2.0.0, as the package gave them before 2.1.0.
TABLES_OF_2_0_0 = {
    "construct_midpoint": "e969790a2b3fef16",
    "select_shuffled_midpoint": "cdbe5eac3f678b29",
    "infer_mixing_factor": "689f9a0cd1a652c7",
    "categorical_soft_labels": "548132e8fc11a1b8",
    "infer_mixing_factor_by_stimulus": "df19cecd5ca12822",
    "categorical_soft_labels_by_stimulus": "b3051ad457ca6a8d",
}


@pytest.fixture(scope="module")
def load(release):
    def load(config="infer_mixing_factor", **options):
        return hmix_hub.load_dataset("h-mix", config, split="train", source=release, **options)

    return load


def test_rows_repeats_people_and_stimuli(release):
    counted = {row.pop("configuration"): tuple(row.values()) for row in configuration_counts(release)}
    assert counted == TASK_COUNTS
    assert count_participants(release) == 159


@pytest.mark.parametrize("config", TABLES_OF_2_0_0)
def test_schema_2_0_0_is_what_it_was_to_the_last_bit(config, release):
    table = read_table(resolve_source(release), RELEASED_CONFIGURATIONS[config], "2.0.0")
    text = json.dumps([str(table.schema), table.to_pydict()])
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == TABLES_OF_2_0_0[config]


def test_every_flag(release):
    counted = {(row["task"], row["flag"]): (row["rows"], row["participants"]) for row in flag_counts(release)}
    assert counted == {key: FLAG_COUNTS.get(key, (0, 0)) for key in counted}
    assert set(FLAG_COUNTS) <= set(counted)


def test_both_processed_files_are_recomputed_bit_for_bit(release):
    found = verify(release)
    assert not any(check.problem for check in found.files)
    assert [(part.unit, part.equal, part.total) for part in found.recomputations] == [
        ("stimuli", 2070, 2070),
        ("labels", 216, 216),
    ]
    assert found.is_good


def test_the_published_procedure_gives_157_of_the_216_labels(load):
    dataset = load("categorical_soft_labels")
    released = np.array(dataset["soft_label"][:])
    assert (hmix_hub.soft_labels(dataset, "released") == released).all()
    assert int((hmix_hub.soft_labels(dataset, "cifar10s") == released).all(axis=1).sum()) == 157


def test_rounds_of_collection(load):
    rows, people, stimuli = Counter(), defaultdict(set), defaultdict(set)
    for row in load().select_columns(["collection_round", "participant_id", "stimulus_id"]):
        name = row["collection_round"]
        rows[name] += 1
        people[name].add(row["participant_id"])
        stimuli[name].add(row["stimulus_id"])
    assert rows == {"A": 1974, "B": 1240, "C": 1736}
    assert {name: len(ids) for name, ids in people.items()} == {"A": 33, "B": 20, "C": 28}
    assert {name: len(ids) for name, ids in stimuli.items()} == {"A": 810, "B": 540, "C": 720}
    construct = load("construct_midpoint")
    per_person = dict(zip(construct["participant_id"], construct["collection_round"], strict=True))
    assert Counter(per_person.values()) == {"1": 36, "2": 9}


def test_batches_are_the_sets_of_stimuli(load):
    assert {task: len(load(task).unique("batch_id")) for task in RELEASED_FORMS} == {
        "construct_midpoint": 9,
        "select_shuffled_midpoint": 9,
        "infer_mixing_factor": 35,
        "categorical_soft_labels": 4,
    }


def test_the_answers_are_what_the_interfaces_could_give(load):
    construct = load("construct_midpoint")
    assert set(construct["selected_coefficient"]) <= {step / 10 for step in range(11)}
    start = dict(zip(construct["participant_id"], construct["start_coefficient"], strict=True))
    assert Counter(start.values()) == {0.1: 22, 0.9: 23}
    infer = load()
    assert set(infer["mixing_coefficient"]) == {0.1, 0.25, 0.5, 0.75, 0.9}
    assert set(infer["inferred_coefficient"]) <= {1 - x / 100 for x in range(101)}
    assert set(infer["confidence"]) <= {x / 100 for x in range(101)}
    categorical = load("categorical_soft_labels")
    assert categorical["second_class"][:].count(None) == 69
    assert categorical["second_probability"][:].count(None) == 69


def test_pictures_stand_in_several_pairs(load):
    infer = load()
    pairs_of = defaultdict(set)
    for first, second, pair in zip(infer["image_1_index"], infer["image_2_index"], infer["pair_id"], strict=True):
        pairs_of[first].add(pair)
        pairs_of[second].add(pair)
    assert len(pairs_of) == 2781
    assert sum(len(pairs) > 1 for pairs in pairs_of.values()) == 252
    assert len(infer.unique("pair_id")) == 1530


def test_the_name_of_class_1_comes_first_in_the_alphabet(load):
    for task in RELEASED_FORMS:
        dataset = load(task)
        assert all(a < b for a, b in zip(dataset["image_1_label"], dataset["image_2_label"], strict=True))


def test_no_platform_id_url_or_free_text_is_in_any_table(load, release):
    for task in RELEASED_FORMS:
        names = {"study_id", "url", "subj_id", "view_history"}
        released = load(task, schema_version="1.0.0")
        for name in names & set(released.column_names):
            assert set(released[name]) == {None}
        assert set(load(task)["study_id"]) == {"collins2023"}
    assert set(load("categorical_soft_labels", schema_version="1.0.0")["trial_type"]) == {"survey-html-form"}


# Columns of 1.0.0 whose values the way up and down again changes: those that LOSSES lists.
CHANGED = {
    "construct_midpoint": {"index", "time_elapsed", "final_value"},
    "select_shuffled_midpoint": {"index", "time_elapsed"},
    "infer_mixing_factor": {"index", "time_elapsed"},
    "categorical_soft_labels": {"time_elapsed", "response"},
}


def test_there_and_back_loses_what_is_listed_and_nothing_else(task, release):
    source = resolve_source(release)
    released = read_judgments(source, task, "1.0.0")
    up = migrate(released, task, start="1.0.0", target="2.0.0", provenance=Provenance("collins2023"))
    down = migrate(up, task, start="2.0.0", target="1.0.0")
    changed = {name for name in released.column_names if not down[name].equals(released[name])}
    assert changed == CHANGED[task]
    if task == "construct_midpoint":
        np.testing.assert_allclose(down["final_value"], released["final_value"], atol=1e-9)
    if task == "categorical_soft_labels":
        differing = pa.array([a != b for a, b in zip(down["response"], released["response"], strict=True)])
        flagged = pa.array(["ignored_probability" in flags.as_py() for flags in up["flags"]])
        assert differing.equals(flagged)
        assert sum(differing.to_pylist()) == 15


def test_a_split_by_picture_shares_none_across_tasks(load):
    parts = hmix_hub.split([load(), load("construct_midpoint")], by="image", seed=3)
    pictures = [
        {index for part in parts for i in (1, 2) for index in part[name][f"image_{i}_index"]}
        for name in ("train", "test")
    ]
    assert pictures[0].isdisjoint(pictures[1])
    shares = [len(part["train"]) / (len(part["train"]) + len(part["test"])) for part in parts]
    assert 0.7 < shares[0] < 0.9
