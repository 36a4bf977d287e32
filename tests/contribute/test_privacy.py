from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from hmix_hub.contribute.privacy.column_names import identifies_people, is_demographic, may_hold_times
from hmix_hub.contribute.privacy.patterns import DATE, IDENTITIES, PATTERNS
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.errors import ConfigurationError, SourceMissingError
from hmix_hub.studies.example import example_study
from hmix_hub.studies.findings import Report
from hmix_hub.studies.rules import privacy as rules
from hmix_hub.studies.rules.rule import Files, Rule
from hmix_hub.studies.study import Study

TABLE = "judgments/infer_mixing_factor"
RULES = [rule for rule in vars(rules).values() if isinstance(rule, Rule)]
IDENTITY = {
    "5f3c9a7e21b04d8896fe0a1b": rules.PLATFORM_ID,
    "A1B2C3D4E5F6G7": rules.PLATFORM_ID,
    "AVBRJ3JONL4MV": rules.PLATFORM_ID,
    "ada.lovelace+hmix@mail.example.org": rules.EMAIL,
    "zoë@exämple.org": rules.EMAIL,
    "198.51.100.23": rules.IP_ADDRESS,
    "2001:db8:85a3::8a2e:370:7334": rules.IP_ADDRESS,
    "fe80::1": rules.IP_ADDRESS,
    "00:00:5e:00:53:af": rules.MAC_ADDRESS,
    "00-00-5E-00-53-AF": rules.MAC_ADDRESS,
    "+44 20 7946 0958": rules.PHONE,
    "(555) 123-4567": rules.PHONE,
    "555-123-4567": rules.PHONE,
    "Mozilla/5.0 (X11; Linux x86_64)": rules.USER_AGENT,
    "2022-05-30": rules.EXACT_TIME,
    "2022-05-30T14:03:22Z": rules.EXACT_TIME,
    "30.05.2022": rules.EXACT_TIME,
    "05/30/2022 2:03 PM": rules.EXACT_TIME,
    "Mon May 30 2022": rules.EXACT_TIME,
}
HARMLESS = [
    "61rpt4g7xxz6heg",
    "p0123456789abcdef012345",
    "Dog_2205_Frog_6908",
    "mixed_0.5_Dog_2205_Frog_6908",
    "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
    "550e8400-e29b-41d4-a716-446655440000",
    "a1b2c3d4e5f6",
    "ABSOLUTELYNOT",
    "18-29",
    "2025-03",
    "2.0.0",
    "16:10",
    "16109.100000001490",
    "1653919402123",
    "-1e-7",
    "100 200 3000 4000",
    "555, 123, 4567, 8",
    "@ada",
    "a::b",
    '{"mixingcoeff":26,"confidence":100}',
    "airplane|bird",
]


def write(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def codes(report: Report) -> set[str]:
    return {finding.rule.code for finding in report}


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Path]:
    return write(tmp_path / "study", example_study())


def records() -> list[dict[str, object]]:
    head, *lines = example_study()[f"{TABLE}.csv"].decode().splitlines()
    return [dict(zip(head.split(","), line.split(","), strict=True)) for line in lines]


def with_column(folder: Path, ending: str, column: str, value: object, row: int = 3) -> Path:
    """Write the example's table in another format, with a column that holds a value in one row."""
    rows = [{**record, column: value if number == row else None} for number, record in enumerate(records())]
    (folder / f"{TABLE}.csv").unlink(missing_ok=True)
    path = folder / f"{TABLE}{ending}"
    if ending == ".parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
        return path
    if ending.startswith(".jsonl"):
        text = "".join(json.dumps(record) + "\n" for record in rows)
    else:
        lines = [[*(str(v) for v in list(r.values())[:-1]), f'"{r[column] or ""}"'] for r in rows]
        text = "\n".join(",".join(line) for line in [list(rows[0]), *lines]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith(".gz") else text.encode())
    return path


