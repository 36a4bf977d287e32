"""Privacy of what is published as it stands: study.yaml with its comments, and pictures; people of several files."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image, PngImagePlugin

from hmix_hub.cli.output import echo_report
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.example import csv_bytes
from hmix_hub.studies.findings import Report
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.study import Study

TABLE = "judgments/infer_mixing_factor.csv"


def found_in(folder, **options):
    return {(one.rule.code, one.file, one.column) for one in scan_privacy(Study.open(folder), **options)}


class TestManifest:
    @pytest.mark.parametrize(
        ("line", "code"),
        [
            ("# paid to 633e12745ad6680bd85cd356", "HMX600"),
            ("# thé mail: bob@example.org", "HMX601"),
            ("#from 198.51.100.23", "HMX602"),
            ("# on 00:00:5e:00:53:af", "HMX603"),
            ("# call +44 20 7946 0958", "HMX604"),
        ],
    )
    @pytest.mark.parametrize("is_last", [True, False])
    def test_comments_are_searched(self, line, code, is_last, study):
        manifest = study / "study.yaml"
        text = manifest.read_text()
        text = f"{text}{line}\n" if is_last else text.replace("description: >", f"description: >  {line}")
        manifest.write_text(text, encoding="utf-8")
        (finding,) = scan_privacy(Study.open(study)).findings
        number = next(n for n, one in enumerate(text.splitlines()) if line in one) + 1
        assert (finding.rule.code, finding.file, finding.column) == (code, "study.yaml", "")
        assert finding.spots[0].note.startswith(f"line {number} ")

    @pytest.mark.parametrize(
        ("old", "new", "place"),
        [
            ("https://example.org/contact", "198.51.100.23", "contact"),
            ("Example University", "+44 20 7946 0958", "authors.0.affiliation"),
        ],
    )
    def test_fields_that_are_public_hold_no_identities_either(self, old, new, place, study, edit):
        edit(study / "study.yaml", old, new)
        assert {(file, column) for _, file, column in found_in(study)} == {("study.yaml", place)}

    def test_names_of_fields_are_searched_and_versions_are_no_addresses(self, study, edit):
        edit(study / "study.yaml", "version: 1.0.0", "version: 1.0.0.0")
        assert not found_in(study)
        edit(study / "study.yaml", "language: en", "language: en\n198.51.100.23: en")
        assert found_in(study) == {("HMX602", "study.yaml", "")}

    def test_addresses_of_authors_and_contact_are_public_even_after_a_mark(self, study, edit):
        edit(study / "study.yaml", "https://example.org/contact", '"mail # ada@example.org"')
        edit(study / "study.yaml", "Example University", "ada@example.org")
        edit(study / "study.yaml", "  A synthetic study", "  # Heading of eva@example.org\n  A synthetic study")
        assert not found_in(study)


def picture(form="PNG", **options):
    stream = io.BytesIO()
    Image.new("RGB", (2, 2)).save(stream, form, **options)
    return stream.getvalue()


def exif(tags):
    made = Image.Exif()
    made.update(tags)
    return made


def text_at_the_end():
    chunk = b"tEXt" + b"Author\0ada@example.org"
    whole = len(chunk[4:]).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    content = picture()
    return content[:-12] + whole + content[-12:]


def with_text(key, value):
    info = PngImagePlugin.PngInfo()
    info.add_text(key, value)
    return picture(pnginfo=info)


LATITUDE = {34853: {1: "N", 2: (51.0, 30.0, 0.0)}}
PICTURES = {
    "gps": (picture("JPEG", exif=exif(LATITUDE)), {"HMX611"}),
    "gps of webp": (picture("WEBP", exif=exif(LATITUDE)), {"HMX611"}),
    "gps and artist": (picture(exif=exif({**LATITUDE, 315: "Ada"})), {"HMX611", "HMX612"}),
    "artist's address": (picture("JPEG", exif=exif({315: "ada@example.org"})), {"HMX611"}),
    "author after the pixels": (text_at_the_end(), {"HMX611"}),
    "latitude in a text": (with_text("exif:GPSLatitude", "51"), {"HMX611"}),
    "date": (picture("JPEG", exif=exif({306: "2022:05:30 14:03:00"})), {"HMX612"}),
    "comment": (picture("JPEG", comment=b"A frog"), {"HMX612"}),
    "text": (with_text("Comment", "A frog"), {"HMX612"}),
    "orientation and resolution": (picture("JPEG", exif=exif({274: 1}), dpi=(72, 72)), set()),
    "nothing": (picture(), set()),
    "broken": (picture()[:40], set()),
    "none": (b"\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXt", set()),
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_pictures_hold_beside_pixels_is_told_and_identities_masked(name, study):
    content, codes = PICTURES[name]
    (study / "stimuli/more").mkdir(parents=True)
    (study / "stimuli/more/a.png").write_bytes(content)
    report = scan_privacy(Study.open(study))
    assert {found.rule.code for found in report} == codes
    assert {(found.file, spot.value) for found in report for spot in found.spots} <= {("stimuli", "more/a.png")}
    assert "ada@example.org" not in str(report.as_dict())


class TestPeopleOfSeveralFiles:
    def with_column(self, study, values):
        head, *lines = (study / TABLE).read_text().splitlines()
        seen: dict[str, int] = {}
        told = []
        for line in lines:
            person = line.split(",")[0]
            seen[person] = seen.get(person, -1) + 1
            told.append(f"{line},{values(int(person[1:]), seen[person])}")
        (study / TABLE).write_text("\n".join([f"{head},x_gender", *told]) + "\n")

    def test_a_value_in_a_later_row_counts(self, study):
        self.with_column(study, lambda person, row: ("other" if person == 3 else "f") if row == 4 else "")
        (finding,) = scan_privacy(Study.open(study)).findings
        assert (finding.rule.code, finding.file, finding.column) == ("HMX608", TABLE, "x_gender")
        assert [spot.row for spot in finding.spots] == [24]

    def test_combinations_of_two_files_are_counted_and_told_at_participants(self, study):
        # Of each age six people, and of each gender too; but one alone of the older is a man.
        self.with_column(study, lambda person, _: "m" if person in {1, 3, 5, 7, 9, 2} else "f")
        (finding,) = scan_privacy(Study.open(study), k=2).findings
        assert (finding.file, finding.column) == ("participants.csv", "age_group, x_gender")
        assert {spot.row for spot in finding.spots} == {1, 10}

    def test_people_of_two_files_are_counted_together(self, study):
        self.with_column(study, lambda person, _: "f")
        head, *lines = (study / TABLE).read_text().splitlines()
        (study / "judgments/other.csv").write_text("\n".join([head, lines[0].replace("p01", "p99")]) + "\n")
        assert not found_in(study)

    def test_the_same_combination_of_participants_alone_stays_there(self, study):
        rows = [{"participant_id": f"p{n:02}", "age": 30 if n else 31} for n in range(9)]
        (study / "participants.csv").write_bytes(csv_bytes(rows))
        assert found_in(study) == {("HMX608", "participants.csv", "age")}


def test_names_with_escapes_reach_no_terminal(capsys):
    report = Report()
    report.add(
        column_rules.COLUMN_UNKNOWN, file="a\x1b[2J.csv", column="\x1b]0;x\x07", value="\x1b[1m", note="\x9b31m\u202e"
    )
    report.rows["b\x1b.csv"] = 3
    echo_report(report, as_json=False)
    told = capsys.readouterr().out
    assert told.replace("\n", "").isprintable()
    assert "a\\x1b[2J.csv, column \\x1b]0;x\\x07" in told
