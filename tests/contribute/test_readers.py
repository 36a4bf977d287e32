"""Readers of raw files: text and JSON in every encoding and form, and Parquet."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pytest
from pyarrow import parquet
from raw_rows import ROWS, rows_of

from hmix_hub.errors import SchemaError
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.readers import read_raw


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
        with pytest.raises(SchemaError, match=r"HMX515.*JSON: rename it to end in \.json"):
            read("a.csv", json.dumps(ROWS))

    def test_json_that_is_a_table_is_told(self, read):
        with pytest.raises(SchemaError, match=r"HMX515.*text that is not JSON"):
            read("a.json", "who,answer\np1,cat\n")

    def test_json_that_is_cut_off_is_told(self, read):
        with pytest.raises(SchemaError, match="the file is not JSON"):
            read("a.txt", json.dumps(ROWS)[:-5])

    def test_json_nested_beyond_measure_is_told(self, read):
        with pytest.raises(SchemaError, match="the file is not JSON"):
            read("a.txt", "[" * 200_000)


def test_parquet_is_read(tmp_path):
    parquet.write_table(pa.table({"who": ["p1"], "n": [3]}), tmp_path / "a.parquet")
    assert rows_of(tmp_path / "a.parquet")[0] == [{"who": "p1", "n": "3"}]
