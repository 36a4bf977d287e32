"""Forms of ids and dates that platforms, panels and experiment software export, and what resembles them."""

from __future__ import annotations

import base64
import random
import shutil
import string
import uuid

import pytest

from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.example import example_study
from hmix_hub.studies.rules.changes import rows_changed
from hmix_hub.studies.study import Study

ALPHABET = string.ascii_lowercase + string.digits
WORDS = "airplane automobile bird adversarial ambiguous attention apple acoustic zebra tiger ship March May".split()

IDS = {
    "worker id in small letters": "a3b4c5d6e7f8g9",
    "worker id of 12 characters": "AB3CDEF4GH5J",
    "assignment of MTurk": "3A1B2C3D4E5F6G7H8I9J0K1L2M3N4P",
    "response of Qualtrics": "R_1aBcD2eFgH3iJkL",
    "contact of Qualtrics": "MLRP_1aBcD2eFgH3iJkL",
    "participant of CloudResearch": "0A1B2C3D4E5F60718293A4B5C6D7E8F9",
    "worker of Toloka": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "respondent of Cint, Dynata or Lucid": "123e4567-e89b-42d3-a456-426614174000",
    "session of Windows": "{123E4567-E89B-42D3-A456-426614174000}",
    "file of a session": "123e4567-e89b-42d3-a456-426614174000.csv",
}
TIMES = {
    "batch of MTurk": "Sun Nov 26 08:45:33 PST 2017",
    "Unix": "Sun Nov 26 08:45:33 2017",
    "Ruby": "Sun Nov 26 08:45:33 +0100 2017",
    "PsychoPy": "2021_Mar_05_1412",
    "newer PsychoPy": "2022-05-30_14h03.22.123",
    "SAS": "26NOV2017:08:45:33",
    "web server": "26/Nov/2017:08:45:33 +0000",
    "spreadsheet": "26-Nov-17",
    "spreadsheet in America": "5/3/22 14:03",
    "spreadsheet in Germany": "3.5.22 14:03",
    "form of Google": "2022/5/3 2:03:00 PM GMT+1",
    "France": "3 août 2022",
    "Spain": "3 de enero de 2022",
    "Germany": "30. Mai 2022",
    "China": "2022年5月30日",
}


def with_cells(cells):
    """Return the example study with a column of its own, by name, that holds values in turn."""
    files = example_study()

    def add(rows):
        for number, row in enumerate(rows):
            row |= {name: values[number % len(values)] for name, values in cells.items()}

    rows_changed("", add).apply(files)
    return files


@pytest.fixture
def scan(tmp_path):
    """Scan the example study with columns; gives code and column of each finding."""

    def write_and_scan(cells):
        for path, content in with_cells(cells).items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(content)
        report = scan_privacy(Study.open(tmp_path))
        assert not any(
            value in str(report.as_dict()) for values in cells.values() for value in values if len(value) > 9
        )
        return {(found.rule.code, found.column) for found in report}

    return write_and_scan


@pytest.mark.parametrize("name", IDS)
def test_an_id_of_a_platform_is_found(name, scan):
    assert scan({"x_code": [IDS[name], ""]}) == {("HMX600", "x_code")}


@pytest.mark.parametrize("name", TIMES)
def test_a_date_of_an_exporter_is_found(name, scan):
    assert scan({"x_code": [TIMES[name], ""]}) == {("HMX607", "x_code")}


def test_a_worker_id_that_was_typed_in_small_letters_is_found_among_others(scan):
    ids = ["A1B2C3D4E5F6G7", "AVBRJ3JONL4MV", "A2SUAM1J3GNN3B", "a3b4c5d6e7f8g9"]
    assert scan({"x_code": ids}) == {("HMX600", "x_code")}


def test_a_short_date_is_one_where_the_column_is_called_so(scan):
    assert scan({"x_date": ["5/3/22"], "x_ratio": ["5/3/22"]}) == {("HMX607", "x_date")}


