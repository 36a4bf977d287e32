"""Statistics of a study: figures worked out by hand, laws, and tables with little in them."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from changed_study import with_tables
from compared_answers import agreement_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub.comparisons import COEFFICIENTS
from hmix_hub.contribute.description.totals import statistics_text, study_statistics
from hmix_hub.studies.example import csv_bytes, example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tallies import ShareCounts, Tally, quantiles, time_counts
from hmix_hub.tasks import CATEGORICAL, INFER, TASKS


def answer(person, trial, pair, *, is_repeat=False, time="", **answers):
    pictures = {"image_1_label": "red", "image_2_label": "green", "image_1_index": pair, "image_2_index": pair + 100}
    row = {"participant_id": person, "trial_index": trial, "is_repeat": str(is_repeat).lower(), **pictures}
    return row | {"response_time_ms": time, **answers}


def study(folder, task, rows):
    """A study over three classes of its own, without participants.csv."""
    files = example_study(task)
    manifest = files["study.yaml"].replace(b"classes: cifar10", b"classes: [red, green, blue]")
    return Study.open(write_files(folder, {"study.yaml": manifest, f"judgments/{task}.csv": csv_bytes(rows)}))


def inferred(person, trial, pair, value, confidence, *, time, **more):
    shown = {1: 0.5, 2: 0.25}[pair]
    answers = {"mixing_coefficient": shown, "inferred_coefficient": value, "confidence": confidence}
    return answer(person, trial, pair, time=time, **answers, **more)


INFERRED = [
    inferred("a", 0, 1, 0.4, 0.5, time=1000),
    inferred("a", 1, 2, 0.2, 0.6, time=2000),
    inferred("a", 2, 1, 0.6, "", time=70_000, is_repeat=True),
    inferred("b", 0, 1, 0.6, 0.7, time=4000),
    inferred("b", 1, 2, 0.4, 0.9, time=4000),
    inferred("c", 0, 1, 0.8, 1, time=""),
]


@pytest.fixture
def infer(tmp_path):
    return study_statistics(study(tmp_path, INFER, INFERRED))["tasks"][INFER]


def test_judgments_people_and_stimuli_are_counted(infer):
    assert [infer[name] for name in ("judgments", "repeats", "people", "stimuli", "pairs")] == [6, 1, 3, 2, 2]
    histogram = {"values": [2, 4], "counts": [1, 1]}
    assert infer["judgments_per_stimulus"] == {"min": 2, "median": 3.0, "max": 4, "histogram": histogram}
    assert infer["judgments_per_person"]["histogram"] == {"values": [1, 2, 3], "counts": [1, 1, 1]}
    assert infer["people_per_stimulus"]["histogram"] == {"values": [2, 3], "counts": [1, 1]}
    assert infer["coefficients"]["histogram"] == {"values": [0.25, 0.5], "counts": [2, 4]}


def test_response_times_leave_out_those_that_are_missing(infer):
    times = infer["response_time_ms"]
    assert (times["known"], times["missing"], times["share_over_a_minute"]) == (5, 1, 0.2)
    assert times["quantiles"] == {
        **{"0": 1000, "5": 1200, "25": 2000, "50": 4000, "75": 4000},
        **{"95": 56_800, "100": 70_000},
    }
    assert times["histogram"]["counts"] == [0, 0, 1, 1, 2, 0, 0, 0, 1, 0, 0]


def test_agreement_is_of_first_answers_about_one_stimulus(infer):
    # By hand: .4 .6 .8 about one, .2 .4 about the other; W = .1 / 3, B = .108, n0 = 2.4, Q = .208.
    assert infer["agreement"] == {
        "stimuli": 2,
        "answers": 5,
        "pairs": 4,
        "mean_absolute_difference": 0.25,
        # One stimulus has a mean of .8 / 3 over three pairs, the other of .2 over one: drawn twice, or each once.
        "interval": [0.2, 0.266667],
        "within_stimulus_sd": 0.182574,
        "icc_1": 0.482759,
        "krippendorff_alpha": 0.384615,
        "absolute_differences": {"values": [n / 10 for n in range(11)], "counts": [0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0]},
    }


def test_a_repeat_is_compared_with_the_same_persons_first_answer(infer):
    retest = infer["retest"]
    assert (retest["pairs"], retest["people"], retest["mean_absolute_difference"]) == (1, 1, 0.2)
    assert retest["pearson_r"] is None
    assert retest["absolute_differences"]["counts"] == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_bias_is_inferred_less_shown(infer):
    bias = infer["bias"]
    assert (bias["bias"], bias["mean_absolute_error"]) == (0.083333, 0.133333)
    assert [
        [level[name] for name in ("mixing_coefficient", "judgments", "bias", "mean_absolute_error")]
        for level in bias["by_coefficient"]
    ] == [[0.25, 2, 0.05, 0.1], [0.5, 4, 0.1, 0.15]]


def test_means_have_intervals_over_participants(infer):
    # At .25 a's error is -.05 and b's .15; of all levels, a's mean error is 0 -.05 / 3, b's .125 and c's .3.
    assert infer["bias"]["by_coefficient"][0]["interval"] == [-0.05, 0.15]
    assert infer["bias"]["interval"] == [-0.016667, 0.3]
    # c's confidence is 1, a's are .5 and .6; no interval of a mean that the design chose, or of one participant's.
    assert infer["confidence"]["interval"] == [0.55, 1]
    assert infer["coefficients"]["interval"] is None
    assert infer["retest"]["interval"] is None


def test_confidence_leaves_out_what_was_not_given(infer):
    confidence = infer["confidence"]
    assert (confidence["known"], confidence["missing"], confidence["mean"]) == (5, 1, 0.74)
    assert confidence["histogram"]["counts"] == [0, 0, 0, 0, 0, 1, 1, 1, 0, 2]


def test_soft_labels_are_compared_pair_by_pair(tmp_path):
    def named(person, pair, top, second, trial=0, **more):
        answers = {"mixing_coefficient": 0.5, "top_class": top, "top_probability": 0.5, "second_class": second}
        return answer(person, trial, pair, **answers, second_probability=0.3, impossible_classes="", **more)

    rows = [
        # Soft labels .5 .3 .2, .3 .5 .2 and .5 .2 .3: distances .2, .1, .3; then two that are the same.
        *(named("a", 1, "red", "green"), named("b", 1, "green", "red"), named("c", 1, "red", "blue")),
        *(named("a", 2, "blue", "red", 1), named("b", 2, "blue", "red", 1)),
        named("c", 1, "green", "red", 2, is_repeat=True),
    ]
    found = study_statistics(study(tmp_path, CATEGORICAL, rows))["tasks"][CATEGORICAL]
    counts = {"stimuli": 2, "answers": 5, "pairs": 4}
    assert found["agreement"] == {
        **counts,
        "same_top_class": 0.5,
        "same_top_class_interval": [0.333333, 1.0],
        "mean_total_variation": 0.15,
        "mean_total_variation_interval": [0.0, 0.2],
        "krippendorff_alpha": 0.5,
    }
    assert found["retest"] == {
        **{"pairs": 1, "people": 1, "same_top_class": 0.0, "mean_total_variation": 0.3},
        **{"same_top_class_interval": None, "mean_total_variation_interval": None},
    }
    (mass,) = found["mass"]
    assert mass.pop("intervals")["others"] == [0.25, 0.35]
    assert mass == {
        **{"mixing_coefficient": 0.5, "judgments": 6},
        **{"image_1": 0.366667, "image_2": 0.316667, "others": 0.316667},
    }


def test_flags_count_rows_and_people(tmp_path):
    rows = [inferred(person, trial, 1 + trial, 0.5, 0.5, time="") for person in "ab" for trial in (0, 1)]
    flags = study_statistics(study(tmp_path, INFER, [*rows, INFERRED[5]]))["tasks"][INFER]["flags"]
    assert flags == {
        "untouched_sliders": {"rows": 4, "people": 2},
        "repeated_in_batch": {"rows": 0, "people": 0},
        "straightlining": {"rows": 0, "people": 0},
        "time_disagrees": {"rows": 0, "people": 0},
        "failed_attention": {"rows": 0, "people": 0},
        "synthetic": {"rows": 5, "people": 3},
    }


@pytest.mark.parametrize("task", TASKS)
def test_the_order_of_the_rows_does_not_matter(task, tmp_path):
    content = Study.open(write_files(tmp_path, example_study(task)))
    text = statistics_text(study_statistics(content))
    order = np.random.default_rng(0).permutation(content.tables[task].num_rows)
    shuffled = {name: table.take(order) if name == task else table for name, table in content.tables.items()}
    assert statistics_text(study_statistics(with_tables(content, shuffled))) == text


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("task", TASKS)
def test_little_data_gives_no_figure_rather_than_an_error(task, n, tmp_path):
    content = Study.open(write_files(tmp_path, example_study(task)))
    few = with_tables(content, {name: table.slice(0, n) for name, table in content.tables.items()})
    found = study_statistics(few)
    figures = found["tasks"][task]
    if not TASKS[task].has_participants:
        assert not {"agreement", "retest", "response_time_ms"} & figures.keys()
        return
    assert (found["judgments"], found["people"]) == (n, n)
    assert (figures["agreement"]["pairs"], figures["retest"]["pairs"]) == (0, 0)
    assert figures["agreement"]["krippendorff_alpha"] is None
    times = figures["response_time_ms"]["quantiles"]
    assert times["50"] == times["0"]
    assert (times["50"] is None) == (n == 0)


def test_a_person_in_two_tasks_is_one_person(tmp_path):
    files = example_study(INFER) | example_study(CATEGORICAL)
    files["study.yaml"] = files["study.yaml"].replace(b"tasks:\n", f"tasks:\n  - {INFER}\n".encode())
    found = study_statistics(Study.open(write_files(tmp_path, files)))
    assert (found["people"], found["judgments"], found["participants_described"]) == (12, 288, 12)
    assert found["collection_rounds"] == {"1": {"judgments": 288, "people": 12}}


def test_the_text_is_json_that_reads_back_and_ends_in_a_newline(tmp_path):
    found = study_statistics(Study.open(write_files(tmp_path, example_study())))
    text = statistics_text(found)
    assert json.loads(text) == found
    assert text.endswith("}\n")
    assert "NaN" not in text


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=25))
def test_pairs_are_those_that_a_loop_would_find(rows):
    stimuli = np.array([stimulus for stimulus, _ in rows], dtype=np.int64)
    values = np.array([value / 20 for _, value in rows], dtype=np.float64)
    found = agreement_of(COEFFICIENTS, stimuli, answer=values)
    pairs = [abs(x - y) for (s, x), (t, y) in combinations(zip(stimuli, values, strict=True), 2) if s == t]
    assert found["pairs"] == len(pairs)
    assert found["mean_absolute_difference"] == (pytest.approx(np.mean(pairs), abs=1e-6) if pairs else None)
    # Halves go up: .05 is nearer to .1 than to 0, as a tenth's interval is closed below.
    expected = np.bincount([int(np.floor(10 * difference + 0.5 + 1e-9)) for difference in pairs], minlength=11)
    assert found["absolute_differences"]["counts"] == expected.tolist()


def test_histograms_name_few_values_and_put_many_into_intervals():
    assert Tally.of(np.array([3, 1, 3])).histogram() == {"values": [1, 3], "counts": [1, 2]}
    many = Tally.of(np.arange(1, 101)).histogram()
    assert many["edges"][:3] == [1, 6, 11]
    assert sum(many["counts"]) == 100
    assert ShareCounts.of(np.array([0.3, 0.1 + 0.2])).histogram() == {"values": [0.3], "counts": [2]}
    fine = ShareCounts.of(np.linspace(0, 1, 101)).histogram()
    assert fine["counts"] == [*[10] * 9, 11]
    assert time_counts(np.array([0.0, 499, 500, 1e9])).tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 9))
def test_quantiles_of_parts_are_those_of_all_numbers(values, size):
    ordered = np.sort(np.array(values, dtype=np.float64)) / 7
    tallies = [Tally.of(ordered[start : start + size]) for start in range(0, len(ordered), size)]
    expected = [round(float(value), 6) for value in np.percentile(ordered, [0, 5, 25, 50, 75, 95, 100])]
    assert list(quantiles(len(ordered), tallies).values()) == expected
