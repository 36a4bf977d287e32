"""`hmix collect links`: personal links as a CSV; and lists of ids, which are checked line by line."""

from __future__ import annotations

import csv
import json
import stat

import pytest
import yaml
from click.testing import CliRunner
from suite_maker import study_content

from hmix_hub.cli.main import main
from hmix_hub.errors import StudyFileError
from hmix_hub.suite.operator.actions import Links
from hmix_hub.suite.operator.channel import portions_of
from hmix_hub.suite.server.beginning import begin_collection
from hmix_hub.suite.server.requests import MOST_BYTES
from hmix_hub.suite.store.database import JoinRefusedError
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.reading import read_ids
from hmix_hub.suite.study.recruiting import Recruiting

ANN, BEN = "5f3c9e8ab1d2c34e5f607182", "5f3c9e8ab1d2c34e5f607183"
PROLIFIC = Recruiting(platform="prolific")


def write(folder, **recruiting):
    content = study_content("infer_mixing_factor", recruiting={"platform": "prolific", **recruiting})
    folder.mkdir(exist_ok=True)
    (folder / "collection.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "study")
    begin_collection(tmp_path / "study")[0].close()
    return tmp_path / "study"


def links(*words):
    return CliRunner().invoke(main, ["collect", "links", *map(str, words)])


def rows_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_links_are_written_for_their_owner_alone_and_each_is_signed(folder, tmp_path):
    told = links(folder, "--n", 3, "-o", tmp_path / "links.csv", "--base", "https://example.org/study/")
    assert (told.exit_code, told.output) == (0, f"wrote 3 personal links to {tmp_path / 'links.csv'}\n")
    assert stat.S_IMODE((tmp_path / "links.csv").stat().st_mode) == 0o600
    rows = rows_of(tmp_path / "links.csv")
    assert [row["number"] for row in rows] == ["1", "2", "3"]
    with Store.open(folder, read_only=True) as store:
        for row in rows:
            address, _, link = row["link"].partition("?link=")
            assert (address, store.key.read_link(link)) == ("https://example.org/study/", int(row["number"]))


def test_the_same_ids_have_the_same_links(folder, tmp_path):
    (tmp_path / "ids.csv").write_text(f"name,PROLIFIC_PID\nAnn,{ANN}\nBen, {BEN}\n", encoding="utf-8")
    for name in ("one.csv", "two.csv"):
        assert links(folder, "--for", tmp_path / "ids.csv", "-o", tmp_path / name).exit_code == 0
    assert rows_of(tmp_path / "one.csv") == rows_of(tmp_path / "two.csv")
    assert [row["id"] for row in rows_of(tmp_path / "one.csv")] == [ANN, BEN]


def test_more_than_there_is_room_for_are_refused_with_how_many_there_is(folder):
    told = links(folder, "--n", 5000)
    assert told.exit_code == 1
    assert "need a place each" in str(told.exception or told.output) + told.output


def test_unused_ones_are_revoked(folder):
    assert links(folder, "--n", 2).exit_code == 0
    assert "revoked 2 links" in links(folder, "--revoke").output


def test_nothing_to_do_is_said(folder):
    assert links(folder).exit_code == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{ANN}\nann\n", "'ann' does not have the form"),
        ("PROLIFIC_PID\n", "contains no ids"),
        (f"id,who\n{ANN},x\n{{{{%PROLIFIC_PID%}}}},y\n", "does not have the form"),
    ],
)
def test_a_list_with_what_is_no_id_is_refused(tmp_path, text, said):
    (tmp_path / "ids.csv").write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError, match=said):
        read_ids(tmp_path / "ids.csv", "ids.csv", PROLIFIC)


def test_a_list_of_those_who_may_take_part_holds_from_the_start_and_may_grow(tmp_path):
    write(tmp_path / "study", allow_list="allowed.csv")
    (tmp_path / "study" / "allowed.csv").write_text(f"{ANN}\n", encoding="utf-8")
    for known in ((ANN,), (ANN, BEN)):
        (tmp_path / "study" / "allowed.csv").write_text("\n".join(known), encoding="utf-8")
        store, _ = begin_collection(tmp_path / "study")
        with store:
            for number, name in enumerate((ANN, BEN)):
                joining = store.join(bytes([number]) * 32, recruiting_hash=store.key.recruiting(name))
                if name in known:
                    assert joining.result(30).state == "live"
                else:
                    assert isinstance(joining.exception(30), JoinRefusedError)


def test_long_ids_go_to_the_server_in_portions_that_it_takes():
    ids = [f"{number:03}-{'é' * 190}" for number in range(300)]
    portions = list(portions_of(ids))
    assert [given for portion in portions for given in portion] == ids
    assert (
        max(len(json.dumps(Links(recruiting_ids=portion).model_dump(mode="json"))) for portion in portions) < MOST_BYTES
    )
    assert [len(portion) for portion in portions_of(map(str, range(2500)))] == [1000, 1000, 500]
