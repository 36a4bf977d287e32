"""Validation by workers: the findings of one process, however many there are, one of them killed or not."""

from __future__ import annotations

import csv
import io
from functools import partial

import pyarrow as pa
import pytest
from broken_rows import broken
from dask_workers import end_worker_once
from pyarrow import parquet

from hmix_hub.studies import worker_rows
from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.parquet_file import pieces_of
from hmix_hub.studies.study import Study
from hmix_hub.studies.validation import validate
from hmix_hub.tasks import CATEGORICAL, INFER


@pytest.fixture(params=[INFER, CATEGORICAL])
def folder(request, tmp_path):
    """Write a broken study in Parquet, of many row groups; return its folder."""
    files = broken(request.param, 1)
    name = f"judgments/{request.param}.csv"
    rows = list(csv.DictReader(io.StringIO(files.pop(name).decode())))
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "judgments").mkdir(exist_ok=True)
    table = pa.table({name: [row[name] for row in rows] for name in rows[0]})
    parquet.write_table(table, tmp_path / f"judgments/{request.param}.parquet", row_group_size=50)
    return tmp_path


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(worker_rows, "pieces_of", partial(pieces_of, rows=150))
    monkeypatch.setattr(worker_rows, "_PART_ROWS", 200)


def found_by(folder, client=None, progress=None):
    study, report = Study.open(folder, is_draft=True), Report()
    validate(study.folder, study.manifest, report, client=client, progress=progress)
    return report.as_dict()


@pytest.mark.usefixtures("small_pieces")
def test_workers_find_what_one_process_finds(dask, folder):
    rows = []
    found = found_by(folder, dask, lambda file, n: rows.append(n))

    assert found == found_by(folder)
    assert len(found["findings"]) > 5
    assert len(rows) == 3
    assert rows[-1] == sum(found["rows"].values())


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("folder", [INFER], indirect=True)
@pytest.mark.parametrize("workers", [1, 4])
def test_the_number_of_workers_changes_nothing(dask, folder, workers):
    try:
        dask.cluster.scale(workers)
        dask.wait_for_workers(workers)
        assert found_by(folder, dask) == found_by(folder)
    finally:
        dask.cluster.scale(2)
        dask.wait_for_workers(2)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("folder", [INFER], indirect=True)
@pytest.mark.parametrize("step", ["_read_piece", "_answer"])
def test_a_worker_that_is_killed_changes_nothing(dask, folder, tmp_path, monkeypatch, step):
    done = getattr(worker_rows, step)

    def end_and_do(mark, shared, piece):
        end_worker_once(mark)
        return done(shared, piece)

    monkeypatch.setattr(worker_rows, step, partial(end_and_do, tmp_path / "ended"))

    found = found_by(folder, dask)

    assert (tmp_path / "ended").exists()
    monkeypatch.undo()
    (tmp_path / "ended").unlink()
    assert found == found_by(folder)
