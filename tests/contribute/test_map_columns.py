"""Columns of a map: every cell is taken whole or told; calculations are the release's; patterns take linear time."""

from __future__ import annotations

import csv
import io
import json
import re
import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_generator.raw_exports import imported, write_map, write_table

from hmix_hub.builders.readers import read_released
from hmix_hub.errors import ConfigurationError
from hmix_hub.importing.cells import Cells
from hmix_hub.importing.map_keys import From
from hmix_hub.importing.mapped_column import MappedColumn
from hmix_hub.importing.patterns import check_pattern, group_of
from hmix_hub.judgments.migration import migrate
from hmix_hub.judgments.released import Provenance
from hmix_hub.schema import CURRENT, RELEASED
from hmix_hub.sources import JUDGMENT_FILES, resolve_source
from hmix_hub.tasks import CATEGORICAL, INFER, observed_columns


def made(texts, target="confidence", **origin):
    """Map cells: the values, and the numbers of those that do not fit."""
    column = MappedColumn(target, From(column="c", **origin))
    values, is_unfit, *_ = column.make(Cells(pa.table({"c": pa.array(texts, pa.string())}), column.taken))
    return values.to_pylist(), is_unfit.nonzero()[0].tolist()


class TestWholeCells:
    @pytest.mark.parametrize("place", [20, 1999, 2000, 2001, 100_000])
    def test_a_number_is_read_whole_wherever_in_a_cell_it_stands(self, place):
        cell = "x" * place + '"final": 75}'
        assert made([cell], pattern=r'"final": (\d+)') == (["75"], [])

    def test_letters_of_all_scripts_are_part_of_a_word(self):
        assert made(["class: Käse_1!", "class: ख़ुशी!", "class: cat!"], pattern=r"class: (\w+)")[0] == [
            "Käse_1",
            "ख़ुशी",
            "cat",
        ]
        assert made(["[é-x]"], pattern=r"\[([\w-]+)\]")[0] == ["é-x"]
        assert made(["é x"], pattern=r"(\W)")[0] == [" "]

    def test_an_edge_of_a_word_is_not_looked_for_beside_letters_that_it_would_not_know(self):
        assert made(["a cat.", "an Ähre."], pattern=r"\b(\w{3,})\b") == (["cat", None], [1])

    @given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=40), st.integers(0, 10**6))
    def test_what_stands_around_a_number_does_not_change_it(self, text, number):
        around = re.sub(r"\d", "", text)
        assert made([f"{around}<{number}>{around}"], pattern=r"<(\d+)>")[0] == [str(number)]


class TestCellsThatDoNotFit:
    def test_only_cells_that_hold_something_and_gave_nothing_count(self):
        cells = ['{"sure": 80}', "", " ", '{"sure": null}', '{"sure": ""}', "{'sure': 70}", '{"Sure": 60}', "[1]"]
        assert made(cells, json="sure") == (["80", *[None] * 7], [5, 6, 7])
        assert made(["75 %", "", "seventy"], pattern=r"(\d+) %") == (["75", None, None], [2])
        # What the map itself empties is meant to be empty.
        assert made(["No", "cat"], values={"No": ""}) == ([None, "cat"], [])

    @pytest.mark.parametrize("cell", ['{"sure": 1, "sure": 2}', '{"sure": "\\ud800"}', '{"sure": ' + "9" * 5000 + "}"])
    def test_json_that_would_be_read_otherwise_than_it_is_written_does_not_fit(self, cell):
        assert made([cell], json="sure") == ([None], [0])

    def test_import_fails_and_names_count_row_and_cell(self, tmp_path):
        write_map(
            tmp_path, confidence="{column: c, json: sure, divide: 100}", x_side=r"{column: d, pattern: '^(left)$'}"
        )
        rows = [("p1", n, 40, f'{{"{key}": 80}}', "right") for n, key in enumerate(["sure", "Sure", "sure"])]
        write_table(tmp_path / "raw.csv", ["who", "n", "a", "c", "d"], *rows)
        said = (
            r"raw\.csv, row 1, column c: confidence: 1 of 3 non-empty cells of c gave no value; the first is "
            r"'\{\"Sure\": 80\}' in raw\.csv, row 1; x_side: 3 of 3 non-empty cells .*row 0(.|\n)*optional: true"
        )
        with pytest.raises(ConfigurationError, match=said):
            imported(tmp_path, map_file=tmp_path / "map.yaml")
        assert not (tmp_path / "study").exists()

    def test_an_optional_column_may_give_nothing_and_it_is_told(self, tmp_path):
        write_map(tmp_path, confidence="{column: c, json: sure, divide: 100, optional: true}")
        write_table(
            tmp_path / "raw.csv", ["who", "n", "a", "c"], ("p1", 0, 40, "{'sure': 1}"), ("p1", 1, 5, '{"sure": 60}')
        )
        done, rows = imported(tmp_path, map_file=tmp_path / "map.yaml")
        assert [row["confidence"] for row in rows] == ["", "0.6"]
        assert any("confidence: 1 of 2 non-empty cells of c" in note for note in done.outcome.notes)

    def test_rows_that_are_not_kept_do_not_count(self, tmp_path):
        write_map(tmp_path, rows="[{column: screen, equals: rating}]", confidence="{column: c, json: sure}")
        rows = [("p1", 0, 40, "hello", "consent"), ("p1", 1, 40, '{"sure": 1}', "rating")]
        write_table(tmp_path / "raw.csv", ["who", "n", "a", "c", "screen"], *rows)
        assert len(imported(tmp_path, map_file=tmp_path / "map.yaml")[1]) == 1


