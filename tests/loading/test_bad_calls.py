"""Bad arguments and damaged studies: every error that a user meets is one of the package's, and says what to do."""

from __future__ import annotations

import os
import shutil

import pytest

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.errors import HMixError
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

ODD = [7, 1.5, b"x", "", "\0", "a" * 5000, "\ud800", [], ["a"], {"a": 1}, object()]
OPTIONS = ["split", "schema_version", "images", "cache_dir", "download_mode", "verification_mode"]
FILTERS = ["participants", "labels", "class_pair", "mixing_coefficient", "repeats", "exclude_flags"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("study") / "example-study", example_study(INFER))


@pytest.fixture(scope="module")
def built(study, tmp_path_factory):
    return build(Study.open(study), tmp_path_factory.mktemp("built") / "built").path


def refused(call, *args, **options):
    """Whether a call raises an error of the package; it may as well take what it is given."""
    try:
        call(*args, **options)
    except HMixError as error:
        assert error.message  # noqa: PT017 - both outcomes are right
        return True
    return False


@pytest.mark.parametrize("option", OPTIONS)
def test_no_odd_option_raises_anything_else(option, study, built, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in ODD:
        # What is empty, and a list of splits, means something.
        for place in ("h-mix", study, built):
            chosen = {"split": "train", "source": "sample"} if place == "h-mix" else {"split": "train"}
            refused(hmix_hub.load_dataset, place, **chosen | {option: value})


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_odd_names_are_refused(value, study, built, load_sample):
    for place in (study, built):
        assert refused(hmix_hub.load_dataset, place, value)
    assert refused(hmix_hub.load_dataset, value, split="train") or value in ([], ["a"])
    assert refused(hmix_hub.load_dataset, "h-mix", value, source="sample")
    assert refused(hmix_hub.load_dataset, "h-mix", source=value) or value == ""
    assert refused(hmix_hub.features, value)
    assert refused(hmix_hub.show, value, source="sample")
    for name in FILTERS:
        refused(hmix_hub.filter, load_sample(), **{name: value})


DAMAGES = {
    "gone": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "binary": lambda path: path.write_bytes(b"\xff\xfe\x00\x01PAR1" * 40),
    "json of another kind": lambda path: path.write_text("[1, {}]"),
    "text": lambda path: path.write_text("not: [what, it, should be"),
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
    "loop": lambda path: path.symlink_to(path),
    "link that leads out": lambda path: path.symlink_to("/etc/hostname"),
}
FILES = {
    "built": ["study.yaml", "build.json", "SHA256SUMS", "README.md", f"{INFER}/train-00000-of-00001.parquet", INFER],
    "raw": ["study.yaml", f"judgments/{INFER}.csv", "judgments", "participants.csv"],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("damaged", [(kind, name) for kind, names in FILES.items() for name in names], ids="/".join)
def test_a_damaged_study_raises_nothing_else(damaged, damage, study, built, tmp_path):
    kind, name = damaged
    folder = shutil.copytree(built if kind == "built" else study, tmp_path / "damaged")
    path = folder / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    DAMAGES[damage](path)
    was_refused = refused(hmix_hub.load_dataset, folder, INFER, split="train")
    # What is no part of the table may be damaged.
    assert was_refused or name in {"build.json", "README.md", "participants.csv"}
    refused(hmix_hub.load_dataset, folder, "participants", split="train")


@pytest.mark.parametrize("name", ["class_choice", "scale_rating_by_stimulus", "class_votes"])
def test_a_task_that_came_later_is_not_of_h_mix(name):
    with pytest.raises(HMixError, match=f"h-mix has no configuration '{name}'") as raised:
        hmix_hub.load_dataset("h-mix", name, source="sample")
    assert "infer_mixing_factor" in raised.value.hint


def test_studies_without_a_common_task_say_which_tasks_they_have():
    with pytest.raises(HMixError, match="h-mix, cifar10h have no task in common") as raised:
        hmix_hub.load_dataset(["h-mix", "cifar10h"], split="train", source={"h-mix": "sample"})
    assert "cifar10h has class_votes" in raised.value.hint
