"""Readers of raw files: each form of export, and files of each form that are broken or made to do harm."""

from __future__ import annotations

import gzip
import json
import sqlite3
import time
import zipfile

import pyarrow as pa
import pytest
from openpyxl import Workbook
from pyarrow import parquet

from hmix_hub.errors import ConfigurationError, HMixError, SchemaError
from hmix_hub.importing.outcome import ROW, Outcome
from hmix_hub.importing.readers import read_raw


@pytest.fixture
def read(tmp_path):
    """Read a raw file of some content: its rows, and what was remarked."""

    def read(name, content, **layout):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return rows_of(tmp_path / name, **layout)

    return read


def rows_of(path, **layout):
    outcome = Outcome()
    table = read_raw(path, outcome, **layout)
    return table.drop_columns(ROW).to_pylist(), outcome.notes_on_files, table[ROW].to_pylist()


ROWS = [{"who": "p1", "answer": "cat"}, {"who": "p2", "answer": "dög"}]


class TestText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a"])
    def test_a_table_is_read_whatever_its_encoding_delimiter_and_name(self, encoding, mark, name, read):
        text = f"who{mark}answer\r\np1{mark}cat\r\np2{mark}dög\r\n"
        assert read(name, text.encode(encoding))[0] == ROWS

    def test_the_delimiter_is_the_commonest_mark_outside_quotes(self, read):
        assert read("a.csv", 'who;"a,b,c,d";answer\np1;x;cat\n')[0] == [{"who": "p1", "a,b,c,d": "x", "answer": "cat"}]

    def test_gzip_is_read_under_its_name(self, read):
        assert read("a.csv.gz", gzip.compress("who,answer\np1,cat\np2,dög\n".encode()))[0] == ROWS
        assert read("a.json.gz", gzip.compress(json.dumps(ROWS).encode()))[0] == ROWS

    def test_lines_above_the_header_and_rows_below_it_are_left_out(self, read):
        text = "a log of 2026\n\nwho,answer\nWer?,Was?\np1,cat\np2,dög\n"
        rows, _, numbers = read("a.log", text, skip=2, header=2)
        assert rows == ROWS
        assert numbers == [1, 2]

    def test_more_lines_to_skip_than_there_are_is_an_error(self, read):
        with pytest.raises(SchemaError, match=r"`skip: 9` skips the whole file, which has 2 lines"):
            read("a.csv", "who\np1\n", skip=9)

    def test_headers_repeated_where_exports_were_joined_are_dropped(self, tmp_path):
        (tmp_path / "a.txt").write_text("who,answer\np1,cat\nwho,answer\np2,dög\n", encoding="utf-8")
        outcome = Outcome()
        assert read_raw(tmp_path / "a.txt", outcome)["who"].to_pylist() == ["p1", "p2"]
        assert outcome.dropped == {"the row repeats the header": 1}

    def test_hundreds_of_columns_some_without_a_name_are_read(self, read):
        names = ["who", *(f"image_{n}.numClicks" for n in range(600)), "", ""]
        rows, _, _ = read("a.csv", f"{','.join(names)}\n{','.join(['p1', *['1'] * 600, '', ''])}\n")
        assert list(rows[0])[-2:] == ["column 602", "column 603"]
        assert rows[0]["image_599.numClicks"] == "1"

    def test_more_columns_than_a_spreadsheet_has_are_refused(self, read):
        with pytest.raises(SchemaError, match="20000 columns"):
            read("a.csv", ",".join(f"c{n}" for n in range(20_000)) + "\n1\n")