class TestWordsThatAreNotNamed:
    def test_a_wrong_key_is_told_and_stays(self, tmp_path):
        write_map(tmp_path, x_key="{column: key, values: {c: cat, d: dog}}")
        rows = [("p1", n, 40, key) for n, key in enumerate(["c", "d", "x", "c", "", "C", "dog"])]
        write_table(tmp_path / "raw.csv", ["who", "n", "a", "key"], *rows)
        done, rows = imported(tmp_path, map_file=tmp_path / "map.yaml")
        assert [row["x_key"] for row in rows] == ["cat", "dog", "x", "cat", "", "C", "dog"]
        note = "x_key: 2 rows kept a word of key that is not in `values:`: 'x' (1), 'C' (1)"
        assert note in done.outcome.notes

    def test_where_values_names_only_a_few_words_the_others_are_meant_to_stay(self, tmp_path):
        write_map(tmp_path, x_key="{column: key, values: {aeroplane: airplane}}")
        rows = [("p1", n, 40, word) for n, word in enumerate(["aeroplane", "ship", "cat"])]
        write_table(tmp_path / "raw.csv", ["who", "n", "a", "key"], *rows)
        assert not any(
            "values:" in note for note in imported(tmp_path, map_file=tmp_path / "map.yaml")[0].outcome.notes
        )


class TestEmptyRows:
    def test_rows_that_a_spreadsheet_appends_are_dropped_and_counted(self, tmp_path):
        write_map(tmp_path)
        rows = [("p1", 0, 40), ("", " ", ""), ("p1", 1, ""), ("", "", "")]
        write_table(tmp_path / "raw.csv", ["who", "n", "a"], *rows)
        done, rows = imported(tmp_path, map_file=tmp_path / "map.yaml")
        assert [(row["trial_index"], row["source_row"]) for row in rows] == [("0", "0"), ("1", "2")]
        assert done.outcome.dropped == {"the row is empty": 2}

    def test_trials_without_an_answer_are_dropped_by_naming_its_column(self, tmp_path):
        write_map(tmp_path, rows="[{column: a}]")
        write_table(tmp_path / "raw.csv", ["who", "n", "a"], ("p1", 0, 40), ("p1", 1, ""), ("p1", 2, " "))
        done, rows = imported(tmp_path, map_file=tmp_path / "map.yaml")
        assert [row["trial_index"] for row in rows] == ["0"]
        assert done.outcome.dropped == {"a is empty": 2}


class TestListsByPattern:
    def test_every_match_is_an_item_of_a_list(self):
        cells = ['{"improbDog": "1", "improbFrog": "1"}', '{"improbShip": "1"}', "{}", ""]
        lists = made(cells, target="impossible_classes", pattern=r"improb(\w+)")
        assert lists == (["Dog|Frog", "Ship", None, None], [2])
        assert made(["0.5, .6"], target="path_coefficients", pattern=r"([\d.]+)", flip=True)[0] == ["0.5|0.4"]

    def test_one_match_may_be_a_whole_list(self):
        cells = ["chosen: dog|cat;", "chosen: none;"]
        words = {"none": "", "dog": "hound"}
        lists = made(cells, target="impossible_classes", pattern=r"^chosen: (.*);$", values=words)
        assert lists == (["hound|cat", None], [])

    def test_the_beginning_is_that_of_the_cell(self):
        assert made(["noDog noCat"], target="impossible_classes", pattern=r"^no(\w+) ?")[0] == ["Dog"]

    def test_elsewhere_the_first_match_counts(self):
        assert made(["noDog noCat"], target="top_class", pattern=r"no(\w+)")[0] == ["Dog"]


