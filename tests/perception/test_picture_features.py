"""Picture features: exact values of made-up pictures, laws, and refusals."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import hmix_hub
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.perception.picture_features import FEATURES, VISIBILITY, endpoint_features, picture_features

ALL = list(FEATURES)
pictures = st.tuples(st.integers(1, 4), st.integers(2, 12), st.integers(2, 12)).flatmap(
    lambda size: arrays(np.uint8, (size[0], 3, size[1], size[2]))
)


def of(picture, name):
    return picture_features(picture[None], [name])[0, 0]


def uniform(red, green, blue, size=32):
    return np.broadcast_to(np.array([red, green, blue], dtype=np.uint8)[:, None, None], (3, size, size)).copy()


def test_a_grey_picture_has_no_edges_no_colour_no_contrast_and_no_saturation():
    for level in (0, 7, 128, 255):
        features = picture_features(uniform(level, level, level)[None], ALL)
        assert features.tolist() == [[np.log(1 / 255), 0.0, 0.0, 0.0]]


def test_a_uniform_colour_is_its_distance_from_grey():
    red = uniform(255, 0, 0)
    assert of(red, "colourfulness") == pytest.approx(0.3 * np.hypot(1, 0.5), abs=1e-15)
    assert of(red, "saturation") == 1
    assert of(uniform(200, 100, 100), "saturation") == 0.5
    assert of(red, "low_frequency_contrast") == 0


def test_two_halves_have_a_contrast_of_half_their_difference_and_one_edge():
    halves = uniform(0, 0, 0)
    halves[:, :, 16:] = 255
    assert of(halves, "low_frequency_contrast") == 0.5
    # One of the 31 differences of every row is a whole step.
    assert of(halves, "edge_energy") == pytest.approx(np.log(np.sqrt(1 / 31)), abs=1e-15)


def test_fine_stripes_have_edges_and_no_low_frequency_contrast():
    stripes = uniform(0, 0, 0)
    stripes[:, :, ::2] = 255
    assert of(stripes, "low_frequency_contrast") == 0
    assert of(stripes, "edge_energy") == 0


@given(pictures)
def test_a_picture_has_the_same_features_alone_among_others_and_in_any_memory(images):
    together = picture_features(images, ALL)
    alone = np.concatenate([picture_features(image[None], ALL) for image in images])
    assert np.array_equal(together, alone)
    other_memory = np.ascontiguousarray(images.transpose(3, 0, 2, 1)).transpose(1, 3, 2, 0)
    assert np.array_equal(picture_features(other_memory, ALL[:2]), together[:, :2])
    assert np.array_equal(picture_features(torch.from_numpy(images), ALL), together)
    assert np.isfinite(together).all()


@given(pictures, st.integers(1, 55))
def test_brightness_changes_neither_edges_nor_colour_nor_contrast(images, step):
    dark = images // 2
    before, after = picture_features(dark, ALL[:3]), picture_features(dark + np.uint8(step), ALL[:3])
    assert np.array_equal(before[:, :2], after[:, :2])
    np.testing.assert_allclose(before[:, 2], after[:, 2], atol=1e-14)


@given(pictures)
def test_features_are_within_their_ranges(images):
    features = picture_features(images, ALL)
    low = [np.log(1 / 255), 0, 0, 0]
    high = [np.log(2) / 2, np.sqrt(1.25 * 1.09), 0.5, 1]
    assert (features >= np.array(low) - 1e-12).all()
    assert (features <= np.array(high) + 1e-12).all()


@given(pictures)
def test_swapping_height_and_width_changes_nothing_but_rounding(images):
    turned = images.transpose(0, 1, 3, 2)
    np.testing.assert_allclose(picture_features(turned, ALL), picture_features(images, ALL), atol=1e-12)


@given(pictures)
def test_formulas_are_those_of_the_description(images):
    share = images.astype(np.float64) / 255
    red, green, blue = share[:, 0], share[:, 1], share[:, 2]
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    across, down = np.diff(luminance, axis=2)[:, :-1], np.diff(luminance, axis=1)[:, :, :-1]
    energy = np.sqrt((across**2 + down**2).mean((1, 2)))
    rg, yb = red - green, (red + green) / 2 - blue
    colour = np.sqrt(rg.var((1, 2)) + yb.var((1, 2))) + 0.3 * np.hypot(rg.mean((1, 2)), yb.mean((1, 2)))
    expected = np.stack([np.log(np.maximum(energy, 1 / 255)), colour], axis=1)
    # The square root of a variance that is rounding alone is far above it.
    np.testing.assert_allclose(picture_features(images), expected, atol=1e-7)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.full((1, 3, 4, 4), np.nan), "not finite"),
        (np.zeros((1, 3, 4, 4), dtype=np.float32), "astype"),
        (np.zeros((1, 3, 4, 4), dtype=np.int64), "int64"),
        (np.zeros((1, 4, 4, 3), dtype=np.uint8), "transpose"),
        (np.zeros((3, 4, 4), dtype=np.uint8), "not \\(3, 4, 4\\)"),
        (np.zeros((0, 3, 4, 4), dtype=np.uint8), "at least 2 x 2 pixels"),
        (np.zeros((1, 3, 1, 4), dtype=np.uint8), "at least 2 x 2 pixels"),
        ("pictures", "<U8"),
        (None, "object"),
    ],
)
def test_what_is_no_batch_of_pictures_is_refused(images, said):
    with pytest.raises(SchemaError, match=said):
        picture_features(images)


def test_unknown_features_are_refused_with_the_nearest():
    with pytest.raises(ConfigurationError, match="edge_energy"):
        picture_features(uniform(0, 0, 0)[None], "edge_enegy")
    with pytest.raises(ConfigurationError, match="the list of picture features is empty"):
        picture_features(uniform(0, 0, 0)[None], [])


def test_features_of_both_pictures_come_row_by_row(load_sample):
    dataset = load_sample(images="endpoints").select(range(40))
    first, second = endpoint_features(dataset)
    assert first.shape == second.shape == (40, len(VISIBILITY))
    for row in (0, 17, 39):
        for features, name in ((first, "image_1"), (second, "image_2")):
            image = np.asarray(dataset[row][name]).transpose(2, 0, 1)[None]
            assert np.array_equal(features[row], picture_features(image)[0])


def test_rows_of_a_pair_share_its_features(load_sample):
    dataset = load_sample()
    first, _ = endpoint_features(dataset, "edge_energy")
    indices = np.array(dataset["image_1_index"])
    assert all(len(np.unique(first[indices == index])) == 1 for index in np.unique(indices))


def test_features_of_the_released_pictures(release, cifar10):
    dataset = hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=release)
    first, second = endpoint_features(dataset, ALL, cifar10=cifar10)
    assert first.shape == second.shape == (4950, 4)
    edges = np.concatenate([first, second])[:, 0]
    assert edges.min() == pytest.approx(-3.40359353, abs=1e-8)
    assert edges.max() == pytest.approx(-1.27619179, abs=1e-8)
