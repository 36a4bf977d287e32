"""Pictures are what people saw, to the last bit."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.stimuli.drawing import draw_mixture
from hmix_hub.stimuli.identifiers import is_stimulus_id, parse_stimulus_id
from hmix_hub.tasks.midpoint import WALK


def by_the_rule(a, b, coefficient):
    """The rule, written once more: float64, divided, multiplied, cut."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return ((coefficient * a + (1 - coefficient) * b) / 255 * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures():
    return np.asarray(open_image_set("sample/pictures").pictures)


def test_all_pairs_of_bytes_and_every_released_coefficient():
    a, b = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    for coefficient in [*WALK, 0.1, 0.25, 0.5, 0.75, 0.9]:
        drawn = draw_mixture(a[None, None], b[None, None], np.array([coefficient]))
        assert (drawn[0, 0] == by_the_rule(a, b, coefficient)).all()


def test_float32_and_rounding_give_other_pixels():
    a, b = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    for coefficient in (0.1, 0.9):
        exact = draw_mixture(a[None, None], b[None, None], np.array([coefficient]))[0, 0]
        single = np.float32(coefficient)
        in_float32 = ((single * a.astype(np.float32) + (1 - single) * b.astype(np.float32)) / 255 * 255).astype(
            np.uint8
        )
        rounded = np.rint(coefficient * a.astype(float) + (1 - coefficient) * b.astype(float)).astype(np.uint8)
        assert (exact != in_float32).any()
        assert (exact != rounded).any()


def test_the_division_and_the_multiplication_matter():
    a, b = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    differing = 0
    for coefficient in WALK:
        exact = draw_mixture(a[None, None], b[None, None], np.array([coefficient]))[0, 0]
        undivided = (coefficient * a.astype(float) + (1 - coefficient) * b.astype(float)).astype(np.uint8)
        differing += int((exact != undivided).sum())
    assert differing > 0


@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_how_many_are_drawn_at_once_does_not_matter(seed, n):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 256, (2, n, 3, 4, 5), dtype=np.uint8)
    coefficient = rng.random(n)
    drawn = draw_mixture(a, b, coefficient)
    assert drawn.shape == a.shape
    for row in range(n):
        assert (drawn[row] == by_the_rule(a[row], b[row], coefficient[row])).all()


def test_infer_and_categorical_take_the_literal(load_sample, pictures):
    for task in ("infer_mixing_factor", "categorical_soft_labels"):
        dataset = load_sample(task)
        rendered = hmix_hub.render(dataset).numpy()
        assert rendered.dtype == np.uint8
        assert rendered.shape == (len(dataset), 3, 32, 32)
        for row, drawn in zip(dataset, rendered, strict=True):
            expected = by_the_rule(
                pictures[row["image_1_index"]], pictures[row["image_2_index"]], row["mixing_coefficient"]
            )
            assert (drawn == expected).all()


@pytest.mark.parametrize("task", ["construct_midpoint", "select_shuffled_midpoint"])
def test_the_midpoint_tasks_take_the_walk(task, load_sample, pictures):
    dataset = load_sample(task)
    for row, drawn in zip(dataset, hmix_hub.render(dataset).numpy(), strict=True):
        coefficient = np.arange(0, 1.1, 0.1)[round(10 * row["selected_coefficient"])]
        expected = by_the_rule(pictures[row["image_1_index"]], pictures[row["image_2_index"]], coefficient)
        assert (drawn == expected).all()


def test_what_was_on_the_screen_differs_where_the_ends_were_not_shown(load_sample, pictures):
    dataset = load_sample("construct_midpoint")
    answered, on_screen = (hmix_hub.render(dataset, on_screen=flag).numpy() for flag in (False, True))
    flagged = ["endpoint_not_shown" in flags for flags in dataset["flags"]]
    assert any(flagged)
    for row, named, seen, was_not_shown in zip(dataset, answered, on_screen, flagged, strict=True):
        if not was_not_shown:
            assert (named == seen).all()
            continue
        step = 9 if row["selected_coefficient"] == 1 else 1
        ends = pictures[row["image_1_index"]], pictures[row["image_2_index"]]
        assert (seen == by_the_rule(*ends, np.arange(0, 1.1, 0.1)[step])).all()
        assert (named == by_the_rule(*ends, row["selected_coefficient"])).all()


def test_ids_render_as_their_rows(load_sample):
    dataset = load_sample().select(range(20))
    expected = hmix_hub.render(dataset)
    assert torch.equal(hmix_hub.render(dataset["stimulus_id"][:], image_set="sample/pictures"), expected)
    assert torch.equal(hmix_hub.render(dataset[3]["judgment_id"]), expected[3:4])


def test_ids_count_in_the_pictures_of_their_source(load_sample):
    expected = hmix_hub.render(load_sample().select([0]))
    assert torch.equal(hmix_hub.render(load_sample()[0]["stimulus_id"], source="sample"), expected)


