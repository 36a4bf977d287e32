"""What laboratories' files need of a map: each gap between a raw file and a judgment file, from raw to wanted.

Gap 13, files of several forms, is in `test_appending.py`.
"""

from __future__ import annotations

import json
from types import MappingProxyType

import pytest
from study_generator.raw_exports import imported, write_map, write_table

from hmix_hub.contribute.importer import import_raw
from hmix_hub.errors import ConfigurationError, HMixError, SchemaError
from hmix_hub.schema import CIFAR10
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL

RAW = ["who", "n", "a"]
CHOICE = {
    "participant_id": "who",
    "trial_index": "n",
    "response_time_ms": '{constant: ""}',
    "image_1_label": "{constant: cat}",
    "image_1_index": '{constant: "0"}',
    "image_2_label": '{constant: ""}',
    "image_2_index": '{constant: ""}',
    "mixing_coefficient": '{constant: "1"}',
    "top_class": "{constant: cat}",
    "top_probability": '{constant: "1"}',
    "second_class": '{constant: ""}',
    "second_probability": '{constant: ""}',
    "impossible_classes": '{constant: ""}',
}


def columns_of(folder, header, *rows, task="infer_mixing_factor", keep="", above="", **columns):
    """Import a raw file by a map: what came of its columns, by name, in the order of the rows."""
    names = write_map(folder, keep, task=task, **(CHOICE | columns if task == CATEGORICAL else columns))
    names.write_text(above + names.read_text("utf-8"), "utf-8")
    write_table(folder / "raw.csv", header, *rows)
    done, found = imported(folder, task=task, map_file=names)
    wanted = [name for name in columns if name in found[0]]
    return done, {name: [row[name] for row in found] for name in wanted}


def refused(folder, header, *rows, error=ConfigurationError, **options):
    """Import a raw file that cannot be: the error's text."""
    with pytest.raises(error) as caught:
        columns_of(folder, header, *rows, **options)
    assert not (folder / "study").exists()
    return str(caught.value)


class TestTrialsWithoutANumber:
    """Gap 3: no trial number, or one that begins anew in each block or session."""

    def test_rows_are_numbered_for_each_participant_in_the_order_of_the_file(self, tmp_path):
        rows = [(who, "", 40) for who in ("p1", "p2", "p1", "p1", "p2")]
        _, made = columns_of(tmp_path, RAW, *rows, trial_index="{number: [who]}")
        assert made["trial_index"] == ["0", "0", "1", "2", "1"]

    def test_rows_are_numbered_in_an_order(self, tmp_path):
        header = ["who", "session", "n", "a"]
        rows = [("p1", 2, 1, 40), ("p1", 1, 10, 41), ("p1", 1, 9, 42), ("p2", 1, 1, 43)]
        _, made = columns_of(tmp_path, header, *rows, trial_index="{number: [who], order: [session, n]}")
        assert made["trial_index"] == ["2", "1", "0", "0"]

    def test_columns_of_the_judgment_file_may_say_who(self, tmp_path):
        header = ["who", "session", "n", "a"]
        rows = [("p1", 1, 1, 40), ("p1", 2, 1, 41), ("p1", 1, 1, 42)]
        made = columns_of(
            tmp_path, header, *rows, participant_id="{join: [who, session]}", trial_index="{number: [participant_id]}"
        )[1]
        assert made == {"participant_id": ["p1-1", "p1-2", "p1-1"], "trial_index": ["0", "0", "1"]}

    def test_numbers_go_on_over_the_files(self, tmp_path):
        write_map(tmp_path, trial_index="{number: [who]}")
        files = [write_table(tmp_path / f"{n}.csv", RAW, ("p1", "", n), ("p1", "", n)) for n in range(2)]
        _, rows = imported(tmp_path, *files, map_file=tmp_path / "map.yaml")
        assert [row["trial_index"] for row in rows] == ["0", "1", "2", "3"]

    def test_an_order_that_ties_is_told_with_both_rows(self, tmp_path):
        rows = [("p1", 1, 40), ("p1", 2, 41), ("p1", 1, 42)]
        options = {"trial_index": "{number: [who], order: [n]}"}
        said = refused(tmp_path, RAW, *rows, error=SchemaError, **options)
        assert "ties 1 times, first of row 0 of raw.csv and row 2 of raw.csv: who 'p1', n '1'" in said
        assert "name another column under `order:`" in said

    def test_an_empty_cell_has_no_place_in_an_order(self, tmp_path):
        options = {"trial_index": "{number: [who], order: [n]}"}
        said = refused(tmp_path, RAW, ("p1", 1, 40), ("p1", "", 41), error=SchemaError, **options)
        assert "row 1, column n: trial_index: rows are ordered by n, which is empty in 1 of them" in said


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
        assert "inferred_coefficient.column_named_by: name a column in braces, {name}" in said

    def test_joined_columns_that_are_not_there_are_told_with_the_nearest(self, tmp_path):
        said = refused(tmp_path, RAW, ("p1", 0, 40), participant_id="{join: [who, sesion, N]}")
        assert "the map names columns that no file has: 'sesion', 'N'" in said
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
        assert "is no path: write" in refused(tmp_path, RAW, ("p1", 0, 40), x_v=f"{{column: a, json: '{path}'}}")

    def test_a_list_of_words_becomes_a_list(self, tmp_path):
        cell = json.dumps([{"value": ["Dog", "Frog"]}])
        options = {"impossible_classes": "{column: r, json: 0.value, values: {Dog: Cat}}"}
        made = columns_of(tmp_path, [*RAW, "r"], ("p1", 0, 40, cell), task=CATEGORICAL, **options)[1]
        assert made["impossible_classes"] == ["Cat|Frog"]


