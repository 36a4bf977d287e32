"""Planted truth: estimates and intervals find what people were given, in a few studies; the benchmark takes more."""

import numpy as np
import pytest

from hmix_hub import PerceptualModel


@pytest.fixture
def planted(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from benchmarks import planted

    return planted


def by_name(found):
    return {part.name: part for part in found}


def test_slope_and_class_effects_of_people_of_the_model_are_recovered(planted, released_judgments):
    model = PerceptualModel.fit(released_judgments)
    truths = planted.truths_of(model)
    answering = planted.people_of_model(model, released_judgments)
    found = by_name(planted.recover(released_judgments, answering, truths, 6))
    assert found["slope"].mean == pytest.approx(model.slope, abs=0.12)
    assert found["class effects"].error < 0.05
    assert found["differences of participants"].error < 0.1
    # Of 60 intervals, 54 are expected to cover.
    assert found["class effects"].covered >= 0.8


def test_scripted_people_of_the_suite_have_their_bias_and_no_class_effects(planted, load_sample):
    sample = load_sample()
    answering = planted.people_of_suite(sample, bias=0.08, noise=0.12, spread=0.02)
    judgments = planted.with_answers(sample, answering(np.random.default_rng(0)))
    model = PerceptualModel.fit(judgments, people=False)
    assert model.predict(0.5, "cat", "dog").mean == pytest.approx(0.58, abs=0.04)
    intervals = model.intervals(judgments)
    inside = [estimate.low <= 0 <= estimate.high for estimate in intervals.class_effects.values()]
    assert sum(inside) >= 7
    assert max(abs(effect) for effect in model.class_effects.values()) < 0.3


def test_stimuli_with_effects_make_estimates_vary_more(planted, released_judgments):
    model = PerceptualModel.fit(released_judgments, people=False)
    truths = {"class effects": model.class_effects}
    plain, with_effects = (
        by_name(
            planted.recover(released_judgments, planted.people_of_model(model, released_judgments, share), truths, 3)
        )
        for share in (0.0, 0.6)
    )
    assert with_effects["class effects"].error > plain["class effects"].error


def test_the_table_is_printed(planted, load_sample, monkeypatch, capsys):
    monkeypatch.setattr(planted, "_LARGER", 2)
    planted.print_planted(load_sample(), 1)
    printed = capsys.readouterr().out
    assert printed.count("| class effects |") == 3
    assert printed.count("| of the suite |") == 2


def test_intervals_of_a_mean_cover_it_however_few_participants_there_are(planted):
    for covered in planted.print_means_of_participants(studies=400).values():
        assert covered == pytest.approx(0.95, abs=0.03)
