"""A study file in YAML says the same as one in TOML, and findings name its lines."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from suite.study.files import STUDY, write_study

from hmix_hub.errors import StudyFileError
from hmix_hub.suite.study.reading import read_study_file


def _write(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "study.yaml").write_text(text)
    return folder


def _content() -> dict[str, Any]:
    return tomllib.loads(STUDY)


def test_both_forms_say_the_same(tmp_path: Path) -> None:
    in_yaml = read_study_file(_write(tmp_path / "yaml", yaml.safe_dump(_content())))

    assert in_yaml == read_study_file(write_study(tmp_path / "toml"))


def test_what_is_left_empty_is_left_out(tmp_path: Path) -> None:
    content = _content()
    content["tasks"]["construct_midpoint"]["batches"] = None
    content["comments"] = None

    study = read_study_file(_write(tmp_path, yaml.safe_dump(content).replace("null", "")))

    assert (study.comments, study.tasks["construct_midpoint"].batches) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed: 3", "sed: 3", "did you mean 'seed'?"),
        ("seed: 3", "seed: three", "not 'three'"),
        ("seed: 3", "seed: 3\nseed: 4", "seed stands twice"),
        ("seed: 3", "seed: &a 3\nx: *a", "alias"),
        ("seed: 3", "seed: !!int 3", "a tag"),
        ("seed: 3", "seed: 3\n  bad", "not"),
        ("text: Slide.", "text: Sl<em>i</em>de.", "'<em>' is markup"),
        ("seed: 3", "seed: 1.0", "seed: '1.0' is no whole number"),
        ("seed: 3", "seed: 1_0", "seed: '1_0' is no whole number"),
        ("seed: 3", "seed: 010", "seed: '010' is no whole number"),
        ("seed: 3", "seed: 3\nrecruiting:\n  required: t", "recruiting.required: 't' is neither true nor false"),
        ("seed: 3", "seed: 3\nrecruiting:\n  required: yes", "recruiting.required: 'yes' is neither true nor false"),
        ("- 0.75", "- 7_5e-2", "coefficients[3]: '7_5e-2' is no number"),
        ("timeout_minutes: 60", "timeout_minutes: 6_0", "session.timeout_minutes: '6_0' is no number"),
        ("batch_size: 9", "batch_size: 91", "a batch of 91 stimuli"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    text = yaml.safe_dump(_content())
    first = text[: text.index(old)].count("\n") + 1

    with pytest.raises(StudyFileError) as told:
        read_study_file(_write(tmp_path, text.replace(old, new, 1)))

    places = [f"study.yaml, line {line}: " for line in range(first, first + new.count("\n") + 1)]
    found = [line.strip() for line in str(told.value).split("\n") if said in line]
    assert found
    assert any(line.startswith(place) for place in places for line in found), str(told.value)


def test_truths_and_numbers_are_written_as_in_toml(tmp_path: Path) -> None:
    text = yaml.safe_dump(_content()).replace("seed: 3", "seed: 30\nrecruiting:\n  required: true")
    text = text.replace("timeout_minutes: 60", "timeout_minutes: 6.5e1")

    study = read_study_file(_write(tmp_path, text))

    assert (study.seed, study.recruiting.required, study.session.timeout_minutes) == (30, True, 65)


def test_json_is_yaml_too(tmp_path: Path) -> None:
    study = read_study_file(_write(tmp_path, json.dumps(_content(), indent=1)))

    assert study.tasks["construct_midpoint"].start.values == [0.1, 0.9]
