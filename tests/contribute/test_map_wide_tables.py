"""Wide tables and item tables: one row a person becomes one row a judgment, and does not grow beyond measure."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from mapped_columns import RAW, columns_of, refused
from study_generator.raw_exports import imported, write_map, write_table

from hmix_hub.errors import HMixError, SchemaError


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
            ("melt: {columns: 'R(\\d+)', into: [item, answer]}", r"`melt:` matches no column of any file: 'R(\\d+)'"),
            ("melt: {columns: 'Q\\d+', into: [item, answer]}", "0 groups, but needs one or two"),
            ("melt: {columns: 'Q(\\d+)', into: [item]}", "into needs two names: [item, answer]"),
            (
                "melt: {columns: 'Q(\\d)\\d?', into: [item, answer]}",
                "two columns hold the answer of item '1': 'Q1' and 'Q10'",
            ),
            (
                "melt: {columns: 'Q(\\d+)', into: [sex, answer]}",
                "`melt:` makes a column 'sex', but the file already has one",
            ),
            ("melt: {columns: 'Q(\\d+)', into: [a, a]}", "two different names"),
            ("melt: {columns: '(Q)((1)(0))', into: [item, answer]}", "more than two groups"),
            ("melt: {columns: [Q1, Q9], into: [item, answer]}", "the map uses the column 'Q9', which no file has"),
            ("melt: {columns: [Q1, Q1], into: [item, answer]}", "columns needs column names without duplicates"),
            ("melt: {columns: [], into: [item, answer]}", "columns needs column names without duplicates"),
            ("melt: {column: 'Q(\\d+)', into: [item, answer]}", "the keys are columns, into"),
            ("table: {file: ../items.csv, by: item}", "is not the name of a file in the map's folder"),
            ("table: {file: /etc/passwd, by: item}", "is not the name of a file in the map's folder"),
            ("table: {file: '..', by: item}", "is not the name of a file in the map's folder"),
            ("table: {file: link.csv, by: item}", "the map's item table does not exist"),
            ("table: {file: none.csv, by: item}", "the map's item table does not exist"),
            ("table: {file: items.csv, by: itm}", "the item table has no column 'itm' to join by"),
            ("table: {file: header.csv, by: item}", "the map's item table has no row"),
            ("table: {file: twice.csv, by: item}", "item '1' has two rows in the item table, 0 and 2"),
            ("table: {file: items.csv, by: item}", "the map uses the column 'item', which no file has"),
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
        assert "the maximum is 10,000" in message