class TestRules:
    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
    def test_the_failing_example_breaks_this_rule_alone_and_the_passing_one_keeps_it(self, rule, tmp_path):
        for change, expected in ((rule.example.failing, {rule.code}), (rule.example.passing, set())):
            files = example_study(rule.example.task)
            change.apply(files)
            report = scan_privacy(Study.open(write(tmp_path / ("failing" if expected else "passing"), files)))
            assert codes(report) == expected
            if expected and change.rows:
                assert [spot.row for spot in report.findings[0].spots] == list(change.rows)

    def test_codes_are_of_the_range_of_privacy_and_unique(self):
        assert len({rule.code for rule in RULES}) == len(RULES)
        assert all("HMX600" <= rule.code <= "HMX619" for rule in RULES)


class TestNoFalseAlarm:
    def test_the_example_of_every_task_has_no_finding(self, task, tmp_path):
        assert not scan_privacy(Study.open(write(tmp_path, example_study(task)))).findings

    def test_the_sample_study_has_no_finding(self, task, tmp_path, load_sample):
        (tmp_path / "judgments").mkdir()
        table = load_sample(task).data.table.combine_chunks()
        parquet.write_table(table, tmp_path / f"judgments/{task}.parquet")
        assert not scan_privacy(Study.open(tmp_path)).findings

    @pytest.mark.parametrize("text", HARMLESS)
    def test_no_pattern_finds_what_only_resembles(self, text):
        assert not [pattern.what for pattern in PATTERNS for find in pattern.finds(pa.array([text])) if find]

    @given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**18), 10**18))
    @settings(max_examples=50)
    def test_no_number_is_an_identity(self, number):
        assert not any(p.finds(pa.array([repr(number)]))[0] for p in (*IDENTITIES, DATE))

    def test_response_times_are_no_points_in_time(self, study):
        table = study / f"{TABLE}.csv"
        lines = table.read_text().splitlines()
        lines = [f"{line},{name}" for line, name in zip(lines, ["x_rt", *["1653919402123"] * 144], strict=True)]
        table.write_text("\n".join(lines))
        assert not scan_privacy(Study.open(study)).findings


