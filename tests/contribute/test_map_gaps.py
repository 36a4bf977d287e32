"""What laboratories' files need of a map: each gap between a raw file and a judgment file, from raw to wanted.

Gaps 4 to 8, 10 and 11, what values are made of, are in `test_map_values.py`; gap 2, wide tables, in
`test_map_wide_tables.py`; gap 13, files of several forms, in `test_appending.py`.
"""

from __future__ import annotations

import pytest
from mapped_columns import RAW, columns_of, refused
from study_generator.raw_exports import imported, write_map, write_table

from hmix_hub.contribute.importer import import_raw
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.schema import CIFAR10
from hmix_hub.studies.study import Study


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
        assert "add a column to `order:`" in said

    def test_an_empty_cell_has_no_place_in_an_order(self, tmp_path):
        options = {"trial_index": "{number: [who], order: [n]}"}
        said = refused(tmp_path, RAW, ("p1", 1, 40), ("p1", "", 41), error=SchemaError, **options)
        assert "row 1, column n: trial_index: rows are ordered by n, which is empty in 1 of them" in said


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
            ("{column: a, pattern: 'a', equals: b}", "0 groups, but needs one"),
            ("{equals: na}", "name the column"),
        ],
    )
    def test_a_wrong_condition_is_refused(self, condition, said, tmp_path):
        assert said in refused(tmp_path, RAW, ("p1", 0, 40), keep=f"[{condition}]")


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
        ("{divide: 2}", "give exactly one of column, constant, join, text, which"),
        ("{constant: b, divide: 2}", "constant cannot be combined with divide"),
        ("{column: a, scale: [1, 7], divide: 2, add: 1}", "scale cannot be combined with add, divide"),
        ("{column: a, equals: b, flip: true}", "equals cannot be combined with flip"),
        ("{number: [who], divide: 2}", "number cannot be combined with divide"),
        ("{column: a, order: [n]}", "order requires number"),
        ("{column: a, separator: x}", "separator requires join"),
        ("{column: a, findall: true}", "findall requires pattern"),
        ("{column: a, scale: [1, 1]}", "different numbers"),
        ("{text: 'who'}", "write at least one column name in braces"),
        ("{text: 'a {who'}", "unmatched brace"),
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
    assert "the map uses columns that no file has: 'who', 'n', 'a'" in str(caught.value)
    assert "'who': did you mean 'Who'?; the files have the columns Who, trial, answer" in str(caught.value)


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