class TestJson:
    @pytest.mark.parametrize("name", ["a.json", "a.txt", "a.jsonl", "jatos_results_20260301", "a.dat"])
    @pytest.mark.parametrize(
        "text",
        [
            json.dumps(ROWS),
            "\n".join(map(json.dumps, ROWS)),
            "".join(json.dumps([row]) for row in ROWS),
            "\r\n".join(json.dumps([row]) for row in ROWS),
        ],
        ids=["one array", "an object a line", "arrays without a line end", "a component a line"],
    )
    def test_json_of_a_session_or_several_is_read_whatever_its_name(self, text, name, read):
        if name == "a.jsonl" and "\n" not in text and text.startswith("{"):
            pytest.skip("no lines")
        assert read(name, text)[0] == ROWS

    @pytest.mark.parametrize("name", ["a.json", "a.txt", "jatos_results_20260301"])
    def test_a_session_without_a_trial_is_an_empty_array(self, name, read):
        assert read(name, "[]\n" + json.dumps(ROWS) + "[ ]")[0] == ROWS
        assert read(name, "[]")[0] == []

    def test_json_in_utf_16_is_read(self, read):
        assert read("a.json", json.dumps(ROWS).encode("utf-16"))[0] == ROWS

    def test_a_response_that_is_an_object_is_a_cell_of_json(self, read):
        rows, _, _ = read("a.json", '[{"trial": 1, "response": {"Q0": "cat", "sure": [1, 2]}}]')
        assert rows == [{"trial": "1", "response": '{"Q0": "cat", "sure": [1, 2]}'}]

    def test_a_table_that_is_json_is_told(self, read):
        with pytest.raises(SchemaError, match=r"HMX515.*JSON: let its name end in \.json"):
            read("a.csv", json.dumps(ROWS))

    def test_json_that_is_a_table_is_told(self, read):
        with pytest.raises(SchemaError, match=r"HMX515.*text that is no JSON"):
            read("a.json", "who,answer\np1,cat\n")

    def test_json_that_is_cut_off_is_told(self, read):
        with pytest.raises(SchemaError, match="it is no JSON"):
            read("a.txt", json.dumps(ROWS)[:-5])

    def test_json_nested_beyond_measure_is_told(self, read):
        with pytest.raises(SchemaError, match="it is no JSON"):
            read("a.txt", "[" * 200_000)


def qualtrics(*rows, ids=True):
    names = ["StartDate", "ResponseId", "Q1"]
    lines = [names, ["Start Date", "Response ID", '"What is it?\nChoose one, please."']]
    if ids:
        lines.append(['"{""ImportId"":""startDate""}"', '"{""ImportId"":""_recordId""}"', '"{""ImportId"":""QID1""}"'])
    return "\n".join(map(",".join, [*lines, *rows])) + "\n"


class TestQualtrics:
    def test_two_more_header_rows_are_left_out(self, read):
        rows, notes, numbers = read("a.csv", qualtrics(["2026-03-01", "R_1", "cat"], ["2026-03-01", "R_2", "dog"]))
        assert [row["Q1"] for row in rows] == ["cat", "dog"]
        assert numbers == [2, 3]
        assert notes == ["a.csv: an export of Qualtrics: 2 more header rows left out"]

    def test_its_export_with_tabs_is_read_too(self, read):
        text = qualtrics(["2026-03-01", "R_1", "cat"]).replace(",", "\t")
        assert [row["Q1"] for row in read("a.tsv", text.encode("utf-16"))[0]] == ["cat"]

    def test_an_export_whose_row_of_words_was_deleted_is_known_by_its_ids(self, read):
        lines = qualtrics(["2026-03-01", "R_1", "cat"]).split("\n")
        rows, notes, _ = read("a.csv", "\n".join([lines[0], *lines[3:]]))
        assert [row["Q1"] for row in rows] == ["cat"]
        assert notes[0].endswith("1 more header row left out")

    def test_an_export_without_ids_is_read_with_header(self, read):
        text = qualtrics(["2026-03-01", "R_1", "cat"], ids=False)
        assert [row["Q1"] for row in read("a.csv", text, header=2)[0]] == ["cat"]

    def test_a_survey_nobody_answered_has_no_row(self, read):
        assert read("a.csv", qualtrics())[0] == []


