"""A database in memory up to a limit: rows come back, spill, and leave nothing behind; no room is said as that."""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from hmix_hub.database import Database, default_memory, read_size
from hmix_hub.errors import ConfigurationError, SpaceError

LITTLE = 64 * 10**6
N = 2_500_000


def rows(n, start=0):
    numbers = np.arange(start, start + n)
    return pa.table({"number": numbers, "mixed": (numbers * 2654435761) % 2**32, "half": numbers / 2})


def test_rows_come_back_in_the_order_that_is_asked_for():
    with Database() as database:
        database.insert("r", rows(10))
        database.insert("r", rows(5, 10).to_batches()[0])
        assert database.rows("select number from r where half >= $1 order by number desc", [6.5]) == [(14,), (13,)]
        assert database.table("select number from r where number < $n order by number", {"n": 3}).to_pydict() == {
            "number": [0, 1, 2]
        }


def test_batches_come_piece_by_piece_and_let_others_work_meanwhile():
    with Database() as database:
        database.insert("r", rows(1000))
        read = database.batches("select number from r order by number", rows=300)
        first = next(read)
        database.insert("other", rows(7))
        assert database.rows("select count(*) from other") == [(7,)]
        sizes = [len(first), *map(len, read)]
        assert sum(sizes) == 1000
        assert max(sizes) <= 300


def test_each_database_is_empty_at_first_also_after_another_and_beside_one():
    for _ in range(2):
        with Database() as one, Database() as other:
            one.insert("r", rows(3))
            one.rows("create table made as select * from r")
            other.insert("r", rows(2))
            assert [base.rows("select count(*) from r") for base in (one, other)] == [[(3,)], [(2,)]]
    with Database() as database:
        assert database.rows("select table_name from duckdb_tables()") == []


def test_a_table_that_was_dropped_may_have_other_columns():
    with Database() as database:
        database.insert("r", rows(3))
        database.drop("r")
        database.insert("r", pa.table({"name": ["a"]}))
        assert database.rows("select * from r") == [("a",)]


def test_what_does_not_fit_into_memory_is_sorted_in_a_folder_that_is_gone_afterwards(tmp_path):
    with Database(2 * LITTLE, tmp_path / "here") as database:
        database.insert("r", rows(N))
        (own,) = (tmp_path / "here").iterdir()
        last, seen = -1, 0
        for batch in database.batches("select mixed from r order by mixed", rows=50_000):
            mixed = batch["mixed"].to_numpy()
            assert mixed[0] > last
            last, seen = mixed[-1], seen + len(mixed)
        assert seen == N
        assert len(list(own.iterdir())) > 1
    assert list((tmp_path / "here").iterdir()) == []


def test_a_full_disk_names_the_folder_and_what_helps(tmp_path):
    with Database(LITTLE, tmp_path) as database:
        database.insert("r", rows(N))
        database.rows("set max_temp_directory_size='50MB'")
        with pytest.raises(
            SpaceError, match=r"not enough memory or disk[^$]*--temporary-folder[^$]*--memory"
        ) as caught:
            list(database.batches("select * from r order by mixed"))
        assert caught.value.where.file == str(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_tables_that_the_disk_has_no_room_for_are_said_to_be_that(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Database(LITTLE, tmp_path) as database:
        # To the program it is as if the disk were full.
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 * 10**6, hard))
        try:
            with pytest.raises(SpaceError, match="not enough memory or disk"):
                database.insert("r", rows(2 * N))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        Database(LITTLE, tmp_path / "file") as database,
        pytest.raises(SpaceError, match=r"/file: .*cannot be stored here: File exists"),
    ):
        database.insert("r", rows(N))


def test_what_a_killed_process_left_is_deleted_and_what_a_running_one_has_stays(tmp_path):
    code = f"""
import os, sys
sys.path.insert(0, {str(__file__).rpartition("/")[0]!r})
from test_database import Database, LITTLE, N, rows
database = Database(LITTLE, {str(tmp_path)!r})
database.insert("r", rows(N))
database.rows("select count(*) from r")
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    (left,) = tmp_path.iterdir()
    with Database(LITTLE, tmp_path) as one, Database(LITTLE, tmp_path) as other:
        for database in (one, other):
            database.insert("r", rows(N))
        assert one.rows("select count(*) from r") == other.rows("select count(*) from r") == [(N,)]
        assert not left.exists()
        assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("500 mb", 500 * 10**6), ("1.5GiB", 3 * 2**29), ("7", 7), ("4k", 4000), ("10PB", 10**16)],
)
def test_sizes_are_read(text, size):
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "2 apples", "0", "1e9", "9" * 400])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ConfigurationError, match="is not a size"):
        read_size(text)


def test_more_memory_than_any_machine_has_may_be_allowed():
    with Database(read_size("999999999999TB")) as database:
        database.insert("r", rows(3))
        assert database.rows("select count(*) from r") == [(3,)]


def test_the_usual_memory_is_some_of_the_machine():
    assert 10**8 < default_memory() < 2**45