class TestRowsThatAreJudgments:
    """Gap 9: rows that are not this, rows by a value within JSON."""

    ROWS = (
        ("p1", 0, 40, '{"phase": "TEST", "rt": 900}'),
        ("p1", 1, "na", '{"phase": "TEST", "rt": 12}'),
        ("p1", 2, 60, '{"phase": "INSTRUCTIONS"}'),
        ("p1", 3, 70, "end of part 1"),
    )

    @pytest.mark.parametrize(
        ("condition", "kept", "said"),
        [
            ("{column: a, not: NA}", "023", "a is 'NA'"),
            ("{column: a, not: [na, '60']}", "03", "a is 'na' or '60'"),
            ("{column: r, json: phase, equals: test}", "01", "r, phase, is not 'test'"),
            ("{column: r, json: phase}", "012", "r, phase, is empty"),
            ("{column: r, json: rt, between: [100, ~]}", "0", "r, rt, is not from 100"),
            ("{column: a, between: [60, 70]}", "23", "a is not between 60 and 70"),
            ("{column: a, between: [~, 60]}", "02", "a is not up to 60"),
            ("{column: r, pattern: 'part [12]$'}", "3", "r does not match 'part [12]$'"),
            (r"{column: r, pattern: '(\w+) of', equals: end}", "3", "r is not 'end'"),
            ("{column: [b, a], equals: '60'}", "2", "b or a is not '60'"),
            ("{column: a, between: [0, 65], not: '60'}", "0", "a is '60' or is not between 0 and 65"),
        ],
    )
    def test_rows_are_kept_by_a_condition(self, condition, kept, said, tmp_path):
        options = {"inferred_coefficient": '{constant: "0.5"}', "trial_index": "n"}
        done, made = columns_of(tmp_path, [*RAW, "r"], *self.ROWS, keep=f"[{condition}]", **options)
        assert "".join(made["trial_index"]) == kept
        assert done.outcome.dropped == {said: 4 - len(kept)}

    @pytest.mark.parametrize(
        ("condition", "said"),
        [
            ("{column: a, unless: na}", "the keys are column, json, pattern, equals, not, between"),
            ("{column: a, between: [7, 1]}", "between is [smallest, largest]"),
            ("{column: a, pattern: '(a)(b)'}", "more than one group"),
            ("{column: a, pattern: 'a', equals: b}", "0 groups, and needs one"),
            ("{equals: na}", "name the column"),
        ],
    )
    def test_a_wrong_condition_is_refused(self, condition, said, tmp_path):
        assert said in refused(tmp_path, RAW, ("p1", 0, 40), keep=f"[{condition}]")


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
        assert f"row {row}, column a: inferred_coefficient: 2 of 3 values of a lie outside scale [1, 7]" in said
        assert f"the first is '{value}' in raw.csv, row {row}" in said
        assert "write the two ends that the raw scale has" in said

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