def zooniverse(
    subject='{"77": {"Filename": "cat7.png"}}',
    metadata='{"started_at": "2026-03-01T10:00:00.000Z", "finished_at": "2026-03-01T10:00:04.460Z"}',
):
    cells = ["1", "ada", '[{"task":"T0","value":"Cat"}]', subject, "{}"]
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    return f"classification_id,user_name,annotations,subject_data,metadata\n{quoted}\n"


class TestZooniverse:
    def test_the_subject_is_a_column(self, read):
        rows, notes, _ = read("a.csv", zooniverse())
        assert json.loads(rows[0]["subject"]) == {"Filename": "cat7.png"}
        assert "an export of Zooniverse" in notes[0]

    @pytest.mark.parametrize("subject", ["", "{}", "[]", '{"1": {}, "2": {}}', '{"1": 2}', "[" * 100_000])
    def test_a_subject_of_another_form_gives_nothing(self, subject, read):
        assert read("a.csv", zooniverse(subject))[0][0]["subject"] == ""


def annotation(number, *results, **more):
    made = [{"from_name": name, "to_name": "image", "type": "x", "value": value} for name, value in results]
    return {"id": number, "completed_by": 7, "result": made, "was_cancelled": False, "lead_time": 3.5, **more}


class TestLabelStudio:
    def test_each_annotation_is_a_row_called_as_in_its_own_csv(self, read):
        tasks = [
            {
                "id": 1,
                "data": {"image": "cat7.png"},
                "predictions": [],
                "annotations": [
                    annotation(10, ("choice", {"choices": ["cat"]}), ("sure", {"rating": 4})),
                    annotation(11, ("choice", {"choices": ["cat", "dog"]}), completed_by={"id": 8, "email": "a@b.c"}),
                ],
            },
            {"id": 2, "data": {"image": "dog1.png"}, "annotations": [annotation(12, was_cancelled=True)]},
        ]
        rows, notes, numbers = read("a.json", json.dumps(tasks))
        assert [(row["image"], row["annotator"], row["choice"], row["sure"]) for row in rows] == [
            ("cat7.png", "7", "cat", "4"),
            ("cat7.png", "8", "cat|dog", ""),
        ]
        assert numbers == [0, 1]
        assert "a@b.c" not in json.dumps(rows)
        assert notes == [
            "a.json: an export of Label Studio: a row for each annotation; 1 that were skipped are left out"
        ]

    @pytest.mark.parametrize("value", [{"taxonomy": [["animal", "cat"]]}, {"text": ["cat"]}, {"labels": ["cat"]}])
    def test_other_controls_give_their_words(self, value, read):
        tasks = [{"id": 1, "data": {}, "annotations": [annotation(1, ("what", value))]}]
        assert read("a.json", json.dumps(tasks))[0][0]["what"] == "cat"

    @pytest.mark.parametrize(
        "task",
        [
            {"id": 1, "data": {}, "annotations": "x"},
            {"id": 1, "data": {}, "annotations": [1]},
            {"id": 1, "data": {}, "annotations": [{"result": 3}]},
        ],
    )
    def test_annotations_of_another_form_are_told_with_their_row(self, task, read):
        with pytest.raises(SchemaError, match=r"a\.json, row 1, column (annotations|result): the cell holds"):
            read("a.json", json.dumps([{"id": 0, "data": {}, "annotations": []}, task]))


