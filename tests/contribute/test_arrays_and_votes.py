"""Published votes: NumPy arrays of numbers, and tables with a column for each person's label."""

from __future__ import annotations

import json

import numpy as np
import pytest
from study_generator.raw_exports import imported, write_map, write_table

from hmix_hub.errors import ConfigurationError, HMixError, SchemaError
from hmix_hub.importing.outcome import ROW, Outcome
from hmix_hub.importing.readers import read_raw


def read(path):
    return read_raw(path, Outcome())


def test_an_array_is_a_table_whose_columns_are_numbered(tmp_path):
    np.save(tmp_path / "counts.npy", np.array([[3, 0, 12], [1, 1, 1]]))
    assert read(tmp_path / "counts.npy").to_pydict() == {
        "0": ["3", "1"],
        "1": ["0", "1"],
        "2": ["12", "1"],
        ROW: [0, 1],
    }


def test_numbers_are_written_whole_and_nan_is_nothing(tmp_path):
    np.save(tmp_path / "shares.npy", np.asfortranarray([[0.1, np.nan], [1 / 3, 1.0]]))
    table = read(tmp_path / "shares.npy")
    assert [float(text) for text in table["0"].to_pylist()] == [0.1, 1 / 3]
    assert table["1"].to_pylist()[0] == ""


def test_one_dimension_is_one_column_and_no_rows_are_none(tmp_path):
    np.save(tmp_path / "labels.npy", np.array([7, 9], dtype=np.uint8))
    assert read(tmp_path / "labels.npy")["0"].to_pylist() == ["7", "9"]
    np.save(tmp_path / "none.npy", np.zeros((0, 4)))
    assert read(tmp_path / "none.npy").num_rows == 0


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_an_array_of_objects_is_never_unpickled(tmp_path):
    np.save(tmp_path / "raw.npy", np.array([[Touch(tmp_path / "touched")]], dtype=object), allow_pickle=True)
    with pytest.raises(SchemaError, match="not a complete NumPy array of numbers"):
        read(tmp_path / "raw.npy")
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\) is not a table"),
        (np.array([["a"]]), "is not a table"),
        (np.array(3), "is not a table"),
        (np.zeros((2, 20_000), dtype=np.uint8), "too large for a table"),
    ],
)
def test_what_is_no_table_of_numbers_is_told(array, told, tmp_path):
    np.save(tmp_path / "raw.npy", array)
    with pytest.raises(SchemaError, match=told):
        read(tmp_path / "raw.npy")


def test_a_damaged_array_and_one_by_another_name_are_told(tmp_path):
    np.save(tmp_path / "raw.npy", np.zeros((100, 10)))
    whole = (tmp_path / "raw.npy").read_bytes()
    for damaged in (
        whole[:200],
        whole[:20],
        whole.replace(b"(100, 10)", b"(100,109)"),
        whole.replace(b"'<f8'", b"'<z9'"),
    ):
        (tmp_path / "raw.npy").write_bytes(damaged)
        with pytest.raises(HMixError, match="not a complete NumPy array"):
            read(tmp_path / "raw.npy")
    (tmp_path / "raw.csv").write_bytes(whole)
    with pytest.raises(SchemaError, match=r"rename it to end in \.npy"):
        read(tmp_path / "raw.csv")


RAW = ["who", "n", "a", "first", "second", "third"]
VOTES = "{votes: [first, second, third], values: {'0': cat, '1': dog}}"


def counted(folder, *rows, **columns):
    write_table(folder / "raw.csv", RAW, *rows)
    _, found = imported(folder, map_file=write_map(folder, **{"x_votes": VOTES} | columns))
    return [json.loads(row["x_votes"]) if row["x_votes"] else None for row in found]


def test_votes_are_counted_by_class(tmp_path):
    votes = counted(
        tmp_path, ["p", 0, 1, 0, 1, 0], ["p", 1, 1, 1, 1, " 1"], ["p", 2, 1, "", "0", ""], ["p", 3, 1, "", "", ""]
    )
    assert votes == [{"cat": 2, "dog": 1}, {"dog": 3}, {"cat": 1}, None]


def test_a_word_without_a_value_stays_and_two_words_for_one_class_count_together(tmp_path):
    values = "{votes: [first, second, third], values: {kitten: cat}}"
    assert counted(tmp_path, ["p", 0, 1, "kitten", "cat", "fox"], x_votes=values) == [{"cat": 2, "fox": 1}]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("{votes: [first]}", "at least 2 items"),
        ("{votes: [first, second], divide: 2}", "votes cannot be combined with divide"),
        ("{votes: [first, fourth]}", "'fourth', which no file has"),
    ],
)
def test_a_map_of_votes_that_fits_nothing_is_told(how, told, tmp_path):
    with pytest.raises(ConfigurationError, match=told):
        counted(tmp_path, ["p", 0, 1, 0, 0, 0], x_votes=how)
