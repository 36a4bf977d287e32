"""Values that a map makes: of several columns, of answers within JSON, of numbers on other scales."""

from __future__ import annotations

import json

import pytest
from mapped_columns import RAW, columns_of, refused

from hmix_hub.errors import SchemaError
from hmix_hub.tasks import CATEGORICAL


class TestSeveralColumnsInOne:
    """Gaps 4, 5, 6: a text of several columns, the one that is filled, the one that another names."""

    def test_columns_are_joined(self, tmp_path):
        header = ["who", "session", "n", "a"]
        _, made = columns_of(
            tmp_path, header, ("female", 16, 0, 40), participant_id="{join: [who, session]}",
            x_item="{join: [who, session], separator: _}", x_face="{text: '{who}_{ session }_angry{{}}'}",
        )  # fmt: skip
        assert made == {"participant_id": ["female-16"], "x_item": ["female_16"], "x_face": ["female_16_angry{}"]}

    def test_a_text_of_which_a_part_is_missing_is_told(self, tmp_path):
        header = ["who", "session", "n", "a"]
        rows = [("p1", 1, 0, 40), ("p1", "", 1, 40)]
        said = refused(tmp_path, header, *rows, participant_id="{join: [who, session]}")
        assert "raw.csv, row 1, column who, session" in said
        assert "1 of 2 non-empty cells of who, session gave no value; the first is 'p1 '" in said

    @pytest.mark.parametrize("template", ["", "{{x}}"])
    def test_a_template_names_a_column(self, template, tmp_path):
        options = {"inferred_coefficient": f"{{column_named_by: '{template}'}}"}
        said = refused(tmp_path, RAW, ("p1", 0, 40), **options)
        assert "inferred_coefficient.column_named_by: write at least one column name in braces, {name}" in said

    def test_joined_columns_that_are_not_there_are_told_with_the_nearest(self, tmp_path):
        said = refused(tmp_path, RAW, ("p1", 0, 40), participant_id="{join: [who, sesion, N]}")
        assert "the map uses columns that no file has: 'sesion', 'N'" in said
        assert "'N': did you mean 'n'?; the files have the columns who, n, a" in said

    def test_the_column_that_is_filled_says_the_class(self, tmp_path):
        header = ["who", "n", "a", "snake.numClicks", "bird.numClicks"]
        rows = [("p1", 0, 40, "", 1), ("p1", 1, 40, "2", "None"), ("p1", 2, 40, 0, "")]
        options = {"x_class": "{which: {snake: snake.numClicks, bird: bird.numClicks}}"}
        assert columns_of(tmp_path, header, *rows, **options)[1]["x_class"] == ["bird", "snake", ""]

    def test_two_filled_columns_are_told_unless_a_list_is_wanted(self, tmp_path):
        header = ["who", "n", "a", "snake", "bird"]
        said = refused(tmp_path, header, ("p1", 0, 40, 1, 1), x_class="{which: [snake, bird]}")
        assert "x_class: 1 of 1 non-empty cells of snake or bird gave no value; the first is '1 1'" in said
        rows = [("p1", 0, 40, 1, 1), ("p1", 1, 40, "x", "no")]
        options = {"impossible_classes": "{which: {Cat: snake, Dog: bird}}"}
        made = columns_of(tmp_path, header, *rows, task=CATEGORICAL, **options)[1]
        assert made["impossible_classes"] == ["Cat|Dog", "Cat"]

    def test_the_column_that_another_names_is_taken(self, tmp_path):
        header = ["who", "n", "emo", "happy", "sad", "t_sad"]
        rows = [("p1", 0, "sad", 0, 3, 9), ("p1", 1, "happy", 7, 1, 8)]
        made = columns_of(tmp_path, header, *rows, inferred_coefficient="{column_named_by: emo, divide: 10}")[1]
        assert made["inferred_coefficient"] == ["0.3", "0.7"]

    def test_a_template_may_name_the_column(self, tmp_path):
        header = ["who", "n", "emo", "t_happy", "t_sad"]
        options = {"inferred_coefficient": "{column_named_by: 't_{emo}', divide: 10}"}
        assert columns_of(tmp_path, header, ("p1", 0, "sad", 0, 3), **options)[1]["inferred_coefficient"] == ["0.3"]

    def test_a_column_that_is_named_and_not_there_is_told(self, tmp_path):
        header = ["who", "n", "a", "emo", "happy"]
        rows = [("p1", 0, 40, "happy", 3), ("p1", 1, 40, "sad", 3)]
        said = refused(tmp_path, header, *rows, inferred_coefficient="{column_named_by: emo, divide: 10}")
        assert "row 1, column emo" in said
        assert "the first is 'sad'" in said

    def test_numbers_by_class_become_an_object(self, tmp_path):
        header = ["who", "n", "a", "n_cat", "n_dog"]
        rows = [("p1", 0, 40, 12, " 3.0"), ("p1", 1, 40, "", 1), ("p1", 2, 40, "", "")]
        counts = "{counts: {cat: n_cat, 'a \"dog\"': n_dog}}"
        made = columns_of(tmp_path, header, *rows, x_counts=counts, x_shares=counts[:-1] + ", divide: 4}")[1]
        assert [json.loads(text or "null") for text in made["x_counts"]] == [
            {"cat": 12, 'a "dog"': 3}, {"cat": 0, 'a "dog"': 1}, None
        ]  # fmt: skip
        assert made["x_counts"][0] == '{"cat": 12, "a \\"dog\\"": 3}'
        assert json.loads(made["x_shares"][0]) == {"cat": 3, 'a "dog"': 0.75}

    def test_a_count_that_is_no_number_is_told(self, tmp_path):
        options = {"x_counts": "{counts: {cat: n_cat, dog: n_dog}}"}
        said = refused(tmp_path, [*RAW, "n_cat", "n_dog"], ("p1", 0, 40, "many", 1), **options)
        assert "column n_cat, n_dog: x_counts: 1 of 1 non-empty cells of n_cat, n_dog gave no value" in said
        assert "'many 1'" in said


