from __future__ import annotations

import csv
import gzip
import io
import json
import os
import stat
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.contribute.pseudonyms import pseudonymize as pseudonyms
from hmix_hub.contribute.pseudonyms.key import PseudonymMaker
from hmix_hub.contribute.pseudonyms.pseudonymize import pseudonymize
from hmix_hub.errors import ConfigurationError, SourceError, SourceMissingError
from hmix_hub.files import PREFIX
from hmix_hub.studies.study import Study

CSV, JSONL, PARQUET = "infer_mixing_factor.csv", "construct_midpoint.jsonl", "categorical_soft_labels.parquet"
PEOPLE = ["5f3c9a7e21b04d8896fe0a1b", "A1B2C3D4E5F6G7", "ada@example.org"]
TEXT = (
    '\ufeffx_a,"participant_id",x_b\r\n1,"ada@example.org","a ""quote"", a comma"\r\n\r\n2.50,A1B2C3D4E5F6G7,zoë\n'
    '3,"",\n4,5f3c9a7e21b04d8896fe0a1b,"two\nlines"'
)
LINES = (
    '{"x_a": 1.50,  "participant_id" :"ada@example.org", "x_b": {"participant_id": "q", "judgment_id": 1}}\r\n\n'
    '{"judgment_id": "s/t/A1/1", "participant_id": "A1B2C3D4E5F6G7", "x_b": "\\u0041"}\n'
    '{"participant_id": null, "judgment_id": "x"}\n{"judgment_id": 3}'
)
KEY = bytes(range(32))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "mine.key"
    file.write_text(KEY.hex() + "\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    (folder / "judgments").mkdir(parents=True)
    (folder / "judgments" / CSV).write_bytes(TEXT.encode())
    (folder / "judgments" / JSONL).write_bytes(LINES.encode())
    ids = pa.array([*PEOPLE, None])
    table = pa.table({"participant_id": ids, "judgment_id": ids, "x_n": pa.array([1, 2, None, 4], pa.int8())})
    parquet.write_table(table, folder / "judgments" / PARQUET, row_group_size=2, compression="zstd")
    (folder / "participants.csv").write_text("participant_id,age_group\n" + "".join(f"{p},18-29\n" for p in PEOPLE))
    return folder


def made(name: str) -> str:
    return PseudonymMaker(KEY).make(name)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_file(folder: Path, text: str, name: str = f"judgments/{CSV}") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


class TestFiles:
    def test_csv_keeps_every_other_byte(self, study, key):
        pseudonymize(Study.open(study), key)
        expected = TEXT
        for name in PEOPLE:
            expected = expected.replace(name, made(name))
        assert (study / "judgments" / CSV).read_bytes() == expected.encode()

    def test_json_lines_keep_every_other_byte_but_the_computed_id(self, study, key):
        pseudonymize(Study.open(study), key)
        assert (study / "judgments" / JSONL).read_bytes().decode() == (
            f'{{"x_a": 1.50,  "participant_id" :"{made(PEOPLE[2])}", '
            '"x_b": {"participant_id": "q", "judgment_id": 1}}\r\n\n'
            f'{{"participant_id": "{made(PEOPLE[1])}", "x_b": "\\u0041"}}\n'
            '{"participant_id": null}\n{}'
        )

    def test_parquet_keeps_columns_types_row_groups_and_compression(self, study, key):
        pseudonymize(Study.open(study), key)
        with parquet.ParquetFile(study / "judgments" / PARQUET) as file:
            assert file.read().to_pydict() == {"participant_id": [*map(made, PEOPLE), None], "x_n": [1, 2, None, 4]}
            assert file.schema_arrow.types == [pa.string(), pa.int8()]
            assert file.num_row_groups == 2
            assert file.metadata.row_group(0).column(0).compression == "ZSTD"

    def test_parquet_ids_of_other_types_agree_with_those_in_text(self, tmp_path, key):
        one_file(tmp_path / "s", "participant_id\n12\n13\n")
        kinds = {"whole": pa.int32(), "large": pa.large_string(), "codes": pa.dictionary(pa.int8(), pa.string())}
        for kind in kinds.values():
            table = pa.table({"participant_id": pa.array(["12", "13"]).cast(pa.int32()).cast(pa.string()).cast(kind)})
            parquet.write_table(table, tmp_path / "s" / "judgments" / PARQUET)
            pseudonymize(Study.open(tmp_path / "s"), key)
            found = parquet.read_table(tmp_path / "s" / "judgments" / PARQUET)
            assert found["participant_id"].to_pylist() == [made("12"), made("13")]
            assert found.schema.types == [pa.string() if pa.types.is_integer(kind) else kind]

    def test_compressed_files_stay_compressed(self, tmp_path, key):
        path = one_file(tmp_path / "s", "", f"judgments/{CSV}.gz")
        path.write_bytes(gzip.compress(TEXT.encode()))
        pseudonymize(Study.open(tmp_path / "s"), key)
        assert made(PEOPLE[0]) in gzip.decompress(path.read_bytes()).decode()

    def test_results_say_what_was_done_without_any_id(self, study, key):
        done = pseudonymize(Study.open(study), key)
        assert [(r.file, r.rows, r.people, r.replaced, r.dropped) for r in done] == [
            (f"judgments/{JSONL}", 4, 2, 2, ("judgment_id",)),
            (f"judgments/{CSV}", 4, 3, 3, ()),
            (f"judgments/{PARQUET}", 4, 3, 3, ("judgment_id",)),
            ("participants.csv", 3, 3, 3, ()),
        ]
        assert not any(name in repr(done) for name in PEOPLE)

    def test_modes_are_kept_and_nothing_is_left_behind(self, study, key):
        (study / "participants.csv").chmod(0o640)
        names = set(content(study))
        pseudonymize(Study.open(study), key)
        assert stat.S_IMODE((study / "participants.csv").stat().st_mode) == 0o640
        assert set(content(study)) == names

    def test_the_privacy_search_finds_no_identity_afterwards(self, study, key):
        assert scan_privacy(Study.open(study)).errors
        pseudonymize(Study.open(study), key)
        assert not scan_privacy(Study.open(study), k=1).errors

    def test_a_dry_run_says_the_same_and_writes_nothing(self, study, tmp_path, key):
        before = content(tmp_path)
        told = pseudonymize(Study.open(study), key, dry_run=True)
        pseudonymize(Study.open(study), tmp_path / "none.key", dry_run=True)
        assert content(tmp_path) == before
        assert pseudonymize(Study.open(study), key) == told


class TestAgain:
    def test_a_second_run_changes_no_byte(self, study, key):
        pseudonymize(Study.open(study), key)
        before = content(study)
        assert not any(result.is_changed for result in pseudonymize(Study.open(study), key))
        assert content(study) == before

    @pytest.mark.parametrize("kept", [0, 1, 2, 3])
    def test_a_run_that_was_killed_between_files_is_ended_by_the_next(self, kept, study, key, tmp_path, monkeypatch):
        whole = tmp_path / "whole"
        whole.mkdir()
        for name, old in content(study).items():
            one_file(whole, "", name).write_bytes(old)
        pseudonymize(Study.open(whole), key)
        replace, calls = os.replace, []

        def fail(*places):
            calls.append(places)
            if len(calls) > kept:
                raise KeyboardInterrupt
            replace(*places)

        monkeypatch.setattr(pseudonyms.os, "replace", fail)
        with pytest.raises(KeyboardInterrupt):
            pseudonymize(Study.open(study), key)
        monkeypatch.undo()
        (study / "judgments" / f"{PREFIX}left").write_text("of a run that was killed")
        pseudonymize(Study.open(study), key)
        assert content(study) == content(whole)

    def test_a_disk_that_is_full_changes_nothing(self, study, key, monkeypatch):
        before = content(study)

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(pseudonyms.os, "fsync", full)
        with pytest.raises(SourceError, match="No space left"):
            pseudonymize(Study.open(study), key)
        assert content(study) == before

    def test_two_runs_at_once_are_refused(self, study, key):
        with pseudonyms.new_files(study, []), pytest.raises(SourceError, match="another run"):
            pseudonymize(Study.open(study), key)

    def test_another_key_than_the_first_is_refused(self, study, key, tmp_path):
        pseudonymize(Study.open(study), key)
        before = content(study)
        with pytest.raises(SourceError, match="another key"):
            pseudonymize(Study.open(study), tmp_path / "other.key")
        assert content(study) == before
        assert not (tmp_path / "other.key").exists()


IDS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12), min_size=1, max_size=8
)


