"""A balanced sitting of scripted people: one id over all tasks, whose places on the timeline never meet."""

import os
from collections import defaultdict
from itertools import pairwise

import pytest
from suite.export.studies import study_file, write_study

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.simulation.simulate import simulate
from hmix_hub.tasks import CONSTRUCT, INFER

TASKS = (CONSTRUCT, INFER, "scale_rating")
PEOPLE = 6


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    root = tmp_path_factory.mktemp("sitting")
    design = {"pairs": {"per_class_pair": 1}, "batches": 1, "batch_size": 4, "people_per_batch": PEOPLE, "repeats": [1]}
    sitting = {"tasks": list(TASKS), "order": "balanced"}
    study = study_file(TASKS, design=design | {"breaks": {"every": 2}}, sitting=sitting, comments="Anything else?")
    done = simulate(write_study(root / "study", study), root / "collection", seed=3)
    return done, export_study(root / "collection", root / "export")


def test_everybody_does_all_tasks_in_six_orders(collected):
    done, _ = collected
    assert (done.finished, done.left, done.is_full) == (dict.fromkeys(TASKS, PEOPLE), 0, True)
    assert len({part.tasks for part in done.parts}) == len({part.code for part in done.parts}) == PEOPLE


def test_the_export_is_valid_and_knows_each_person_by_one_id(collected):
    _, exported = collected
    assert check_study(Study.open(exported.path)).findings == []
    places = defaultdict(list)
    for task in TASKS:
        judgments = hmix_hub.load_dataset(os.fspath(exported.path), task, split="train")
        for row in judgments:
            places[row["participant_id"]].append((row["trial_index"], task))
    assert len(places) == PEOPLE
    for found in places.values():
        found.sort()
        assert len({place for place, _ in found}) == len(found)
        # One task after the other.
        assert len([1 for (_, one), (_, other) in pairwise(found) if one != other]) == 2
