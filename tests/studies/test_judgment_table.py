"""The judgment table of a study: what is filled in, what is kept, and what types a study's own columns get."""

from __future__ import annotations

import csv
import io
import re

import pytest

from hmix_hub.errors import StudyError
from hmix_hub.schema import CIFAR10, CURRENT
from hmix_hub.studies.example import csv_bytes, example_study
from hmix_hub.studies.stored_rows import read_judgments
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER, TASKS, columns

N = 144


@pytest.fixture
def read(write):
    """Read the table of the example study, its columns changed: each to one value, a list of values, or `None`: out."""

    def read_changed(task=INFER, manifest=("", ""), **changes):
        files = example_study(task)
        path = f"judgments/{task}.csv"
        rows = list(csv.DictReader(io.StringIO(files[path].decode())))
        for number, row in enumerate(rows):
            for name, value in changes.items():
                row[name] = value[number % len(value)] if isinstance(value, list) else value
        kept = [name for name in rows[0] if changes.get(name, "") is not None]
        files[path] = csv_bytes([{name: row[name] for name in kept} for row in rows])
        files["study.yaml"] = files["study.yaml"].replace(*(part.encode() for part in manifest))
        checked = Study.open(write(files))
        return read_judgments(checked.folder, checked.manifest, task)

    return read_changed


DEFAULTS = {
    "is_repeat": [False] * N,
    "condition": [None] * N,
    "collection_round": ["1"] * N,
    "image_set": ["cifar10/test"] * N,
    "source_file": ["judgments/infer_mixing_factor.csv"] * N,
    "source_row": list(range(N)),
}
RECORDED = {column.name: column.since for column in columns(INFER) if column.since}


def test_every_optional_column_has_a_default():
    for name, task in TASKS.items():
        assert set(task.optional_columns) == {*DEFAULTS, *task.optional, *(c.name for c in columns(name) if c.since)}


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_optional_column_that_is_left_out_is_filled_in(name, read):
    assert read(**{name: None})[name].to_pylist() == DEFAULTS[name]


@pytest.mark.parametrize("name", RECORDED)
def test_a_column_of_a_later_version_that_is_left_out_is_null(name, read):
    assert read()[name].null_count == N


@pytest.mark.parametrize("name", RECORDED)
def test_a_study_of_an_older_version_has_its_columns_and_no_later_one(name, read):
    older = (f"schema_version: {CURRENT}", "schema_version: 2.0.0")
    table = read(manifest=older)
    assert table.column_names == [column.name for column in columns(INFER, "2.0.0")]
    assert table["schema_version"].unique().to_pylist() == ["2.0.0"]
    since = re.escape(RECORDED[name])
    with pytest.raises(StudyError, match=f"came with schema {since}.* write `schema_version: {since}`"):
        read(manifest=older, **{name: ""})


LISTS = {
    "0.1|0.2": [0.1, 0.2],
    " 0.1 | 0.2 ": [0.1, 0.2],
    "[0.1, 0.2]": [0.1, 0.2],
    " [0.1,0.2] ": [0.1, 0.2],
    "0.5": [0.5],
    "[1]": [1.0],
    "[]": [],
    "-0|0": [0.0, 0.0],
    "1e-1|.5": [0.1, 0.5],
    "": None,
}


@pytest.mark.parametrize("written", LISTS)
def test_lists_of_numbers_are_read_in_either_form(written, read):
    table = read(confidence_path=[written, "0.25|0.75", "[0.125]"])
    assert table["confidence_path"].to_pylist()[:4] == [LISTS[written], [0.25, 0.75], [0.125], LISTS[written]]
    assert table.schema.field("confidence_path").type.value_type == "double"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("0.1||0.2", "HMX541"),
        ("0.1|", "HMX541"),
        ("0.1|x", "HMX541"),
        ("0.1|nan", "HMX541"),
        ("0.1|inf", "HMX541"),
        ("0.1|1e999", "HMX541"),
        ("0,1|0,2", "HMX541"),
        ("[0.1|0.2]", "HMX541"),
        ("[[0.1], 0.2]", "HMX541"),
        ('["0.1"]', "HMX541"),
        ("[0.1", "HMX541"),
        ("[null]", "HMX541"),
        ("0.1|1.5", "HMX542"),
        ("[-0.1]", "HMX542"),
        ("NA", "HMX545"),
    ],
)
def test_what_is_no_list_of_numbers_is_told_with_its_row(written, code, read):
    with pytest.raises(StudyError, match=code) as told:
        read(confidence_path=["0.5", "", written])
    assert (told.value.where.row, told.value.where.column) == (2, "confidence_path")