@given(first=IDS, second=IDS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_who_is_one_stays_one_and_who_are_two_stay_two_across_files(first, second, tmp_path, key):
    folder = tmp_path / f"{abs(hash((*first, '', *second)))}"
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([["x_n", "participant_id"], *([f"{n}.5", name] for n, name in enumerate(first))])
    path = one_file(folder, "")
    path.write_text(text.getvalue(), newline="")
    lines = "".join(json.dumps({"participant_id": name, "x_n": f"{n}.5"}) + "\n" for n, name in enumerate(second))
    one_file(folder, lines, f"judgments/{JSONL}")
    pseudonymize(Study.open(folder), key)
    once = content(folder)
    found = [row["participant_id"] for row in csv.DictReader(io.StringIO(path.read_text()))]
    found += [json.loads(line)["participant_id"] for line in (folder / "judgments" / JSONL).read_text().splitlines()]
    assert found == [made(name) if name else "" for name in [*first, *second]]
    assert len(set(found)) == len({*first, *second})
    pseudonymize(Study.open(folder), key)
    assert content(folder) == once


class TestRefused:
    def refused(self, folder: Path, key: Path, match: str) -> str:
        before = content(folder)
        with pytest.raises(SourceError, match=match) as caught:
            pseudonymize(Study.open(folder), key)
        assert content(folder) == before
        assert not any(name in str(caught.value) for name in PEOPLE)
        return str(caught.value)

    @pytest.mark.parametrize(
        ("text", "match"),
        [
            ("x_a\n1\n", "no column participant_id"),
            ("participant_id,x_a\np,1,2\n", "errors"),
            ("participant_id;x_a\np;1\n", "no column|errors"),
            ("participant_id,participant_id\np,q\n", "two columns have the same name"),
            ("participant_id\n p\n", "white space"),
            ("participant_id,x_a\np,p\nq,q\n", "column x_a: the column also contains"),
            ("participant_id,x_a\np,\nq,q\n", "column x_a: the column also contains"),
            (f"participant_id,x_url\np,1\n{PEOPLE[0]},https://e.org/?PID={PEOPLE[0]}&a=1\n", "column x_url"),
        ],
    )
    def test_files_whose_ids_cannot_be_replaced_for_certain(self, text, match, tmp_path, key):
        one_file(tmp_path / "s", text)
        self.refused(tmp_path / "s", key, match)

    def test_short_ids_that_other_columns_hold_by_chance_are_no_copies(self, tmp_path, key):
        one_file(tmp_path / "s", "participant_id,trial_index,x_a\n1,1,3\n2,2,2\n")
        assert pseudonymize(Study.open(tmp_path / "s"), key)[0].replaced == 2

    def test_links_and_second_files_of_a_task_which_would_keep_their_ids(self, study, key):
        (study / "judgments" / CSV).rename(study / "raw.csv")
        (study / "judgments" / CSV).symlink_to(study / "raw.csv")
        self.refused(study, key, "link")
        (study / "judgments" / CSV).unlink()
        (study / "raw.csv").rename(study / "judgments" / "categorical_soft_labels.csv")
        self.refused(study, key, "two files hold judgments of the same task")

    def test_half_of_a_character(self, study, key):
        one_file(study, '{"participant_id": "\\ud83d"}\n', f"judgments/{JSONL}")
        self.refused(study, key, "cannot be read")

    def test_two_people_with_one_pseudonym(self, study, key, monkeypatch):
        monkeypatch.setattr(PseudonymMaker, "make", lambda *_: "p0123456789abcdef012345")
        self.refused(study, key, "two participants would get the same pseudonym")

    def test_a_file_that_changes_meanwhile(self, study, key, monkeypatch):
        read = pseudonyms._check_copies

        def change(*args):
            read(*args)
            one_file(study, "participant_id\nsomebody-new\n", "participants.csv")

        monkeypatch.setattr(pseudonyms, "_check_copies", change)
        with pytest.raises(SourceError, match="changed"):
            pseudonymize(Study.open(study), key)
        assert PEOPLE[0].encode() in (study / "judgments" / CSV).read_bytes()

    def test_a_folder_without_files_or_none_at_all(self, tmp_path, key):
        with pytest.raises(SourceMissingError):
            pseudonymize(Study.open(tmp_path / "none"), key)
        (tmp_path / "s").mkdir()
        self.refused(tmp_path / "s", key, "neither judgment files")


class TestKey:
    def test_it_is_made_once_for_its_owner_alone_and_used_again(self, study, tmp_path, capsys):
        place = tmp_path / "new.key"
        pseudonymize(Study.open(study), place)
        text = place.read_text()
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert len(bytes.fromhex(text)) == 32
        assert not any(result.is_changed for result in pseudonymize(Study.open(study), place))
        assert place.read_text() == text
        assert text.strip() not in "".join(capsys.readouterr())
        assert not any(text.strip().encode() in old for old in content(study).values())

    def test_it_may_not_lie_in_the_study_even_by_a_link(self, study, tmp_path):
        (tmp_path / "link").symlink_to(study)
        (tmp_path / "file-link").symlink_to(study / "k")
        places = [study / "k", study / "judgments" / "k", tmp_path / "link" / "k", tmp_path / "file-link"]
        for place in [*places, tmp_path / "x" / ".." / "study" / "k"]:
            with pytest.raises(ConfigurationError, match="in the study folder"):
                pseudonymize(Study.open(study), place)
        (study / "out").symlink_to(tmp_path)
        with pytest.raises(ConfigurationError, match="in the study folder"):
            pseudonymize(Study.open(study), study / "out" / "k")

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
    def test_one_that_others_may_use_is_refused(self, mode, study, key):
        key.chmod(mode)
        with pytest.raises(ConfigurationError, match=f"{mode:04o}"):
            pseudonymize(Study.open(study), key)

    @pytest.mark.parametrize("text", ["", "abc", "0" * 63, "g" * 64, "0" * 65, "ab" * 5000, KEY.hex() + "\nmore"])
    def test_one_that_is_malformed_is_refused_and_not_shown(self, text, study, key):
        key.write_text(text)
        with pytest.raises(ConfigurationError, match="is not a key") as caught:
            pseudonymize(Study.open(study), key)
        assert len(text) < 4 or text not in str(caught.value)

    def test_what_is_no_file_or_has_no_folder_is_refused(self, study, tmp_path):
        os.mkfifo(tmp_path / "pipe", 0o600)
        for place in (tmp_path / "pipe", tmp_path, tmp_path / "none" / "k"):
            with pytest.raises(ConfigurationError):
                pseudonymize(Study.open(study), place)


def test_pseudonyms_are_known_again_by_their_key_alone():
    maker, other = PseudonymMaker(KEY), PseudonymMaker(bytes(32))
    name = maker.make("61rpt4g7xxz6heg")
    assert len(name) == 23
    assert maker.knows(name)
    assert not other.knows(name)
    assert not maker.knows("61rpt4g7xxz6heg")
    assert maker.make("a") != other.make("a")
