"""Pictures that a judgment file names by their files: from the file, and from a raw one, to the judgment table."""

from __future__ import annotations

import csv
import io

import pytest
from study_generator.own_pictures import TABLE, with_own_pictures

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.fixing import fix
from hmix_hub.contribute.importer import import_raw
from hmix_hub.errors import StudyError
from hmix_hub.studies.example import csv_bytes
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

PICTURE_COLUMNS = [f"image_{number}_{part}" for number in (1, 2) for part in ("index", "label")]


def by_file(files, *, change=lambda number, row: None, keeps=()):
    """Name pictures by file; columns of pictures are left out, but for those that are kept."""
    with_own_pictures(files)
    rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
    for number, row in enumerate(rows):
        for which in (1, 2):
            index = row[f"image_{which}_index"]
            row[f"image_{which}_file"] = f"pictures/{index}.png" if index else ""
        for name in PICTURE_COLUMNS:
            if name not in keeps:
                del row[name]
        change(number, row)
    files[TABLE] = csv_bytes(rows)


def told(folder):
    return [(found.rule.code, found.column, [spot.row for spot in found.spots]) for found in findings(folder)]


def findings(folder):
    """Every finding, but that the example of few pictures shows some again."""
    return [found for found in check_study(Study.open(folder)) if found.rule.code != "HMX572"]


def test_a_study_that_names_files_is_the_one_that_gives_indices_and_labels(make_study):
    by_index = Study.open(make_study(change=with_own_pictures, name="example"))
    by_name = Study.open(make_study(change=by_file, name="by-file"))
    assert told(by_name.path) == []
    assert by_name.judgments(INFER) == by_index.judgments(INFER)


@pytest.mark.parametrize("kept", [("image_1_index", "image_2_index"), ("image_1_label", "image_2_label")])
def test_either_labels_or_indices_may_stand_beside_the_files(kept, make_study):
    study = Study.open(make_study(change=lambda files: by_file(files, keeps=kept)))
    assert told(study.path) == []
    assert "image_1_file" not in study.judgments(INFER).column_names


def test_a_label_that_is_given_is_checked(make_study):
    def change(number, row):
        row["image_1_label"] = "fox" if number == 5 else "cat"

    folder = make_study(change=lambda files: by_file(files, change=change))
    assert told(folder) == [("HMX561", "image_1_label", [5])]


def test_labels_may_be_left_out_of_a_study_of_cifar10(make_study):
    def change(files):
        rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
        files[TABLE] = csv_bytes([{name: row[name] for name in row if "label" not in name} for row in rows])

    with_labels, without = Study.open(make_study()), Study.open(make_study(change=change, name="without"))
    assert told(without.path) == []
    assert without.judgments(INFER) == with_labels.judgments(INFER)


def test_a_picture_of_cifar10_of_a_class_that_the_study_lacks_is_found(make_study):
    def change(files):
        names = "[automobile, bird, cat, deer, dog, frog, horse, ship, truck]"
        files["study.yaml"] = files["study.yaml"].replace(b"classes: cifar10", f"classes: {names}".encode())
        rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
        for row in rows:
            del row["image_1_label"], row["image_2_label"]
        files[TABLE] = csv_bytes(rows)

    codes = {code for code, _, _ in told(make_study(change=change))}
    assert codes == {"HMX560"}


def test_pictures_of_cifar10_have_no_file_names(make_study):
    def change(files):
        by_file(files)
        files["study.yaml"] = files["study.yaml"].replace(b"source: own", b"source: cifar10/test")
        for name in [name for name in files if name.startswith("stimuli/")]:
            del files[name]

    folder = make_study(change=change)
    found = [one for one in findings(folder) if one.rule.code == "HMX551"]
    assert [one.column for one in found] == ["image_1_file", "image_2_file"]
    assert "pictures of cifar10/test have no file names: use image_1_index" in found[0].spots[0].note