class TestKeys:
    def test_a_list_is_made_of_the_keys_that_are_on(self):
        boxes = {
            "top": "cat",
            "noDog": "1",
            "noShip": True,
            "noCat": "0",
            "noFrog": False,
            "noBird": "",
            "noDeer": None,
        }
        assert made([json.dumps(boxes)], keys=r"^no(\w+)") == (["Dog|Ship"], [])
        assert made([json.dumps({"a": {"b": boxes}})], keys="^no(.+)", json="a.b")[0] == ["Dog|Ship"]
        assert made([json.dumps(boxes)], keys="^no(.+)", values={"Dog": "hound", "Ship": ""})[0] == ["hound"]

    def test_no_key_is_an_empty_list_and_no_object_does_not_fit(self):
        assert made(['{"top": "cat"}', "noDog", "[1]", ""], keys="^no(.+)") == ([None] * 4, [1, 2])

    def test_keys_go_with_json_and_values_alone(self):
        with pytest.raises(ValueError, match="json and values"):
            From(column="c", keys="no(.+)", divide=2)

    def test_ruled_out_classes_are_imported_from_the_keys_of_an_answer(self, tmp_path):
        columns = {
            "participant_id": "who", "trial_index": "n", "response_time_ms": '{constant: ""}',
            "image_1_label": "{constant: cat}", "image_1_index": '{constant: "0"}', "image_2_label": '{constant: ""}',
            "image_2_index": '{constant: ""}', "mixing_coefficient": '{constant: "1"}', "top_class": "{constant: cat}",
            "top_probability": '{constant: "1"}', "second_class": '{constant: ""}',
            "second_probability": '{constant: ""}',
            "impossible_classes": r"{column: r, keys: 'improbClassSelect(\w+)'}",
        }  # fmt: skip
        write_map(tmp_path, task=CATEGORICAL, **columns)
        answer = {"classSelect": "mostProbCat", "improbClassSelectShip": "1", "improbClassSelectFrog": "1"}
        write_table(tmp_path / "raw.csv", ["who", "n", "r"], ("p1", 0, json.dumps(answer)))
        _, rows = imported(tmp_path, task=CATEGORICAL, map_file=tmp_path / "map.yaml")
        assert rows[0]["impossible_classes"] == "Ship|Frog"


_RELEASED = {
    "participant_id": "subject",
    "trial_index": "trial_index",
    "response_time_ms": "rt",
    "image_1_label": "label1",
    "image_1_index": r"{column: id1, pattern: '^(\d+)'}",
    "image_2_label": "label2",
    "image_2_index": r"{column: id2, pattern: '^(\d+)'}",
    "mixing_coefficient": "mixtureCoeff",
    "inferred_coefficient": "{column: responses, json: mixingcoeff, divide: 100, flip: true}",
    "confidence": "{column: responses, json: confidence, divide: 100}",
}


def both_ways(folder, text):
    """Read an infer file as the release's reader does, and through a column map: the answers of each."""
    (folder / "raw.csv").write_text(text, encoding="utf-8")
    released = read_released(folder / "raw.csv", INFER)
    table = migrate(released, INFER, start=RELEASED, target=CURRENT, provenance=Provenance("s"))
    names = write_map(folder, "[{column: trial_type, equals: multiple-slider}]", **_RELEASED)
    _, rows = imported(folder, map_file=names)
    answers = ("inferred_coefficient", "confidence", "mixing_coefficient")
    return [[row[n] for n in answers] for row in table.to_pylist()], [[float(row[n]) for n in answers] for row in rows]


