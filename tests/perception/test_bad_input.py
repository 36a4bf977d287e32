"""Judgments that a model of perception cannot be fitted to, or only in part, and questions that it cannot answer."""

import warnings

import numpy as np
import pytest

import hmix_hub
from hmix_hub import PerceptualModel
from hmix_hub.errors import ConfigurationError, PerceptionError, PerceptionWarning, SchemaError


@pytest.fixture(scope="module")
def model(simulate):
    return PerceptualModel.fit(simulate())


def _rows(seed=0, n_rows=400, n_people=20):
    """Return coefficient, answer, pair and participant of judgments that follow the coefficient."""
    rng = np.random.default_rng(seed)
    coefficient = rng.choice([0.1, 0.25, 0.5, 0.75, 0.9], size=n_rows)
    inferred = np.clip(np.rint(10 * (coefficient + rng.normal(0, 0.25, n_rows))), 0, 10) / 10
    class_1 = rng.integers(4, size=n_rows)
    pair = np.stack([class_1, (class_1 + rng.integers(1, 4, size=n_rows)) % 4])
    return coefficient, inferred, pair, np.arange(n_rows) % n_people


def test_another_task_is_named(load_sample):
    with pytest.raises(PerceptionError, match="not of construct_midpoint"):
        PerceptualModel.fit(load_sample("construct_midpoint"))


def test_stimuli_instead_of_judgments_are_refused(load_sample):
    with pytest.raises(SchemaError):
        PerceptualModel.fit(hmix_hub.by_stimulus(load_sample()))


def test_a_stream_and_a_dictionary_of_splits_say_what_to_do(load_sample):
    with pytest.raises(hmix_hub.HMixError, match="streaming"):
        PerceptualModel.fit(load_sample(streaming=True))
    with pytest.raises(hmix_hub.HMixError, match='dataset\\["train"\\]'):
        PerceptualModel.fit(hmix_hub.load_dataset("h-mix", source="sample"))


def test_missing_columns_are_named(load_sample):
    with pytest.raises(PerceptionError, match="inferred_coefficient"):
        PerceptualModel.fit(load_sample().remove_columns("inferred_coefficient"))


def test_an_empty_selection_is_an_error(load_sample):
    with pytest.raises(PerceptionError, match="no rows"):
        PerceptualModel.fit(load_sample().select([]))


def test_one_coefficient_alone_is_named(judge):
    _, inferred, pair, people = _rows()
    with pytest.raises(PerceptionError, match=r"mixing coefficient 0\.5"):
        PerceptualModel.fit(judge(np.full(400, 0.5), inferred, pair, people))


def test_one_coefficient_in_two_forms_is_one(judge):
    """In the release .3 is both 0.3 and 0.1 + 0.2: a slope between the two would be of their last digits."""
    _, inferred, pair, people = _rows()
    with pytest.raises(PerceptionError, match=r"mixing coefficient 0\.3"):
        PerceptualModel.fit(judge(np.where(people % 2, 0.3, 0.1 + 0.2), inferred, pair, people))
    shown = np.where(people % 3, np.where(people % 2, 0.3, 0.1 + 0.2), 0.7)
    assert PerceptualModel.fit(judge(shown, inferred, pair, people)).shown_coefficients == (0.3, 0.7)


def test_one_answer_alone_is_named(judge):
    coefficient, _, pair, people = _rows()
    with pytest.raises(PerceptionError, match="same answer, 40 %"):
        PerceptualModel.fit(judge(coefficient, np.full(400, 0.4), pair, people))


def test_nine_judgments_are_too_few(judge):
    coefficient, inferred, pair, people = _rows(n_rows=9)
    with pytest.raises(PerceptionError, match="9 judgments are too few"):
        PerceptualModel.fit(judge(coefficient, inferred, pair, people))


@pytest.mark.parametrize(("name", "value"), [("mixing_coefficient", 1.5), ("inferred_coefficient", float("nan"))])
def test_a_value_outside_its_range_is_named_with_its_row(judge, name, value):
    coefficient, inferred, pair, people = _rows()
    values = {"mixing_coefficient": coefficient, "inferred_coefficient": inferred}
    values[name][7] = value
    with pytest.raises(PerceptionError, match=f"row 7, column {name}"):
        PerceptualModel.fit(judge(*values.values(), pair, people))


def test_answers_that_follow_the_coefficient_without_error_are_separable(judge):
    coefficient, _, pair, people = _rows()
    with pytest.raises(PerceptionError, match="separable by the mixing coefficient"):
        PerceptualModel.fit(judge(coefficient, coefficient, pair, people))