class TestPsiturk:
    def table(self, path, *sessions, name="assignments", columns="uniqueid, ipaddress, datastring"):
        connection = sqlite3.connect(path)
        connection.execute(f"create table {name} ({columns})")
        places = ", ".join("?" * len(columns.split(",")))
        connection.executemany(f"insert into {name} values ({places})", sessions)  # noqa: S608
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
        assert notes == ["p.db: an export of psiTurk: a row for each trial; 2 of 3 sessions have none"]

    def test_its_table_is_found_among_others(self, tmp_path):
        self.table(tmp_path / "p.db", ("w1:a1", "", self.session("cat")))
        self.table(tmp_path / "p.db", ("1", "2", "3"), name="hits", columns="a, b, c")
        assert len(rows_of(tmp_path / "p.db")[0]) == 1

    @pytest.mark.parametrize("data", ["{", "[]", '{"data": {"a": 1}}', '{"data": [1]}', '{"data": [], "data": []}'])
    def test_a_session_of_another_form_is_told_with_its_row(self, data, tmp_path):
        self.table(tmp_path / "p.db", ("w1", "", self.session("cat")), ("w2", "", data))
        with pytest.raises(SchemaError, match=r"p\.db, row 1, column datastring: the cell holds"):
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
        with pytest.raises(SchemaError, match="makes rows that come to more than"):
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
        with pytest.raises(SchemaError, match=r"row 0: HMX506.*the column 'who' holds bytes that are no text"):
            rows_of(path)

    def test_text_that_is_no_utf_8_is_told(self, tmp_path):
        path = database(tmp_path / "a.db", "create table t (who)", "insert into t values (cast(x'ff' as text))")
        with pytest.raises(SchemaError, match="HMX506"):
            rows_of(path)

    def test_a_database_that_is_cut_off_is_told(self, tmp_path):
        rows = ["insert into t values (hex(zeroblob(450)))"] * 50
        path = database(tmp_path / "a.db", "create table t (who)", *rows)
        path.write_bytes(path.read_bytes()[:20_000])
        with pytest.raises(SchemaError, match="no whole SQLite database"):
            rows_of(path)

    def test_rows_in_a_file_beside_it_are_told(self, tmp_path):
        path = database(tmp_path / "a.db", "create table t (who)", "insert into t values ('p1')")
        (tmp_path / "a.db-wal").write_bytes(b"x")
        assert "a -wal file lies beside it" in rows_of(path)[1][0]


