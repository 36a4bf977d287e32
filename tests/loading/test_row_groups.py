"""Row groups: a filter reads those alone that its rows stand in, by their statistics; for ours and for others."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from itertools import islice

import duckdb
import numpy as np
import polars
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from sharded_study import JUDGMENTS, STIMULI, write_sharded, write_sums

import hmix_hub
from hmix_hub.builders import study_table
from hmix_hub.errors import EmptyResultWarning, FilterError, SourceError
from hmix_hub.judgments.grammar import parse_filters

REPOSITORY = "lab/sharded"
FILTERS = [
    (JUDGMENTS, {"participants": "p05"}, 1),
    (JUDGMENTS, {"participants": ["p01", "p02", "p12"]}, 2),
    (JUDGMENTS, {"participants": ["p04", "p05"], "mixing_coefficient": (0.4, None), "repeats": False}, 2),
    (JUDGMENTS, {"participants": "p05", "labels": "dog"}, 1),
    (STIMULI, {"mixing_coefficient": 0.9}, 2),
    (STIMULI, {"mixing_coefficient": [0.1, (0.85, None)]}, 4),
]


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    return write_sharded(tmp_path_factory.mktemp("sharded"))


@pytest.fixture
def load(sharded, tmp_path):
    def load(name, place=sharded, **options):
        return hmix_hub.load_dataset(place, name, split="train", cache_dir=tmp_path / "cache", **options)

    return load


@dataclass
class Reads:
    """Row groups that were read, by their number in their file; and columns of those that were read in part."""

    whole: list[int]
    in_part: list[list[str]]


@pytest.fixture
def reads(monkeypatch):
    """Count the row groups that pyarrow reads, with all columns or with some."""
    counted, read = Reads([], []), parquet.ParquetFile.iter_batches

    def iter_batches(self, *args, row_groups, columns=None, **options):
        if columns is None:
            counted.whole.extend(row_groups)
        else:
            counted.in_part.append(columns)
        return read(self, *args, row_groups=row_groups, columns=columns, **options)

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", iter_batches)
    return counted


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("case", FILTERS)
def test_a_filter_reads_the_row_groups_alone_that_its_rows_stand_in(case, streaming, load, reads):
    name, filters, groups = case
    found = list(load(name, streaming=streaming, **filters))
    assert len(reads.whole) == groups
    assert found == hmix_hub.filter(load(name), **filters).to_list()
    assert len(found) > 0


@pytest.mark.parametrize(("name", "filters", "groups"), FILTERS)
def test_what_is_read_in_part_is_what_a_prepared_table_gives(name, filters, groups, load, reads):
    read = load(name, **filters)
    again = load(name, **filters)
    assert read._fingerprint == again._fingerprint
    whole = load(name)
    reads.whole.clear()
    prepared = load(name, **filters)
    assert reads.whole == []
    assert (prepared.to_list(), prepared.features) == (read.to_list(), read.features)
    assert prepared.num_rows < whole.num_rows


def test_an_id_is_looked_for_by_its_column_alone(load, reads):
    load(JUDGMENTS, streaming=True, participants=["p03", "p06"])
    assert reads.whole == []
    load(STIMULI, streaming=True, stimuli=load(STIMULI)[20]["stimulus_id"])
    assert {tuple(columns) for columns in reads.in_part} == {("stimulus_id",)}


@pytest.mark.parametrize("streaming", [False, True])
def test_an_id_that_nobody_has_is_told_with_those_that_exist(load, reads, streaming):
    with pytest.raises(FilterError, match=r"'nobody' not found(.|\n)*the participants are p01, p02"):
        load(JUDGMENTS, streaming=streaming, participants=["p01", "nobody"])
    assert reads.whole == []


def test_rows_that_do_not_exist_are_warned_of(load):
    with pytest.warns(EmptyResultWarning, match="none meets 'participants' and 'mixing_coefficient' together"):
        assert len(load(JUDGMENTS, participants="p01", mixing_coefficient=0.333)) == 0
    assert list(load(JUDGMENTS, participants="p01", mixing_coefficient=0.333, streaming=True)) == []
    with pytest.warns(EmptyResultWarning):
        assert list(load(STIMULI, mixing_coefficient=0.99)) == []
    assert list(load(STIMULI, mixing_coefficient=0.99, streaming=True)) == []


def test_many_rows_are_better_prepared(load, reads, monkeypatch):
    monkeypatch.setattr(study_table, "MOST_ROWS", 30)
    assert len(load(JUDGMENTS, participants=["p01", "p12"])) == 24
    assert len(reads.whole) == 6
    load(JUDGMENTS, participants=["p01", "p12"])
    assert len(reads.whole) == 6


def test_other_columns_follow_the_rows_that_are_read(load, cifar10):
    options = {"participants": "p07", "images": "mixed", "cifar10": cifar10}
    read, older = load(JUDGMENTS, **options), load(JUDGMENTS, participants="p07", schema_version="2.0.0")
    load(JUDGMENTS)
    whole = load(JUDGMENTS, **options)
    assert np.array_equal(np.asarray(read[3]["image"]), np.asarray(whole[3]["image"]))
    assert older.to_list() == load(JUDGMENTS, participants="p07", schema_version="2.0.0").to_list()
    assert load(JUDGMENTS, participants="p07").select(range(2)).to_list() == whole.remove_columns("image").to_list()[:2]


def test_a_file_is_checked_when_a_row_group_of_it_is_wanted(sharded, tmp_path, load):
    place = shutil.copytree(sharded, tmp_path / "damaged")
    file = place / JUDGMENTS / "train-00002-of-00003.parquet"
    file.write_bytes(file.read_bytes().replace(b"p11", b"p10"))
    for streaming in (False, True):
        assert len(list(load(JUDGMENTS, place, participants="p01", streaming=streaming))) == 12
        with pytest.raises(SourceError, match="the file was changed"):
            load(JUDGMENTS, place, participants="p12", streaming=streaming)
    with pytest.raises(SourceError, match="the file was changed"):
        load(JUDGMENTS, place)


def test_a_value_that_no_column_may_hold_is_told_by_its_row_in_the_file(sharded, tmp_path, load):
    place = shutil.copytree(sharded, tmp_path / "wrong")
    file = place / JUDGMENTS / "train-00001-of-00003.parquet"
    table = parquet.read_table(file)
    values = table["confidence"].to_pylist()
    values[30] = 7.0
    at = table.schema.get_field_index("confidence")
    parquet.write_table(table.set_column(at, table.schema.field(at), pa.array(values)), file, row_group_size=24)
    write_sums(place)
    with pytest.raises(SourceError, match=r"train-00001(.|\n)*row 30, column confidence"):
        load(JUDGMENTS, place, participants="p07")


def test_row_groups_are_what_a_stream_is_shared_out_and_resumed_by(load, reads):
    people = [f"p{number:02d}" for number in range(3, 9)]
    stream = load(JUDGMENTS, streaming=True, participants=people)
    assert stream.num_shards == 3
    whole = [row["judgment_id"] for row in stream]
    loader = torch.utils.data.DataLoader(stream.select_columns(["judgment_id"]), batch_size=None, num_workers=2)
    assert sorted(row["judgment_id"] for row in loader) == sorted(whole)
    rows = iter(stream)
    begun = [next(rows)["judgment_id"] for _ in range(50)]
    resumed = load(JUDGMENTS, streaming=True, participants=people)
    resumed.load_state_dict(stream.state_dict())
    reads.whole.clear()
    assert begun + [row["judgment_id"] for row in islice(resumed, 100)] == whole
    # Of three row groups the first was done with; the second may have been, when the state was taken.
    assert len(reads.whole) < 3


def test_processes_share_the_row_groups(load, sharded, tmp_path):
    one, options = load(JUDGMENTS), {"split": "train", "cache_dir": tmp_path / "two", "num_proc": 2}
    two = hmix_hub.load_dataset(sharded, JUDGMENTS, **options)
    assert two.to_list() == one.to_list()
    assert len(two.cache_files) == 2


class TestOnTheHub:
    @pytest.fixture
    def place(self, hub, login, sharded):
        files = {path.relative_to(sharded).as_posix(): path.read_bytes() for path in sharded.rglob("*.*")}
        hub.create(REPOSITORY, {**files, "SHA256SUMS": (sharded / "SHA256SUMS").read_bytes()})
        return REPOSITORY

    @staticmethod
    def ranges(hub):
        """Return how many bytes each request for a part of a file was for."""
        asked = [call for call in hub.calls if call.server == "storage" and "range" in call.headers]
        bounds = [call.headers["range"].removeprefix("bytes=").split("-") for call in asked]
        return [int(stop) - int(start) + 1 for start, stop in bounds]

    @pytest.mark.parametrize("streaming", [False, True])
    def test_a_filter_downloads_what_it_reads(self, place, load, reads, streaming, hub):
        found = list(load(JUDGMENTS, place, streaming=streaming, participants="p05"))
        assert reads.whole == [0]
        whole = [call for call in hub.calls if call.path.endswith(".parquet") and "range" not in call.headers]
        assert [call.method for call in whole if call.method == "GET"] == []
        assert [row["participant_id"] for row in found] == ["p05"] * 12

    def test_a_row_group_is_one_request(self, hub, place, load, sharded):
        stream = load(JUDGMENTS, place, streaming=True, participants="p05")
        hub.forget_calls()
        assert len(list(stream)) == 12
        (size,) = self.ranges(hub)
        group = parquet.read_metadata(sharded / JUDGMENTS / "train-00001-of-00003.parquet").row_group(0)
        assert size - 1 == sum(group.column(n).total_compressed_size for n in range(group.num_columns))

    def test_a_part_that_was_damaged_is_found_by_the_checksums_of_its_pages(self, hub, place, load, sharded):
        name = f"{JUDGMENTS}/train-00001-of-00003.parquet"
        content = bytearray((sharded / name).read_bytes())
        # The last byte of the first row group.
        content[parquet.read_metadata(sharded / name).row_group(1).column(0).dictionary_page_offset - 1] ^= 1
        hub.commit(place, {name: bytes(content)})
        with pytest.raises(SourceError, match=r"train-00001(.|\n)*CRC checksum"):
            list(load(JUDGMENTS, place, streaming=True, participants="p05"))
        assert len(list(load(JUDGMENTS, place, streaming=True, participants="p07"))) == 12

    def test_what_was_downloaded_is_not_asked_for_again(self, hub, place, load):
        whole = load(JUDGMENTS, place)
        hub.forget_calls()
        rows = list(load(JUDGMENTS, place, streaming=True, participants="p05"))
        assert rows == hmix_hub.filter(whole, participants="p05").to_list()
        assert not any(call.path.endswith(".parquet") for call in hub.calls)


@pytest.mark.parametrize(
    "case", [(JUDGMENTS, "participant_id", "p05", (1, 6)), (STIMULI, "mixing_coefficient", 0.9, (2, 6))]
)
class TestElsewhere:
    """What our files promise to others: the same row groups are skipped."""

    def test_duckdb(self, case, sharded):
        name, column, value, groups = case
        with duckdb.connect() as connection:
            table = connection.read_parquet(f"{sharded / name}/*.parquet")
            found = table.filter(duckdb.ColumnExpression(column) == duckdb.ConstantExpression(value))
            assert f"Filters: {column}" in found.explain()
            profile = json.loads(found.explain(type="analyze", format="json"))["query"]
        assert (profile["total_row_groups_scanned"], profile["total_row_groups_to_scan"]) == groups

    def test_polars(self, case, sharded, capfd):
        name, column, value, groups = case
        query = polars.scan_parquet(sharded / name / "*.parquet").filter(polars.col(column) == value)
        assert f'SELECTION: col("{column}") == ' in query.explain()
        with polars.Config(verbose=True):
            assert len(query.collect()) > 0
        said = re.findall(r"Predicate pushdown: reading (\d+) / (\d+) row groups", capfd.readouterr().err)
        assert tuple(np.sum(np.array(said, dtype=int), axis=0)) == groups


@given(values=st.lists(st.text(max_size=3), min_size=1), wanted=st.lists(st.text(min_size=1, max_size=3), min_size=1))
def test_no_id_is_outside_the_bounds_that_are_said_to_lack_it(values, wanted):
    (condition,) = parse_filters({"participants": [text for text in wanted if text.isprintable()] or ["p"]})
    table = pa.table({"participant_id": values})
    bounds = pa.compute.min_max(table["participant_id"]).as_py()
    assert condition.may_be_met(bounds["min"], bounds["max"]) or not condition.mask(table, {}).any()


NUMBERS = st.floats(0, 1) | st.sampled_from([0.1, 0.1 + 1e-10, 0.5, 1.0])


@given(values=st.lists(NUMBERS | st.just(float("nan")), min_size=1), low=NUMBERS, high=NUMBERS, exact=NUMBERS)
def test_no_number_is_outside_the_bounds_that_are_said_to_lack_it(values, low, high, exact):
    asked = [(min(low, high), max(low, high)), exact]
    (condition,) = parse_filters({"mixing_coefficient": asked})
    table = pa.table({"mixing_coefficient": values})
    ends = (float(np.min(values)), float(np.max(values)))
    assert condition.may_be_met(*ends) or not condition.mask(table, {}).any()