class TestFinds:
    @pytest.mark.parametrize(("value", "rule"), IDENTITY.items(), ids=str)
    def test_a_planted_identity_is_found_and_never_shown(self, value, rule, study):
        path = with_column(study, ".jsonl", "x_note", f"so: {value}; yes")
        report = scan_privacy(Study.open(study))
        (finding,) = (f for f in report if f.rule is rule)
        assert (finding.file, finding.column, finding.count) == (f"judgments/{path.name}", "x_note", 1)
        assert finding.spots[0].row == 3
        told = json.dumps(report.as_dict(), ensure_ascii=False)
        assert value not in told
        assert f"{finding.spots[0].value[:2]}… (" in told

    @given(
        ending=st.sampled_from([".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet"]),
        column=st.sampled_from(["x_a", "participant_id", "collection_round", "is_repeat", "confidence"]),
        identity=st.one_of(
            st.text("0123456789abcdef", min_size=24, max_size=24),
            st.ip_addresses(v=4, network="198.51.0.0/16").map(str),
            st.ip_addresses(v=6, network="2001:db8::/32").map(str),
            st.emails(domains=st.just("example.org")).filter(lambda text: text.split("@")[0].isalnum()),
        ),
    )
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_identities_are_found_in_every_column_and_format(self, ending, column, identity, tmp_path):
        folder = tmp_path / f"{abs(hash((ending, column, identity)))}"
        with_column(write(folder, example_study()), ending, column, identity)
        assert codes(scan_privacy(Study.open(folder))) & {"HMX600", "HMX601", "HMX602"}

    @pytest.mark.parametrize(
        "value",
        [["x", "ada@example.org"], {"a": {"b": "ada@example.org"}}, b"ada@example.org", b"\xff ada@example.org"],
        ids=["list", "record", "bytes", "broken bytes"],
    )
    def test_lists_and_records_and_bytes_of_parquet_are_searched(self, value, study):
        with_column(study, ".parquet", "x_extra", value)
        report = scan_privacy(Study.open(study))
        (finding,) = report.findings
        assert (finding.rule, finding.spots[0].row) == (rules.EMAIL, 3)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("x_started_at", 1653919402),
            ("x_timestamp", 1653919402123),
            ("x_moment", 1653919402123),
            ("x_end_time", "14:03:22"),
            ("x_date", "20220530"),
            ("participant_id", "1653919402123"),
        ],
    )
    @pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
    def test_points_in_time_are_found(self, column, value, ending, study):
        with_column(study, ending, column, value)
        assert codes(scan_privacy(Study.open(study))) == {"HMX607"}

    def test_a_column_of_arrow_times_is_found_by_its_type(self, study):
        import datetime

        with_column(study, ".parquet", "x_moment", datetime.datetime(2022, 5, 30, 14, tzinfo=datetime.UTC))
        (finding,) = scan_privacy(Study.open(study)).findings
        assert (finding.rule, finding.count) == (rules.EXACT_TIME, 1)

    def test_prose_of_the_manifest_is_searched_but_authors_and_contact_are_public(self, study):
        manifest = study / "study.yaml"
        text = manifest.read_text().replace("https://example.org/contact", "ada@example.org")
        manifest.write_text(text)
        assert not scan_privacy(Study.open(study)).findings
        manifest.write_text(text.replace("the people are simulated", "study 633e12745ad6680bd85cd356"))
        (finding,) = scan_privacy(Study.open(study)).findings
        assert (finding.rule, finding.file, finding.column) == (rules.PLATFORM_ID, "study.yaml", "recruitment")

    def test_a_name_of_a_column_or_file_that_tells_is_masked_too(self, study):
        with_column(study, ".csv", "x_ada@example.org", "1")
        (study / "judgments" / "bob@example.org.csv").write_text("a\n1\n")
        report = scan_privacy(Study.open(study))
        assert codes(report) == {"HMX601", "HMX610"}
        told = json.dumps(report.as_dict())
        assert "example.org" not in told

    def test_lists_of_pictures_may_have_dates_and_names_but_no_identities(self, study):
        (study / "stimuli").mkdir()
        table = study / "stimuli/images.csv"
        table.write_text("file,label,name,x_taken\n20220530_1403.png,dog,Rex the very good dog,2022-05-30\n")
        assert not scan_privacy(Study.open(study)).findings
        table.write_text("file,label,x_by\na.png,dog,ada@example.org\n")
        assert codes(scan_privacy(Study.open(study))) == {"HMX601"}


class TestNames:
    @pytest.mark.parametrize(
        "name",
        "name x_name email x_email E-Mail ip x_ip_address birthDate date_of_birth latitude x_gps worker_id workerId"
        " prolific_pid PROLIFIC_PID user_agent userAgent phone first_name address".split(),
    )
    def test_names_that_tell_are_known_word_by_word(self, name):
        assert identifies_people(name)

    @pytest.mark.parametrize(
        "name",
        "x_filename x_image_name x_class_name x_ship x_tip x_emailed participant_id x_description x_flat".split(),
    )
    def test_a_word_within_a_word_does_not_tell(self, name):
        assert not identifies_people(name)

    def test_times_and_durations_are_told_apart(self):
        assert may_hold_times("x_start_time")
        assert not may_hold_times("response_time_ms")
        assert is_demographic("age_group")
        assert not is_demographic("normal_vision")