def workbook(path, **sheets):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def changed_part(path, part, old, new):
    """Change a part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


HEAD = ["who", "answer"]
SHEET = "xl/worksheets/sheet1.xml"


class TestWorkbook:
    def test_cells_are_read_as_they_are_written(self, tmp_path):
        rows = [[*HEAD, "n", "ms", "is", "empty"], ["p1", "dög", 3, 1234.5, True, None], [None, None, 2.0, 1e-7, False]]
        assert rows_of(workbook(tmp_path / "a.xlsx", s=rows))[0] == [
            {"who": "p1", "answer": "dög", "n": "3", "ms": "1234.5", "is": "true", "empty": ""},
            {"who": "", "answer": "", "n": "2", "ms": "1e-07", "is": "false", "empty": ""},
        ]

    def test_a_formula_is_never_evaluated(self, tmp_path):
        path = workbook(tmp_path / "a.xlsx", s=[HEAD, ["p1", '=HYPERLINK("http://x.example")'], ["p2", "cat"]])
        assert [row["answer"] for row in rows_of(path)[0]] == ["", "cat"]

    def test_the_only_sheet_with_rows_is_read(self, tmp_path):
        path = workbook(tmp_path / "a.xlsx", notes=[["made in 2026"]], trials=[HEAD, ["p1", "cat"]], more=[])
        rows, notes, _ = rows_of(path)
        assert rows == [{"who": "p1", "answer": "cat"}]
        assert notes == ["a.xlsx: its sheet 'trials' was read"]

    def test_of_several_sheets_one_must_be_named(self, tmp_path):
        path = workbook(tmp_path / "a.xlsx", main=[HEAD, ["p1", "cat"]], pilot=[HEAD, ["p2", "dog"]])
        with pytest.raises(ConfigurationError, match="2 sheets have rows: 'main', 'pilot'"):
            rows_of(path)
        assert rows_of(path, sheet="pilot")[0] == [{"who": "p2", "answer": "dog"}]
        with pytest.raises(ConfigurationError, match=r"no sheet 'Pilot'(.|\n)*did you mean 'pilot'"):
            rows_of(path, sheet="Pilot")

    def test_rows_above_and_below_the_header_are_left_out(self, tmp_path):
        path = workbook(tmp_path / "a.xlsx", s=[["a title"], HEAD, ["Who?", "What?"], ["p1", "cat"]])
        assert rows_of(path, skip=1, header=2)[0] == [{"who": "p1", "answer": "cat"}]

    def test_a_cell_beside_the_table_is_told(self, tmp_path):
        path = workbook(tmp_path / "a.xlsx", s=[HEAD, ["p1", "cat"], ["p2", "dog", "odd"]])
        with pytest.raises(SchemaError, match=r"row 1: HMX505.*3 cells under 2 columns"):
            rows_of(path)

    def test_a_workbook_without_rows_is_told(self, tmp_path):
        with pytest.raises(SchemaError, match="no sheet of the workbook has a row"):
            rows_of(workbook(tmp_path / "a.xlsx", s=[HEAD]))

    def test_without_openpyxl_it_is_said_what_to_install(self, tmp_path, monkeypatch):
        path = workbook(tmp_path / "a.xlsx", s=[HEAD, ["p1", "cat"]])
        monkeypatch.setitem(__import__("sys").modules, "openpyxl.reader.excel", None)
        with pytest.raises(ConfigurationError, match=r"needs openpyxl(.|\n)*pip install \"hmix-hub\[xlsx\]\""):
            rows_of(path)


class TestHostileWorkbooks:
    @pytest.fixture
    def path(self, tmp_path):
        return workbook(tmp_path / "a.xlsx", s=[HEAD, ["p1", "cat"]])

    def check(self, path, said):
        started = time.process_time()
        with pytest.raises(HMixError, match=said):
            rows_of(path)
        # Processor time, since other programs make no difference to it: nothing is unpacked whole.
        assert time.process_time() - started < 20

    @pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml"])
    def test_a_part_that_grows_beyond_measure(self, path, part):
        self.check(changed_part(path, part, b"</", b" " * 17_000_000 + b"</"), "grows from|holds .* bytes|of more than")

    def test_a_row_that_never_ends(self, path):
        cells = b"".join(b"<c><v>%d</v></c>" % (n * n) for n in range(400_000))
        self.check(changed_part(path, SHEET, b"</row>", cells + b"</row>"), "has a row, or a text, of more than")

    def test_a_row_far_below(self, path):
        self.check(changed_part(path, SHEET, b'<row r="2"', b'<row r="999999999"'), "more than 1,048,576 rows")

    def test_entities_that_multiply(self, path):
        bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"z" * 1000 + b'">'
        for name, of in zip(b"bcdefgh", b"abcdefg", strict=True):
            bomb += b'<!ENTITY %c "' % name + b"&%c;" % of * 20 + b'">'
        changed_part(path, SHEET, b"<worksheet", bomb + b"]><worksheet")
        self.check(changed_part(path, SHEET, b"<sheetData>", b"<sheetData>&h;"), "no whole Excel workbook")

    def test_a_column_that_no_sheet_has(self, path):
        self.check(changed_part(path, SHEET, b'r="B2"', b'r="ZZZZZ2"'), "no whole Excel workbook")

    def test_an_archive_that_is_cut_off(self, path):
        path.write_bytes(path.read_bytes()[:-100])
        self.check(path, "HMX515|HMX506")


def archive(path, **texts):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in texts.items():
            made.writestr(name.replace("__", "/").replace("_x_", "."), text)
    return path


class TestJatosArchive:
    @pytest.mark.parametrize("ending", ["zip", "jzip", "jrzip"])
    def test_the_results_are_read_in_the_order_of_their_numbers(self, ending, tmp_path):
        texts = {
            f"study_result_{n}__comp-result_{n}__data_x_txt": json.dumps([row])
            for n, row in zip((10, 9), ROWS, strict=True)
        }
        path = archive(tmp_path / f"a.{ending}", metadata_x_json="{}", **texts)
        rows, notes, _ = rows_of(path)
        assert rows == ROWS[::-1]
        assert notes == [f"a.{ending}: an archive of JATOS, of which 2 data.txt were read"]

    def test_results_that_are_csv_are_read_too(self, tmp_path):
        texts = {
            f"comp-result_{n}__data_x_txt": f"who,answer\n{row['who']},{row['answer']}" for n, row in enumerate(ROWS)
        }
        assert rows_of(archive(tmp_path / "a.zip", **texts))[0] == ROWS

    def test_results_that_grow_beyond_measure_are_refused(self, tmp_path):
        with pytest.raises(SchemaError, match=r"a\.zip: HMX507: [^H]*its results come to 30,000,000 bytes, and "):
            rows_of(archive(tmp_path / "a.zip", r__data_x_txt=" " * 30_000_000))

    def test_more_results_than_are_read_are_refused_and_not_left_out(self, tmp_path, monkeypatch):
        monkeypatch.setattr("hmix_hub.importing.readers.tables._ENTRIES", 2)
        texts = {f"{n}__data_x_txt": json.dumps(ROWS) for n in range(3)}
        with pytest.raises(SchemaError, match="it holds 3 results, and 2 are the most"):
            rows_of(archive(tmp_path / "a.zip", **texts))

    @pytest.mark.parametrize("empty", ["", " \n", "\ufeff", "[]"])
    def test_a_result_that_nothing_was_sent_to_is_passed_over(self, empty, tmp_path):
        texts = {"1__data_x_txt": empty, "2__data_x_txt": "\ufeff" + json.dumps(ROWS), "3__data_x_txt": empty}
        assert rows_of(archive(tmp_path / "a.zip", **texts))[0] == ROWS
        assert rows_of(archive(tmp_path / "b.zip", **{"1__data_x_txt": empty}))[0] == []

    def test_a_result_that_was_cut_off_is_named(self, tmp_path):
        texts = {"1__data_x_txt": json.dumps(ROWS), "2__data_x_txt": '[{"who": "p1"'}
        with pytest.raises(SchemaError, match=r"a\.zip: 2/data\.txt in it: HMX506: .*line 1 column 14"):
            rows_of(archive(tmp_path / "a.zip", **texts))

    def test_a_damaged_archive_is_told(self, tmp_path):
        path = archive(tmp_path / "a.zip", r__data_x_txt=json.dumps(ROWS))
        content = bytearray(path.read_bytes())
        content[45:55] = b"x" * 10
        path.write_bytes(content)
        with pytest.raises(SchemaError, match="the archive is damaged"):
            rows_of(path)

    def test_nothing_is_written_wherever_a_name_leads(self, tmp_path):
        (tmp_path / "in").mkdir()
        path = archive(tmp_path / "in" / "a.zip", **{"..__..__data_x_txt": json.dumps(ROWS)})
        assert rows_of(path)[0] == ROWS
        assert [entry.name for entry in tmp_path.rglob("*")] == ["in", "a.zip"]


def test_parquet_is_read(tmp_path):
    parquet.write_table(pa.table({"who": ["p1"], "n": [3]}), tmp_path / "a.parquet")
    assert rows_of(tmp_path / "a.parquet")[0] == [{"who": "p1", "n": "3"}]


def test_an_archive_of_anything_else_is_told(tmp_path):
    with pytest.raises(SchemaError, match=r"HMX515.*a ZIP archive: unpack it"):
        rows_of(archive(tmp_path / "a.zip", p1_x_csv="who\np1\n"))
