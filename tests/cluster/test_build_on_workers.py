"""Building by workers: the bytes of one process, however many there are, one of them killed or not."""

from __future__ import annotations

from functools import partial

import pyarrow as pa
import pytest
from dask_workers import alone, end_worker_once
from parquet_studies import write_parquet
from pyarrow import parquet

from hmix_hub.contribute.building import build
from hmix_hub.studies import stored_rows, worker_rows, worker_tables
from hmix_hub.studies.example import example_study
from hmix_hub.studies.opened import Space
from hmix_hub.studies.reading.parquet_file import pieces_of
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER, VOTES

_SPACE = Space(unit=60, shard=2)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(worker_rows, "pieces_of", partial(pieces_of, rows=100))


@pytest.fixture
def folder(request, tmp_path):
    """Write a study in Parquet, of many row groups; return its folder."""
    return write_parquet(example_study(request.param), request.param, tmp_path / "study")


def files_in(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def tables(folder, out, client=None, space=_SPACE):
    """Write the tables of a study; return its files by path."""
    study = Study.open(folder, space=space, client=client)
    for name in study.configurations:
        study.write(name, out)
    return files_in(out)


@pytest.mark.parametrize("folder", [CATEGORICAL, VOTES], indirect=True)
def test_workers_write_the_tables_that_one_process_writes(dask, folder, tmp_path):
    files = tables(folder, tmp_path / "there", dask)

    assert files == tables(folder, tmp_path / "here")
    assert len(files) >= 2


def build_of(folder, out, client=None):
    """Build a study; return the files by path."""
    build(Study.open(folder, space=_SPACE, client=client), out)
    # Pictures are drawn once for all tests, so that their bytes, and hashes of them, say nothing here.
    return {
        name: b"" if name.endswith((".png", "croissant.json", "SUMS")) else content
        for name, content in files_in(out).items()
    }


@pytest.fixture(scope="module")
def built_here(tmp_path_factory):
    """Build a study in this process; return its folder and what was built."""
    place = tmp_path_factory.mktemp("here")
    folder = write_parquet(example_study(INFER), INFER, place / "study")
    return folder, build_of(folder, place / "built")


@pytest.mark.parametrize("n_workers", [1, 2, 4])
def test_any_number_of_workers_builds_what_one_process_builds(dask, built_here, tmp_path, n_workers):
    folder, expected = built_here

    with alone(dask, n_workers):
        found = build_of(folder, tmp_path / "built", dask)

    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    assert "statistics.json" in found


def test_a_worker_that_is_killed_changes_no_byte_of_a_build(dask, built_here, tmp_path, monkeypatch):
    folder, expected = built_here
    done = worker_tables._written

    def end_and_do(mark, *given):
        end_worker_once(mark)
        return done(*given)

    monkeypatch.setattr(worker_tables, "_written", partial(end_and_do, tmp_path / "ended"))

    assert build_of(folder, tmp_path / "built", dask) == expected
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize("folder", [INFER], indirect=True)
def test_a_study_of_one_unit_is_built_in_the_order_of_its_file(dask, folder, tmp_path):
    assert tables(folder, tmp_path / "there", dask, Space()) == tables(folder, tmp_path / "here", space=Space())


@pytest.mark.parametrize("folder", [INFER], indirect=True)
def test_units_are_the_same_wherever_they_are_made(dask, folder):
    here, there = Study.open(folder, space=_SPACE), Study.open(folder, space=_SPACE, client=dask)

    for by_stimulus in (False, True):
        found = [list(study.rows(INFER).units(by_stimulus=by_stimulus)) for study in (here, there)]
        assert found[0] == found[1]
        assert len(found[0]) >= 3


@pytest.mark.parametrize("folder", [INFER], indirect=True)
def test_workers_read_the_rows_also_where_the_report_was_made_without_them(dask, folder, monkeypatch):
    study = Study.open(folder, space=_SPACE, client=dask)
    assert not study.report.errors
    monkeypatch.setattr(stored_rows, "observed_chunks", lambda *_: pytest.fail("this process reads them"))

    assert study.rows_of(INFER) == 144


@pytest.mark.parametrize("folder", [INFER], indirect=True)
def test_the_columns_of_ones_own_have_the_types_of_the_whole_file(dask, folder):
    [path] = (folder / "judgments").iterdir()
    table = parquet.read_table(path)
    n = len(table)
    own = {"x_whole": ["7"] * n, "x_text": ["1"] * (n - 1) + ["one"], "x_number": [f"{row}.5" for row in range(n)]}
    for name, values in own.items():
        table = table.append_column(name, pa.array(values))
    parquet.write_table(table, path, row_group_size=50)
    here, there = Study.open(folder, space=_SPACE), Study.open(folder, space=_SPACE, client=dask)

    found = [study.rows(INFER).facts for study in (here, there)]

    assert found[0] == found[1]
    assert found[1].own == {"x_whole": pa.int64(), "x_text": pa.string(), "x_number": pa.float64()}
