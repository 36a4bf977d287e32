"""Exports of platforms: what is recognised, and exports of each form that are broken or made to do harm."""

from __future__ import annotations

import json
import zipfile

import pytest
from raw_rows import ROWS, rows_of

from hmix_hub.errors import SchemaError


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
        assert notes == ["a.csv: an export of Qualtrics: 2 more header rows skipped"]

    def test_its_export_with_tabs_is_read_too(self, read):
        text = qualtrics(["2026-03-01", "R_1", "cat"]).replace(",", "\t")
        assert [row["Q1"] for row in read("a.tsv", text.encode("utf-16"))[0]] == ["cat"]

    def test_an_export_whose_row_of_words_was_deleted_is_known_by_its_ids(self, read):
        lines = qualtrics(["2026-03-01", "R_1", "cat"]).split("\n")
        rows, notes, _ = read("a.csv", "\n".join([lines[0], *lines[3:]]))
        assert [row["Q1"] for row in rows] == ["cat"]
        assert notes[0].endswith("1 more header row skipped")

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
            "a.json: an export of Label Studio: one row per annotation; 1 skipped annotations were omitted"
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
        with pytest.raises(SchemaError, match=r"a\.json, row 1, column (annotations|result): the cell is not"):
            read("a.json", json.dumps([{"id": 0, "data": {}, "annotations": []}, task]))


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
        assert notes == [f"a.{ending}: a JATOS archive: 2 data.txt were read"]

    def test_results_that_are_csv_are_read_too(self, tmp_path):
        texts = {
            f"comp-result_{n}__data_x_txt": f"who,answer\n{row['who']},{row['answer']}" for n, row in enumerate(ROWS)
        }
        assert rows_of(archive(tmp_path / "a.zip", **texts))[0] == ROWS

    def test_results_that_grow_beyond_measure_are_refused(self, tmp_path):
        with pytest.raises(SchemaError, match=r"a\.zip: HMX507: [^H]*the results take 30,000,000 bytes, but "):
            rows_of(archive(tmp_path / "a.zip", r__data_x_txt=" " * 30_000_000))

    def test_more_results_than_are_read_are_refused_and_not_left_out(self, tmp_path, monkeypatch):
        monkeypatch.setattr("hmix_hub.importing.readers.tables._ENTRIES", 2)
        texts = {f"{n}__data_x_txt": json.dumps(ROWS) for n in range(3)}
        with pytest.raises(SchemaError, match="3 results, but the maximum is 2"):
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


def test_an_archive_of_anything_else_is_told(tmp_path):
    with pytest.raises(SchemaError, match=r"HMX515.*a ZIP archive: unpack it"):
        rows_of(archive(tmp_path / "a.zip", p1_x_csv="who\np1\n"))
