"""What figures must not hide: intervals, careless participants, the order of images, the ends of axes, any word."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.text import Text

import hmix_hub
from hmix_hub.plots.axes import mean_text, share_axis
from hmix_hub.plots.figure import BARS, Picture
from hmix_hub.resampling import levels_of, resample_means
from hmix_hub.schema.arrays import class_masses
from hmix_hub.tasks import RELEASED_CONFIGURATIONS

MIDPOINTS = ["construct_midpoint", "select_shuffled_midpoint"]


@pytest.fixture(scope="module")
def figures(load_sample):
    return {config: hmix_hub.plot(load_sample(config)) for config in RELEASED_CONFIGURATIONS}


def words_of(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def bars_of(axes):
    return [container for container in axes.containers if isinstance(container, BarContainer)]


def heights_of(axes):
    return [[patch.get_height() for patch in bars] for bars in bars_of(axes)]


def unflagged(dataset):
    return hmix_hub.filter(dataset, exclude_flags="straightlining")


def ends_of(container):
    """The lower and the upper ends of error bars; no lengths where there are none."""
    (lines,) = container[2]
    return np.array([segment[:, 1] if len(segment) else [np.nan, np.nan] for segment in lines.get_segments()])


@pytest.mark.parametrize("config", MIDPOINTS)
def test_participants_who_always_gave_one_answer_are_left_out_and_counted(config, load_sample):
    dataset = load_sample(config)
    careless = dataset.select([row for row, flags in enumerate(dataset["flags"]) if "straightlining" in flags])
    figure = hmix_hub.plot(dataset)
    drawn = hmix_hub.plot(unflagged(dataset))
    for axes, expected in zip(figure.axes, drawn.axes, strict=True):
        assert heights_of(axes) == heights_of(expected)
    n, people = len(careless), len(set(careless["participant_id"]))
    assert (f"left out: {n} judgments of {people} " in words_of(figure)) == bool(n)
    assert "left out" not in words_of(drawn)


def test_where_there_is_nobody_else_the_careless_are_drawn(load_sample):
    dataset = load_sample("construct_midpoint")
    careless = dataset.select([row for row, flags in enumerate(dataset["flags"]) if "straightlining" in flags])
    assert len(careless)
    words = words_of(hmix_hub.plot(careless))
    assert f"{len(careless)} judgments" in words
    assert "left out" not in words


def test_the_effect_of_the_start_is_not_that_of_two_participants(release):
    dataset = hmix_hub.load_dataset("h-mix", "construct_midpoint", split="train", source=release)
    figure = hmix_hub.plot(dataset)
    assert "left out: 64 judgments of 2 people flagged straightlining" in words_of(figure)
    labels = figure.axes[0].get_legend_handles_labels()[1]
    assert {"started at 0.1: mean 0.51 [0.50, 0.52]", "started at 0.9: mean 0.51 [0.50, 0.52]"} <= set(labels)


def test_which_image_is_the_first_does_not_change_the_picture_of_select(load_sample):
    frame = hmix_hub.to_pandas(load_sample("select_shuffled_midpoint"))
    turned = frame.copy()
    turned.loc[::2, "selected_coefficient"] = 1 - turned.loc[::2, "selected_coefficient"]
    one, other = (hmix_hub.plot(hmix_hub.from_pandas(each)) for each in (frame, turned))
    assert heights_of(one.axes[0]) == heights_of(other.axes[0])
    steps = np.rint(10 * np.abs(frame["selected_coefficient"] - 0.5)).astype(int)
    np.testing.assert_allclose(heights_of(one.axes[0])[0], np.bincount(steps, minlength=6) / len(steps))


def test_a_pull_to_either_image_moves_the_mean_of_select(load_sample):
    frame = hmix_hub.to_pandas(load_sample("select_shuffled_midpoint"))
    frame["selected_coefficient"] = np.where(np.arange(len(frame)) % 2, 0.3, 0.7)
    labels = hmix_hub.plot(hmix_hub.from_pandas(frame)).axes[0].get_legend_handles_labels()[1]
    assert "all judgments: mean 0.20 [0.20, 0.20]" in labels


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_every_mean_has_an_interval_around_it_and_the_caption_says_which(config, figures):
    figure = figures[config]
    assert "95% intervals by resampling" in words_of(figure)
    for axes in figure.axes:
        containers = [c for c in axes.containers if isinstance(c, ErrorbarContainer)]
        assert len(containers) >= max(1, len(bars_of(axes)))
        for bars in bars_of(axes):
            ends = ends_of(bars.errorbar)
            heights = np.array([patch.get_height() for patch in bars.patches])
            assert ((ends[:, 0] <= heights + 1e-9) & (heights <= ends[:, 1] + 1e-9)).all()
            assert (ends[:, 1] > ends[:, 0]).any()


def test_the_interval_is_that_of_whole_participants(load_sample, figures):
    dataset = load_sample()
    centres, levels = levels_of(np.array(dataset["mixing_coefficient"][:]))
    people = np.unique(dataset["participant_id"][:], return_inverse=True)[1]
    means = resample_means(np.array(dataset["inferred_coefficient"][:]), levels, people, len(centres))
    (container,) = (
        c for c in figures["infer_mixing_factor"].axes[0].containers if c.get_label() == "mean of judgments"
    )
    np.testing.assert_allclose(ends_of(container), np.stack([means.low, means.high], axis=1), atol=0.01)


def test_one_participant_at_a_level_has_no_interval(load_sample):
    dataset = load_sample("categorical_soft_labels").select(range(60))
    people = dataset.unique("participant_id")[:2]
    frame = hmix_hub.to_pandas(hmix_hub.filter(dataset, participants=people))
    frame["mixing_coefficient"] = np.where(frame["participant_id"] == people[0], 0.25, 0.5)
    for bars in bars_of(hmix_hub.plot(hmix_hub.from_pandas(frame)).axes[0]):
        assert np.isnan(ends_of(bars.errorbar)).all()


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_no_axis_of_coefficients_goes_beyond_0_or_1_and_image_1_is_on_the_right(config, figures):
    for axes in figures[config].axes:
        low, high = axes.get_ylim()
        assert 0 <= low < high <= 1
        if "categorical" in config:
            shown = [float(label.get_text()) for label in axes.get_xticklabels()]
            assert shown == sorted(shown)
            labels = [bars.get_label() for bars in bars_of(axes)]
            assert labels == ["class of image 2", "other classes", "class of image 1"]
        else:
            ticks = axes.get_xticks()
            assert 0 == ticks.min() < ticks.max() <= 1
            # The axis ends where its bars do.
            ends = [edge for bar in axes.patches for edge in (bar.get_x(), bar.get_x() + bar.get_width())]
            assert axes.get_xlim() == pytest.approx((min(ends), max(ends)) if ends else (0, 1))
        assert axes.get_xlabel()
        assert axes.get_ylabel()


@pytest.mark.parametrize("config", ["infer_mixing_factor", "infer_mixing_factor_by_stimulus"])
def test_every_answer_is_a_point_that_can_be_seen(config, load_sample, figures):
    points = figures[config].axes[0].collections[0]
    shown = np.array(load_sample(config)["mixing_coefficient"][:])
    assert len(points.get_offsets()) == len(shown)
    assert points.get_alpha() >= 0.1
    assert points.get_sizes().min() >= 9
    # Spread out, but nearer to their own coefficient than to another.
    assert 0.02 < np.abs(points.get_offsets()[:, 0] - shown).max() < np.diff(np.unique(shown)).min() / 2
    assert points.get_offsets().min() >= 0
    assert points.get_offsets().max() <= 1


@pytest.mark.parametrize("rows", [5, None])
@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_no_word_leaves_the_figure_or_lies_on_another(config, rows, load_sample, misplaced_words):
    dataset = load_sample(config)
    assert misplaced_words(hmix_hub.plot(dataset if rows is None else dataset.select(range(rows)))) == []


def test_bars_side_by_side_differ_in_grey_or_in_their_hatch():
    grey = [round(float(np.dot(to_rgb(look["color"]), (0.299, 0.587, 0.114))), 1) for look in BARS]
    looks = [(shade, look["hatch"]) for shade, look in zip(grey, BARS, strict=True)]
    assert len(set(looks)) == len(looks)


def test_a_class_mixed_with_itself_is_counted_once():
    labels = np.array([[0.7, 0.3], [0.7, 0.3], [0.7, 0.3]])
    first, second, others = class_masses(labels, np.array([0, 0, 0]), np.array([1, 0, -1]))
    np.testing.assert_allclose(first, 0.7)
    np.testing.assert_allclose(second, [0.3, 0, 0], atol=1e-12)
    np.testing.assert_allclose(others, [0, 0.3, 0.3], atol=1e-12)


def test_many_coefficients_are_put_into_tenths():
    shown = np.arange(101) / 100
    centres, levels = levels_of(shown)
    np.testing.assert_allclose(centres, np.arange(11) / 10)
    assert np.abs(centres[levels] - shown).max() <= 0.05 + 1e-9
    assert levels_of(np.array([0.5, 0.1 + 0.2, 0.3]))[0].tolist() == [0.3, 0.5]


def test_a_picture_shows_itself_in_a_notebook_and_says_what_it_is(figures):
    figure = figures["infer_mixing_factor"]
    assert isinstance(figure, Picture)
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert "7 x 5 inches" in repr(figure)
    assert "against the synthetic label; 1236 judgments of 20" in repr(figure)


def test_a_mean_is_written_with_its_interval_if_it_has_one():
    assert mean_text(0.5, (0.4, 0.61)) == "0.50 [0.40, 0.61]"
    assert mean_text(0.5, (np.nan, np.nan)) == mean_text(0.5, None) == "0.50"


def test_an_axis_of_shares_ends_where_they_do():
    axes = Picture().subplots()
    axes.plot([0, 1], [0, 0.5])
    share_axis(axes)
    share_axis(axes, "y", high=0.5)
    assert (*axes.get_xlim(), *axes.get_ylim()) == (0, 1, 0, 0.5)
