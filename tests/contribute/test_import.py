"""Importing: the original Suite's exports, and any flat table through a column map."""

from __future__ import annotations

import csv
import io
import re

import pytest

from hmix_hub.builders.readers import read_judgments as build_judgments
from hmix_hub.contribute.importer import import_raw, raw_names
from hmix_hub.errors import ConfigurationError, DraftWarning, HMixError, SchemaError, SourceMissingError
from hmix_hub.schema import SYNTHETIC_FLAG
from hmix_hub.sources import JUDGMENT_FILES, resolve_source
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import find_files
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.studies.stored_rows import read_judgments
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER, RELEASED_FORMS


def read(folder, task):
    manifest = read_manifest(folder, Report(), is_draft=True)
    return read_judgments(find_files(folder, Report()), manifest, task)


def imported(source, folder):
    import_raw([source.path(name) for name in JUDGMENT_FILES.values()], folder)
    text = (folder / "study.yaml").read_text()
    text = text.replace(f"id: {folder.name}", f"id: {source.study.study_id}")
    text = text.replace("source: TODO", f"source: {source.study.image_set}")
    text = text.replace("mixing: TODO", "mixing: pixel-linear").replace("procedure: TODO", "procedure: released")
    (folder / "study.yaml").write_text(text)
    return folder


@pytest.mark.parametrize("task", RELEASED_FORMS)
def test_the_sample_study_imports_as_the_builders_read_it(task, tmp_path):
    source = resolve_source("sample")
    assert read(imported(source, tmp_path / "study"), task).equals(build_judgments(source, task))


@pytest.mark.parametrize("task", RELEASED_FORMS)
def test_h_mix_imports_as_the_builders_read_it(task, tmp_path, release):
    source = resolve_source(release)
    assert read(imported(source, tmp_path / "study"), task).equals(build_judgments(source, task))


def test_pages_that_are_no_judgments_are_dropped_and_counted(tmp_path):
    source = resolve_source("sample")
    done = import_raw([source.path(JUDGMENT_FILES[CATEGORICAL])], tmp_path / "study")
    assert done.outcome.dropped["survey-text: not a judgment"] == 8
    assert done.files == {f"judgments/{CATEGORICAL}.csv": done.outcome.rows(CATEGORICAL)}


def sessions(path, folder, names):
    """Split an export of many people into one file a person, as Pavlovia gives them."""
    with path.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    person = header.index("subject")
    people = dict.fromkeys(row[person] for row in rows)
    files = []
    for number, who in enumerate(people):
        text = io.StringIO()
        # The column of row numbers is of the authors' own table.
        csv.writer(text, lineterminator="\n").writerows(
            row[1:] for row in [header, *rows] if row[person] in {who, "subject"}
        )
        files.append(folder / names.format(number))
        files[-1].write_text(text.getvalue(), encoding="utf-8")
    return files


def test_one_file_a_person_gives_the_same_judgments(tmp_path):
    source = resolve_source("sample")
    files = sessions(source.path(JUDGMENT_FILES[CATEGORICAL]), tmp_path, "{}_suite_2022-05-30_14h03.csv")
    done = import_raw(files, tmp_path / "study")
    assert "raw-1" in done.outcome.notes[0]
    with pytest.warns(DraftWarning):
        found = read(tmp_path / "study", CATEGORICAL)
    expected = build_judgments(source, CATEGORICAL)
    same = [
        n
        for n in expected.column_names
        if n not in {"judgment_id", "study_id", "image_set", "source_file", "source_row", "flags"}
    ]
    assert found.select(same).equals(expected.select(same))
    # Files that are cut up are no longer known as the sample's.
    people_s = [[flag for flag in flags if flag != SYNTHETIC_FLAG] for flags in expected["flags"].to_pylist()]
    assert found["flags"].to_pylist() == people_s
    assert "2022" not in str(found["source_file"].unique().to_pylist())


