"""Pictures of one's own: opened as a contributed study's are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from suite.study.files import STUDY, write_study

from hmix_hub.errors import SourceError, StudyFileError
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.study.reading import read_study_file

_CLASSES = ("fox", "Cat", "dog")


def _folder(folder: Path, labels: list[str], size: tuple[int, int] = (4, 4), more: str = "") -> Path:
    text = STUDY.replace("source: sample/pictures", f"source: own\n  classes: [{', '.join(_CLASSES)}]{more}")
    text = text.replace("per_class_pair: 1", "per_class_pair: 4").replace("image_2_index: 3", "image_2_index: 1")
    write_study(folder, text)
    stimuli = folder / "stimuli"
    stimuli.mkdir()
    for number in range(len(labels)):
        stream = io.BytesIO()
        Image.new("RGB", size, (number, 0, 0)).save(stream, "PNG")
        (stimuli / f"{number}.png").write_bytes(stream.getvalue())
    rows = [f"{number}.png,{label}" for number, label in enumerate(labels)]
    (stimuli / "images.csv").write_text("\n".join(["file,label", *rows]) + "\n")
    return folder


def test_own_pictures_are_named_after_the_study_and_counted_in_its_vocabulary(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ["dog", "cat", "fox"] * 4)

    frozen, image_set = draw_design(folder, read_study_file(folder))

    assert (frozen.image_set, image_set.name, frozen.pictures) == (
        "small-study/pictures",
        "small-study/pictures",
        image_set.fingerprint,
    )
    stimuli = [one for batch in frozen.batches for one in batch.stimuli]
    # In the alphabet cat precedes dog precedes fox, whatever their order in the study file and their case.
    assert {(one.image_1_label, one.image_2_label) for one in stimuli} == {(1, 2), (1, 0), (2, 0)}
    assert all(one.image_1_label == [2, 1, 0][one.image_1_index % 3] for one in stimuli)


def test_a_picture_of_a_class_that_the_study_does_not_name_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path, ["dog", "cat", "foxx"])

    with pytest.raises(StudyFileError, match="has no class 'foxx'") as told:
        draw_design(folder, read_study_file(folder))
    assert told.value.where.row == 2


def test_pictures_that_are_missing_or_lead_elsewhere_are_told(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "study", ["dog", "cat", "fox"])
    study = read_study_file(folder)

    (folder / "stimuli").rename(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match="no such folder"):
        draw_design(folder, study)
    (folder / "stimuli").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StudyFileError, match="leads out of the folder"):
        draw_design(folder, study)


@pytest.mark.parametrize("more", ["\n  scaling: smooth", "\n  size: 401"])
def test_pictures_larger_than_their_size_on_the_screen_are_for_smooth_scaling(tmp_path: Path, more: str) -> None:
    labels = ["dog", "cat", "fox"] * 4
    whole, other = (
        _folder(tmp_path / "whole", labels, (300, 401)),
        _folder(tmp_path / "other", labels, (300, 401), more),
    )

    with pytest.raises(StudyFileError, match=r"picture 0 \(300 x 401\) has more pixels than 320") as told:
        draw_design(whole, read_study_file(whole))
    assert "scaling: smooth" in str(told.value)
    assert told.value.where.line
    draw_design(other, read_study_file(other))
