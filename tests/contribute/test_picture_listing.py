"""The list of a study's pictures, made from a folder or another list; anybody may have made either."""

from __future__ import annotations

import csv
import hashlib
import io

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.importer import import_raw
from hmix_hub.contribute.picture_listing import list_pictures, write_pictures
from hmix_hub.errors import ConfigurationError, SourceError, SourceMissingError
from hmix_hub.studies.study import Study

MAP = """\
task: categorical_soft_labels
columns:
  participant_id: who
  trial_index: n
  response_time_ms: ms
  image_1_file: img
  mixing_coefficient: {constant: '1'}
  top_class: answer
"""


def picture(number, size=(8, 6)):
    stream = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def large():
    stream = io.BytesIO()
    Image.new("1", (4097, 4096)).save(stream, "PNG")
    return stream.getvalue()


def put(folder, names):
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return folder


@pytest.fixture
def photos(tmp_path):
    return put(tmp_path / "photos", ["cat/cat10.png", "cat/cat2.png", "dog/Dog1.PNG", "dog/notes.txt", ".hidden/x.png"])


def rows_of(listed):
    return list(csv.DictReader(io.StringIO(listed.content.decode())))


def test_pictures_of_a_folder_are_listed_in_natural_order_with_what_is_known_of_each(photos):
    rows = rows_of(list_pictures(photos))
    assert [row["file"] for row in rows] == ["cat/cat2.png", "cat/cat10.png", "dog/Dog1.PNG"]
    assert [row["label"] for row in rows] == ["cat", "cat", "dog"]
    for row in rows:
        assert (row["width"], row["height"]) == ("8", "6")
        assert row["sha256"] == hashlib.sha256((photos / row["file"]).read_bytes()).hexdigest()


def test_a_pattern_finds_labels_in_names(tmp_path):
    folder = put(tmp_path / "flat", ["cat_1.png", "dog_1.png", "set b/dog_2.png"])
    listed = list_pictures(folder, label_pattern=r"([a-z]+)_\d+")
    assert {row["file"]: row["label"] for row in rows_of(listed)} == {
        "cat_1.png": "cat",
        "dog_1.png": "dog",
        "set b/dog_2.png": "dog",
    }


@pytest.mark.parametrize(
    ("pattern", "kind", "reason"),
    [
        (None, SourceError, "there is no subfolder with the label of 1 of 2 pictures; the first is 'top.png'"),
        (r"^([a-z]+)/", SourceError, "the pattern matches no label in 1 of 2 pictures; the first is 'top.png'"),
        ("[", ConfigurationError, "the label pattern is invalid: not a regular expression"),
        ("cat", ConfigurationError, "the pattern has 0 groups"),
    ],
)
def test_a_picture_without_a_label_is_named(tmp_path, pattern, kind, reason):
    folder = put(tmp_path / "flat", ["cat/1.png", "top.png"])
    with pytest.raises(kind) as caught:
        list_pictures(folder, label_pattern=pattern)
    assert reason in str(caught.value)


def test_labels_that_differ_in_their_case_alone_are_refused(tmp_path):
    with pytest.raises(SourceError, match="the label 'cat' is written 'Cat'"):
        list_pictures(put(tmp_path / "both", ["Cat/1.png", "cat/2.png"]))


def test_a_folder_without_pictures_and_a_place_that_is_not_there_are_told(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceMissingError, match="this folder contains no pictures"):
        list_pictures(tmp_path / "empty")
    with pytest.raises(SourceMissingError, match="this folder or list does not exist"):
        list_pictures(tmp_path / "nowhere")


def test_a_list_keeps_its_order_and_gains_what_is_known_of_its_files(photos):
    (photos / "mine.csv").write_text("label,file,remark\ndog,dog/Dog1.PNG,x\ncat,cat/cat2.png,y\n")
    rows = rows_of(list_pictures(photos / "mine.csv"))
    assert [row["file"] for row in rows] == ["dog/Dog1.PNG", "cat/cat2.png"]
    assert [len(row["sha256"]) for row in rows] == [64, 64]
    assert list(rows[0]) == ["file", "label", "width", "height", "sha256"]