def test_raw_files_are_numbered_since_their_names_may_be_those_of_people(tmp_path):
    released = resolve_source("sample").path(JUDGMENT_FILES[INFER])
    kept = raw_names([tmp_path / "anna-mueller.csv", released, tmp_path / "5f2d9ac84b1c0d00a1b2c3d4.jsonl"])
    assert list(kept.values()) == ["raw-1.csv", released.name, "raw-3.jsonl"]


_MAP = r"""
task: infer_mixing_factor
rows:
  - {column: screen, equals: rating}
columns:
  participant_id: who
  trial_index: number
  response_time_ms: ms
  is_repeat: {column: kind, equals: again}
  image_1_label: {column: picture, pattern: 'mix_([a-z]+)_'}
  image_1_index: {column: picture, pattern: 'mix_[a-z]+_(\d+)_'}
  image_2_label: {column: picture, pattern: '_([a-z]+)_\d+_\d+\.png$', values: {hound: dog}}
  image_2_index: {column: picture, pattern: '_(\d+)_\d+\.png$'}
  mixing_coefficient: {column: picture, pattern: '_(\d+)\.png$', divide: 100}
  inferred_coefficient: {column: answer, json: slider, divide: 100, flip: true}
  confidence: {column: answer, json: sure, divide: 100}
  x_lab: {constant: north}
"""
_RAW = """\
who;number;screen;kind;ms;picture;answer
p1;1;welcome;;;;
p1;2;rating;first;1234.5;mix_cat_10_hound_20_75.png;"{""slider"": 30, ""sure"": 80}"
p1;3;rating;again;2000;mix_cat_10_hound_20_75.png;"{""slider"": 25, ""sure"": null}"
"""


@pytest.fixture
def mapped(tmp_path):
    (tmp_path / "map.yaml").write_text(_MAP, encoding="utf-8")
    (tmp_path / "raw.csv").write_bytes(_RAW.encode())
    return tmp_path


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_column_map_renames_scales_flips_and_takes_apart(mapped):
    done = import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
    assert dict(done.outcome.dropped) == {"screen is not 'rating'": 1}
    first, second = rows_of(mapped / "study" / "judgments" / f"{INFER}.csv")
    assert first == {
        "participant_id": "p1",
        "trial_index": "2",
        "response_time_ms": "1234.5",
        "is_repeat": "false",
        "image_1_label": "cat",
        "image_1_index": "10",
        "image_2_label": "dog",
        "image_2_index": "20",
        "mixing_coefficient": "0.75",
        "inferred_coefficient": "0.7",
        "confidence": "0.8",
        "x_lab": "north",
        "source_file": "raw-1.csv",
        "source_row": "1",
    }
    assert (second["is_repeat"], second["inferred_coefficient"], second["confidence"]) == ("true", "0.75", "")


def test_lists_are_calculated_with_number_by_number(mapped):
    text = _MAP.replace(
        "  x_lab:", "  inferred_path: {column: answer, json: way, optional: true, divide: 100, flip: true}\n  x_lab:"
    )
    (mapped / "map.yaml").write_text(text, encoding="utf-8")
    raw = _RAW.replace('""slider"": 30', '""way"": [50, 90, 30], ""slider"": 30')
    (mapped / "raw.csv").write_text(raw, encoding="utf-8")
    import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
    first, second = rows_of(mapped / "study" / "judgments" / f"{INFER}.csv")
    assert (first["inferred_path"], second["inferred_path"]) == ("[0.5, 0.09999999999999998, 0.7]", "")