@pytest.mark.parametrize(
    "column",
    [
        "x_ResponseId", "x_user_id", "x_Respondent ID", "x_Participant Private ID", "token", "x_token", "x_panelist_id",
        "x_AssignmentId", "x_user_name", "x_jatos_worker_id",
    ],
)  # fmt: skip
def test_a_column_that_is_called_as_ids_of_people_is_told(column, scan):
    found = scan({column: ["7"]})
    assert {code for code, _ in found} == {"HMX606"}


def digest(rng, digits):
    return f"{rng.getrandbits(4 * digits):0{digits}x}"


RESEMBLING = {
    "pseudonyms of the release": lambda rng: "".join(rng.choices(ALPHABET, k=15)),
    "random codes of 12": lambda rng: "".join(rng.choices(ALPHABET, k=12)),
    "random codes of 13 capitals": lambda rng: "B" + "".join(rng.choices(ALPHABET.upper(), k=12)),
    "batches": lambda rng: digest(rng, 12),
    "digests by sha1": lambda rng: digest(rng, 40),
    "digests by sha256": lambda rng: digest(rng, 64),
    "pseudonyms that are made here": lambda rng: "p" + digest(rng, 22),
    "words and numbers": lambda rng: f"{rng.choice(WORDS)}{rng.randrange(10 ** rng.randrange(1, 8)):04d}",
    "capitals and numbers": lambda rng: f"{rng.choice(WORDS).upper()}{rng.randrange(10 ** rng.randrange(1, 8)):04d}",
    "names of variables": lambda rng: f"R_{rng.choice(WORDS).capitalize()}{rng.choice(WORDS)}{rng.randrange(100)}",
    "pictures by UUID": lambda rng: f"{uuid.UUID(int=rng.getrandbits(128))}.png",
    "pictures by digest": lambda rng: f"set/{digest(rng, 32)}.jpg",
    "stimuli": lambda rng: f"mixed_0.{rng.randrange(10)}_Dog_{rng.randrange(9999)}_Frog_{rng.randrange(9999)}",
    "pictures of ImageNet": lambda rng: f"n{rng.randrange(10**8):08d}_{rng.randrange(40000)}.JPEG",
    "versions": lambda rng: f"{rng.randrange(30)}.{rng.randrange(13)}.{rng.randrange(30)}",
    "months": lambda rng: f"{rng.randrange(2000, 2030)}-{rng.randrange(1, 13):02d}",
    "ratios": lambda rng: f"{rng.randrange(40)}/{rng.randrange(1, 40)}",
    "coordinates": lambda rng: f"{rng.randrange(30)}-{rng.randrange(30)}-{rng.randrange(30)}",
    "bytes in base 64": lambda rng: base64.b64encode(rng.randbytes(16)).decode(),
}


def test_what_only_resembles_an_id_or_a_date_is_none(scan):
    rng = random.Random(0)
    assert scan({f"x_a{n}": [make(rng) for _ in range(144)] for n, make in enumerate(RESEMBLING.values())}) == set()


@pytest.mark.parametrize("column", ["x_image_md5", "x_stimulus_uuid", "x_file", "x_trial_id"])
def test_ids_and_digests_of_files_and_stimuli_are_told_by_the_name_of_their_column(column, scan):
    rng = random.Random(0)
    values = [digest(rng, 32), str(uuid.UUID(int=rng.getrandbits(128)))]
    assert scan({column: values}) == set()
    assert scan({"x_worker_hash": values}) == {("HMX600", "x_worker_hash")}


def test_the_id_that_somebody_typed_into_a_comment_is_found_in_the_raw_cifar10s(cifar10s, tmp_path):
    shutil.copyfile(cifar10s, tmp_path / cifar10s.name)
    (found,) = (found for found in scan_privacy(Study.open(tmp_path)) if found.rule.code == "HMX600")
    assert (found.column, found.count) == ("response", 1)
    assert found.spots[0].value.endswith("… (24 characters)")