@pytest.mark.parametrize("people", [False, True])
def test_a_class_that_separates_answers_is_named(judge, people):
    coefficient, inferred, pair, who = _rows()
    pair[pair == 2] = 3
    pair[0, :30], pair[1, :30], inferred[:30] = 2, np.arange(30) % 2, 1.0
    with pytest.raises(PerceptionError, match="separable by class 'cow'"):
        PerceptualModel.fit(judge(coefficient, inferred, pair, who), people=people)


def test_a_feature_that_separates_answers_is_named(judge):
    coefficient, inferred, pair, people = _rows()
    with pytest.raises(PerceptionError, match="separable by feature 'answer'"):
        PerceptualModel.fit(judge(coefficient, inferred, pair, people), pictures={"answer": inferred - 0.5})


def test_people_who_are_each_separable_are_no_fit(judge):
    """Half of them answer by the coefficient alone, half the other way round: slopes have no bound."""
    coefficient, _, pair, people = _rows(n_rows=800)
    inferred = np.where(people % 2 == 0, coefficient, 1 - coefficient)
    with pytest.raises(PerceptionError, match="without bound"):
        PerceptualModel.fit(judge(coefficient, inferred, pair, people))


def test_single_pictures_are_left_out_and_counted(judge):
    coefficient, inferred, pair, people = _rows()
    without = PerceptualModel.fit(judge(coefficient[50:], inferred[50:], pair[:, 50:], people[50:]))
    pair[1, :50] = -1
    with pytest.warns(PerceptionWarning, match="50 of 400 judgments are of single pictures"):
        fitted = PerceptualModel.fit(judge(coefficient, inferred, pair, people))
    assert fitted.n_judgments == 350
    assert fitted.nll == pytest.approx(without.nll, abs=1e-6)


def test_single_pictures_alone_are_an_error(judge):
    coefficient, inferred, pair, people = _rows()
    pair[1] = -1
    with pytest.raises(PerceptionError, match="all judgments are of single pictures"):
        PerceptualModel.fit(judge(coefficient, inferred, pair, people))


def test_one_participant_has_no_effects_of_participants(judge):
    coefficient, inferred, pair, people = _rows()
    with pytest.warns(PerceptionWarning, match="at least 5 participants, not one"):
        fitted = PerceptualModel.fit(judge(coefficient, inferred, pair, 0 * people))
    assert fitted.person_effects == {}
    assert fitted.slope == PerceptualModel.fit(judge(coefficient, inferred, pair, people), people=False).slope


def test_one_judgment_each_tells_nothing_of_participants(judge):
    coefficient, inferred, pair, _ = _rows()
    with pytest.warns(PerceptionWarning, match="at least 4 judgments each"):
        fitted = PerceptualModel.fit(judge(coefficient, inferred, pair, np.arange(400)))
    assert fitted.people is None


def test_few_judgments_are_fitted_without_classes(judge):
    coefficient, inferred, pair, people = _rows(n_rows=30)
    with pytest.warns(PerceptionWarning, match="too few for effects of 4 classes"):
        fitted = PerceptualModel.fit(judge(coefficient, inferred, pair, people), people=False)
    assert set(fitted.class_effects.values()) == {0.0}


def test_few_judgments_are_fitted_without_pictures(judge):
    coefficient, inferred, pair, people = _rows(n_rows=25)
    feature = np.random.default_rng(0).normal(size=25)
    with pytest.warns(PerceptionWarning, match="too few for picture features"):
        fitted = PerceptualModel.fit(
            judge(coefficient, inferred, pair, people), classes=False, people=False, pictures=feature
        )
    assert fitted.terms.features is None


def test_a_class_never_shown_has_the_effect_zero(judge):
    rows = _rows()
    with pytest.warns(PerceptionWarning, match="no judgment shows the classes fly"):
        fitted = PerceptualModel.fit(judge(*rows, classes=("ant", "bee", "cow", "elk", "fly")))
    assert fitted.class_effects["fly"] == 0
    known = PerceptualModel.fit(judge(*rows)).class_effects
    assert {name: fitted.class_effects[name] for name in known} == pytest.approx(known, abs=1e-9)


def test_classes_that_always_stand_on_one_side_are_said(judge):
    coefficient, inferred, pair, people = _rows()
    pair[0], pair[1] = pair[0] % 2, 2 + pair[1] % 2
    with pytest.warns(PerceptionWarning, match="preference for image 1 or image 2"):
        fitted = PerceptualModel.fit(judge(coefficient, inferred, pair, people))
    assert sum(fitted.class_effects.values()) == pytest.approx(0, abs=1e-9)


