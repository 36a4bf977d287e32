"""Pictures: what they show and say, and the intervals in them."""

import numpy as np
import pytest
from datasets import Dataset
from matplotlib.text import Text

import hmix_hub
from hmix_hub.errors import ConfigurationError
from hmix_hub.resampling import resample_means
from hmix_hub.tasks import RELEASED_CONFIGURATIONS


def words_of(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def curve_of(figure, label):
    for container in figure.axes[0].containers:
        if container.get_label() == label:
            return container[0].get_xydata()
    msg = f"no curve {label}"
    raise AssertionError(msg)


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_every_configuration_of_the_sample_has_its_picture_marked_synthetic(config, load_sample):
    words = words_of(hmix_hub.plot(load_sample(config)))
    assert "SYNTHETIC" in words
    assert "95% intervals by resampling" in words


def test_the_release_is_not_marked_synthetic(release):
    words = words_of(hmix_hub.plot(hmix_hub.load_dataset("h-mix", split="train", source=release)))
    assert "SYNTHETIC" not in words
    assert "4950 judgments of 81 people" in words


def test_the_curve_is_the_mean_of_the_judgments(load_sample):
    dataset = load_sample()
    curve = curve_of(hmix_hub.plot(dataset), "mean of judgments")
    shown, inferred = np.array(dataset["mixing_coefficient"]), np.array(dataset["inferred_coefficient"])
    np.testing.assert_allclose(curve[:, 0], np.unique(shown))
    np.testing.assert_allclose(curve[:, 1], [inferred[shown == level].mean() for level in np.unique(shown)])


def test_the_bars_are_shares_of_judgments_by_start(load_sample):
    dataset = hmix_hub.filter(load_sample("construct_midpoint"), exclude_flags="straightlining")
    figure = hmix_hub.plot(dataset)
    bars = [container for container in figure.axes[0].containers if hasattr(container, "patches")]
    selected, start = np.array(dataset["selected_coefficient"]), np.array(dataset["start_coefficient"])
    for bar, value in zip(bars, np.unique(start), strict=True):
        heights = [patch.get_height() for patch in bar.patches]
        chosen = np.rint(10 * selected[start == value]).astype(int)
        np.testing.assert_allclose(heights, np.bincount(chosen, minlength=11) / len(chosen))


def test_a_filtered_selection_is_drawn_alone(load_sample):
    person = load_sample().unique("participant_id")[0]
    words = words_of(hmix_hub.plot(hmix_hub.filter(load_sample(), participants=person)))
    assert "of 1 simulated person; error bars: 95% intervals by resampling judgments" in words


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_the_ending_decides_the_format(ending, tmp_path, load_sample):
    path = tmp_path / f"picture.{ending}"
    hmix_hub.plot(load_sample("categorical_soft_labels"), path)
    marks = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    assert path.read_bytes().startswith(marks[ending])


def test_nothing_to_draw_is_refused(load_sample):
    with pytest.raises(ConfigurationError, match="no rows"):
        hmix_hub.plot(load_sample().select([]))
    with pytest.raises(ConfigurationError, match="cannot be plotted"):
        hmix_hub.plot(load_sample().select_columns(["participant_id"]))


def test_another_ending_is_refused_before_anything_is_drawn(tmp_path, load_sample):
    with pytest.raises(ConfigurationError, match=r"\.png, \.pdf, \.svg"):
        hmix_hub.plot(load_sample(), tmp_path / "picture.bmp")


def test_intervals_come_from_whole_people():
    # Two people, each of one mind: a resampling has mean 0, 1/2 or 1, however many answers they gave.
    values = np.repeat([0.0, 1.0], 500)
    means = resample_means(values, np.zeros(1000, dtype=np.int64), np.repeat([0, 1], 500), 1)
    assert (means.mean[0], means.low[0], means.high[0]) == (0.5, 0.0, 1.0)


def test_one_person_has_no_interval_and_a_level_without_answers_no_mean():
    means = resample_means(np.array([0.2, 0.4]), np.array([0, 0]), np.array([0, 0]), 1)
    assert means.mean[0] == pytest.approx(0.3)
    assert np.isnan([means.low[0], means.high[0]]).all()
    assert np.isnan(resample_means(np.array([0.2, 0.4]), np.array([0, 0]), np.array([0, 1]), 2).mean[1])


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    covered = 0
    people = np.repeat(np.arange(40), 5)
    for trial in range(200):
        values = np.repeat(rng.normal(0, 1, 40), 5) + rng.normal(0, 1, 200)
        means = resample_means(values, np.zeros(200, dtype=np.int64), people, 1, seed=trial)
        covered += int(means.low[0] <= 0 <= means.high[0])
    assert 0.88 <= covered / 200 <= 0.99


def test_many_units_have_the_interval_of_their_standard_error():
    values = np.random.default_rng(6).normal(0, 1, 60_000)
    n = 20_000
    means = resample_means(values, np.arange(60_000) % 2, np.arange(60_000) % n, 2)
    # At either level every other unit, with three values: their mean has the standard error of 30,000 values.
    expected = 2 * 1.96 * np.array([values[level::2].std() / np.sqrt(30_000) for level in (0, 1)])
    np.testing.assert_allclose(means.high - means.low, expected, rtol=0.08)


def test_as_many_starts_as_there_are_are_drawn_with_their_own_means(load_sample):
    frame = load_sample("construct_midpoint").to_pandas()
    frame["start_coefficient"] = [(0.1, 0.5, 0.9)[row % 3] for row in range(len(frame))]
    frame["selected_coefficient"] = 0.25
    dataset = Dataset.from_pandas(frame, features=hmix_hub.features("construct_midpoint"))
    figure = hmix_hub.plot(dataset)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert [label for label in labels if "started" in label] == [
        f"started at {s:g}: mean 0.25 [0.25, 0.25]" for s in (0.1, 0.5, 0.9)
    ]


def test_single_pictures_have_no_second_class(load_sample):
    dataset = load_sample("categorical_soft_labels")
    frame = dataset.to_pandas()
    frame[["image_2_label", "image_2_index"]] = None
    single = Dataset.from_pandas(frame, features=dataset.features)
    bars = [container for container in hmix_hub.plot(single).axes[0].containers if hasattr(container, "patches")]
    (second,) = (bar for bar in bars if bar.get_label() == "class of image 2")
    assert {patch.get_height() for patch in second.patches} == {0}
