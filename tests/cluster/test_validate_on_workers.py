"""Validation by workers: the findings of one process, however many there are, one of them killed or not."""

from __future__ import annotations

from functools import partial

import pytest
from click.testing import CliRunner
from dask_workers import alone, end_worker_once
from parquet_studies import broken, write_parquet

from hmix_hub.cli.main import main
from hmix_hub.errors import ClusterWarning
from hmix_hub.studies import worker_rows
from hmix_hub.studies.example import example_study
from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.parquet_file import pieces_of
from hmix_hub.studies.study import Study
from hmix_hub.studies.validation import validate
from hmix_hub.tasks import CATEGORICAL, INFER


@pytest.fixture
def folder(request, tmp_path):
    """Write a broken study in Parquet, of many row groups; return its folder."""
    return write_parquet(broken(request.param, 1), request.param, tmp_path)


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(worker_rows, "pieces_of", partial(pieces_of, rows=150))
    monkeypatch.setattr(worker_rows, "_PART_ROWS", 200)


def found_by(folder, client=None, progress=None):
    study, report = Study.open(folder, is_draft=True), Report()
    validate(study.folder, study.manifest, report, client=client, progress=progress)
    return report.as_dict()


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize(
    ("folder", "n_workers"), [(INFER, 1), (INFER, 2), (INFER, 4), (CATEGORICAL, 2)], indirect=["folder"]
)
def test_any_number_of_workers_finds_what_one_process_finds(dask, folder, n_workers):
    rows = []
    with alone(dask, n_workers):
        found = found_by(folder, dask, lambda file, n: rows.append(n))

    assert found == found_by(folder)
    assert len(found["findings"]) > 5
    assert len(rows) == 3
    assert rows[-1] == sum(found["rows"].values())


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("folder", [INFER], indirect=True)
def test_a_worker_that_is_killed_changes_nothing(dask, folder, tmp_path, monkeypatch):
    # It holds rows by then, which another one reads again.
    step = "_answer"
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


def test_a_file_that_one_worker_reads_is_told_once(dask, tmp_path):
    for name, content in example_study(INFER).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    with pytest.warns(ClusterWarning, match=f"{INFER}.csv is read by a single worker.*Parquet") as told:
        found = found_by(tmp_path, dask)

    assert len(told) == 1
    assert found == found_by(tmp_path)


@pytest.mark.parametrize("folder", [INFER], indirect=True)
def test_the_command_takes_the_address_of_a_scheduler(dask_address, folder):
    ran = [
        CliRunner().invoke(main, ["contribute", "validate", str(folder), "--json", *options])
        for options in ([], ["--dask", dask_address])
    ]

    assert ran[0].stdout == ran[1].stdout
    assert ran[1].exit_code == 1