def test_a_list_of_files_that_are_not_here_says_how_large_they_are(tmp_path):
    (tmp_path / "far.csv").write_text("file,label,width,height\nn01/1.JPEG,cat,500,375\n")
    assert [(entry.size, entry.sha256) for entry in list_pictures(tmp_path / "far.csv").entries] == [((500, 375), None)]
    (tmp_path / "far.csv").write_text("file,label\nn01/1.JPEG,cat\n")
    with pytest.raises(SourceMissingError, match=r"'n01/1\.JPEG' is missing, and its width and height are not listed"):
        list_pictures(tmp_path / "far.csv")


@pytest.mark.parametrize("known", ["9,6,", f"8,6,{'0' * 64}"])
def test_a_list_that_says_what_its_files_are_not_is_refused(photos, known):
    (photos / "mine.csv").write_text(f"file,label,width,height,sha256\ndog/Dog1.PNG,dog,{known}\n")
    with pytest.raises(SourceError, match=r"'dog/Dog1\.PNG' does not match the list: it is 8 x 6"):
        list_pictures(photos / "mine.csv")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a picture"),
        (b"<svg/>", "not a picture"),
        (picture(0)[:30], "truncated or damaged|not a picture"),
        (large(), "too large: 4097 x 4096"),
    ],
)
def test_a_picture_that_cannot_be_shown_is_named(photos, content, reason):
    (photos / "cat/cat2.png").write_bytes(content)
    with pytest.raises(SourceError, match=rf"cat2\.png, row 0: .*({reason})"):
        list_pictures(photos)


def test_no_link_leads_out_of_the_folder(photos, tmp_path):
    (tmp_path / "secret.png").write_bytes(picture(9))
    (photos / "cat/inner.png").symlink_to("cat2.png")
    assert len(list_pictures(photos)) == 4
    (photos / "cat/outer.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(SourceError, match=r"'cat/outer\.png' leads out of the folder"):
        list_pictures(photos)


NAMES = st.lists(st.tuples(st.sampled_from(["cat", "dog"]), st.integers(0, 10**9)), min_size=1, max_size=6, unique=True)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=NAMES)
def test_numbers_within_names_count_by_their_value_whatever_order_they_were_written_in(names, tmp_path_factory):
    folder = put(tmp_path_factory.mktemp("pictures"), [f"{label}/{number}.png" for label, number in names])
    assert list_pictures(folder).names == [f"{label}/{number}.png" for label, number in sorted(names)]


def test_pictures_are_copied_only_where_that_is_asked_for(photos, tmp_path):
    listed = list_pictures(photos)
    assert write_pictures(tmp_path / "study", listed) == 0
    assert [path.name for path in (tmp_path / "study/stimuli").rglob("*")] == ["images.csv"]
    assert write_pictures(tmp_path / "study", listed, copy=True) == 3
    for name in listed.names:
        assert (tmp_path / "study/stimuli" / name).read_bytes() == (photos / name).read_bytes()
    assert list_pictures(tmp_path / "study/stimuli").content == listed.content


def test_mixtures_that_a_study_brings_are_no_endpoints(photos, tmp_path):
    write_pictures(tmp_path / "study", list_pictures(photos), copy=True)
    stimuli = put(tmp_path / "study/stimuli", ["morphs/1.png"])
    (stimuli / "mixtures.csv").write_text("file,stimulus_id\nmorphs/1.png,mixed_0.5_Cat_0_Dog_2\n")
    assert len(list_pictures(stimuli)) == 3


@pytest.mark.parametrize("what", ["list", "file"])
def test_what_is_there_is_written_over_only_where_that_is_asked_for(photos, tmp_path, what):
    study, listed = tmp_path / "study", list_pictures(photos)
    write_pictures(study, listed, copy=True)
    changed = study / "stimuli" / ("images.csv" if what == "list" else "cat/cat2.png")
    changed.write_bytes(b"file,label\n")
    with pytest.raises(ConfigurationError, match=r"the study already has another (list|file)"):
        write_pictures(study, listed, copy=True)
    write_pictures(study, listed, copy=True, replace=True)
    assert changed.read_bytes() != b"file,label\n"