def test_values_that_cannot_be_calculated_with_are_left_for_validation(mapped):
    (mapped / "raw.csv").write_text(_RAW.replace("30", '""thirty""').replace("1234.5", "soon"), encoding="utf-8")
    import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
    told = {(f.rule.code, f.column) for f in Study.open(mapped / "study", is_draft=True).report.errors}
    assert {("HMX541", "inferred_coefficient"), ("HMX541", "response_time_ms")} <= told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("task: infer_mixing_factor", "task: infer"), "task"),
        (("  participant_id: who\n", ""), "no source given for required column participant_id"),
        (("  x_lab:", "  lab:"), "lab is not a column"),
        (("  x_lab:", "  conditon:"), "did you mean 'condition'"),
        (("  x_lab:", "  pair_id:"), "pair_id is computed"),
        (("'mix_([a-z]+)_'", "'mix_[a-z]+_'"), "0 groups"),
        (("'mix_([a-z]+)_'", "'mix_([a-z+_'"), "not a regular expression"),
        (("{constant: north}", "{}"), "exactly one of column, constant"),
        (("{constant: north}", "{constant: north, times: 3}"), "times"),
        (("task:", "task: ["), "not plain YAML"),
    ],
)
def test_a_wrong_map_is_refused(mapped, change, said):
    (mapped / "map.yaml").write_text(_MAP.replace(*change, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
    assert not (mapped / "study").exists()


def test_a_study_may_be_begun_around_its_pictures_and_participants(mapped):
    to = mapped / "study"
    (to / "stimuli").mkdir(parents=True)
    (to / "stimuli" / "images.csv").write_text("file,label\n", encoding="utf-8")
    (to / "participants.csv").write_text("participant_id\n", encoding="utf-8")
    assert import_raw([mapped / "raw.csv"], to, map_file=mapped / "map.yaml").is_new
    assert (to / "study.yaml").is_file()
    assert (to / "stimuli" / "images.csv").read_text(encoding="utf-8") == "file,label\n"


def test_a_folder_that_holds_anything_else_is_left_alone(mapped):
    (mapped / "thesis").mkdir()
    (mapped / "thesis" / "chapter.txt").write_text("1", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not an empty folder") as refused:
        import_raw([mapped / "raw.csv"], mapped / "thesis", map_file=mapped / "map.yaml")
    assert "stimuli and participants.csv" in refused.value.hint
    assert [path.name for path in (mapped / "thesis").iterdir()] == ["chapter.txt"]


def test_a_column_that_the_table_lacks_is_named_with_the_nearest(mapped):
    (mapped / "map.yaml").write_text(_MAP.replace("participant_id: who", "participant_id: whom"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"'whom'(.|\n)*did you mean 'who'"):
        import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")


def test_a_table_without_a_map_is_refused(mapped):
    with pytest.raises(ConfigurationError, match="not an export of the original Suite"):
        import_raw([mapped / "raw.csv"], mapped / "study")


def test_an_answer_that_cannot_be_read_is_named_by_file_and_row(tmp_path):
    text = resolve_source("sample").path(JUDGMENT_FILES[INFER]).read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    lines[5] = lines[5].replace("mixingcoeff", "mixing")
    (tmp_path / "raw.csv").write_text("".join(lines), encoding="utf-8")
    with pytest.raises(SchemaError, match=r"raw\.csv, row 4, column responses"):
        import_raw([tmp_path / "raw.csv"], tmp_path / "study")


def test_judgments_that_are_there_are_not_written_over(mapped):
    files, to = [mapped / "raw.csv"], mapped / "study"
    import_raw(files, to, map_file=mapped / "map.yaml")
    with pytest.raises(ConfigurationError, match="already has judgments of this task"):
        import_raw(files, to, map_file=mapped / "map.yaml")
    import_raw(files, to, map_file=mapped / "map.yaml", replace=True)
    assert len(rows_of(to / "judgments" / f"{INFER}.csv")) == 2


@pytest.mark.parametrize("content", [None, b"", b"a,b\n", b"\x00\x01\x02", b"PAR1" + b"x" * 50])
def test_what_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / "raw.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceMissingError if content is None else HMixError):
        import_raw([path], tmp_path / "study")
    assert not (tmp_path / "study").exists()


class TestFromTheTrial:
    def test_a_decimal_comma_is_read_where_there_is_something_to_calculate(self, mapped):
        (mapped / "raw.csv").write_text(_RAW.replace('""slider"": 30', '""slider"": ""70,5""'), encoding="utf-8")
        import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
        first, _ = rows_of(mapped / "study" / "judgments" / f"{INFER}.csv")
        assert float(first["inferred_coefficient"]) == pytest.approx(0.295)

    def test_seconds_are_multiplied_to_milliseconds(self, mapped):
        text = _MAP.replace("response_time_ms: ms", "response_time_ms: {column: ms, multiply: 1000}")
        (mapped / "map.yaml").write_text(text, encoding="utf-8")
        import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
        first, _ = rows_of(mapped / "study" / "judgments" / f"{INFER}.csv")
        assert float(first["response_time_ms"]) == 1234500

    def test_a_key_within_a_key_is_named_with_a_point(self, mapped):
        raw = _RAW.replace('{""slider"": 30, ""sure"": 80}', '{""first"": {""slider"": 30}, ""sure"": 80}')
        (mapped / "raw.csv").write_text(raw, encoding="utf-8")
        text = _MAP.replace("json: slider,", "json: first.slider, optional: true,")
        (mapped / "map.yaml").write_text(text, encoding="utf-8")
        import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
        first, second = rows_of(mapped / "study" / "judgments" / f"{INFER}.csv")
        assert (first["inferred_coefficient"], second["inferred_coefficient"]) == ("0.7", "")

    def test_a_key_that_no_answer_has_is_told(self, mapped):
        text = _MAP.replace("json: slider,", "json: slide, optional: true,")
        (mapped / "map.yaml").write_text(text, encoding="utf-8")
        done = import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
        assert any(note.startswith("inferred_coefficient: answer gave no values") for note in done.outcome.notes)

    def test_words_are_compared_whatever_their_case_and_told_where_none_is_met(self, mapped):
        (mapped / "raw.csv").write_text(_RAW.replace("again", "Again"), encoding="utf-8")
        import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
        assert rows_of(mapped / "study" / "judgments" / f"{INFER}.csv")[1]["is_repeat"] == "true"
        (mapped / "map.yaml").write_text(_MAP.replace("equals: again", "equals: repeat"), encoding="utf-8")
        done = import_raw([mapped / "raw.csv"], mapped / "other", map_file=mapped / "map.yaml")
        assert "is_repeat: no row of kind is 'repeat'; found 'first', 'Again'" in done.outcome.notes

    def test_an_unknown_key_of_the_map_is_told_with_those_there_are(self, mapped):
        (mapped / "map.yaml").write_text(_MAP.replace("divide: 100", "times: 100", 1), encoding="utf-8")
        with pytest.raises(ConfigurationError, match="there is no such key; the keys are column, constant, join"):
            import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (
                ("equals: rating", "unless: na"),
                r"rows\.0\.unless: .*the keys are column, json, pattern, equals, not, between$",
            ),
            (("divide: 100", "times: 100"), "the keys are column, constant, join, separator, text, which"),
            (("task:", "lab: north\ntask:"), "lab: .*the keys are task, .*columns$"),
        ],
    )
    def test_an_unknown_key_is_answered_with_the_keys_of_its_place(self, mapped, change, said):
        (mapped / "map.yaml").write_text(_MAP.replace(*change, 1), encoding="utf-8")
        with pytest.raises(ConfigurationError) as caught:
            import_raw([mapped / "raw.csv"], mapped / "study", map_file=mapped / "map.yaml")
        assert re.search(said, caught.value.message)

    def test_a_file_that_is_named_twice_is_refused(self, mapped):
        with pytest.raises(ConfigurationError, match="named twice"):
            import_raw([mapped / "raw.csv"] * 2, mapped / "study", map_file=mapped / "map.yaml")
