"""Recovery: the bias in a judgment table, by task, with an interval over people."""

import numpy as np
import pyarrow as pa
import pytest

from hmix_hub.errors import SchemaError
from hmix_hub.suite.simulation.recovery import recover_bias
from hmix_hub.suite.tasks.perception import Perception
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER

PEOPLE = ["a", "a", "b", "b"]


def categorical(**changed):
    columns = {
        "participant_id": PEOPLE,
        "image_1_label": [0, 0, 0, 0],
        "image_2_label": [1, 1, 1, 1],
        "mixing_coefficient": [0.5, 0.25, 0.5, 0.25],
        "top_class": [0, 1, 0, 1],
        "top_probability": [0.6, 0.7, 0.55, 0.6],
    }
    return pa.table(columns | changed)


def test_the_mean_of_peoples_means():
    table = pa.table({"participant_id": ["a", "a", "a", "b"], "selected_coefficient": [0.5, 0.6, 0.7, 0.8]})
    found = recover_bias(table, CONSTRUCT)
    assert found.bias == pytest.approx(0.2)
    assert (found.people, found.judgments) == (2, 4)


def test_the_interval_is_students():
    table = pa.table({"participant_id": ["a", "b", "c"], "selected_coefficient": [0.5, 0.6, 0.7]})
    found = recover_bias(table, CONSTRUCT, coverage=0.95)
    reach = 4.30265 * 0.1 / np.sqrt(3)
    assert (found.low, found.high) == pytest.approx((0.1 - reach, 0.1 + reach), abs=1e-4)
    assert found.holds(0)
    assert not found.holds(0.4)


def test_infer_leaves_out_what_is_pressed_against_an_end():
    shown, inferred = [0.5, 0.9, 0.5, 0.1], [0.6, 0.9, 0.7, 0.9]
    table = pa.table({"participant_id": PEOPLE, "mixing_coefficient": shown, "inferred_coefficient": inferred})
    found = recover_bias(table, INFER)
    assert found.bias == pytest.approx(0.15)
    assert found.judgments == 2


def test_categorical_takes_the_share_of_the_probable_class():
    assert recover_bias(categorical(), CATEGORICAL).bias == pytest.approx((0.1 + 0.05 + 0.05 + 0.15) / 4)


def test_categorical_cannot_tell_where_another_class_is_named_or_both_are_one():
    found = recover_bias(categorical(top_class=[0, 7, 0, 1], image_2_label=[1, 1, 1, 1]), CATEGORICAL)
    assert found.judgments == 3
    assert recover_bias(categorical(image_2_label=[0, 1, 1, 1]), CATEGORICAL).judgments == 3


def test_one_person_is_too_few():
    table = pa.table({"participant_id": ["a"], "selected_coefficient": [0.5]})
    with pytest.raises(SchemaError, match="two participants"):
        recover_bias(table, CONSTRUCT)


def test_the_interval_holds_the_planted_bias_as_often_as_it_says():
    perception, people, trials = Perception(bias=0.08), 8, 12
    names = np.repeat([str(number) for number in range(people)], trials)
    held = 0
    for study in range(300):
        minds = [np.random.default_rng((study, person)) for person in range(people)]
        own = [perception.own_bias(rng) for rng in minds]
        steps = [
            perception.midpoint_step(None, bias, rng)
            for bias, rng in zip(own, minds, strict=True)
            for _ in range(trials)
        ]
        table = pa.table({"participant_id": names, "selected_coefficient": np.array(steps) / 10})
        held += recover_bias(table, CONSTRUCT, coverage=0.9).holds(0.08)
    # Of 300, 270 are expected; the binomial spread is 5.2.
    assert 254 <= held <= 286


# Source: tables of Student's t distribution.
@pytest.mark.parametrize(
    ("probability", "degrees", "quantile"),
    [(0.975, 1, 12.7062), (0.975, 10, 2.22814), (0.995, 7, 3.49948), (0.995, 120, 2.61742), (0.5, 5, 0)],
)
def test_intervals_reach_as_far_as_the_tables_say(probability, degrees, quantile):
    selected = np.linspace(0.4, 0.6, degrees + 1)
    table = pa.table({"participant_id": [f"p{k}" for k in range(degrees + 1)], "selected_coefficient": selected})
    found = recover_bias(table, CONSTRUCT, coverage=2 * probability - 1)
    error = selected.std(ddof=1) / np.sqrt(degrees + 1)
    assert (found.high - found.bias) / error == pytest.approx(quantile, abs=1e-4 * max(1, quantile))
