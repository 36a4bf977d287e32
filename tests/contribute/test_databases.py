"""SQLite databases as raw files: psiTurk's and any other, and those that are broken or made to do harm."""

from __future__ import annotations

import json
import sqlite3

import pytest
from raw_rows import rows_of

from hmix_hub.errors import ConfigurationError, SchemaError


class TestPsiturk:
    def table(self, path, *sessions, name="assignments", columns="uniqueid, ipaddress, datastring"):
        connection = sqlite3.connect(path)
        connection.execute(f"create table {name} ({columns})")
        places = ", ".join("?" * len(columns.split(",")))
        connection.executemany(f"insert into {name} values ({places})", sessions)
        connection.commit()
        connection.close()

    def session(self, *words):
        trials = [{"uniqueid": "w:a", "current_trial": n, "trialdata": {"word": w}} for n, w in enumerate(words)]
        return json.dumps({"condition": 0, "data": trials, "questiondata": {}})

    def test_each_trial_is_a_row_with_its_sessions_columns(self, tmp_path):
        self.table(
            tmp_path / "p.db",
            ("w1:a1", "10.0.0.1", self.session("cat", "dog")),
            ("w2:a2", "10.0.0.2", None),
            ("w3:a3", "10.0.0.3", self.session()),
        )
        rows, notes, numbers = rows_of(tmp_path / "p.db")
        assert [json.loads(row["trialdata"])["word"] for row in rows] == ["cat", "dog"]
        assert "10.0.0" not in json.dumps(rows)
        assert numbers == [0, 1]
        assert notes == ["p.db: an export of psiTurk: one row per trial; 2 of 3 sessions have none"]

    def test_its_table_is_found_among_others(self, tmp_path):
        self.table(tmp_path / "p.db", ("w1:a1", "", self.session("cat")))
        self.table(tmp_path / "p.db", ("1", "2", "3"), name="hits", columns="a, b, c")
        assert len(rows_of(tmp_path / "p.db")[0]) == 1

    @pytest.mark.parametrize("data", ["{", "[]", '{"data": {"a": 1}}', '{"data": [1]}', '{"data": [], "data": []}'])
    def test_a_session_of_another_form_is_told_with_its_row(self, data, tmp_path):
        self.table(tmp_path / "p.db", ("w1", "", self.session("cat")), ("w2", "", data))
        with pytest.raises(SchemaError, match=r"p\.db, row 1, column datastring: the cell is not"):
            rows_of(tmp_path / "p.db")

    def test_half_of_a_character_is_told(self, tmp_path):
        data = '{"data": [{"word": "\\ud800"}]}'
        self.table(tmp_path / "p.db", ("w1", "", data))
        with pytest.raises(SchemaError, match="half of a character"):
            rows_of(tmp_path / "p.db")

    def test_what_is_said_once_of_a_session_cannot_fill_the_memory(self, tmp_path):
        data = json.dumps({"data": [{"n": n} for n in range(6000)]})
        columns = "uniqueid, datastring, note"
        self.table(tmp_path / "p.db", ("w1", data, "x" * 200_000), columns=columns)
        with pytest.raises(SchemaError, match="gives rows of more than"):
            rows_of(tmp_path / "p.db")


def database(path, *statements):
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


class TestDatabase:
    def test_the_only_table_with_rows_is_read_and_nothing_is_written(self, tmp_path):
        path = database(
            tmp_path / "a.sqlite",
            "create table empty (a)",
            'create table "my ""trials""" (who text, answer, ms real, n integer)',
            'insert into "my ""trials""" values (\'p1\', null, 1.5, 3)',
        )
        before = path.read_bytes(), sorted(tmp_path.iterdir())
        assert rows_of(path)[0] == [{"who": "p1", "answer": "", "ms": "1.5", "n": "3"}]
        assert (path.read_bytes(), sorted(tmp_path.iterdir())) == before

    def test_of_several_tables_one_must_be_named(self, tmp_path):
        made = [f"create table {name} as select 'p1' as who" for name in ("main_trials", "pilot")]
        path = database(tmp_path / "a.db", *made)
        with pytest.raises(ConfigurationError, match=r"2 tables have rows: 'main_trials', 'pilot'(.|\n)*`sheet: NAME`"):
            rows_of(path)
        assert rows_of(path, sheet="pilot")[0] == [{"who": "p1"}]
        with pytest.raises(ConfigurationError, match=r"no table 'pilott'(.|\n)*did you mean 'pilot'"):
            rows_of(path, sheet="pilott")

    def test_views_and_generated_columns_are_never_run(self, tmp_path):
        endless = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(x) as n from c"
        path = database(
            tmp_path / "a.db",
            f"create view everything as {endless}",
            "create table t (who, long generated always as (hex(zeroblob(100000000))) virtual)",
            "insert into t values ('p1')",
        )
        assert rows_of(path)[0] == [{"who": "p1"}]
        with pytest.raises(ConfigurationError, match="no table 'everything'"):
            rows_of(path, sheet="everything")

    def test_bytes_that_are_no_text_are_told(self, tmp_path):
        path = database(tmp_path / "a.db", "create table t (who)", "insert into t values (x'ff00')")
        with pytest.raises(SchemaError, match=r"row 0: HMX506.*the column 'who' contains bytes that are not text"):
            rows_of(path)

    def test_text_that_is_no_utf_8_is_told(self, tmp_path):
        path = database(tmp_path / "a.db", "create table t (who)", "insert into t values (cast(x'ff' as text))")
        with pytest.raises(SchemaError, match="HMX506"):
            rows_of(path)

    def test_a_database_that_is_cut_off_is_told(self, tmp_path):
        rows = ["insert into t values (hex(zeroblob(450)))"] * 50
        path = database(tmp_path / "a.db", "create table t (who)", *rows)
        path.write_bytes(path.read_bytes()[:20_000])
        with pytest.raises(SchemaError, match="not a complete SQLite database"):
            rows_of(path)

    def test_rows_in_a_file_beside_it_are_told(self, tmp_path):
        path = database(tmp_path / "a.db", "create table t (who)", "insert into t values ('p1')")
        (tmp_path / "a.db-wal").write_bytes(b"x")
        assert "rows in its -wal file are not read" in rows_of(path)[1][0]