class TestColumnsOfOtherNames:
    """Gap 12: a column that some files call otherwise, or lack."""

    def test_the_first_that_is_there_is_taken(self, tmp_path):
        write_map(tmp_path, x_session="{column: [session, Session]}")
        files = [
            write_table(tmp_path / "1.csv", [*RAW, "session"], ("p1", 0, 40, 1)),
            write_table(tmp_path / "2.csv", [*RAW, "Session"], ("p2", 0, 40, 2)),
            write_table(tmp_path / "3.csv", [*RAW, "session", "Session"], ("p3", 0, 40, "", 3), ("p3", 1, 40, 4, 5)),
        ]
        done, rows = imported(tmp_path, *files, map_file=tmp_path / "map.yaml")
        assert [row["x_session"] for row in rows] == ["1", "2", "3", "4"]
        assert len(done.outcome.notes) == 1

    def test_a_file_with_none_of_them_is_passed_over_unless_they_are_optional(self, tmp_path):
        files = [
            write_table(tmp_path / "1.csv", [*RAW, "session"], ("p1", 0, 40, 1)),
            write_table(tmp_path / "2.csv", RAW, ("p2", 0, 40)),
        ]
        write_map(tmp_path, x_session="{column: [session, Session]}")
        done, rows = imported(tmp_path, *files, map_file=tmp_path / "map.yaml")
        assert "2.csv: no judgment (no column session or Session)" in done.outcome.notes
        write_map(tmp_path, x_session="{column: [session, Session], optional: true}")
        _, rows = imported(tmp_path, *files, map_file=tmp_path / "map.yaml", replace=True)
        assert [row["x_session"] for row in rows] == ["1", ""]


class TestHeaders:
    """Gap 14: further header rows, and lines above the header."""

    def test_further_header_rows_are_dropped(self, tmp_path):
        rows = [("label row",) * 3, ('{"ImportId":"QID1"}',) * 3, ("p1", 0, 40), ("p1", 1, 50)]
        _, made = columns_of(tmp_path, RAW, *rows, above="header: 3\n", x_row="{row_number: true}", trial_index="n")
        assert made == {"x_row": ["2", "3"], "trial_index": ["0", "1"]}

    def test_lines_above_the_header_are_skipped(self, tmp_path):
        (tmp_path / "raw.csv").write_text("Scenario - faces, 3\n\nwritten 3\n\nwho\tn\ta\np1\t0\t40\n", "utf-8")
        names = write_map(tmp_path)
        names.write_text("skip: 4\n" + names.read_text("utf-8"), "utf-8")
        _, rows = imported(tmp_path, map_file=names)
        assert [(row["participant_id"], row["source_row"]) for row in rows] == [("p1", "0")]

    def test_a_file_that_ends_within_what_is_skipped_is_told(self, tmp_path):
        assert "`skip: 9` skips the whole file" in refused(
            tmp_path, RAW, ("p1", 0, 40), above="skip: 9\n", error=SchemaError
        )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("{column: a, constant: b}", "not column and constant"),
        ("{join: [who, n], text: '{a}'}", "not join and text"),
        ("{divide: 2}", "give either column or constant, or one of join, text, which"),
        ("{constant: b, divide: 2}", "constant does not go with divide"),
        ("{column: a, scale: [1, 7], divide: 2, add: 1}", "scale does not go with add, divide"),
        ("{column: a, equals: b, flip: true}", "equals does not go with flip"),
        ("{number: [who], divide: 2}", "number does not go with divide"),
        ("{column: a, order: [n]}", "order goes with number alone"),
        ("{column: a, separator: x}", "separator goes with join alone"),
        ("{column: a, findall: true}", "findall goes with pattern alone"),
        ("{column: a, scale: [1, 1]}", "two different numbers"),
        ("{text: 'who'}", "name a column in braces"),
        ("{text: 'a {who'}", "a brace stands alone"),
        ("{column: []}", "name a column"),
        ("{join: [who]}", "at least 2 items"),
        ("{column: a, json_key: x}", "there is no such key"),
    ],
)
def test_keys_that_contradict_each_other_are_refused(how, said, tmp_path):
    assert said in refused(tmp_path, RAW, ("p1", 0, 40), x_a=how)


