"""Raw files: broken-off sessions, files of other programs, and JSON."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet
from study_generator.raw_exports import imported, write_map, write_table

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.importer import import_raw
from hmix_hub.errors import ConfigurationError, HMixError, SchemaError, SourceError
from hmix_hub.sources import JUDGMENT_FILES, resolve_source
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

RATING = "[{column: screen, equals: rating}]"
HEADER = ["who", "screen", "n", "a"]


def sessions(folder, **files):
    """Write a raw file for each name: its rows."""
    return [write_table(folder / f"{name}.csv", *rows) for name, rows in files.items()]


class TestSessionsThatWereBrokenOff:
    @pytest.mark.parametrize(
        ("rows", "reason"),
        [
            ([["who", "screen", "n"], ["p2", "consent", ""]], "no column a"),
            ([["who"], ["p2"]], "no column screen, n, a"),
            ([HEADER, ["p2", "consent", "", ""]], "no row is a judgment"),
            ([HEADER], "the file has no rows"),
        ],
    )
    def test_a_file_without_judgments_is_a_note(self, tmp_path, rows, reason):
        files = sessions(tmp_path, p1=[HEADER, ["p1", "rating", 1, 40]], p2=rows)
        done, found = imported(tmp_path, *files, map_file=write_map(tmp_path, RATING))
        assert [row["participant_id"] for row in found] == ["p1"]
        assert f"p2.csv: no judgment ({reason})" in done.outcome.notes

    def test_an_empty_file_is_a_note(self, tmp_path):
        files = [*sessions(tmp_path, p1=[HEADER, ["p1", "rating", 1, 40]]), tmp_path / "p2.csv"]
        files[1].touch()
        done, _ = imported(tmp_path, *files, map_file=write_map(tmp_path, RATING))
        assert "p2.csv: no judgment (the file has no rows)" in done.outcome.notes

    def test_many_files_share_a_note(self, tmp_path):
        broken = {f"q{n}": [["who"], [f"q{n}"]] for n in range(9)}
        files = sessions(tmp_path, p1=[HEADER, ["p1", "rating", 1, 40]], **broken)
        done, _ = imported(tmp_path, *files, map_file=write_map(tmp_path))
        assert "q0.csv, q1.csv, q2.csv and 6 more files: no judgment (no column n, a)" in done.outcome.notes

    def test_a_column_that_is_spelled_otherwise_in_a_file_is_an_error(self, tmp_path):
        files = sessions(
            tmp_path,
            p1=[HEADER, ["p1", "rating", 1, 40]],
            p2=[["who", "screen", "n", "A"], ["p2", "consent", "", ""], ["p2", "rating", 1, 60]],
        )
        with pytest.raises(ConfigurationError, match=r"p2\.csv, row 1, column a: `rows:` keeps rows") as caught:
            imported(tmp_path, *files, map_file=write_map(tmp_path, RATING))
        assert "it has no column a, and a column 'A'\n  hint: write both spellings" in str(caught.value)

    def test_a_session_whose_rows_would_be_kept_but_that_has_no_answers_is_told_once_and_counted(self, tmp_path):
        files = sessions(
            tmp_path, p1=[HEADER, ["p1", "rating", 1, 40]], p2=[["who", "screen", "n"], ["p2", "rating", 1]]
        )
        done, found = imported(tmp_path, *files, map_file=write_map(tmp_path, RATING))
        assert [row["participant_id"] for row in found] == ["p1"]
        assert [note for note in done.outcome.notes if "p2" in note] == ["p2.csv: no judgment (no column a)"]
        assert done.outcome.dropped == {"there is no column a": 1}

    def test_an_optional_column_that_a_file_lacks_is_empty(self, tmp_path):
        files = sessions(tmp_path, p1=[[*HEADER, "c"], ["p1", "", 1, 40, 8]], p2=[HEADER, ["p2", "", 1, 40]])
        names = write_map(tmp_path, confidence="{column: c, divide: 10, optional: true}")
        assert [row["confidence"] for row in imported(tmp_path, *files, map_file=names)[1]] == ["0.8", ""]

    def test_a_column_that_no_file_has_is_an_error_though_it_be_optional(self, tmp_path):
        files = sessions(tmp_path, p1=[HEADER, ["p1", "", 1, 40]], p2=[HEADER, ["p2", "", 1, 40]])
        names = write_map(tmp_path, confidence="{column: whom, optional: true}")
        with pytest.raises(ConfigurationError, match=r"'whom', which no file has(.|\n)*did you mean 'who'"):
            imported(tmp_path, *files, map_file=names)

    def test_no_judgment_in_any_file_is_an_error(self, tmp_path):
        files = sessions(tmp_path, p1=[HEADER, ["p1", "consent", 1, 40]], p2=[HEADER])
        said = r"no row is a judgment; 1 row: screen is not 'rating'; p1\.csv: no judgment"
        with pytest.raises(SchemaError, match=said):
            imported(tmp_path, *files, map_file=write_map(tmp_path, RATING))

    def test_what_is_odd_is_told_of_all_files_together(self, tmp_path):
        files = sessions(
            tmp_path, **{p: [[*HEADER, "k"], [p, "", 1, 40, k]] for p, k in (("p1", "x"), ("p2", "again"))}
        )
        names = write_map(tmp_path, is_repeat="{column: k, equals: again}", x_k="{column: k, values: {x: ''}}")
        done, _ = imported(tmp_path, *files, map_file=names)
        assert done.outcome.notes == ["source_file names the raw files raw-1, raw-2, … in the order given"]

    def test_an_export_of_the_suite_without_judgments_is_a_note(self, tmp_path):
        text = resolve_source("sample").path(JUDGMENT_FILES[INFER]).read_text(encoding="utf-8")
        (tmp_path / "p1.csv").write_text(text, encoding="utf-8")
        (tmp_path / "p2.csv").write_text("trial_type,trial_index,subject\npavlovia,0,p2\n", encoding="utf-8")
        (tmp_path / "p3.csv").write_text("trial_type,trial_index,task\npavlovia,0,\n", encoding="utf-8")
        done = import_raw([tmp_path / f"p{n}.csv" for n in (1, 2, 3)], tmp_path / "study")
        assert {"p2.csv: no judgment (no column task)", "p3.csv: no judgment (no page is a judgment)"} <= set(
            done.outcome.notes
        )

    def test_a_guessed_encoding_is_told(self, tmp_path):
        (tmp_path / "raw.csv").write_bytes("who;n;a\nJosé;0;40\n".encode("cp1252"))
        done, rows = imported(tmp_path, map_file=write_map(tmp_path))
        assert rows[0]["participant_id"] == "José"
        assert any(note.startswith("raw.csv: not UTF-8, read as Windows-1252") for note in done.outcome.notes)


def _zip(path, **entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_x_", "."), content)


def write_workbook(path):
    """Write what is an archive of a workbook, and no workbook."""
    _zip(path, **{"[Content_Types]_x_xml": "", "xl__workbook_x_xml": ""})


def _sqlite(path):
    connection = sqlite3.connect(path)
    connection.execute("create table t (a)")
    connection.close()


TABLE = pa.table({"who": ["p1"], "n": [0], "a": [40]})
FOREIGN = {
    "book.csv": ("an Excel workbook: rename it to end in .xlsx", write_workbook),
    "book.xlsx": ("not a complete Excel workbook", write_workbook),
    "old.xls": (
        "an Excel workbook from before 2007",
        lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9),
    ),
    "sheet.ods": (
        "LibreOffice",
        lambda path: _zip(path, mimetype="application/vnd.oasis.opendocument.spreadsheet"),
    ),
    "all.zip": ("a ZIP archive: unpack it", lambda path: _zip(path, p1_x_csv="who,n,a\np1,0,40\n")),
    "packed.csv": ("gzip-compressed", lambda path: path.write_bytes(gzip.compress(b"who,n,a\np1,0,40\n"))),
    "table.sav": ("an SPSS file", lambda path: path.write_bytes(b"$FL2@(#) SPSS DATA FILE" + bytes(40))),
    "table.dta": ("a Stata file", lambda path: pd.DataFrame({"a": [1]}).to_stata(path, write_index=False)),
    "new.dta": ("a Stata file", lambda path: pd.DataFrame({"a": [1]}).to_stata(path, write_index=False, version=118)),
    "table.sas7bdat": (
        "a SAS file",
        lambda path: path.write_bytes(bytes(12) + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf\xbd\x92\x08\x00" + bytes(40)),
    ),
    "table.rds": (
        "an R file",
        lambda path: path.write_bytes(gzip.compress(b"X\n\x00\x00\x00\x03\x00\x04" + bytes(40))),
    ),
    "table.rda": ("an R file", lambda path: path.write_bytes(gzip.compress(b"RDX3\nX\n" + bytes(40)))),
    "answers.csv": ("an SQLite database: rename it to end in .db", _sqlite),
    "answers.db": ("no table of the database has rows", _sqlite),
    "table.json": ("a Parquet file: rename it to end in .parquet", lambda path: parquet.write_table(TABLE, path)),
    "rows.json": ("text that is not JSON", lambda path: path.write_text("who,n,a\np1,0,40\n", "utf-8")),
    "table.csv": ("a Parquet file: rename it to end in .parquet", lambda path: parquet.write_table(TABLE, path)),
    "table.feather": ("an Arrow", lambda path: feather.write_feather(TABLE, path)),
    "table.h5": ("an HDF5 file", lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))),
    "table.mat": (
        "a MATLAB file",
        lambda path: path.write_bytes(b"MATLAB 5.0 MAT-file, Platform: GLNXA64" + bytes(90)),
    ),
    "paper.pdf": ("a PDF document", lambda path: path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\n")),
    "login.csv": ("a web page", lambda path: path.write_text("\n<!DOCTYPE HTML>\n<html></html>", "utf-8")),
    "cut.csv": (
        "UTF-16 text that is truncated",
        lambda path: path.write_bytes("who,n\np,0".encode("utf-16")[:-1]),
    ),
    "lines.csv": ("JSON: rename it to end in .json", lambda path: path.write_text('[{"who": "p1"}]', "utf-8")),
    "nested.json": (
        "nested JSON, one object with the keys 'p1', 'p2'",
        lambda path: path.write_text('{"p1": {}, "p2": {}}'),
    ),
    "words.json": ("expected an object", lambda path: path.write_text('["a", "b"]', "utf-8")),
    "cut.json": ("the file is not JSON", lambda path: path.write_text('[{"who": "p1"}, {"who"', "utf-8")),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_program_is_called_what_it_is(name, tmp_path):
    said, write = FOREIGN[name]
    write(tmp_path / name)
    with pytest.raises(HMixError, match=said):
        imported(tmp_path, tmp_path / name, map_file=write_map(tmp_path))


@pytest.mark.parametrize("name", ["judgments/infer_mixing_factor.csv", "participants.csv", "stimuli/images.csv"])
def test_each_table_of_a_study_is_called_what_it_is(name, study):
    (study / name).parent.mkdir(exist_ok=True)
    write_workbook(study / name)
    if name.startswith("stimuli"):
        with pytest.raises(SourceError, match="an Excel workbook: open it and save"):
            open_picture_folder(study / "stimuli", "study/own")
        return
    found = [(one.rule.code, one.spots[0].note) for one in check_study(Study.open(study)).errors if one.file == name]
    assert found == [("HMX515", "an Excel workbook: open it and save the sheet with the rows as CSV UTF-8")]


@pytest.mark.parametrize("header", ["PAR1,PAR2", "BZh,b", "[a],{b}", "ARROW1,x", "MATLAB version,x", "X,Y"])
def test_a_table_whose_header_resembles_another_format_is_a_table(header, tmp_path):
    (tmp_path / "raw.csv").write_text(f"{header},who,n,a\n1,2,p1,0,40\n", encoding="utf-8")
    assert len(imported(tmp_path, map_file=write_map(tmp_path))[1]) == 1


TRIALS = [{"who": f"p{n}", "n": n, "a": 40, "extra": {"deep": [1]}} for n in range(4)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(TRIALS),
        json.dumps(TRIALS, indent=1),
        json.dumps([TRIALS[:1], TRIALS[1:]]),
        f"{json.dumps(TRIALS[:2])}\n{json.dumps(TRIALS[2:])}\n",
        "\n".join(map(json.dumps, TRIALS)),
        "\ufeff" + json.dumps(TRIALS),
    ],
    ids=["one array", "indented", "an array of each participant", "an array a line", "JSON lines", "with a mark"],
)
def test_json_is_read_object_by_object(text, tmp_path):
    (tmp_path / "export.json").write_text(text, encoding="utf-8")
    _, rows = imported(tmp_path, tmp_path / "export.json", map_file=write_map(tmp_path))
    assert [(row["participant_id"], row["source_row"]) for row in rows] == [(f"p{n}", str(n)) for n in range(4)]


def test_typed_and_nested_values_of_parquet_are_read_as_text(tmp_path):
    table = TABLE.append_column("c", pa.array([{"sure": [80, 90]}]))
    parquet.write_table(table, tmp_path / "raw.parquet")
    names = write_map(tmp_path, x_c="{column: c, json: sure}")
    assert imported(tmp_path, tmp_path / "raw.parquet", map_file=names)[1][0]["x_c"] == "[80, 90]"
    parquet.write_table(TABLE.append_column("c", pa.array([b"\xff"])), tmp_path / "raw.parquet")
    with pytest.raises(SchemaError, match="column c: values of type binary cannot be read as text"):
        imported(tmp_path, tmp_path / "raw.parquet", map_file=names)
