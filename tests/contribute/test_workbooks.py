"""Excel workbooks as raw files, and workbooks that are broken or made to do harm."""

from __future__ import annotations

import time
import zipfile

import pytest
from openpyxl import Workbook
from raw_rows import rows_of

from hmix_hub.errors import ConfigurationError, HMixError, SchemaError


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
        with pytest.raises(SchemaError, match="no sheet of the workbook has rows"):
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
        self.check(changed_part(path, SHEET, b"</row>", cells + b"</row>"), "has a row or text of more than")

    def test_a_row_far_below(self, path):
        self.check(changed_part(path, SHEET, b'<row r="2"', b'<row r="999999999"'), "more than 1,048,576 rows")

    def test_entities_that_multiply(self, path):
        bomb = b'<!DOCTYPE x [<!ENTITY a "' + b"z" * 1000 + b'">'
        for name, of in zip(b"bcdefgh", b"abcdefg", strict=True):
            bomb += b'<!ENTITY %c "' % name + b"&%c;" % of * 20 + b'">'
        changed_part(path, SHEET, b"<worksheet", bomb + b"]><worksheet")
        self.check(changed_part(path, SHEET, b"<sheetData>", b"<sheetData>&h;"), "not a complete Excel workbook")

    def test_a_column_that_no_sheet_has(self, path):
        self.check(changed_part(path, SHEET, b'r="B2"', b'r="ZZZZZ2"'), "not a complete Excel workbook")

    def test_an_archive_that_is_cut_off(self, path):
        path.write_bytes(path.read_bytes()[:-100])
        self.check(path, "HMX515|HMX506")