def test_nothing_is_written_outside_the_study(photos, tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "study/stimuli").symlink_to(tmp_path / "outside")
    with pytest.raises(SourceError, match="leads out of the study folder"):
        write_pictures(tmp_path / "study", list_pictures(photos), copy=True)
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.fixture
def raw(tmp_path):
    shown = ["cat2", "cat10", "Dog1"]
    lines = [
        f"p{person},{n},{name}.png,{name[:3].lower()},{900 + n}\n"
        for person in range(6)
        for n, name in enumerate(shown)
    ]
    (tmp_path / "raw.csv").write_text("who,n,img,answer,ms\n" + "".join(lines))
    (tmp_path / "map.yaml").write_text(MAP)
    return tmp_path / "raw.csv"


@pytest.mark.parametrize("copy", [True, False])
def test_an_import_lists_the_pictures_and_begins_a_study_of_them(raw, photos, tmp_path, copy):
    import_raw(
        [raw],
        tmp_path / "study",
        map_file=raw.with_name("map.yaml"),
        pictures=list_pictures(photos),
        copy_pictures=copy,
    )
    text = (tmp_path / "study/study.yaml").read_text()
    assert f"source: {'own' if copy else 'elsewhere'}\n" in text
    assert "classes: TODO" in text, "cat and dog are CIFAR-10's"
    study = Study.open(tmp_path / "study", is_draft=True)
    assert check_study(study).errors == []
    assert {found.rule.code for found in check_study(study)} == {"HMX525", "HMX554"}
    assert study.judgments("categorical_soft_labels")["image_1_index"].to_pylist()[:3] == [0, 1, 2]
    given_folder = {} if copy else {"image_sets": {"study/pictures": photos}}
    drawn = hmix_hub.render(hmix_hub.load_dataset(tmp_path / "study", split="train"), **given_folder)
    assert drawn.shape == (18, 3, 6, 8)


def test_the_command_lists_copies_and_says_what_study_yaml_says(photos, tmp_path):
    study = str(tmp_path / "study")
    result = CliRunner().invoke(main, ["contribute", "pictures", study, "--from", str(photos)])
    assert result.exit_code == 0, result.output
    assert f"wrote {study}/stimuli/images.csv: 3 pictures, 2 labels, 8 x 6" in result.output
    assert "write `source: elsewhere`" in result.output
    result = CliRunner().invoke(main, ["contribute", "pictures", study, "--from", str(photos), "--copy"])
    assert f"copied 3 pictures into {study}/stimuli" in result.output
    assert "write `source: own`" in result.output
    result = CliRunner().invoke(main, ["contribute", "pictures", study])
    assert result.exit_code == 0, result.output
    assert "write `source: own`" in result.output


def test_pictures_of_no_classes_have_one_label(photos, tmp_path):
    flat = put(tmp_path / "flat", ["a.png", "b.png"])
    with pytest.raises(SourceError, match="there is no subfolder with the label of 2 of 2") as refused:
        list_pictures(flat)
    assert "--label face" in refused.value.hint
    assert {entry.label for entry in list_pictures(flat, label="face").entries} == {"face"}
    with pytest.raises(ConfigurationError, match="are given"):
        list_pictures(flat, label="face", label_pattern="(a)")
    (photos / "mine.csv").write_text("file,label\ndog/Dog1.PNG,dog\n")
    with pytest.raises(ConfigurationError, match="a list of pictures contains their labels"):
        list_pictures(photos / "mine.csv", label="face")


def test_in_a_collection_the_command_says_what_its_file_says(photos, tmp_path):
    (tmp_path / "collection.yaml").write_text("format: 1\n")
    command = ["contribute", "pictures", str(tmp_path), "--from", str(photos)]
    result = CliRunner().invoke(main, command)
    assert "collection.yaml: write `source: own` under `pictures:`" in result.output
    assert "--copy copies the pictures to where" in result.output
    assert f"next: hmix collect check {tmp_path}" in result.output


def test_the_import_command_takes_a_folder_of_pictures(raw, photos, tmp_path):
    command = [
        "contribute",
        "import",
        str(raw),
        "--to",
        str(tmp_path / "study"),
        "--map",
        str(raw.with_name("map.yaml")),
    ]
    result = CliRunner().invoke(main, [*command, "--pictures", str(photos), "--copy-pictures"])
    assert result.exit_code == 0, result.output
    assert "stimuli/images.csv: 3 pictures, 2 labels" in result.output
    assert "copied 3 pictures" in result.output
