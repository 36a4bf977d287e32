"""Fixtures: options that batches of the sample study take, and a Hub on this machine."""

import pytest
from hub_server.fixtures import hub, login

__all__ = ["hub", "login"]

TARGETS = {
    "construct_midpoint": ["shown", "human"],
    "select_shuffled_midpoint": ["shown", "human"],
    "infer_mixing_factor": ["shown", "human", "human_weighted"],
    "categorical_soft_labels": ["shown", "soft_label"],
    "infer_mixing_factor_by_stimulus": ["shown", "human", "human_weighted"],
    "categorical_soft_labels_by_stimulus": ["shown", "soft_label"],
}


@pytest.fixture(params=TARGETS)
def config(request):
    return request.param


@pytest.fixture
def targets(config):
    return TARGETS[config]
