"""Pictures that may not be published: listed in the study, kept by those who have them, and compared with the list."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from study_generator.own_pictures import SIZE, TABLE, pixels, png, with_own_pictures

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.contribute.building import build
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import ConfigurationError, SourceError, SourceMissingError
from hmix_hub.studies.example import csv_bytes
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

NAME = "example-study/pictures"


def elsewhere(files, *, columns=("width", "height", "sha256")):
    """Keep the list of the pictures in the study, and the pictures out of it."""
    with_own_pictures(files)
    files["study.yaml"] = files["study.yaml"].replace(b"source: own", b"source: elsewhere")
    rows = list(csv.DictReader(io.StringIO(files["stimuli/images.csv"].decode())))
    for row in rows:
        content = files.pop(f"stimuli/{row['file']}")
        known = {"width": SIZE[0], "height": SIZE[1], "sha256": hashlib.sha256(content).hexdigest()}
        row |= {name: known[name] for name in columns}
    files["stimuli/images.csv"] = csv_bytes(rows)


@pytest.fixture
def study(make_study):
    return make_study(change=elsewhere, name="elsewhere")


@pytest.fixture
def held(tmp_path):
    """A folder of somebody who has the pictures, and others."""
    folder = tmp_path / "held"
    (folder / "pictures").mkdir(parents=True)
    for number in range(5):
        (folder / f"pictures/{number}.png").write_bytes(png(number))
    return folder


def errors(folder):
    return [(found.rule.code, found.file) for found in check_study(Study.open(folder)).errors]


def test_a_study_that_does_not_hold_its_pictures_is_valid(study):
    assert errors(study) == []


def test_without_sha256_it_is_valid_and_without_sizes_it_is_not(make_study):
    assert errors(make_study(change=lambda files: elsewhere(files, columns=("width", "height")), name="a")) == []
    folder = make_study(change=lambda files: elsewhere(files, columns=("sha256",)), name="b")
    assert errors(folder) == [("HMX568", "stimuli/images.csv")]


def test_labels_are_checked_by_the_list_alone(make_study):
    def change(files):
        elsewhere(files)
        rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
        rows[3]["image_1_label"] = "fox"
        files[TABLE] = csv_bytes(rows)

    assert errors(make_study(change=change)) == [("HMX561", TABLE)]


def test_its_judgments_load_as_those_of_a_study_with_its_pictures(study, make_study):
    own = Study.open(make_study(change=with_own_pictures, name="own"))
    assert Study.open(study).judgments(INFER) == own.judgments(INFER)


def test_pictures_that_are_drawn_from_the_users_folder_are_those_of_the_study(study, held, make_study):
    own = hmix_hub.load_dataset(make_study(change=with_own_pictures, name="own"), split="train")
    judgments = hmix_hub.load_dataset(study, split="train")
    drawn = hmix_hub.render(judgments, image_sets={NAME: held})
    assert np.array_equal(drawn, hmix_hub.render(own))
    batch = next(iter(hmix_hub.batches(judgments, 4, shuffle=False, dtype=drawn.dtype, image_sets={NAME: held})))
    assert np.array_equal(batch["image"], drawn[:4])
    illustrated = hmix_hub.load_dataset(study, split="train", images="endpoints", image_sets={NAME: held})
    assert np.array_equal(np.asarray(illustrated[0]["image_1"]), pixels(illustrated[0]["image_1_index"]))


@pytest.mark.parametrize("is_built", [False, True])
def test_without_a_folder_the_error_says_how(study, tmp_path, is_built):
    folder = build(Study.open(study), tmp_path / "out").path if is_built else study
    judgments = hmix_hub.load_dataset(folder, split="train")
    with pytest.raises(SourceMissingError, match="may not be published") as caught:
        hmix_hub.render(judgments)
    assert f"image_sets={{'{NAME}': folder}}" in caught.value.hint
    assert "4 pictures with the names listed in stimuli/images.csv, such as pictures/0.png" in caught.value.hint


def test_files_that_are_not_those_of_the_study_are_named(study, held):
    judgments = hmix_hub.load_dataset(study, split="train")
    shutil.copy(held / "pictures/4.png", held / "pictures/2.png")
    with pytest.raises(SourceError, match=r"1 of 4 pictures are not those .* 'pictures/2\.png' has sha256"):
        hmix_hub.render(judgments, image_sets={NAME: held})
    (held / "pictures/3.png").unlink()
    with pytest.raises(SourceError, match=r"1 of 4 .* 'pictures/3\.png' is missing"):
        hmix_hub.render(judgments, image_sets={NAME: held})


def test_no_file_outside_the_users_folder_is_opened(study, held, tmp_path):
    (tmp_path / "secret.png").write_bytes(png(0))
    (held / "pictures/0.png").unlink()
    (held / "pictures/0.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(SourceError, match="leads out of the folder"):
        hmix_hub.render(hmix_hub.load_dataset(study, split="train"), image_sets={NAME: held})


def test_pictures_that_lie_in_the_study_all_the_same_are_told_and_never_built(study, tmp_path):
    (study / "stimuli/pictures").mkdir()
    (study / "stimuli/pictures/0.png").write_bytes(png(0))
    report = check_study(Study.open(study))
    assert [(one.rule.code, one.file) for one in report if one.rule.code == "HMX510"] == [
        ("HMX510", "stimuli/pictures/0.png")
    ]
    (study / "stimuli/pictures/0.png").unlink()
    built = build(Study.open(study), tmp_path / "out")
    assert [name for name in built.files if name.startswith("stimuli/")] == ["stimuli/images.csv"]
    assert f'image_sets={{"{NAME}": folder}}' in (built.path / "README.md").read_text()
    described = json.loads((built.path / "croissant.json").read_text())
    assert "stimuli/images.csv" in {one.get("contentUrl") for one in described["distribution"]}


def test_it_is_published_and_drawn_by_those_who_have_the_pictures(study, held, hub):
    publish(Study.open(study), "lab/elsewhere", push=True)
    assert [name for name in hub.files("lab/elsewhere") if name.startswith("stimuli/")] == ["stimuli/images.csv"]
    judgments = hmix_hub.load_dataset("lab/elsewhere", split="train")
    local = hmix_hub.load_dataset(study, split="train")
    drawn = hmix_hub.render(judgments, image_sets={NAME: held})
    assert np.array_equal(drawn, hmix_hub.render(local, image_sets={NAME: held}))


def test_image_sets_of_h_mix_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="image_sets= is for pictures of contributed studies"):
        hmix_hub.load_dataset("h-mix", split="train", source="sample", images="mixed", image_sets={NAME: tmp_path})


def test_rows_get_the_names_of_their_files(study, tmp_path):
    built = build(Study.open(study), tmp_path / "built").path
    rows = csv.DictReader((study / "stimuli/images.csv").read_text().splitlines())
    listed = {None: None} | {index: row["file"] for index, row in enumerate(rows)}
    for place in (study, built):
        dataset = hmix_hub.load_dataset(place, split="train")
        named = hmix_hub.add_picture_files(dataset)
        assert named.column_names == [*dataset.column_names, "image_1_file", "image_2_file"]
        for number in (1, 2):
            assert named[f"image_{number}_file"] == [listed[index] for index in dataset[f"image_{number}_index"]]
    stimuli = hmix_hub.add_picture_files(hmix_hub.by_stimulus(dataset))
    assert stimuli["image_1_file"] == [listed[index] for index in stimuli["image_1_index"]]
    with pytest.raises(ConfigurationError, match="already has a column 'image_1_file'"):
        hmix_hub.add_picture_files(named)


def _another(files):
    files["study.yaml"] = files["study.yaml"].replace(b"id: example-study", b"id: another-study")


def test_pictures_without_files_have_no_names(study, make_study):
    of_cifar10 = hmix_hub.load_dataset(make_study(change=_another, name="plain"), split="train")
    with pytest.raises(ConfigurationError, match="no file names are known for the pictures of cifar10/test"):
        hmix_hub.add_picture_files(of_cifar10)
    joined = hmix_hub.join([of_cifar10, hmix_hub.load_dataset(study, split="train")])
    names = hmix_hub.add_picture_files(joined)["image_1_file"]
    assert names[: len(of_cifar10)] == [None] * len(of_cifar10)
    assert None not in names[len(of_cifar10) :]


def test_the_command_line_draws_a_stimulus_from_the_folder_that_is_named(study, held, tmp_path):
    stimulus = hmix_hub.load_dataset(study, split="train")[0]["stimulus_id"]
    command = ["show", stimulus, "--dataset", str(study), "-o", str(tmp_path / "shown.png")]
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 1
    assert "--image-set example-study/pictures=FOLDER" in refused.output
    assert CliRunner().invoke(main, [*command, "--image-set", str(held)]).exit_code == 2
    result = CliRunner().invoke(main, [*command, "--image-set", f"{NAME}={held}"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "shown.png").is_file()


def test_the_command_line_shows_names_of_files(study):
    result = CliRunner().invoke(
        main, ["load", INFER, "--dataset", str(study), "--columns", "image_1_file,confidence", "--format", "csv"]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1].startswith("pictures/")