@pytest.mark.parametrize("name", DEFAULTS)
def test_an_optional_column_that_is_empty_here_and_there_is_filled_in_there(name, read):
    given = {"is_repeat": "true", "image_set": "own", "source_row": "7"}.get(name, "3")
    typed = {"is_repeat": True, "condition": 3, "image_set": "cifar10/test", "source_row": 7}.get(name, "3")
    expected = [typed if number % 2 else filled for number, filled in enumerate(DEFAULTS[name])]
    assert read(**{name: ["", given]})[name].to_pylist() == expected


def test_the_image_set_is_the_studys_own_with_its_method(read):
    table = read(manifest=("mixing: pixel-linear", "mixing: morph\n  mixing_note: By hand."), image_set="cifar10/test")
    assert table["image_set"].unique().to_pylist() == ["example-study/cifar10-test+morph"]


def test_a_single_picture_has_no_second_one(read):
    alone = {"image_2_label": "", "image_2_index": "", "mixing_coefficient": "1"}
    table = read(**alone)
    assert table["image_2_label"].null_count == table["image_2_index"].null_count == N
    name, index = CIFAR10.display(table["image_1_label"][0].as_py()), table["image_1_index"][0].as_py()
    assert table["pair_id"][0].as_py() == f"{name}_{index}"
    assert table["stimulus_id"][0].as_py() == f"mixed_1.0_{table['pair_id'][0].as_py()}"


def test_a_second_probability_without_a_class_is_dropped_and_flagged(read):
    table = read(CATEGORICAL, second_class="", second_probability="0.2")
    assert table["second_probability"].null_count == N
    assert all("ignored_probability" in flags for flags in table["flags"].to_pylist())


def test_a_dropped_probability_is_remembered_by_its_flag(read):
    flags = ["ignored_probability", ""]
    table = read(CATEGORICAL, second_class="", second_probability="", flags=flags)
    told = ["ignored_probability" in flags for flags in table["flags"].to_pylist()]
    assert told == [True, False] * (N // 2)


@pytest.mark.parametrize(
    ("name", "value"), [("study_id", "example-study"), ("task", INFER), ("schema_version", CURRENT)]
)
def test_a_computed_column_may_be_given_as_it_is(name, value, read):
    assert read(**{name: value})[name].unique().to_pylist() == [value]


TYPES = {
    "whole numbers": (["1", "-2", ""], "int64", [1, -2, None]),
    "whole numbers beyond a float": (["9007199254740993", "1"], "int64", [9007199254740993, 1]),
    "whole numbers beyond 64 bits": (["9223372036854775808", "1"], "string", ["9223372036854775808", "1"]),
    "long digits among numbers": (["9007199254740993", "1.5"], "string", ["9007199254740993", "1.5"]),
    "numbers": (["1", "-0.5", "1e-3", ""], "double", [1.0, -0.5, 0.001, None]),
    "leading zeros": (["007", "12"], "string", ["007", "12"]),
    "leading zeros among numbers": (["007", "1.5"], "string", ["007", "1.5"]),
    "a plus": (["+44", "1.5"], "string", ["+44", "1.5"]),
    "hexadecimals": (["0x1F", "0x20"], "string", ["0x1F", "0x20"]),
    "no number and infinity": (["nan", "1"], "string", ["nan", "1"]),
    "a number beyond measure": (["1e999", "1"], "string", ["1e999", "1"]),
    "truths": (["true", "False", ""], "bool", [True, False, None]),
    "truths and a word": (["true", "maybe"], "string", ["true", "maybe"]),
    "truths in numbers": (["1", "0"], "int64", [1, 0]),
    "text": (["a", "1", ""], "string", ["a", "1", None]),
    "a word for nothing": (["NA", "1"], "string", ["NA", "1"]),
    "nothing at all": ([""], "string", [None]),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_column_of_the_studys_own_gets_the_narrowest_type_that_holds_every_value(name, read):
    given, kind, expected = TYPES[name]
    column = read(x_own=given)["x_own"]
    assert (str(column.type), column.to_pylist()[: len(given)]) == (kind, expected)


def test_own_columns_stand_behind_in_the_order_of_the_file(read):
    assert read(x_b="1", x_a="2").column_names[-2:] == ["x_b", "x_a"]


def test_minus_nothing_is_nothing(read):
    table = read(mixing_coefficient=["-0", "0.0"], is_repeat=None)
    assert not any("-" in name.split("_")[1] for name in table["stimulus_id"].to_pylist())


def test_what_cannot_be_read_is_raised_with_its_place(read):
    with pytest.raises(StudyError) as told:
        read(confidence=["0.5", "very"])
    assert (told.value.where.row, told.value.where.column) == (1, "confidence")


def test_white_space_around_a_class_called_none_is_white_space_alone(read):
    with pytest.raises(StudyError, match="HMX546") as told:
        read(manifest=("classes: cifar10", f"classes: [{', '.join([*CIFAR10.names, 'none'])}]"), image_2_label=" none")
    assert "more" not in str(told.value)