def test_a_map_that_fits_nothing_says_which_columns_there_are(tmp_path):
    write_map(tmp_path)
    write_table(tmp_path / "raw.csv", ["Who", "trial", "answer"], ("p1", 0, 40))
    with pytest.raises(ConfigurationError) as caught:
        import_raw([tmp_path / "raw.csv"], tmp_path / "study", map_file=tmp_path / "map.yaml")
    assert "the map names columns that no file has: 'who', 'n', 'a'" in str(caught.value)
    assert "'who': did you mean 'Who'?; the files have the columns Who, trial, answer" in str(caught.value)


class TestWideTables:
    """Gap 2: one row a person, a column for each item."""

    WIDE = ("who", "Q1", "Q2", "Q10", "sex")
    MELT = "melt: {columns: 'Q(\\d+)', into: [item, answer]}\n"
    OPTIONS = MappingProxyType(
        {"trial_index": "{number: [who]}", "inferred_coefficient": "{column: answer, divide: 100}"}
    )

    def test_each_answer_becomes_a_row(self, tmp_path):
        rows = [("p1", 40, "", 60, "f"), ("p2", 10, 20, 30, "m")]
        done, made = columns_of(tmp_path, self.WIDE, *rows, above=self.MELT, x_item="item", x_sex="sex",
                                x_row="{row_number: true}", **self.OPTIONS)  # fmt: skip
        assert made == {
            "x_item": ["1", "10", "1", "2", "10"],
            "x_sex": ["f", "f", "m", "m", "m"],
            "x_row": ["0", "0", "1", "1", "1"],
            "trial_index": ["0", "1", "0", "1", "2"],
            "inferred_coefficient": ["0.4", "0.6", "0.1", "0.2", "0.3"],
        }
        assert done.outcome.dropped == {"answer empty": 1}

    def test_a_second_group_names_the_column_of_values(self, tmp_path):
        header = ["who", "Q1_answer", "Q1_sure", "Q2_sure", "Q2_answer"]
        above = "melt: {columns: 'Q(\\d)_(answer|sure)', into: [item]}\n"
        options = self.OPTIONS | {"confidence": "{column: sure, divide: 10}"}
        made = columns_of(tmp_path, header, ("p1", 40, 8, "", 60), above=above, x_item="item", **options)[1]
        assert made["x_item"] == ["1", "2"]
        assert made["inferred_coefficient"] == ["0.4", "0.6"]
        assert made["confidence"] == ["0.8", ""]

    def test_an_item_table_says_what_each_item_shows(self, tmp_path):
        write_table(tmp_path / "items.csv", ["item", "label", "index"], (2, "frog", 7), (1, "ship", 1), (10, "deer", 3))
        above = self.MELT + "table: {file: items.csv, by: item}\n"
        made = columns_of(
            tmp_path, self.WIDE, ("p1", 40, 50, 60, "f"), above=above, image_1_label="label", image_1_index="index",
            **self.OPTIONS,
        )[1]  # fmt: skip
        assert made["image_1_label"] == ["ship", "frog", "deer"]
        assert made["image_1_index"] == ["1", "7", "3"]

    def test_rows_are_kept_by_what_melting_and_joining_made(self, tmp_path):
        write_table(tmp_path / "items.csv", ["item", "kind"], (1, "trial"), (2, "check"))
        above = self.MELT + "table: {file: items.csv, by: item}\n"
        keep = "[{column: item, not: '10'}, {column: kind, equals: trial}, {column: sex, equals: f}]"
        rows = [("p1", 40, 50, 60, "f"), ("p2", 40, 50, 60, "m")]
        done, made = columns_of(tmp_path, self.WIDE, *rows, above=above, keep=keep, x_item="item", **self.OPTIONS)
        assert made["x_item"] == ["1"]
        assert done.outcome.dropped == {"sex is not 'f'": 1, "item is '10'": 1, "kind is not 'trial'": 1}

    def test_an_item_table_with_gaps_is_told_with_the_items(self, tmp_path):
        write_table(tmp_path / "items.csv", ["item", "label"], (1, "ship"))
        above = self.MELT + "table: {file: items.csv, by: item}\n"
        rows = [("p1", 40, 50, "", "f"), ("p2", "", 50, 60, "f")]
        options = self.OPTIONS | {"image_1_label": "label"}
        said = refused(tmp_path, self.WIDE, *rows, above=above, error=SchemaError, **options)
        assert "raw.csv, row 0, column item: items.csv has no row for 2 items (3 rows): '2', '10'" in said
        assert "add a row for each to items.csv" in said
        above = above.replace("}\ntable: {", "}\ntable: {optional: true, ")
        done, made = columns_of(tmp_path, self.WIDE, *rows, above=above, **options)
        assert made["image_1_label"] == ["ship", "", "", ""]
        assert "items.csv has no row for 2 items (3 rows): '2', '10'" in done.outcome.notes

    def test_an_item_table_is_a_look_up_without_melting_too(self, tmp_path):
        write_table(tmp_path / "pictures.csv", ["file", "index"], ("dog 7.png", 12), ("cat.png", 3))
        write_table(tmp_path / "people.csv", ["who", "block", "batch"], ("p1", 1, "a"), ("p1", 2, "b"))
        above = (
            "table:\n- {file: pictures.csv, by: {img: file}}\n- {file: people.csv, by: {who: who, session: block}}\n"
        )
        rows = [("p1", 1, 0, 40, "cat.png"), ("p1", 2, 1, 40, " dog 7.png")]
        made = columns_of(
            tmp_path, ["who", "session", "n", "a", "img"], *rows, above=above, image_1_index="index", x_batch="batch"
        )[1]
        assert made == {"image_1_index": ["3", "12"], "x_batch": ["a", "b"]}

    @pytest.mark.parametrize(
        ("above", "said"),
        [
            ("melt: {columns: 'R(\\d+)', into: [item, answer]}", r"`melt:` fits no column of any file: 'R(\\d+)'"),
            ("melt: {columns: 'Q\\d+', into: [item, answer]}", "0 groups, and needs one or two"),
            ("melt: {columns: 'Q(\\d+)', into: [item]}", "into has one name, and needs two: [item, answer]"),
            (
                "melt: {columns: 'Q(\\d)\\d?', into: [item, answer]}",
                "two columns hold the answer of item '1': 'Q1' and 'Q10'",
            ),
            ("melt: {columns: 'Q(\\d+)', into: [sex, answer]}", "`melt:` makes a column 'sex', and the file has one"),
            ("melt: {columns: 'Q(\\d+)', into: [a, a]}", "two different names"),
            ("melt: {columns: '(Q)((1)(0))', into: [item, answer]}", "more than two groups"),
            ("melt: {columns: [Q1, Q9], into: [item, answer]}", "the map names a column 'Q9', which no file has"),
            ("melt: {columns: [Q1, Q1], into: [item, answer]}", "columns needs names of columns, each once"),
            ("melt: {columns: [], into: [item, answer]}", "columns needs names of columns, each once"),
            ("melt: {column: 'Q(\\d+)', into: [item, answer]}", "the keys are columns, into"),
            ("table: {file: ../items.csv, by: item}", "is no name of a file beside the map"),
            ("table: {file: /etc/passwd, by: item}", "is no name of a file beside the map"),
            ("table: {file: '..', by: item}", "is no name of a file beside the map"),
            ("table: {file: link.csv, by: item}", "the map's item table is not there"),
            ("table: {file: none.csv, by: item}", "the map's item table is not there"),
            ("table: {file: items.csv, by: itm}", "the item table has no column 'itm', which it is joined by"),
            ("table: {file: header.csv, by: item}", "the map's item table has no row"),
            ("table: {file: twice.csv, by: item}", "item '1' has two rows in the item table, 0 and 2"),
            ("table: {file: items.csv, by: item}", "the map names a column 'item', which no file has"),
            ("table: {file: items.csv, by: {sex: item}}", "both the file and items.csv have a column 'who'"),
            ("table: {files: items.csv, by: item}", "the keys are file, by, optional"),
        ],
    )
    def test_what_is_wrong_is_told(self, above, said, tmp_path):
        write_table(tmp_path / "items.csv", ["item", "who"], (1, "x"))
        write_table(tmp_path / "header.csv", ["item", "label"])
        write_table(tmp_path / "twice.csv", ["item", "label"], (1, "x"), (2, "x"), (1, "y"))
        (tmp_path.parent / "outside.csv").write_text("item\n1\n", "utf-8")
        (tmp_path / "link.csv").symlink_to(tmp_path.parent / "outside.csv")
        options = (
            self.OPTIONS
            if above.startswith("melt")
            else {"inferred_coefficient": '{constant: "1"}', "trial_index": '{constant: "0"}'}
        )
        rows = [("p1", 40, 50, 60, "f")]
        assert said in refused(tmp_path, self.WIDE, *rows, above=above + "\n", error=HMixError, **options)

    def test_an_expression_that_fits_every_column_melts_those_of_the_file_alone(self, tmp_path):
        options = {"participant_id": "item", "trial_index": '{constant: "0"}', "inferred_coefficient": "answer"}
        above = "melt: {columns: '(.*)', into: [item, answer]}\n"
        _, made = columns_of(tmp_path, ["a", "b"], (1, 0.5), above=above, **options)
        assert made == {"participant_id": ["a", "b"], "trial_index": ["0", "0"], "inferred_coefficient": ["1", "0.5"]}

    def test_a_session_that_was_broken_off_before_its_first_item_is_a_note(self, tmp_path):
        names = write_map(tmp_path, **self.OPTIONS)
        names.write_text(self.MELT + names.read_text("utf-8"), "utf-8")
        files = [
            write_table(tmp_path / "p1.csv", ["who", "Q1", "Q2"], ("p1", 40, 50)),
            write_table(tmp_path / "p2.csv", ["who"], ("p2",)),
            write_table(tmp_path / "p3.csv", ["who", "Q1", "Q2"], ("p3", "", "")),
        ]
        done, rows = imported(tmp_path, *files, map_file=names)
        assert [row["participant_id"] for row in rows] == ["p1", "p1"]
        assert r"p2.csv: no judgment (no column like 'Q(\\d+)')" in done.outcome.notes
        assert "p3.csv: no judgment (no row is a judgment)" in done.outcome.notes