def test_a_single_picture_is_not_mixed():
    with pytest.raises(SchemaError, match=r"names one picture, which cannot be mixed at 0\.5"):
        hmix_hub.render("mixed_0.5_Bird_113", source="sample")


@pytest.mark.parametrize(
    ("first", "second", "share", "told"),
    [
        (torch.rand(2, 3), torch.rand(1, 3), 0.5, "the same shape and dtype"),
        (torch.rand(2, 3), torch.zeros(2, 3, dtype=torch.uint8), 0.5, "the same shape and dtype"),
        (torch.rand(2, 3), torch.rand(2, 3), 1.5, "outside 0 to 1"),
        (torch.rand(2, 3), torch.rand(2, 3), float("nan"), "outside 0 to 1"),
        (torch.rand(2, 3), torch.rand(2, 3), torch.tensor([0.5, -0.1]), "outside 0 to 1"),
        (torch.rand(2, 3), torch.rand(2, 3), torch.rand(3), "one for each of 2"),
    ],
)
def test_what_cannot_be_mixed_is_refused(first, second, share, told):
    with pytest.raises(ConfigurationError, match=told):
        hmix_hub.mix(first, second, share)


def test_one_hot_labels_are_mixed_and_gradients_flow():
    labels = torch.eye(3, dtype=torch.int64)
    assert torch.equal(hmix_hub.mix(labels[:1], labels[1:2], 0.25), torch.tensor([[0.25, 0.75, 0.0]]))
    share = torch.tensor([0.5], requires_grad=True)
    hmix_hub.mix(torch.ones(1, 2), torch.zeros(1, 2), share).sum().backward()
    assert share.grad.tolist() == [2.0]


def test_a_by_stimulus_table_of_pairs_has_no_mixture(load_sample):
    pairs = hmix_hub.by_stimulus(load_sample("construct_midpoint"))
    with pytest.raises(ConfigurationError, match="about a pair"):
        hmix_hub.render(pairs)


def changed(dataset, **columns):
    frame = dataset.select(range(5)).to_pandas()
    for name, value in columns.items():
        frame.loc[2, name] = value
    return type(dataset).from_pandas(frame, features=dataset.features)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"image_1_index": 10_000}, "row 2, column image_1_index: image_1_index is 10000"),
        ({"image_2_index": 200}, "row 2, column image_2_index: image_2_index is 200, but sample/pictures has"),
        ({"mixing_coefficient": 1.5}, "row 2, column mixing_coefficient: mixing_coefficient is 1.5"),
        ({"mixing_coefficient": -0.25}, "mixing_coefficient is -0.25"),
        ({"mixing_coefficient": float("nan")}, "mixing_coefficient is nan"),
    ],
)
def test_impossible_rows_are_refused_by_name(change, complaint, load_sample):
    with pytest.raises(SchemaError, match=complaint):
        hmix_hub.render(changed(load_sample(), **change))


def test_a_label_that_contradicts_the_index_is_refused(load_sample):
    dataset = load_sample().select(range(5))
    label = dataset[2]["image_1_label"]
    with pytest.raises(
        SchemaError, match=r"row 2, column image_1_label: .* but picture \d+ of sample/pictures has class"
    ):
        hmix_hub.render(changed(dataset, image_1_label=(label + 1) % 10))


@pytest.mark.parametrize(
    "name", ["mixed_0.5_Dog_2205_Frog_6908", "mixed_0.1_Dog_2205_Frog_6908.png", "mixed_1.0_Dog_5"]
)
def test_stimulus_ids_are_read(name):
    found = parse_stimulus_id(name)
    assert is_stimulus_id(name)
    assert found.labels[0] == "Dog"
    assert len(found.labels) == len(found.indices)


@pytest.mark.parametrize("name", ["", "mixed", "Dog_2205_Frog_6908", "mixed_x_Dog_1", "mixed_0.5_Dog_../../etc", "a/b"])
def test_what_is_no_stimulus_id_is_refused(name):
    assert not is_stimulus_id(name)
    with pytest.raises(SchemaError, match="not a stimulus id"):
        parse_stimulus_id(name)


def test_an_id_with_an_impossible_coefficient_is_refused():
    with pytest.raises(SchemaError, match=r"1\.5"):
        hmix_hub.render("mixed_1.5_Dog_1_Frog_2", image_set="sample/pictures")


def test_mix_is_mixup():
    a, b = torch.rand(2, 4, 3, 8, 8)
    share = torch.tensor([0.0, 0.25, 0.5, 1.0])
    expected = share[:, None, None, None] * a + (1 - share[:, None, None, None]) * b
    torch.testing.assert_close(hmix_hub.mix(a, b, share), expected)
    torch.testing.assert_close(hmix_hub.mix(a, b, 0.3), 0.3 * a + 0.7 * b)
    bytes_ = torch.full((1, 3, 2, 2), 255, dtype=torch.uint8)
    torch.testing.assert_close(hmix_hub.mix(bytes_, bytes_ * 0, 0.25), torch.full((1, 3, 2, 2), 0.25))
