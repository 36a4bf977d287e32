"""What goes wrong where workers read, compare and write: named, as in one process, and nothing half-written."""

from __future__ import annotations

import os
import resource
from functools import partial

import pytest
from parquet_studies import write_parquet
from pyarrow import parquet

from hmix_hub.contribute.building import FileMark, build
from hmix_hub.contribute.checking import check_study
from hmix_hub.errors import ClusterError, SpaceError
from hmix_hub.studies import worker_rows, worker_tables
from hmix_hub.studies.example import example_study
from hmix_hub.studies.opened import Space
from hmix_hub.studies.reading import parquet_file
from hmix_hub.studies.reading.parquet_file import pieces_of
from hmix_hub.studies.rules.files import UNREADABLE
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

_SPACE = Space(unit=60, shard=2)
_TABLE = f"judgments/{INFER}.parquet"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(worker_rows, "pieces_of", partial(pieces_of, rows=50))
    monkeypatch.setattr(parquet_file, "PIECE_ROWS", 50)


@pytest.fixture
def folder(tmp_path):
    """Write a study in Parquet, of three row groups; return its folder."""
    return write_parquet(example_study(INFER), INFER, tmp_path / "study")


def on_a_full_disk(function, size, *given):
    """Call a function in a process no file of which may grow beyond a size in bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        return function(*given)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def left_on(dask_worker):
    return os.listdir(dask_worker.local_directory)


def test_a_full_disk_of_a_worker_is_told_and_nothing_is_half_written(dask, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_tables, "_written", partial(on_a_full_disk, worker_tables._written, 12_000))

    with pytest.raises(SpaceError, match="not enough memory or disk") as caught:
        build(Study.open(folder, space=_SPACE, client=dask), tmp_path / "built")

    places = dask.run(lambda dask_worker: dask_worker.local_directory)
    [address] = [address for address, place in places.items() if place == caught.value.where.file]
    assert f"the worker at {address} with more disk space (--local-directory)" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["study"]
    assert not any(dask.run(left_on).values())


def test_damage_in_a_later_piece_is_found_as_in_one_process(dask, folder):
    path = folder / _TABLE
    start = parquet.read_metadata(path).row_group(1).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)

    found = [check_study(Study.open(folder, client=client)).as_dict() for client in (dask, None)]

    assert found[0] == found[1]
    [damage] = [finding for finding in found[0]["findings"] if finding["rule"] == UNREADABLE.name]
    assert (damage["file"], damage["places"][0]["row"]) == (_TABLE, 50)


def test_a_file_that_a_worker_does_not_see_is_named(dask, folder, monkeypatch):
    def read_what_is_gone(reading, piece):
        (folder / _TABLE).unlink(missing_ok=True)
        return worker_rows._read_piece(reading, piece)

    monkeypatch.setattr(worker_rows, "_read_piece", read_what_is_gone)

    with pytest.raises(ClusterError, match="a worker cannot see this file") as caught:
        check_study(Study.open(folder, client=dask))

    assert caught.value.where.file == str(folder / _TABLE)


def test_two_builds_into_one_folder_at_once_leave_a_whole_one(dask, folder, tmp_path):
    out, done = tmp_path / "built", []

    def build_meanwhile(said):
        if said.startswith("writing") and not done:
            done.append(said)
            build(Study.open(folder, space=_SPACE, client=dask), out)

    found = build(Study.open(folder, space=_SPACE, client=dask), out, tell=build_meanwhile)

    assert done
    assert {name: FileMark.of(out / name) for name in found.files} == found.files
    assert sorted(path.name for path in tmp_path.iterdir()) == ["built", "study"]