class TestArithmetic:
    def test_every_slider_value_comes_out_as_the_releases_reader_has_it(self, tmp_path):
        text = resolve_source("sample").path(JUDGMENT_FILES[INFER]).read_text(encoding="utf-8")
        rows = list(csv.reader(io.StringIO(text)))
        at = rows[0].index("responses")
        trials = [row for row in rows[1:] if row[at]][:101]
        for value, row in enumerate(trials):
            row[at] = json.dumps({"mixingcoeff": value, "confidence": 100 - value})
        changed = io.StringIO()
        csv.writer(changed, lineterminator="\n").writerows([rows[0], *trials])
        expected, found = both_ways(tmp_path, changed.getvalue())
        assert len(expected) == 101
        assert found == expected

    def test_the_answers_of_h_mix_come_out_as_the_releases_reader_has_them(self, tmp_path, release):
        expected, found = both_ways(tmp_path, (release / JUDGMENT_FILES[INFER]).read_text(encoding="utf-8"))
        assert len(expected) == 4950
        assert found == expected

    @given(st.floats(0, 100), st.floats(1, 1000), st.floats(0.001, 1000))
    def test_answers_are_calculated_and_not_rounded(self, value, multiply, divide):
        (text,), _ = made([repr(value)], multiply=multiply, divide=divide, flip=True)
        assert float(text) == 1 - value * multiply / divide

    @pytest.mark.parametrize("target", ["mixing_coefficient", "start_coefficient", "selected_coefficient"])
    def test_coefficients_of_pictures_keep_the_names_that_their_stimuli_have(self, target):
        cells = [str(value) for value in range(101)]
        assert made(cells, target, divide=100, flip=True)[0] == [repr((100 - value) / 100) for value in range(101)]

    def test_a_path_ends_in_the_answer_that_it_leads_to(self):
        (path,), _ = made(["[10, 90]"], "inferred_path", divide=100, flip=True)
        (answer,), _ = made(["90"], "inferred_coefficient", divide=100, flip=True)
        assert json.loads(path)[-1] == float(answer)


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "said"),
        [
            (r"(a)\1", "back-references"),
            (r"(?P<x>a)(?P=x)", "back-references"),
            (r"(?=x)(a)", "lookaround"),
            (r"(?<!x)(a)", "lookaround"),
            (r"a", "0 groups"),
            (r"(a)(b)", "more than one group"),
            (r"((((a*)*)*)*)", "more than one group"),
            (r"(a", "not a regular expression: missing"),
            (r"a)|(b", "not a regular expression"),
            (r"([\W_])", "not supported"),
        ],
    )
    def test_what_the_engine_cannot_do_is_said(self, pattern, said):
        with pytest.raises(ValueError, match=said):
            check_pattern(pattern)

    @pytest.mark.parametrize("pattern", [r"(?P<x>a)", r"(?i)^(A)$", r"(a|b)+", r"\((a)\)", r"[(](?:x)*([]a-z]+)"])
    def test_a_pattern_with_one_group_is_taken(self, pattern):
        check_pattern(pattern)

    @pytest.mark.parametrize("pattern", [r"((?:a+)+)$", r"((?:a|aa)+)$", r"((?:a*)*b)", r"^((?:[a-z]+ ?)*)$"])
    def test_a_pattern_that_would_try_for_ever_takes_linear_time(self, pattern):
        started = time.perf_counter()
        assert group_of(pattern, pa.array(["a" * 200_000 + "!"])).to_pylist() == [None]
        assert time.perf_counter() - started < 5


def test_a_column_that_the_task_does_not_have_is_answered_with_the_first_that_it_has(tmp_path):
    write_table(tmp_path / "raw.csv", ["who", "n", "a"], ("p1", 0, 40))
    write_map(tmp_path, bogus="who")
    first, second, third = (column.name for column in observed_columns(INFER)[:3])
    with pytest.raises(
        ConfigurationError, match=f"bogus is not a column of the task; .*such as {first}, {second}, {third};"
    ):
        imported(tmp_path, map_file=tmp_path / "map.yaml")


def test_a_map_that_is_too_large_is_refused_and_not_cut(tmp_path):
    write_table(tmp_path / "raw.csv", ["who", "n", "a"], ("p1", 0, 40))
    names = write_map(tmp_path)
    names.write_text(names.read_text("utf-8") + "#" * 2**20 + "\n  x_lost: who\n", "utf-8")
    with pytest.raises(ConfigurationError, match="the column map cannot be read: larger than 1048576 bytes"):
        imported(tmp_path, map_file=names)
    names.write_bytes(b"task: \xff")
    with pytest.raises(ConfigurationError, match="the column map cannot be read: line 1: not UTF-8 at byte 6"):
        imported(tmp_path, map_file=names)
