"""Studies with pictures and classes of their own: single ones, mixed pixel by pixel, and morphs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import pickle

import datasets
import numpy as np
import pytest
import torch
from study_generator.own_pictures import CLASSES, SIZE, TABLE, pixels, png, with_own_pictures

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import SchemaError, SourceMissingError, SourceNameError
from hmix_hub.studies.example import csv_bytes
from hmix_hub.studies.study import Study


def morphed(files, *, with_mixtures):
    with_own_pictures(files)
    rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
    text = files["study.yaml"].decode().replace("mixing: pixel-linear", "mixing: morph\n  mixing_note: By hand.")
    files["study.yaml"] = text.encode()
    if with_mixtures:
        names = {}
        for row in rows:
            if row["image_2_index"]:
                pair = f"Cat_{row['image_1_index']}_Fox_{row['image_2_index']}"
                names[f"mixed_{float(row['mixing_coefficient'])!r}_{pair}"] = None
        files["stimuli/mixtures.csv"] = csv_bytes(
            [{"file": f"morphs/{number}.png", "stimulus_id": name} for number, name in enumerate(names)]
        )
        files |= {f"stimuli/morphs/{number}.png": png(100 + number) for number in range(len(names))}


@pytest.fixture
def own(make_study):
    return make_study(change=with_own_pictures, name="own")


def errors(folder):
    return [(found.rule.code, found.file) for found in check_study(Study.open(folder)).errors]


def expected_picture(row):
    first, second = pixels(row["image_1_index"]), row["image_2_index"]
    if second is None:
        return first
    share = row["mixing_coefficient"]
    return ((share * first + (1 - share) * pixels(second)) / 255 * 255).astype(np.uint8)


def test_a_study_of_own_pictures_and_classes_is_valid(own):
    assert errors(own) == []


def test_its_labels_count_in_its_own_classes(own):
    judgments = hmix_hub.load_dataset(own, split="train")
    assert judgments.features["image_1_label"].names == list(CLASSES)
    assert set(judgments["pair_id"]) >= {"Cat_0_Fox_1", "Cat_0"}


@pytest.mark.parametrize("is_built", [False, True])
def test_its_pictures_are_drawn_to_the_last_bit(own, tmp_path, is_built):
    judgments = hmix_hub.load_dataset(build(Study.open(own), tmp_path / "out").path if is_built else own, split="train")
    drawn = hmix_hub.render(judgments).numpy().transpose(0, 2, 3, 1)
    for row, picture in zip(judgments, drawn, strict=True):
        assert np.array_equal(picture, expected_picture(row))


def test_its_pictures_are_in_the_batches_of_a_stream_and_of_rows_that_are_read(own, tmp_path):
    place = build(Study.open(own), tmp_path / "out").path
    judgments = hmix_hub.load_dataset(place, split="train")
    options = {"targets": None, "dtype": torch.uint8, "shuffle": False}
    for images in ("mixed", "endpoints"):
        (expected,) = hmix_hub.batches(judgments, len(judgments), images=images, **options)
        stream = hmix_hub.load_dataset(place, split="train", streaming=True)
        (of_stream,) = hmix_hub.batches(stream, len(judgments), images=images, **options)
        (read,) = hmix_hub.batches(judgments, len(judgments), images=images, keep_in_memory=False, **options)
        for name in expected:
            assert torch.equal(of_stream[name], expected[name])
            assert torch.equal(read[name], expected[name])


def test_its_pictures_come_from_the_hub(own, hub):
    publish(Study.open(own), "lab/own", push=True)
    assert "stimuli/pictures/3.png" in hub.files("lab/own")
    judgments = hmix_hub.load_dataset("lab/own", split="train", images="endpoints")
    assert np.array_equal(np.asarray(judgments[0]["image_1"]), pixels(judgments[0]["image_1_index"]))
    batch = next(iter(hmix_hub.batches(judgments.remove_columns(["image_1", "image_2"]), batch_size=8)))
    assert batch["image"].shape == (8, 3, SIZE[1], SIZE[0])


def test_files_that_no_list_names_are_told(own):
    (own / "stimuli" / "mixture.csv").write_text("file,stimulus_id\n")
    assert errors(own) == [("HMX510", "stimuli/mixture.csv")]


def test_a_label_that_is_not_the_pictures_is_an_error(make_study):
    def change(files):
        with_own_pictures(files)
        files["stimuli/images.csv"] = files["stimuli/images.csv"].replace(b"0.png,cat", b"0.png,fox")

    report = check_study(Study.open(make_study(change=change)))
    assert {found.rule.code for found in report.errors} == {"HMX561"}


def test_a_picture_list_that_leads_out_is_an_error(make_study):
    def change(files):
        with_own_pictures(files)
        files["stimuli/images.csv"] = files["stimuli/images.csv"].replace(b"pictures/0.png", b"../study.yaml")

    report = check_study(Study.open(make_study(change=change)))
    assert {found.rule.code for found in report.errors} == {"HMX568"}


def test_morphs_are_never_drawn_pixel_by_pixel(make_study):
    study = make_study(change=lambda files: morphed(files, with_mixtures=False))
    assert errors(study) == []
    assert "HMX556" in {found.rule.code for found in check_study(Study.open(study))}
    judgments = hmix_hub.load_dataset(study, split="train")
    assert set(judgments["image_set"]) == {"example-study/pictures+morph"}
    with pytest.raises(SchemaError, match="mixed by another method"):
        hmix_hub.render(judgments)
    assert hmix_hub.add_images(judgments, "endpoints")[0]["image_1"].size == SIZE


@pytest.mark.parametrize("is_built", [False, True])
def test_morphs_that_are_brought_are_given_as_people_saw_them(make_study, tmp_path, is_built):
    study = make_study(change=lambda files: morphed(files, with_mixtures=True))
    assert errors(study) == []
    place = build(Study.open(study), tmp_path / "out").path if is_built else study
    judgments = hmix_hub.load_dataset(place, split="train")
    drawn = hmix_hub.render(judgments).numpy().transpose(0, 2, 3, 1)
    listed = list(csv.DictReader(io.StringIO((study / "stimuli/mixtures.csv").read_text(encoding="utf-8"))))
    number = {row["stimulus_id"]: 100 + place for place, row in enumerate(listed)}
    for row, picture in zip(judgments, drawn, strict=True):
        name = row["stimulus_id"]
        expected = pixels(number[name]) if name in number else pixels(row["image_1_index"])
        assert np.array_equal(picture, expected)


def test_pictures_of_a_study_that_was_not_loaded_are_asked_for(own):
    judgments = hmix_hub.load_dataset(own, split="train")
    renamed = judgments.map(lambda row: {"image_set": "unheard-of/pictures"}, load_from_cache_file=False)
    with pytest.raises(SourceNameError, match="unheard-of/pictures"):
        hmix_hub.render(renamed)
    assert len(hmix_hub.render(renamed, image_sets={"unheard-of/pictures": own / "stimuli"})) == 144


CARRIED = {
    "filter": lambda d, _: hmix_hub.filter(d, mixing_coefficient=0.5),
    "select": lambda d, _: d.select([5, 3, 9]),
    "shuffle": lambda d, _: d.shuffle(seed=1),
    "map": lambda d, _: d.map(lambda row: {"note": row["pair_id"]}, load_from_cache_file=False),
    "map in two processes": lambda d, _: d.map(note, num_proc=2, load_from_cache_file=False),
    "split": lambda d, _: hmix_hub.split(d, by="pair")["test"],
    "by stimulus": lambda d, _: hmix_hub.by_stimulus(d),
    "align_labels": lambda d, _: hmix_hub.align_labels(d, CLASSES[::-1]),
    "join": lambda d, _: of_this_study(hmix_hub.join([d, sample()])),
    "join of an older version": lambda d, _: of_this_study(hmix_hub.join([sample(), in_version(d, "2.0.0")])),
    "concatenation": lambda d, _: datasets.concatenate_datasets([d.select([1]), d.select([2])]),
    "disk": lambda d, folder: d.save_to_disk(folder / "saved") or datasets.load_from_disk(folder / "saved"),
    "pickle": lambda d, _: pickle.loads(pickle.dumps(d)),
}


def note(row):
    return {"note": row["pair_id"]}


def sample():
    return hmix_hub.load_dataset("h-mix", source="sample", split="train[:9]")


def of_this_study(joined):
    # Its pictures are smaller than the sample's.
    return hmix_hub.filter(joined, studies="example-study")


def in_version(dataset, version):
    place = json.loads(dataset.info.description.partition("Pictures of ")[2].removesuffix("."))[1]
    return hmix_hub.load_dataset(place, split="train", schema_version=version)


@pytest.mark.parametrize("road", CARRIED)
def test_a_dataset_carries_its_pictures(own, tmp_path, road):
    carried = CARRIED[road](hmix_hub.load_dataset(own, split="train"), tmp_path)
    drawn = hmix_hub.render(carried).numpy().transpose(0, 2, 3, 1)
    assert len(carried)
    for picture, row in zip(drawn, carried, strict=True):
        assert np.array_equal(picture, expected_picture(row))


def test_another_process_finds_the_pictures_of_joined_studies(own, make_study, tmp_path, run):
    def other(files):
        with_own_pictures(files)
        files["study.yaml"] = files["study.yaml"].replace(b"id: example-study", b"id: other-study")
        files["stimuli/pictures/0.png"] = png(77)

    joined = hmix_hub.load_dataset([own, make_study(change=other, name="other")], split="train")
    (tmp_path / "joined").write_bytes(pickle.dumps(joined))
    done = run(
        f"""if True:
        import hashlib, pickle, hmix_hub, torch
        joined = pickle.loads(open({str(tmp_path / "joined")!r}, "rb").read())
        drawn = hmix_hub.render(joined)
        pictures = hmix_hub.add_images(joined, "mixed")
        loader = torch.utils.data.DataLoader(hmix_hub.JudgmentDataset(joined), 50, num_workers=1)
        assert sum(len(batch["image"]) for batch in loader) == len(pictures) == len(drawn)
        print(hashlib.sha256(drawn.numpy().tobytes()).hexdigest(), len(set(joined["image_set"])))
        """
    )
    expected = hashlib.sha256(hmix_hub.render(joined).numpy().tobytes()).hexdigest()
    assert done.stdout.split() == [expected, "2"], done.stderr


def test_two_studies_that_call_their_pictures_the_same_are_never_mixed_up(make_study):
    def other(files):
        with_own_pictures(files)
        files["stimuli/pictures/0.png"] = png(77)

    one, two = make_study(change=with_own_pictures, name="one"), make_study(change=other, name="two")
    first, second = (hmix_hub.load_dataset(study, split="train") for study in (one, two))
    of_first, of_second = (hmix_hub.add_images(judgments, "endpoints") for judgments in (first, second))
    assert np.array_equal(np.asarray(of_first[0]["image_1"]), pixels(0))
    assert np.array_equal(np.asarray(of_second[0]["image_1"]), pixels(77))
    both = datasets.concatenate_datasets([first, second])
    with pytest.raises(SourceNameError, match="different pictures named"):
        hmix_hub.render(both)
    assert len(hmix_hub.render(both, image_sets={"example-study/pictures": two / "stimuli"})) == 288


def test_a_study_that_is_gone_is_named_with_what_to_do(own):
    judgments = hmix_hub.load_dataset(own, split="train")
    moved = own.rename(own.with_name("moved"))
    with pytest.raises(SourceMissingError, match=r"/own: the study of the pictures no longer exists") as caught:
        hmix_hub.render(judgments)
    assert "image_sets={'example-study/pictures': folder}" in caught.value.hint
    assert len(hmix_hub.render(judgments, image_sets={"example-study/pictures": moved / "stimuli"})) == 144


def test_two_copies_of_a_study_have_the_same_pictures(own, make_study):
    copy = make_study(change=with_own_pictures, name="copy")
    both = datasets.concatenate_datasets([hmix_hub.load_dataset(study, split="train") for study in (own, copy)])
    assert len(hmix_hub.render(both)) == 288


def test_studies_that_mix_the_same_pictures_otherwise_have_names_of_their_own(make_study):
    def morph(files):
        text = files["study.yaml"].decode().replace("mixing: pixel-linear", "mixing: morph\n  mixing_note: By hand.")
        files["study.yaml"] = text.encode()

    assert set(hmix_hub.load_dataset(make_study(change=morph), split="train")["image_set"]) == {
        "example-study/cifar10-test+morph"
    }
