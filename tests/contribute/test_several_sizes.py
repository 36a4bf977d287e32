"""Pictures of several sizes in one study: each is drawn as it is, and tensors have one size or are told to."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
import torch
from at_once import run_at_once
from PIL import Image
from study_generator.own_pictures import TABLE, with_own_pictures

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.checking import check_study
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.plots.showing import _shown_size
from hmix_hub.studies.example import csv_bytes
from hmix_hub.studies.study import Study

SIZES = ((4, 6), (4, 6), (5, 3), (5, 3))
"""Height and width of each picture: cats are 0 and 2, foxes 1 and 3."""


def pixels(number):
    return np.random.default_rng(number).integers(0, 256, (*SIZES[number], 3), dtype=np.uint8)


def of_several_sizes(files):
    """Make the study one of two sizes, whose pairs are of equal size; every fifth row shows a single picture."""
    with_own_pictures(files)
    for number in range(4):
        stream = io.BytesIO()
        Image.fromarray(pixels(number)).save(stream, "PNG")
        files[f"stimuli/pictures/{number}.png"] = stream.getvalue()
    rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
    for row in rows:
        if row["image_2_index"]:
            row["image_2_index"] = int(row["image_1_index"]) + 1
    files[TABLE] = csv_bytes(rows)


def picture_boxes(figure):
    """Width and height of the pictures in a figure, in pixels, and the lower edge of the last."""
    boxes = [axes.get_window_extent() for axes in figure.axes if axes.images]
    return [(round(box.width), round(box.height)) for box in boxes], boxes[-1].y0


def test_a_stimulus_is_shown_in_its_proportions_with_its_name_below(study):
    dataset = hmix_hub.load_dataset(study, split="train")
    singles = {row["image_1_index"]: row["stimulus_id"] for row in dataset if row["image_2_index"] is None}
    for index, stimulus in singles.items():
        figure = hmix_hub.show(stimulus, dataset=study)
        sizes, bottom = picture_boxes(figure)
        height, width = SIZES[index]
        assert sizes == [(10 * width, 10 * height)]
        (caption,) = [text for text in figure.texts if text.get_text() == f"cat {index}"]
        assert caption.get_window_extent().y1 < bottom


@pytest.mark.parametrize(
    ("sides", "box"),
    [((32, 32), (320, 320)), ((64, 48), (640, 480)), ((300, 200), (600, 400)), ((2000, 1000), (640, 320))],
)
def test_large_pictures_are_shown_smaller(sides, box):
    width, height = sides
    enlarged, *found = _shown_size(np.zeros((1, 3, height, width), np.uint8), 10)
    assert tuple(found) == box
    assert enlarged == box[0] / width


def shown(row):
    """The picture of a row by the released rule, uint8 (3, H, W)."""
    first, second, share = pixels(row["image_1_index"]), row["image_2_index"], row["mixing_coefficient"]
    if second is not None:
        first = ((share * first + (1 - share) * pixels(second)) / 255 * 255).astype(np.uint8)
    return first.transpose(2, 0, 1)


@pytest.fixture
def study(make_study):
    return make_study(change=of_several_sizes, name="sizes")


@pytest.fixture
def judgments(study):
    return hmix_hub.load_dataset(study, split="train")


def test_a_study_of_several_sizes_is_valid(study):
    assert check_study(Study.open(study)).errors == []


def test_rows_of_one_size_are_drawn_as_people_saw_them(judgments):
    for size in set(SIZES):
        rows = judgments.filter(lambda row, size=size: SIZES[row["image_1_index"]] == size)
        drawn = hmix_hub.render(rows)
        assert drawn.shape == (len(rows), 3, *size)
        assert all(np.array_equal(picture, shown(row)) for picture, row in zip(drawn, rows, strict=True))


def test_rows_of_several_sizes_need_a_size_and_the_error_says_so(judgments):
    for call in (hmix_hub.render, hmix_hub.batches, hmix_hub.JudgmentDataset):
        with pytest.raises(SchemaError, match=r"different sizes .* 6 x 4, .* 3 x 5") as caught:
            call(judgments)
        assert "image_size=(height, width)" in caught.value.hint


def test_pictures_are_resized_after_they_are_mixed(judgments):
    drawn = hmix_hub.render(judgments, image_size=(8, 7))
    assert drawn.shape == (len(judgments), 3, 8, 7)
    for picture, row in zip(drawn, judgments, strict=True):
        whole = Image.fromarray(shown(row).transpose(1, 2, 0))
        assert np.array_equal(picture.permute(1, 2, 0), np.asarray(whole.resize((7, 8), Image.Resampling.BILINEAR)))


def test_pictures_of_the_size_that_is_asked_for_stay_as_they_are(judgments):
    drawn = hmix_hub.render(judgments, image_size=SIZES[0])
    for picture, row in zip(drawn, judgments, strict=True):
        if SIZES[row["image_1_index"]] == SIZES[0]:
            assert np.array_equal(picture, shown(row))


@pytest.mark.parametrize("in_memory", [True, False])
def test_batches_hold_pictures_of_the_size(judgments, in_memory):
    drawn = hmix_hub.render(judgments, image_size=(8, 8))
    options = {"shuffle": False, "image_size": (8, 8), "dtype": torch.uint8, "keep_in_memory": in_memory}
    batch = next(iter(hmix_hub.batches(judgments, 16, **options)))
    assert torch.equal(batch["image"], drawn[:16])
    batch = next(iter(hmix_hub.batches(judgments, 16, images="endpoints", **options)))
    assert batch["image_2"].shape == (16, 3, 8, 8)
    assert "image [3, 8, 8]" in repr(hmix_hub.JudgmentDataset(judgments, image_size=(8, 8)))


def test_image_columns_hold_each_picture_in_its_size(judgments):
    for row in hmix_hub.add_images(judgments, "mixed"):
        assert np.array_equal(np.asarray(row["image"]).transpose(2, 0, 1), shown(row))
    for row in hmix_hub.add_images(judgments, "endpoints"):
        assert np.array_equal(np.asarray(row["image_1"]), pixels(row["image_1_index"]))
        assert (row["image_2"] is None) == (row["image_2_index"] is None)


def test_it_is_built_and_drawn_again(study, judgments, tmp_path):
    built = hmix_hub.load_dataset(build(Study.open(study), tmp_path / "out").path, split="train")
    assert torch.equal(hmix_hub.render(built, image_size=(8, 8)), hmix_hub.render(judgments, image_size=(8, 8)))


def test_two_pictures_of_different_sizes_are_not_mixed(make_study):
    def change(files):
        of_several_sizes(files)
        rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
        rows[0]["image_2_index"] = 3 - int(rows[0]["image_1_index"])
        files[TABLE] = csv_bytes(rows)

    folder = make_study(change=change)
    (found,) = check_study(Study.open(folder)).errors
    assert (found.rule.code, [spot.row for spot in found.spots]) == ("HMX555", [0])
    assert found.spots[0].note == "6 x 4 and 3 x 5"
    with pytest.raises(SchemaError, match=r"pictures 0 \(6 x 4\) and 3 \(3 x 5\) of .* cannot be mixed pixel by pixel"):
        hmix_hub.render(hmix_hub.load_dataset(folder, split="train"), image_size=(8, 8))


@pytest.mark.parametrize("size", [8, (8,), (0, 8), (8, 8.0), (8, 10**5), "big"])
def test_a_size_that_is_none_is_refused(judgments, size):
    with pytest.raises(ConfigurationError, match="image_size must be a pair"):
        hmix_hub.render(judgments, image_size=size)


def test_picture_features_are_of_pictures_of_one_size(judgments):
    from hmix_hub.perception.picture_features import endpoint_features

    pairs = judgments.filter(lambda row: row["image_2_index"] is not None)
    with pytest.raises(SchemaError, match="have different sizes"):
        endpoint_features(pairs)


def test_tensors_of_image_columns_need_a_size_too(judgments):
    illustrated = hmix_hub.add_images(judgments, "mixed")
    with pytest.raises(ConfigurationError, match=r"'image' differ in size: \d x \d and \d x \d") as caught:
        hmix_hub.to_tensors(illustrated, "image")
    assert "image_size=(height, width)" in caught.value.hint
    tensors = hmix_hub.to_tensors(illustrated, "image", image_size=(8, 8))
    assert torch.equal(tensors["image"], hmix_hub.render(judgments, image_size=(8, 8)))


def test_eight_processes_at_once_open_the_same_pictures(study, tmp_path):
    code = (
        "from hmix_hub.sources.picture_folder import open_picture_folder\n"
        f"opened = open_picture_folder({str(study / 'stimuli')!r}, 'own')\n"
        "print(opened.fingerprint, opened.sizes.tolist(), int(opened.picture(3).sum()))\n"
    )
    told = run_at_once(code, "numpy", "PIL.Image", "hmix_hub.sources.picture_folder", HMIX_CACHE=str(tmp_path / "new"))
    assert len(told) == 8
    assert set(told) == {told[0]}
    assert str([list(size) for size in SIZES]) in told[0]