class TestTextsThatGrow:
    """A long cell is not repeated beyond measure."""

    @pytest.fixture(autouse=True)
    def _limit(self, monkeypatch):
        monkeypatch.setattr("hmix_hub.importing.cells.TEXT_LIMIT", 10_000)

    @pytest.mark.parametrize(
        ("above", "columns", "said"),
        [
            (
                "melt: {columns: 'Q(\\d+)', into: [item, answer]}\n",
                {"x_note": "note"},
                "note, repeated for each item, would",
            ),
            ("", {"x_note": "{text: '{note}{note}{note}'}"}, "joined texts would"),
            ("table: {file: items.csv, by: who}\n", {"x_note": "long"}, "long of items.csv would"),
        ],
    )
    def test_what_would_come_to_too_much_is_told(self, above, columns, said, tmp_path):
        write_table(tmp_path / "items.csv", ["who", "long"], ("p1", "x" * 4000))
        rows = [("p1", n, 40, "x" * (4000 if above.startswith("melt") else 1200), 1, 2, 3) for n in range(3)]
        options = {"inferred_coefficient": "{constant: '1'}"} | columns
        message = refused(tmp_path, [*RAW, "note", "Q1", "Q2", "Q3"], *rows, above=above, error=SchemaError, **options)
        assert said in message
        assert "10,000 are the most" in message


