"""Fixtures: a small study of all four tasks on disk, and people who took part in it over HTTP."""

from __future__ import annotations

import pytest
from suite.export.studies import study_file, write_study

from hmix_hub.suite.simulation.simulate import simulate
from hmix_hub.tasks import CONSTRUCT, SELECT

SEED, PEOPLE = 7, 8


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory):
    """The study of the loop: 8 people a task, 14 trials each."""
    design = {"pairs": {"per_class_pair": 1}, "batches": 1, "people_per_batch": PEOPLE}
    study = study_file(design=design, comments="Is there anything else?")
    return write_study(tmp_path_factory.mktemp("loop") / "study", study)


@pytest.fixture(scope="session")
def simulated(study_folder):
    """All places taken by scripted people with a planted bias."""
    return simulate(study_folder, study_folder.parent / "collection", seed=SEED)


@pytest.fixture
def short_study(tmp_path):
    """A study of the two midpoint tasks with three trials and two people each."""
    design = {"batch_size": 3, "people_per_batch": 2, "batches": 1, "repeats": []}
    return write_study(tmp_path / "study", study_file((CONSTRUCT, SELECT), design=design))
