"""class_choice: what is stored, which rows are flagged, and what the choices about a stimulus come to."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_choices import ANIMALS, PAGES, THREE, dataset, judged
from matplotlib.figure import Figure

import hmix_hub
from hmix_hub.errors import ConfigurationError, FilterError, SchemaError
from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.judgments.migration import migrate
from hmix_hub.plots.showing import describe_judgment
from hmix_hub.plots.stimulus_panels import draw_soft_labels
from hmix_hub.plots.subject import Subject
from hmix_hub.schema import CIFAR10, Vocabulary
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.tasks import CHOICE, TASKS, columns


def flagged(rows, flag):
    return [flag in flags for flags in judged(rows)["flags"].to_pylist()]


def stimuli(rows):
    return by_stimulus(judged(rows), CHOICE, ANIMALS).to_pylist()


votes = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(PAGES)), min_size=1, max_size=30)


def test_it_came_with_2_2_0_and_stores_no_soft_label():
    assert TASKS[CHOICE].versions[0] == "2.2.0"
    assert "soft_label" not in {column.name for column in columns(CHOICE)}
    with pytest.raises(ConfigurationError, match=r"does not exist in schema 2\.1\.0"):
        migrate(judged(THREE), CHOICE, start="2.2.0", target="2.1.0", vocabulary=ANIMALS)


def test_choices_about_a_stimulus_become_frequencies():
    first, second = stimuli(THREE)
    assert first["chosen_classes"] == [0, 1, 0]
    assert first["class_frequencies"] == [2 / 3, 1 / 3, 0]
    assert math.isclose(first["entropy"], -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3)))
    assert first["majority_class"] == 0
    assert second["class_frequencies"] == [0, 1, 0]
    assert second["entropy"] == 0
    assert (second["n_judgments"], second["n_participants"]) == (1, 1)


def test_a_tie_has_no_majority():
    (tied,) = stimuli([("a", 0, "cat", "cat"), ("b", 0, "cat", "fox")])
    assert tied["majority_class"] is None


@given(votes)
@settings(max_examples=30)
def test_frequencies_are_the_counts_of_the_choices_whatever_their_order(votes):
    rows = [(f"p{number}", picture, "cat", chosen) for number, (picture, chosen) in enumerate(votes)]
    counts = Counter(votes)
    for some in (rows, rows[::-1]):
        for row in stimuli(some):
            of_picture = [counts[row["image_1_index"], name] for name in PAGES]
            assert row["class_frequencies"] == [count / sum(of_picture) for count in of_picture]
            assert math.isclose(sum(row["class_frequencies"]), 1)


SAME = [("a", number, PAGES[number % 3], "dog") for number in range(12)]


def test_who_nearly_always_chooses_one_class_is_straightlining():
    assert flagged(SAME, "straightlining") == [True] * 12
    assert flagged(SAME[:9], "straightlining") == [False] * 9


def test_who_is_shown_one_class_nearly_always_is_not():
    rows = [("a", number, "dog", "dog") for number in range(11)] + [("a", 11, "cat", "dog")]
    assert flagged(rows, "straightlining") == [False] * 12


def choosing_by_place(place, number=12, *, is_shuffled=True):
    rng = np.random.default_rng(0)
    rows = []
    for trial in range(number):
        order = rng.permutation(3).tolist() if is_shuffled else [2, 0, 1]
        rows.append(("a", trial, PAGES[trial % 3], PAGES[order[place]], {"class_order": order}))
    return rows


@pytest.mark.parametrize("place", [0, 1, 2])
def test_who_chooses_one_place_of_a_page_that_changes_is_flagged(place):
    rows = choosing_by_place(place)
    assert flagged(rows, "same_place") == [True] * 12
    assert not any(flagged(rows, "straightlining"))


def test_a_place_of_a_page_that_never_changes_is_a_class():
    rows = choosing_by_place(1, is_shuffled=False)
    assert not any(flagged(rows, "same_place"))
    assert all(flagged(rows, "straightlining"))


def test_rows_without_an_order_have_no_place():
    assert not any(flagged(SAME, "same_place"))
    mixed = [*choosing_by_place(0), ("b", 0, "cat", "cat")]
    assert flagged(mixed, "same_place") == [True] * 12 + [False]


@pytest.mark.parametrize(("touched", "expected"), [(False, True), (True, False), (None, False)])
def test_only_a_slider_known_to_be_untouched_is_flagged(touched, expected):
    rows = [("a", 0, "cat", "cat", {"confidence": 0.5, "confidence_touched": touched})]
    assert flagged(rows, "untouched_confidence") == [expected]


def test_rows_are_filtered_by_the_chosen_class():
    ds = dataset(THREE)
    assert hmix_hub.filter(ds, chosen_class="DOG")["participant_id"][:] == ["b", "a"]
    assert hmix_hub.filter(ds, chosen_class=["cat", 2])["participant_id"][:] == ["a", "c"]
    with pytest.raises(FilterError, match="there is no class 'doge'"):
        hmix_hub.filter(ds, chosen_class="doge")
    with pytest.raises(FilterError, match="3 is not the code of a class"):
        hmix_hub.filter(ds, chosen_class=3)


def test_a_table_without_chosen_classes_says_where_they_are(load_sample):
    with pytest.raises(FilterError, match="no column 'chosen_class'") as refused:
        hmix_hub.filter(load_sample(), chosen_class="dog")
    assert CHOICE in refused.value.hint


def test_soft_labels_of_judgments_are_one_hot_and_of_stimuli_the_frequencies():
    ds = dataset(THREE)
    assert hmix_hub.soft_labels(ds).tolist() == [[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]]
    assert hmix_hub.soft_labels(hmix_hub.by_stimulus(ds)).tolist() == [[2 / 3, 1 / 3, 0], [0, 1, 0]]


@given(votes, st.floats(0, 20))
@settings(max_examples=20)
def test_smoothing_gives_every_class_as_many_votes(votes, a):
    rows = [(f"p{number}", picture, "cat", chosen) for number, (picture, chosen) in enumerate(votes)]
    pooled = hmix_hub.by_stimulus(dataset(rows))
    counts = Counter(votes)
    for index, label in zip(pooled["image_1_index"], hmix_hub.soft_labels(pooled, smoothing=a), strict=True):
        of_class = [counts[index, name] for name in PAGES]
        expected = [(count + a) / (sum(of_class) + 3 * a) for count in of_class]
        assert np.allclose(label, expected, rtol=1e-12)


@pytest.mark.parametrize("smoothing", [-0.1, float("nan"), float("inf"), "1", True])
def test_smoothing_is_a_number_of_votes(smoothing):
    with pytest.raises(ConfigurationError, match="smoothing must be a number of votes"):
        hmix_hub.soft_labels(dataset(THREE), smoothing=smoothing)


def batch_of(ds, **options):
    return next(iter(hmix_hub.batches(ds, batch_size=10, images=None, shuffle=False, **options)))


def test_targets_are_the_soft_labels_smoothed_as_asked():
    ds = dataset(THREE)
    pooled = hmix_hub.by_stimulus(ds)
    assert batch_of(ds)["soft_label"].tolist() == hmix_hub.soft_labels(ds).tolist()
    for data in (ds, pooled):
        wanted = torch.tensor(hmix_hub.soft_labels(data, smoothing=0.5), dtype=torch.float64)
        assert torch.equal(batch_of(data, smoothing=0.5, dtype=torch.float64)["soft_label"], wanted)
        rows = hmix_hub.JudgmentDataset(data, images=None, smoothing=0.5, dtype=torch.float64)
        assert torch.equal(rows[0]["soft_label"], wanted[0])


def test_smoothing_of_another_target_is_refused(load_sample):
    with pytest.raises(ConfigurationError, match="smoothing is for the target 'soft_label'"):
        hmix_hub.batches(load_sample(), images=None, targets="human", smoothing=1)


def test_tensors_have_codes_and_frequencies():
    ds = dataset(THREE)
    tensors = hmix_hub.to_tensors(ds, ["chosen_class", "confidence"])
    assert tensors["chosen_class"].tolist() == [0, 1, 0, 1]
    assert tensors.vocabularies["chosen_class"] == list(PAGES)
    assert not tensors["confidence_mask"].any()
    pooled = hmix_hub.to_tensors(hmix_hub.by_stimulus(ds), ["class_frequencies", "entropy", "majority_class"])
    assert pooled["class_frequencies"].shape == (2, 3)
    assert pooled["majority_class"].tolist() == [0, 1]
    each = hmix_hub.to_tensors(hmix_hub.by_stimulus(ds), "chosen_classes")
    # One for each judgment, as often as it was chosen.
    assert each["chosen_classes"].tolist() == [[0, 1, 0], [1, -1, -1]]
    assert each["chosen_classes_mask"].tolist() == [[True, True, True], [True, False, False]]


def test_joined_studies_count_over_the_classes_of_both():
    other = Vocabulary(("fox", "owl"))
    joined = hmix_hub.join(
        [
            dataset(THREE),
            dataset([("z", 9, "owl", "fox")], other).map(
                lambda row: row | {"study_id": "b", "judgment_id": "b/" + row["judgment_id"]}
            ),
        ]
    )
    assert joined.features["chosen_class"].names == ["cat", "dog", "fox", "owl"]
    assert hmix_hub.by_stimulus(joined)["class_frequencies"][2] == [0, 0, 1, 0]


def test_aligned_labels_move_choices_and_frequencies():
    pooled = hmix_hub.align_labels(hmix_hub.by_stimulus(dataset(THREE)), ["fox", "dog", "cat"])
    assert pooled["class_frequencies"][0] == [0, 1 / 3, 2 / 3]
    assert pooled["chosen_classes"][0] == [2, 1, 2]
    assert pooled["majority_class"][:] == [2, 1]


@pytest.mark.parametrize("by", ["participant", "image", "stimulus"])
def test_parts_of_a_split_share_nothing(by):
    rows = [(f"p{number % 5}", number % 7, PAGES[number % 7 % 3], "cat") for number in range(35)]
    parts = hmix_hub.split(dataset(rows), by=by, fractions={"train": 0.6, "test": 0.4}, seed=1)
    name = {"participant": "participant_id", "image": "image_1_index", "stimulus": "stimulus_id"}[by]
    assert not set(parts["train"][name]) & set(parts["test"][name])
    assert len(parts["train"]) + len(parts["test"]) == 35


def test_a_picture_is_drawn_of_judgments_and_stimuli(tmp_path):
    ds = dataset([(p, s, PAGES[s], PAGES[(s + (p == "c")) % 3]) for s in range(3) for p in "abc"])
    for data in (ds, hmix_hub.by_stimulus(ds)):
        figure = hmix_hub.plot(data, tmp_path / "plot.png")
        assert figure.axes[0].get_ylabel() == "share of the choices"


@pytest.fixture
def example(tmp_path):
    return write_files(tmp_path / "study", example_study(CHOICE))


def edited(folder, old, new):
    table = folder / f"judgments/{CHOICE}.csv"
    text = table.read_text()
    assert old in text
    table.write_text(text.replace(old, new))


def test_confidence_may_be_left_out(example):
    table = example / f"judgments/{CHOICE}.csv"
    table.write_text("\n".join(line.rpartition(",")[0] for line in table.read_text().splitlines()) + "\n")
    ds = hmix_hub.load_dataset(str(example), CHOICE, split="train")
    assert set(ds["confidence"]) == {None}
    assert hmix_hub.by_stimulus(ds)["confidences"][0] == [None] * len(hmix_hub.by_stimulus(ds)["chosen_classes"][0])


def test_a_chosen_class_may_not_be_missing(example):
    edited(example, ",automobile,0", ",,0")
    with pytest.raises(SchemaError, match="HMX540"):
        hmix_hub.load_dataset(str(example), CHOICE, split="train")


def test_the_example_study_loads_by_stimulus_too(example):
    ds = hmix_hub.load_dataset(str(example), CHOICE, split="train")
    pooled = hmix_hub.load_dataset(str(example), f"{CHOICE}_by_stimulus", split="train")
    assert pooled.to_list() == hmix_hub.by_stimulus(ds).to_list()
    assert pooled.features["class_frequencies"].length == len(CIFAR10)


def test_choices_are_drawn_beside_their_stimulus():
    ds = dataset([("a", 0, "cat", "cat"), ("b", 0, "cat", "dog"), ("c", 0, "cat", "cat")])
    named = ds[1]
    subject = Subject(
        name=named["stimulus_id"],
        labels=["cat"],
        indices=[0],
        coefficient=1.0,
        pictures=np.zeros((1, 3, 4, 4), dtype=np.uint8),
        judgments={CHOICE: ds},
        elsewhere=[],
        judgment=named,
        is_synthetic=False,
    )
    axes = Figure().subplots()
    draw_soft_labels(axes, subject, CHOICE)
    assert [round(bar.get_width(), 6) for bar in axes.patches] == [round(2 / 3, 6), round(1 / 3, 6), 0]
    assert axes.get_xlabel() == "share of the choices"
    assert "participant b, trial 0: dog" in describe_judgment(subject)