class TestFromRawToJudgments:
    """Gap 1, and several together: from a laboratory's file to the table of judgments, by a map alone."""

    def judgments(self, folder, task, text):
        (folder / "map.yaml").write_text(f"task: {task}\n{text}", "utf-8")
        import_raw([folder / "raw.csv"], folder / "study", map_file=folder / "map.yaml")
        return Study.open(folder / "study", is_draft=True).judgments(task)

    def test_pictures_are_known_by_the_names_of_their_files(self, tmp_path):
        (tmp_path / "study" / "stimuli").mkdir(parents=True)
        pictures = [("dog1.png", "dog", 32, 32), ("cat7.png", "cat", 32, 32)]
        write_table(tmp_path / "study" / "stimuli" / "images.csv", ["file", "label", "width", "height"], *pictures)
        write_table(tmp_path / "raw.csv", ["img", "ans"], ("cat7.png", "cat"), ("dog1.png", "cat"))
        table = self.judgments(
            tmp_path,
            "class_choice",
            "columns: {participant_id: {constant: p1}, trial_index: {row_number: true}, "
            "response_time_ms: {constant: ''}, "
            "mixing_coefficient: {constant: '1'}, image_1_file: img, chosen_class: ans}",
        )
        assert table["image_1_index"].to_pylist() == [1, 0]
        assert [CIFAR10.names[code] for code in table["chosen_class"].to_pylist()] == ["cat", "cat"]

    def test_a_wide_export_with_three_header_rows_and_an_item_table(self, tmp_path):
        header = ["ResponseId", "Q1", "Q1_time", "Q2", "Q2_time"]
        labels = ["Response ID", "What is it?", "Timing", "What is it?", "Timing"]
        ids = [f'{{"ImportId":"QID{n}"}}' for n in range(5)]
        write_table(
            tmp_path / "raw.csv", header, labels, ids, ("R_1", "Cat", 1.5, "Dog", 2), ("R_2", "", "", "cat", 0.5)
        )
        write_table(tmp_path / "items.csv", ["item", "picture", "what"], (1, 8, "ship"), (2, 0, "cat"))
        table = self.judgments(
            tmp_path,
            "class_choice",
            r"""header: 3
melt: {columns: 'Q(\d+)(?:_(time))?', into: [item, answer]}
table: {file: items.csv, by: item}
rows: [{column: answer}]
columns:
  participant_id: ResponseId
  trial_index: {number: [ResponseId]}
  response_time_ms: {column: time, multiply: 1000}
  mixing_coefficient: {constant: '1'}
  image_1_label: what
  image_1_index: picture
  chosen_class: answer
""",
        )
        names = ("participant_id", "trial_index", "response_time_ms", "image_1_index", "source_row")
        assert table.select(names).to_pylist() == [
            dict(zip(names, row, strict=True))
            for row in [("R_1", 0, 1500.0, 8, 2), ("R_1", 1, 2000.0, 0, 2), ("R_2", 0, 500.0, 0, 3)]
        ]
        assert [CIFAR10.names[code] for code in table["chosen_class"].to_pylist()] == ["cat", "dog", "cat"]