def test_warnings_point_to_the_line_that_fits(judge):
    coefficient, inferred, pair, people = _rows()
    with pytest.warns(PerceptionWarning) as said:
        PerceptualModel.fit(judge(coefficient, inferred, pair, 0 * people))
    assert said[0].filename == __file__


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.full(400, np.nan), "feature 'feature 1' is nan"),
        (np.zeros(400), "never differs between"),
        (np.zeros(7), "there are 400 rows"),
        ({"logit": ["a"] * 400}, "must be numbers"),
        (np.repeat(np.random.default_rng(0).normal(size=(400, 1)), 2, axis=1), "collinear"),
    ],
)
def test_features_that_say_nothing_are_refused(judge, features, message):
    with pytest.raises(PerceptionError, match=message):
        PerceptualModel.fit(judge(*_rows()), pictures=features)


@pytest.mark.parametrize("size", [1e60, 1e200, float("inf")])
def test_features_too_large_to_compute_with_are_named_without_a_warning_of_numpy(judge, size):
    feature = size * np.random.default_rng(0).normal(size=400)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.raises(PerceptionError, match="row 0: feature 'own' is"):
            PerceptualModel.fit(judge(*_rows()), pictures={"own": feature})


def test_no_features_are_refused(judge):
    with pytest.raises(PerceptionError, match="picture features must be numbers"):
        PerceptualModel.fit(judge(*_rows()), pictures={})


def test_answers_that_run_against_what_is_shown_are_said(judge):
    """So would those of a slider whose ends were mistaken for each other; labels from it would be turned round."""
    coefficient, inferred, pair, people = _rows()
    with pytest.warns(PerceptionWarning, match=r"slope -1\.\d+\); check which end of the slider"):
        turned = PerceptualModel.fit(judge(coefficient, 1 - inferred, pair, people))
    assert turned.slope == pytest.approx(-PerceptualModel.fit(judge(coefficient, inferred, pair, people)).slope)


@pytest.mark.parametrize("seed", [-1, 1.5, "a", None, True])
def test_what_is_no_seed_is_refused_wherever_people_are_resampled(model, load_sample, simulate, seed):
    judgments = load_sample()
    for compute in (
        lambda: model.intervals(simulate(), seed=seed),
        lambda: hmix_hub.human_fit(judgments["mixing_coefficient"], judgments, seed=seed),
        lambda: hmix_hub.report("h-mix", source="sample", seed=seed),
    ):
        with pytest.raises(ConfigurationError, match="seed must be an integer of at least 0"):
            compute()


def test_a_name_that_is_no_feature_is_offered_the_nearest(load_sample):
    with pytest.raises(hmix_hub.HMixError, match="edge_energy"):
        PerceptualModel.fit(load_sample(), pictures="edge_enrgy")


def test_a_class_that_the_model_does_not_know_is_offered_the_nearest(model):
    with pytest.raises(PerceptionError, match="did you mean 'elk'"):
        model.predict(0.5, "ant", "elkk")
    with pytest.raises(PerceptionError, match="no class 4: codes are 0 to 3"):
        model.predict(0.5, 0, 4)
    with pytest.raises(PerceptionError, match="no class -1"):
        model.predict(0.5, -1, 0)


def test_a_participant_that_the_model_does_not_know_is_offered_the_nearest(model, simulate):
    with pytest.raises(PerceptionError, match="did you mean 'p001'"):
        model.predict(0.5, "ant", "bee", person="p0001")
    with pytest.raises(PerceptionError, match="no participant effects"):
        PerceptualModel.fit(simulate(), people=False).predict(0.5, "ant", "bee", person="p001")


@pytest.mark.parametrize("coefficient", [1.2, -0.1, float("nan"), "half"])
def test_what_is_no_coefficient_is_refused(model, coefficient):
    with pytest.raises(PerceptionError, match="coefficient"):
        model.predict(coefficient, "ant", "bee")


def test_shapes_that_do_not_fit_are_named(model):
    with pytest.raises(PerceptionError, match=r"shapes are \(2,\), \(3,\), \(\)"):
        model.predict([0.1, 0.2], ["ant"] * 3, "bee")
    with pytest.raises(PerceptionError, match="different lengths"):
        model.predict(0.5, [["ant"], ["bee", "cow"]], "bee")


@pytest.mark.parametrize("level", [0, 1, 90, float("nan"), "90", None])
def test_what_is_no_level_is_refused(model, level):
    with pytest.raises(PerceptionError, match="between 0 and 1"):
        model.predict(0.5, "ant", "bee", level=level)


def test_pictures_for_a_model_without_are_refused(model):
    picture = np.zeros((3, 32, 32), dtype=np.uint8)
    with pytest.raises(PerceptionError, match="fitted without pictures"):
        model.predict(0.5, "ant", "bee", picture, picture)


def test_judgments_of_classes_that_the_model_does_not_know_are_not_scored(model, load_sample):
    with pytest.raises(PerceptionError, match="no class 'airplane'"):
        model.score(load_sample())
