"""Readers of files in the released layout: what they take over, and what they refuse."""

import csv

import pytest

from hmix_hub.builders.readers import read_released
from hmix_hub.errors import SourceError
from hmix_hub.sources import JUDGMENT_FILES, resolve_source

PRIVATE = "my name is Bob, call me on 555"
PERSONAL = ["study_id", "url", "view_history", "failed_images", "failed_audio", "failed_video", "subj_id"]


@pytest.fixture
def rows(task):
    with resolve_source("sample").path(JUDGMENT_FILES[task]).open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    return path


def test_what_could_say_who_somebody_is_is_never_taken_over(task, rows, tmp_path):
    header, *body = rows
    unused = ["response", "filename"] if task == "construct_midpoint" else []
    unused += ["response"] if task == "infer_mixing_factor" else []
    for name in {*PERSONAL, *unused} & set(header):
        for row in body:
            row[header.index(name)] = PRIVATE
    table = read_released(write(tmp_path / "file.csv", [header, *body]), task)
    assert table.num_rows > 0
    assert PRIVATE not in {value for name in table.column_names for value in table[name].to_pylist()}


def test_a_missing_column_is_named(task, rows, tmp_path):
    place = rows[0].index("subject")
    cut = [row[:place] + row[place + 1 :] for row in rows]
    with pytest.raises(SourceError, match="subject") as refused:
        read_released(write(tmp_path / "file.csv", cut), task)
    assert str(tmp_path / "file.csv") in str(refused.value)
    assert "trial_index" in refused.value.hint


@pytest.mark.parametrize("damage", ["ragged", "word", "empty id", "binary", "empty"])
def test_a_damaged_file_is_named(damage, task, rows, tmp_path):
    path = tmp_path / "file.csv"
    header = rows[0]
    if damage == "ragged":
        rows[5] = rows[5][:3]
    if damage == "word":
        rows[-1][header.index("trial_index")] = "first"
    if damage == "empty id":
        for row in rows[1:]:
            row[header.index("subject")] = ""
    write(path, rows)
    if damage == "binary":
        path.write_bytes(b"\x89PNG\r\n\x00\xff" * 50)
    if damage == "empty":
        path.write_bytes(b"")
    with pytest.raises(SourceError, match=r"file\.csv"):
        read_released(path, task)
