"""Studies at an address: judgments are read where they lie, with the findings and the bytes of the same folder here."""

from __future__ import annotations

import os
import pickle
from functools import partial

import fsspec
import pyarrow.csv
import pytest
from hub_server.fixtures import redirect
from hub_server.hub import Hub
from parquet_studies import write_parquet
from pyarrow import parquet

from hmix_hub.contribute.building import build, write_generated
from hmix_hub.contribute.checking import check_study
from hmix_hub.errors import SourceError, SourceMissingError, StudyError
from hmix_hub.remote_files import RemoteFile, mirror
from hmix_hub.studies import worker_rows
from hmix_hub.studies.example import example_study
from hmix_hub.studies.opened import Space
from hmix_hub.studies.reading.parquet_file import pieces_of
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

_ADDRESS = "memory://lab/birds"


@pytest.fixture
def place(tmp_path, request):
    """Write the example study, with classes that are none, to memory and to a folder, which is returned."""
    files = example_study(INFER)
    name = f"judgments/{INFER}.csv"
    files[name] = files[name].replace(b"dog", b"dgo", 3)
    if request.param == "parquet":
        sink = pyarrow.BufferOutputStream()
        parquet.write_table(pyarrow.csv.read_csv(pyarrow.BufferReader(files.pop(name))), sink, row_group_size=20)
        files[f"judgments/{INFER}.parquet"] = sink.getvalue().to_pybytes()
    memory = fsspec.filesystem("memory")
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
        memory.pipe_file(f"/lab/birds/{path}", content)
    yield tmp_path
    memory.rm("/lab", recursive=True)


@pytest.mark.parametrize("place", ["csv", "parquet"], indirect=True)
def test_a_study_at_an_address_has_the_findings_of_the_same_folder(place):
    study = Study.open(_ADDRESS)

    assert check_study(study).as_dict() == check_study(Study.open(place)).as_dict()
    assert check_study(study).errors
    [name] = study.folder.judgments.values()
    assert (study.path / name).stat().st_size == 0
    study.refuse_changes()
    fsspec.filesystem("memory").pipe_file(f"/lab/birds/{name}", b"participant_id\n")
    with pytest.raises(StudyError, match="changed"):
        study.refuse_changes()


@pytest.mark.parametrize("place", ["csv"], indirect=True)
def test_a_file_that_stays_is_opened_at_its_address_and_never_by_its_path(place, tmp_path):
    file = pickle.loads(pickle.dumps(RemoteFile.at(tmp_path / "study.yaml", f"{_ADDRESS}/study.yaml")))

    assert file.name == "study.yaml"
    assert file.open("rb").read() == (place / "study.yaml").read_bytes()
    with pytest.raises(TypeError, match="can only be read in place"):
        os.fspath(file)


def test_the_copy_is_gone_with_its_study(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/lab/birds/study.yaml", b"id: birds\n")
    study = Study.open(_ADDRESS)
    assert list(tmp_path.iterdir()) == [study.path]
    del study
    assert not list(tmp_path.iterdir())
    memory.rm("/lab", recursive=True)


def test_an_address_where_nothing_is_is_refused(tmp_path):
    with pytest.raises(SourceMissingError, match="no such folder"):
        mirror("memory://nowhere/at/all", tmp_path, lambda name: False)
    with pytest.raises(SourceError, match="nothing-such"):
        mirror("nothing-such://here", tmp_path, lambda name: False)


def test_a_study_of_the_hub_is_read_where_it_lies(hub: Hub):
    files = {name: content for name, content in example_study(INFER).items() if name != "README.md"}
    hub.create("lab/birds", files)

    study = Study.open("hf://datasets/lab/birds")

    assert not check_study(study).errors
    assert check_study(study).rows == {f"judgments/{INFER}.csv": 144}


@pytest.mark.parametrize("place", ["csv"], indirect=True)
def test_what_is_generated_is_written_to_the_address(place):
    fsspec.filesystem("memory").pipe_file(
        f"/lab/birds/judgments/{INFER}.csv", example_study(INFER)[f"judgments/{INFER}.csv"]
    )

    write_generated(Study.open(_ADDRESS), ["statistics.json"])

    assert b"judgments" in fsspec.filesystem("memory").cat_file("/lab/birds/statistics.json")


_REDIRECTED = []


def redirect_worker(*given):
    """Let a worker use the test's Hub, until it is called without one."""
    if given:
        _REDIRECTED.append(pytest.MonkeyPatch())
        redirect(_REDIRECTED[-1], *given)
    else:
        _REDIRECTED.pop().undo()


@pytest.fixture(params=["file", "hf"])
def address(request, tmp_path, dask):
    """Write the example study, in Parquet, to a folder; yield an address of it that workers reach."""
    folder = write_parquet(example_study(INFER), INFER, tmp_path / "study")
    if request.param == "file":
        yield folder.as_uri()
        return
    hub = request.getfixturevalue("hub")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.create("lab/birds", files)
    dask.run(redirect_worker, hub.url, hub.environment(tmp_path / "home"), tmp_path / "home")
    yield "hf://datasets/lab/birds"
    dask.run(redirect_worker)


def test_workers_read_an_address_as_one_process_reads_a_folder(address, tmp_path, dask, monkeypatch):
    monkeypatch.setattr(worker_rows, "pieces_of", partial(pieces_of, rows=50))
    space = Space(unit=60, shard=2)
    here = build(Study.open(tmp_path / "study", space=space), tmp_path / "here")
    there = build(Study.open(address, space=space, client=dask), tmp_path / "there")

    # Pictures are drawn once for all tests, so that their bytes, and hashes of them, say nothing here.
    assert there.files.keys() == here.files.keys()
    differing = {name for name in here.files if there.files[name] != here.files[name]}
    assert {name for name in differing if not name.endswith((".png", "croissant.json", "SUMS"))} == set()
    assert check_study(there.study).as_dict() == check_study(here.study).as_dict()