@pytest.mark.parametrize(
    ("number", "name", "code", "note"),
    [
        (7, "pictures/00.png", "HMX551", "did you mean 'pictures/0.png'"),
        (7, "", "HMX540", "neither a file nor an index"),
        (7, "0.PNG", "HMX554", "listed as pictures/0.png"),
        (7, " pictures/0.png", "HMX546", ""),
    ],
)
def test_a_name_that_is_not_as_listed_is_found_in_its_row(number, name, code, note, make_study):
    def change(row_number, row):
        row["image_1_file"] = name if row_number == number else row["image_1_file"]

    (found,) = findings(make_study(change=lambda files: by_file(files, change=change)))
    assert found.rule.code == code
    (spot,) = found.spots
    assert spot.row == number
    assert note in spot.note


def test_fix_writes_names_as_they_are_listed(make_study):
    def change(number, row):
        if number % 2:
            row["image_1_file"] = row["image_1_file"].replace("pictures/", r"C:\lab\pictures" + "\\").upper()

    folder = make_study(change=lambda files: by_file(files, change=change))
    fixes, _ = fix(Study.open(folder, is_draft=True))
    assert [one.rule.code for one in fixes] == ["HMX554"]
    assert findings(folder) == []
    names = {row["image_1_file"] for row in csv.DictReader(io.StringIO((folder / TABLE).read_text()))}
    assert names == {"pictures/0.png", "pictures/2.png"}


def test_fix_turns_pairs_that_are_named_by_file(make_study):
    def turn(number, row):
        if number == 0:
            row["image_1_file"], row["image_2_file"] = row["image_2_file"], row["image_1_file"]
            for name in ("mixing_coefficient", "inferred_coefficient"):
                row[name] = f"{1 - float(row[name]):g}"

    folder = make_study(change=lambda files: by_file(files, change=turn))
    assert [code for code, _, _ in told(folder)] == ["HMX564"]
    fixes, _ = fix(Study.open(folder, is_draft=True))
    assert [one.rule.code for one in fixes] == ["HMX564"]
    assert findings(folder) == []


def test_a_study_with_a_name_that_is_not_listed_gives_no_table(make_study):
    def change(number, row):
        row["image_1_file"] = "cow.png" if number == 7 else row["image_1_file"]

    folder = make_study(change=lambda files: by_file(files, change=change))
    with pytest.raises(StudyError, match="HMX551") as caught:
        hmix_hub.load_dataset(folder, split="train")
    assert caught.value.where.row == 7


def test_without_a_list_of_pictures_names_are_not_guessed(make_study):
    def change(files):
        by_file(files)
        del files["stimuli/images.csv"]

    assert [code for code, _, _ in told(make_study(change=change))] == ["HMX568"]


def test_a_study_of_single_pictures_says_of_each_row_which_it_is_and_no_more(make_study):
    def single(files, *, keeps_all):
        with_own_pictures(files)
        files["study.yaml"] = files["study.yaml"].replace(b"pixel-linear", b"none")
        rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
        for row in rows:
            row |= {"image_2_label": "", "image_2_index": "", "mixing_coefficient": "1"}
            if not keeps_all:
                row["image_1_file"] = f"pictures/{row['image_1_index']}.png"
                for name in (*PICTURE_COLUMNS, "mixing_coefficient"):
                    del row[name]
        files[TABLE] = csv_bytes(rows)

    whole = Study.open(make_study(change=lambda files: single(files, keeps_all=True), name="example"))
    short = Study.open(make_study(change=lambda files: single(files, keeps_all=False), name="short"))
    assert told(short.path) == []
    assert short.judgments(INFER) == whole.judgments(INFER)


def test_a_raw_file_that_names_pictures_is_imported_by_a_map(tmp_path):
    (tmp_path / "raw.csv").write_text("who,n,img,ms\n" + "".join(f"p{n % 2},{n},cat{n}.png,900\n" for n in range(6)))
    (tmp_path / "map.yaml").write_text(
        "task: categorical_soft_labels\ncolumns:\n  participant_id: who\n  trial_index: n\n  response_time_ms: ms\n"
        "  image_1_file: img\n  top_class: {constant: cat}\n"
    )
    import_raw([tmp_path / "raw.csv"], tmp_path / "study", map_file=tmp_path / "map.yaml")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "study/judgments/categorical_soft_labels.csv").read_text())))
    assert [row["image_1_file"] for row in rows] == [f"cat{n}.png" for n in range(6)]
    assert "image_1_label" not in rows[0]
