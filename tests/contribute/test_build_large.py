"""Building what is larger than a unit: the same tables whatever the order of the file, whole or not at all."""

from __future__ import annotations

import csv
import io
import resource
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet
from sharded_study import JUDGMENTS, SPACE, STIMULI

from hmix_hub.contribute.building import FileMark, build, write_generated
from hmix_hub.contribute.checking import check_study
from hmix_hub.errors import SpaceError
from hmix_hub.loading.studies import open_folder
from hmix_hub.studies.example import csv_bytes, example_study, write_files
from hmix_hub.studies.folder import CARD, CROISSANT, FIGURES, STATISTICS
from hmix_hub.studies.opened import Space
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

TABLE = f"judgments/{INFER}.csv"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    return build(Study.open(write_files(folder / "study", example_study(INFER)), space=SPACE), folder / "built").path


def tables(built):
    names = (JUDGMENTS, STIMULI)
    return {name: pa.concat_tables(map(parquet.read_table, sorted((built / name).glob("*.parquet")))) for name in names}


def test_each_file_is_some_units_and_each_unit_is_a_row_group(built):
    shards = sorted((built / JUDGMENTS).glob("*"))
    assert [path.name for path in shards] == [f"train-{number:05d}-of-00003.parquet" for number in range(3)]
    assert [parquet.read_metadata(path).num_row_groups for path in shards] == [2, 2, 2]


def test_the_order_of_the_file_does_not_matter(built, tmp_path):
    files = example_study(INFER)
    rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
    folder = write_files(tmp_path / "study", files | {TABLE: csv_bytes(rows[::-1])})
    turned = tables(build(Study.open(folder, space=SPACE), tmp_path / "built").path)
    for name, table in tables(built).items():
        kept = [column for column in table.column_names if column != "source_row"]
        assert turned[name].select(kept).equals(table.select(kept))


def test_it_loads_as_it_was_built(built):
    study = open_folder(built)
    for name, table in tables(built).items():
        loaded = study.table(name, options={})
        assert loaded.to_list() == table.to_pylist()


@pytest.mark.parametrize("name", [JUDGMENTS, STIMULI])
def test_row_groups_without_a_stimulus_are_told_by_a_filter(built, name):
    shards = sorted((built / name).glob("*"))
    first = parquet.ParquetFile(shards[0]).read_row_group(0, ["pair_id"])["pair_id"]
    probe = "select row_group_id, bloom_filter_excludes from parquet_bloom_probe($1, 'pair_id', $2)"
    (_, is_excluded), *_ = duckdb.execute(probe, [str(shards[0]), first[0].as_py()]).fetchall()
    assert not is_excluded
    assert all(found for _, found in duckdb.execute(probe, [str(shards[0]), "Frog_99_Cat_99"]).fetchall())


def test_what_is_generated_in_the_folder_is_known_to_be_current(tmp_path):
    folder = write_files(tmp_path / "study", example_study(INFER))
    write_generated(Study.open(folder, space=SPACE), [CARD, CROISSANT, STATISTICS, FIGURES])
    assert not check_study(Study.open(folder, space=SPACE)).findings
    (folder / STATISTICS).write_text("{}")
    assert [found.file for found in check_study(Study.open(folder, space=SPACE))] == [STATISTICS]


@contextmanager
def files_of_at_most(size):
    """Let no file of this process grow beyond a size in bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [3_000, 12_000])
def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path, size):
    folder, space = write_files(tmp_path / "study", example_study(INFER)), tmp_path / "space"
    study = Study.open(folder, space=Space(folder=space, unit=24, shard=6))
    with files_of_at_most(size), pytest.raises(SpaceError, match="--temporary-folder") as caught:
        build(study, tmp_path / "built")
    assert caught.value.where.file == str(space)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["space", "study"]
    del study, caught
    assert not any(space.iterdir())


def test_two_builds_into_one_folder_at_once_leave_a_whole_one(built, tmp_path):
    folder, out, done = write_files(tmp_path / "study", example_study(INFER)), tmp_path / "built", []

    def build_meanwhile(said):
        if said.startswith("writing") and not done:
            done.append(said)
            build(Study.open(folder, space=SPACE), out)

    found = build(Study.open(folder, space=SPACE), out, tell=build_meanwhile)
    assert done
    assert {name: FileMark.of(out / name) for name in found.files} == found.files
    assert sorted(path.name for path in tmp_path.iterdir()) == ["built", "study"]
    assert tables(out) == tables(built)