class TestDemographics:
    def participants(self, study: Path, rows: list[str]) -> list:
        (study / "participants.csv").write_text("\n".join(["participant_id,age,gender", *rows]) + "\n")
        return [f for f in scan_privacy(Study.open(study), k=3) if f.rule is rules.RARE]

    def test_a_combination_that_k_people_share_is_kept(self, study):
        assert not self.participants(study, [f"p{i},30,{'fm'[i % 2]}" for i in range(6)])

    def test_one_that_fewer_share_is_found_by_row_without_values(self, study):
        (finding,) = self.participants(study, [*[f"p{i},30,f" for i in range(6)], "q,31,F", "r,31,f"])
        assert [spot.row for spot in finding.spots] == [6, 7]
        assert (finding.column, finding.spots[0].value) == ("age, gender", None)
        assert finding.spots[0].note == "2 participants share it, but 3 are required"

    def test_an_empty_cell_agrees_with_all(self, study):
        assert not self.participants(study, [*[f"p{i},30,f" for i in range(3)], "q,30,", "r,,"])

    def test_a_person_who_stands_twice_counts_once(self, study):
        (finding,) = self.participants(study, ["p,30,f"] * 3)
        assert finding.count == 1

    def test_exact_ages_bring_the_advice_to_group_them(self, study):
        (finding,) = self.participants(study, [f"p{i},{18 + i},f" for i in range(20)])
        assert "age has 20 different numbers" in finding.spots[0].note

    def test_k_of_one_asks_for_nothing_and_k_of_less_is_refused(self, study):
        (study / "participants.csv").write_text("participant_id,age\np,30\n")
        assert not scan_privacy(Study.open(study), k=1).findings
        with pytest.raises(ConfigurationError, match="not 0"):
            scan_privacy(Study.open(study), k=0)


class TestHostile:
    def test_a_cell_of_ten_megabytes_is_searched_to_its_end(self, study):
        for ending in (".csv", ".jsonl", ".parquet"):
            path = with_column(study, ending, "x_big", "y" * 10_000_000 + " ada@example.org")
            assert "HMX601" in codes(scan_privacy(Study.open(study))), ending
            path.unlink()

    @pytest.mark.parametrize("start", [b"\xff\xfe\x00\x81", b"\x00", b'"', b"a;b\n", b"a,b\n1\n"], ids=repr)
    @pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".jsonl", ".parquet"])
    def test_files_that_cannot_be_read_are_told_and_searched_as_text(self, start, ending, study):
        content = start + b" so: ada@example.org\n"
        (study / f"{TABLE}.csv").unlink()
        (study / f"{TABLE}{ending}").write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
        found = codes(scan_privacy(Study.open(study)))
        assert found & {f"HMX5{n:02}" for n in range(20)} or start == b'"'
        # UTF-16 reads as other letters, and a Parquet file that is none has no text.
        assert "HMX601" in found or ending == ".parquet" or start.startswith(b"\xff\xfe")

    def test_text_of_utf_16_is_searched(self, study):
        (study / f"{TABLE}.csv").write_bytes("x_note\nada@example.org\n".encode("utf-16"))
        assert {"HMX500", "HMX601"} <= codes(scan_privacy(Study.open(study)))

    def test_of_two_columns_with_one_name_both_are_searched(self, study):
        (study / f"{TABLE}.csv").write_text("participant_id,x_a,x_a\np,1,ada@example.org\n")
        assert codes(scan_privacy(Study.open(study))) == {"HMX601"}

    def test_links_that_lead_out_are_not_followed(self, study, tmp_path):
        (tmp_path / "secret.csv").write_text("x_note\nada@example.org\n")
        (study / "judgments" / "other.csv").symlink_to(tmp_path / "secret.csv")
        assert not scan_privacy(Study.open(study)).findings

    def test_half_a_character_in_json_is_no_crash(self, study):
        with_column(study, ".jsonl", "x_note", "\ud83d ada@example.org")
        assert "HMX601" in codes(scan_privacy(Study.open(study)))

    def test_a_manifest_that_is_no_yaml_is_searched_as_text(self, study):
        (study / "study.yaml").write_bytes(b"\xff: [ 5f3c9a7e21b04d8896fe0a1b")
        assert codes(scan_privacy(Study.open(study))) == {"HMX600"}

    def test_a_folder_that_is_not_there_is_an_error(self, tmp_path):
        with pytest.raises(SourceMissingError):
            scan_privacy(Study.open(tmp_path / "none"))
