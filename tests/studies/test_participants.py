"""participants.csv: its columns and cells are checked as those of judgments are."""

from __future__ import annotations

import pytest

from hmix_hub.errors import StudyError
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import find_files
from hmix_hub.studies.participants import read_participants

FILE = "participants.csv"


def changed(old, new, *, count=1):
    def change(files):
        text = files[FILE].decode()
        assert old in text
        files[FILE] = text.replace(old, new, count).encode()

    return change


def header_alone(files):
    files[FILE] = files[FILE].split(b"\n")[0] + b"\n"


def nameless(files):
    files[FILE] = files[FILE].replace(b"\n", b",\n")


CASES = {
    "header alone": (header_alone, "HMX508", "", None),
    "column twice": (changed("normal_vision", "age_group"), "HMX532", "age_group", None),
    "nameless": (nameless, "HMX531", "", None),
    "malformed": (changed("normal_vision", "normal vision"), "HMX531", "normal vision", None),
    "formula": (changed("p02,30-44,yes", "p02,30-44,=1+1"), "HMX548", "normal_vision", 1),
    "white space": (changed("p02,30-44", "p02, 30-44"), "HMX546", "age_group", 1),
    "white space of an id": (changed("p02,", "p02 ,"), "HMX546", "participant_id", 1),
    "id that is none": (changed("p02,", "p/02,"), "HMX547", "participant_id", 1),
    "no id": (changed("p02,", ","), "HMX595", "participant_id", 1),
    "broken bytes": (
        lambda files: files.update({FILE: files[FILE].replace(b"p02,30", b"p02,3\xff")}),
        "HMX500",
        None,
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_is_told_alone(name, check):
    change, code, column, row = CASES[name]
    (finding,) = [found for found in check(change) if found.file == FILE]
    assert finding.rule.code == code
    assert column is None or (finding.column, finding.spots[0].row) == (column, row)


@pytest.mark.parametrize("name", ["header alone", "column twice", "formula", "nameless"])
def test_a_table_with_a_fault_is_not_read(name, write):
    from hmix_hub.studies.example import example_study

    files = example_study()
    CASES[name][0](files)
    with pytest.raises(StudyError, match=CASES[name][1]):
        read_participants(find_files(write(files), Report()))


def test_a_table_without_fault_is_read_with_its_types(write):
    from hmix_hub.studies.example import example_study

    files = example_study()
    changed("age_group", "age")(files)
    files[FILE] = files[FILE].replace(b"18-29", b"24").replace(b"30-44", b"")
    table = read_participants(find_files(write(files), Report()))
    assert table.column("participant_id").to_pylist()[:2] == ["p01", "p02"]
    assert table.column("age").to_pylist()[:2] == [24, None]
