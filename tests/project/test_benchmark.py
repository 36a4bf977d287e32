"""The benchmark compares like with like."""

import sys

import pytest


@pytest.fixture
def cases(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import benchmark_cases

    yield benchmark_cases
    sys.modules.pop("benchmark_cases")


def test_both_ways_of_every_case_give_the_same(cases, tmp_path):
    workload = cases.Workload(3000, tmp_path)
    for case in cases.CASES:
        cases.check_same(case, *(job() for job in workload.jobs(case)))


def test_different_results_are_noticed(cases, tmp_path):
    workload = cases.Workload(300, tmp_path)
    ours, _ = workload.jobs(cases.FILTER)
    _, theirs = workload.jobs(cases.FILTER_PEOPLE)
    with pytest.raises(SystemExit, match="something else"):
        cases.check_same(cases.FILTER, ours(), theirs())
