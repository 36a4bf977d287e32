"""Held-out forecasts: the model reaches its aims on new participants and new stimuli; baselines are what they say."""

import numpy as np
import pytest


@pytest.fixture
def benchmark(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from benchmarks import perception

    return perception


@pytest.fixture
def baselines(benchmark):
    from benchmarks import baselines

    return baselines


def test_folds_share_no_participant_no_stimulus_and_no_batch(benchmark, released_judgments):
    fold = benchmark.folds_of(released_judgments)
    assert np.bincount(fold).min() > 500
    for name in ("participant_id", "stimulus_id", "batch_id"):
        _, number = np.unique(np.array(released_judgments[name]), return_inverse=True)
        assert all(len(np.unique(fold[number == value])) == 1 for value in range(number.max() + 1))


def test_the_model_forecasts_new_people_and_new_stimuli_as_well_as_it_must(benchmark, released_judgments):
    fold = benchmark.folds_of(released_judgments)
    found = benchmark.held_out(released_judgments, fold, benchmark.model(), range(7))
    assert found.nll <= 3.545
    assert found.rmse <= 0.2190
    assert 0.88 <= found.coverage <= 0.92
    by_coefficient = benchmark.held_out(released_judgments, fold, benchmark.baseline(benchmark.histogram), range(7))
    assert by_coefficient.nll == pytest.approx(3.5662, abs=1e-4)
    assert by_coefficient.rmse == pytest.approx(0.2231, abs=1e-4)


def test_pictures_make_forecasts_better(benchmark, released_judgments, cifar10):
    fold = benchmark.folds_of(released_judgments)
    plain, pictures = (
        benchmark.held_out(released_judgments, fold, benchmark.model(people=False, **options), range(2))
        for options in ({}, {"pictures": True, "cifar10": cifar10})
    )
    assert pictures.nll < plain.nll - 0.01
    assert pictures.rmse < plain.rmse - 0.004


@pytest.mark.parametrize("name", ["identity", "histogram", "ordered_beta"])
def test_a_baseline_gives_every_answer_a_probability(name, baselines):
    rng = np.random.default_rng(0)
    shown = rng.choice([0.1, 0.25, 0.5, 0.75, 0.9], 400)
    answers = np.clip(np.rint(100 * (shown + 0.15 * rng.standard_normal(400))), 0, 100).astype(np.int64)
    masses = getattr(baselines, name)(shown, answers)(np.array([0.1, 0.5, 0.9]))
    assert masses.shape == (3, 101)
    assert (masses > 0).all()
    np.testing.assert_allclose(masses.sum(axis=1), 1, atol=1e-12)
    means = masses @ np.arange(101) / 100
    assert (np.diff(means) > 0.2).all()


def test_a_normal_error_is_estimated_through_the_ends_where_answers_are_pressed(baselines):
    rng = np.random.default_rng(1)
    shown = rng.choice([0.1, 0.5, 0.9], 4000)
    answers = np.clip(np.rint(100 * (shown + 0.25 * rng.standard_normal(4000))), 0, 100).astype(np.int64)
    masses = baselines.identity(shown, answers)(np.array([0.1]))[0]
    # A third of the answers to .1 lies below 0.
    assert masses[0] == pytest.approx((answers[shown == 0.1] == 0).mean(), abs=0.03)


def test_the_table_of_the_benchmark_is_printed(benchmark, load_sample, monkeypatch, capsys):
    plain = [line for line in benchmark.LINES if "people" not in line.name]
    pictures = benchmark.Line("pictures", benchmark.model(), needs_pictures=True)
    monkeypatch.setattr(benchmark, "LINES", [*plain, pictures])
    found = benchmark.print_held_out(load_sample(), has_pictures=False, n_folds=3)
    printed = capsys.readouterr().out
    assert set(found) == {line.name for line in plain}
    assert "in 8 batches; 3 folds" in printed
    assert printed.count("| model: ") == 2
    assert "| pictures | not run" in printed
    assert "| ceiling: " in printed


def test_participants_of_the_fit_are_predicted_better_than_new_ones(benchmark, released_judgments):
    table = benchmark.print_known_participants(released_judgments)
    new, known = (table[name] for name in ("a new participant", "the participant that they are"))
    assert new == pytest.approx((3.522, 0.2178), abs=0.002)
    assert known == pytest.approx((3.442, 0.2111), abs=0.002)