class TestAnswersWithinJSON:
    """Gaps 7, 8: lists of keys and of matches, paths into arrays."""

    def test_every_match_is_an_item_where_a_list_is_asked_for(self, tmp_path):
        cell = '{"improbDog": "1", "improbCat": "1"}'
        pattern = r"pattern: 'improb(\w+)'"
        _, made = columns_of(
            tmp_path, [*RAW, "r"], ("p1", 0, 40, cell), x_all=f"{{column: r, {pattern}, findall: true}}",
            x_first=f"{{column: r, {pattern}}}", x_keys=r"{column: r, keys: 'improb(\w+)'}",
        )  # fmt: skip
        assert made == {"x_all": ["Dog|Cat"], "x_first": ["Dog"], "x_keys": ["Dog|Cat"]}

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("0.value", "cat"),
            ("task=T0.value", "cat"),
            ("task=T1.value.1", "7"),
            ("-1.value.0", "3"),
            ("task=T1.value.n=2.of", "dog"),
            ("*.task", '["T0", "T1"]'),
        ],
    )
    def test_a_path_leads_into_arrays(self, path, value, tmp_path):
        first = [{"task": "T0", "value": "cat"}, {"task": "T1", "value": [3, 7]}]
        if "n=2" in path:
            first[1]["value"] = [{"n": 1, "of": "cat"}, {"n": 2, "of": "dog"}]
        _, made = columns_of(
            tmp_path, [*RAW, "r"], ("p1", 0, 40, json.dumps(first)), x_value=f"{{column: r, json: '{path}'}}"
        )
        assert made["x_value"] == [value]

    @pytest.mark.parametrize("path", ["2.value", "task=T9.value", "value", "0.value.x", "-3"])
    def test_a_path_that_leads_nowhere_does_not_fit(self, path, tmp_path):
        cell = json.dumps([{"task": "T0", "value": "cat"}, {"task": "T1", "value": 3}])
        said = refused(tmp_path, [*RAW, "r"], ("p1", 0, 40, cell), x_value=f"{{column: r, json: '{path}'}}")
        assert "x_value: 1 of 1 non-empty cells of r gave no value" in said

    @pytest.mark.parametrize("path", ["a..b", "", ".a", "=T0.value", "a" * 300])
    def test_a_path_that_is_none_is_refused(self, path, tmp_path):
        assert "is not a path: write" in refused(tmp_path, RAW, ("p1", 0, 40), x_v=f"{{column: a, json: '{path}'}}")

    def test_a_list_of_words_becomes_a_list(self, tmp_path):
        cell = json.dumps([{"value": ["Dog", "Frog"]}])
        options = {"impossible_classes": "{column: r, json: 0.value, values: {Dog: Cat}}"}
        made = columns_of(tmp_path, [*RAW, "r"], ("p1", 0, 40, cell), task=CATEGORICAL, **options)[1]
        assert made["impossible_classes"] == ["Cat|Frog"]


