"""The benchmark compares like with like."""

import sys

import pytest

MODULES = ("benchmark_measuring", "benchmark_cases", "benchmark_batches", "benchmark_training", "benchmark_gpu")


@pytest.fixture
def cases(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import benchmark_cases

    yield benchmark_cases
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def training(cases, tmp_path):
    import benchmark_batches

    return benchmark_batches.Training(cases.Workload(600, tmp_path), 64)


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


def test_all_ways_to_batches_give_the_same_pictures_and_labels(training):
    import benchmark_batches

    benchmark_batches.check_same(training)


@pytest.mark.parametrize("spoilt", ["labels", "table"])
def test_other_batches_are_noticed(spoilt, training):
    import benchmark_batches

    getattr(training.by_hand, spoilt)[:] = 0
    with pytest.raises(SystemExit, match="by hand gave something else"):
        benchmark_batches.check_same(training)


def test_a_way_is_timed_over_as_many_epochs_as_it_takes(training):
    import benchmark_batches

    given = []

    def epoch():
        given.append(None)
        return training.by_hand.shuffled()

    assert benchmark_batches.seconds_per_picture(epoch, 1500) > 0
    assert len(given) == 3
    assert benchmark_batches.Copy(100).seconds_per_picture(1000) > 0


def test_the_whole_part_on_training_is_printed(training, capsys, monkeypatch):
    import benchmark_training

    monkeypatch.setattr(benchmark_training, "STREAM", 100)
    monkeypatch.setattr(benchmark_training, "BATCH_SIZES", (64, 128))
    monkeypatch.setattr(benchmark_training, "BATCH_SIZE", 64)
    benchmark_training.print_training([600], 1)
    printed = capsys.readouterr().out
    assert printed.count("| 600 |") == 14
    assert "predicted: 3,072 bytes read and 12,288 written a picture" in printed
    assert "MiB with keep_in_memory=True" in printed
