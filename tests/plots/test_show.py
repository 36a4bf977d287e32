"""Picture of a stimulus: its pixels on the file are those that people saw, and its panels are their answers."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
from PIL import Image

import hmix_hub
from hmix_hub.errors import ConfigurationError, SchemaError

STIMULUS = "mixed_0.1_Bird_113_Ship_35"
PAIR = "Bird_113_Ship_35"


@cache
def show(name):
    """Draw something of the sample; once, for no test changes a figure."""
    return hmix_hub.show(name, source="sample")


@pytest.fixture
def saved(tmp_path):
    """Draw something of the sample into a file, and read its pixels."""

    def save(name, file="out.png"):
        figure = hmix_hub.show(name, tmp_path / file, source="sample")
        return figure, np.asarray(Image.open(tmp_path / file).convert("RGB"))

    return save


def words_of(figure):
    texts = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        legend = axes.get_legend()
        texts += [axes.get_title(loc="left"), *([t.get_text() for t in legend.get_texts()] if legend else [])]
    return " | ".join(texts)


def drawn_pictures(figure, pixels, enlarged):
    """Read the pictures back from the file, and check that each pixel is one square without seams."""
    found = []
    for axes in figure.axes:
        if axes.images:
            box = axes.get_position()
            left, top = round(box.x0 * pixels.shape[1]), round((1 - box.y1) * pixels.shape[0])
            part = pixels[top : top + 32 * enlarged, left : left + 32 * enlarged]
            squares = part.reshape(32, enlarged, 32, enlarged, 3)
            assert (squares == squares[:, :1, :, :1]).all()
            found.append(squares[:, 0, :, 0].transpose(2, 0, 1))
    return np.stack(found)


def test_a_mixture_stands_between_its_endpoints_pixel_for_pixel(saved):
    figure, pixels = saved(STIMULUS)
    ids = ["mixed_0.0_Bird_113_Ship_35", STIMULUS, "mixed_1.0_Bird_113_Ship_35"]
    expected = hmix_hub.render(ids, image_set="sample/pictures").numpy()
    assert (drawn_pictures(figure, pixels, 10) == expected).all()


def test_a_pair_is_drawn_as_the_eleven_mixtures_of_the_midpoint_tasks(saved, load_sample):
    judgments = load_sample("select_shuffled_midpoint")
    row = judgments[0]
    figure, pixels = saved(row["pair_id"])
    drawn = drawn_pictures(figure, pixels, 5)
    assert len(drawn) == 11
    about = hmix_hub.filter(judgments, stimuli=row["pair_id"])
    for selected, rendered in zip(about["selected_coefficient"], hmix_hub.render(about).numpy(), strict=True):
        assert (drawn[round(10 * selected)] == rendered).all()


def test_the_bars_of_a_pair_are_its_judgments(load_sample):
    row = load_sample("construct_midpoint")[0]
    figure = show(row["pair_id"])
    bars = [container for container in figure.axes[-1].containers if hasattr(container, "patches")]
    tasks = [
        hmix_hub.filter(load_sample(task), stimuli=row["pair_id"])
        for task in ("construct_midpoint", "select_shuffled_midpoint")
        if row["pair_id"] in load_sample(task)["pair_id"]
    ]
    for bar, judgments in zip(bars, tasks, strict=True):
        steps = np.rint(10 * np.array(judgments["selected_coefficient"][:])).astype(int)
        assert [patch.get_height() for patch in bar.patches] == np.bincount(steps, minlength=11).tolist()
        assert f"{len(judgments)} judgments" in words_of(figure)


def test_the_points_are_the_inferred_coefficients_and_confidences(load_sample):
    row = load_sample()[4]
    figure = show(row["judgment_id"])
    about = hmix_hub.filter(load_sample(), stimuli=row["stimulus_id"])
    points, named = (collection.get_offsets() for collection in figure.axes[-1].collections)
    expected = np.stack([about["inferred_coefficient"][:], about["confidence"][:]], axis=1)
    np.testing.assert_allclose(points, np.unique(expected, axis=0))
    np.testing.assert_allclose(named, [[row["inferred_coefficient"], row["confidence"]]])
    assert f"participant {row['participant_id']}, trial {row['trial_index']}: inferred" in words_of(figure)


def test_answers_that_coincide_are_counted(load_sample):
    answers = Counter(
        (row["stimulus_id"], row["inferred_coefficient"], row["confidence"]) for row in load_sample()
    ).most_common()
    (stimulus, *place), times = answers[0]
    figure = show(stimulus)
    points = figure.axes[-1].collections[0]
    here = [tuple(point) == tuple(place) for point in points.get_offsets()].index(True)
    assert times > 1
    assert points.get_sizes()[here] == 45 * times
    assert f"x {times}" in [text.get_text() for text in figure.axes[-1].texts]


def test_a_pair_of_other_tasks_is_referred_to_its_mixtures(load_sample):
    stimulus = load_sample()[0]["stimulus_id"]
    pair = load_sample()[0]["pair_id"]
    words = words_of(show(pair))
    assert "nobody judged this pair in the midpoint tasks" in words
    assert stimulus in words


def test_soft_labels_are_averaged(load_sample):
    figure = show(STIMULUS)
    labels = hmix_hub.filter(load_sample("categorical_soft_labels"), stimuli=STIMULUS)["soft_label"][:]
    bars = next(part for part in figure.axes[-1].containers if hasattr(part, "patches"))
    widths = [patch.get_width() for patch in bars]
    np.testing.assert_allclose(widths, np.mean(labels, axis=0))


@pytest.mark.parametrize("config", ["construct_midpoint", "categorical_soft_labels"])
def test_a_judgment_with_any_flag_is_described(config, load_sample):
    by_flag = {flag: row for row in load_sample(config) for flag in row["flags"]}
    assert len(by_flag) >= 3
    for row in by_flag.values():
        words = words_of(show(row["judgment_id"]))
        assert f"after {row['response_time_ms'] / 1000:.1f} s" in words
        assert ", ".join(row["flags"]) in words


@pytest.mark.parametrize(("selected", "seen"), [(0.0, 0.1), (1.0, 0.9)])
def test_it_is_said_which_picture_was_on_the_screen(selected, seen, load_sample):
    rows = [row for row in load_sample("construct_midpoint") if row["selected_coefficient"] == selected]
    assert f"the picture on the screen was at {seen}" in words_of(show(rows[0]["judgment_id"]))


def test_the_sample_is_marked_synthetic_and_the_release_is_not(release, cifar10):
    assert "SYNTHETIC" in words_of(show(PAIR))
    words = words_of(hmix_hub.show("Automobile_887_Bird_8384", source=release, cifar10=cifar10))
    assert "SYNTHETIC" not in words
    assert "select-shuffled: 11 judgments of 5 participants" in words


def test_a_mixture_that_nobody_judged_is_drawn_all_the_same():
    assert "nobody judged this mixture" in words_of(show("mixed_0.37_Bird_113_Ship_35"))
    assert "nobody judged this picture" in words_of(show("mixed_1.0_Bird_113"))


def test_class_names_may_be_in_any_case():
    assert STIMULUS in words_of(show("mixed_0.10_bird_113_SHIP_35"))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nothing", "is not an id of a stimulus, a pair or a judgment"),
        ("nothing/at/all", "is neither a stimulus nor a judgment id"),
        ("mixed_0.5_Bird_113", "names one picture, which cannot be mixed at 0.5"),
        ("sample/infer_mixing_factor/nobody/3", "there is no judgment"),
        ("mixed_0.5_Bird_113_Whale_35", "there is no class 'Whale'"),
        ("mixed_0.5_Bird_113_Ship_999", "image_2_index is 999"),
        ("mixed_0.5_Cat_113_Ship_35", "image_1_label is cat, but picture 113 of sample/pictures has class bird"),
        ("mixed_1.5_Bird_113_Ship_35", "coefficients are from 0 to 1"),
        ("Bird_113", "names one picture"),
    ],
)
def test_what_does_not_exist_is_refused_and_no_file_is_written(name, complaint, saved, tmp_path):
    with pytest.raises(SchemaError, match=complaint):
        saved(name)
    assert not list(tmp_path.iterdir())


def test_another_ending_is_refused_before_anything_is_loaded(saved):
    with pytest.raises(ConfigurationError, match=r"does not end in \.png"):
        saved("nothing", "out.gif")


def test_image_1_is_on_the_right_in_pictures_and_on_axes(load_sample):
    for name in (STIMULUS, load_sample("construct_midpoint")[0]["pair_id"]):
        figure = show(name)
        places = {text.get_text().split(":")[0]: text.get_position()[0] for text in figure.texts}
        assert places["image 2"] < places["image 1"]
    for config, label in (("infer_mixing_factor", "share of image 1"), ("construct_midpoint", "share of image 1")):
        axes = show(load_sample(config)[0]["judgment_id"]).axes[-1]
        assert label in axes.get_xlabel()
        assert axes.get_xlim()[0] < axes.get_xlim()[1]


def test_the_mean_of_several_participants_has_its_interval(load_sample):
    stimulus, n = Counter(load_sample()["stimulus_id"][:]).most_common(1)[0]
    assert n > 2
    words = words_of(show(stimulus))
    inferred = hmix_hub.filter(load_sample(), stimuli=stimulus)["inferred_coefficient"][:]
    assert f"mean perceived: {np.mean(inferred):.2f} [" in words
    assert "intervals of means: 95%, by resampling participants" in words


@pytest.mark.parametrize("name", [STIMULUS, "mixed_1.0_Bird_113", None])
def test_no_words_of_a_stimulus_lie_on_others(name, load_sample, misplaced_words):
    assert misplaced_words(show(name or load_sample("construct_midpoint")[0]["judgment_id"])) == []


def test_a_stimulus_shows_itself_in_a_notebook():
    figure = show(STIMULUS)
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert f"{STIMULUS}, and " in repr(figure)