class TestNumbers:
    """Gaps 10, 11: scales that do not begin at 0, and differences."""

    @pytest.mark.parametrize(
        ("how", "raw", "wanted"),
        [
            ("{column: a, add: 50, divide: 100}", "-20", "0.3"),
            ("{column: a, scale: [1, 7]}", "4", "0.5"),
            ("{column: a, scale: [7, 1]}", "5.5", "0.25"),
            ("{column: a, scale: [-50, 50], flip: true}", "-50", "1.0"),
            ("{column: a, scale: [1, 7]}", "5,5", "0.75"),
        ],
    )
    def test_a_scale_becomes_0_to_1(self, how, raw, wanted, tmp_path):
        assert columns_of(tmp_path, RAW, ("p1", 0, raw), inferred_coefficient=how)[1]["inferred_coefficient"] == [
            wanted
        ]

    def test_pictures_that_are_counted_from_1(self, tmp_path):
        options = {"image_1_index": r"{column: p, pattern: '-(\d+)-', add: -1}"}
        assert columns_of(tmp_path, [*RAW, "p"], ("p1", 0, 40, "*-0068-*"), **options)[1]["image_1_index"] == ["67"]

    @pytest.mark.parametrize(("value", "row"), [("8", 1), ("0", 1), ("-1", 1)])
    def test_a_value_outside_the_scale_is_told_with_its_row(self, value, row, tmp_path):
        rows = [("p1", 0, 4), ("p1", 1, value), ("p1", 2, value)]
        said = refused(tmp_path, RAW, *rows, error=SchemaError, inferred_coefficient="{column: a, scale: [1, 7]}")
        assert f"row {row}, column a: inferred_coefficient: 2 of 3 values of a are outside the scale [1, 7]" in said
        assert f"the first is '{value}' in raw.csv, row {row}" in said
        assert "correct the two ends of the raw scale" in said

    def test_the_difference_of_two_columns(self, tmp_path):
        header = [*RAW, "on", "off"]
        made = columns_of(
            tmp_path, header, ("p1", 0, 40, 4.46, 6.01), ("p1", 1, 40, "", ""),
            response_time_ms="{column: off, minus: on, multiply: 1000}",
        )[1]  # fmt: skip
        assert float(made["response_time_ms"][0]) == pytest.approx(1550)
        assert made["response_time_ms"][1] == ""

    def test_the_difference_of_two_times_is_in_seconds(self, tmp_path):
        cell = {"started_at": "2026-03-01T12:00:00.250Z", "finished_at": "2026-03-01 13:00:01 UTC"}
        how = "{column: r, json: finished_at, minus: {column: r, json: started_at}}"
        made = columns_of(tmp_path, [*RAW, "r"], ("p1", 0, 40, json.dumps(cell)), x_seconds=how)[1]
        assert float(made["x_seconds"][0]) == pytest.approx(3600.75)

    def test_a_difference_of_what_is_no_number_is_told(self, tmp_path):
        header = [*RAW, "on", "off"]
        said = refused(tmp_path, header, ("p1", 0, 40, "soon", 6), response_time_ms="{column: off, minus: on}")
        assert "row 0, column off, on: response_time_ms: 1 of 1 non-empty cells of off, on gave no value" in said

    def test_the_number_of_the_row_is_a_value(self, tmp_path):
        rows = [("p1", 0, 40), ("", "", ""), ("p1", 1, 40)]
        made = columns_of(
            tmp_path, RAW, *rows, image_1_index="{row_number: true}", x_from_1="{row_number: true, add: 1}"
        )
        assert made[1] == {"image_1_index": ["0", "2"], "x_from_1": ["1.0", "3.0"]}
