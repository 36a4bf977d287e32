"""Simulation: who joins, who leaves, where, and what is refused."""

import time

import pytest
from suite.export.studies import study_file, write_study

from hmix_hub.errors import CollectionError, ConfigurationError
from hmix_hub.schema import CIFAR10
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.simulation.connection import Connection, running_server
from hmix_hub.suite.simulation.simulate import copy_study, simulate
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.tasks.perception import Perception
from hmix_hub.tasks import CONSTRUCT, INFER, SELECT


def test_people_and_drop_outs_are_counted(short_study, tmp_path):
    told = []
    done = simulate(
        short_study, tmp_path / "made", people=3, dropouts=1, perception=Perception(bias=0), progress=told.append
    )
    assert len(done.parts) == done.left == 3
    assert not done.is_full
    assert done.answers == sum(told) < 3 * 3
    with Store.open(tmp_path / "made", read_only=True) as store:
        assert [session.state for session in store.sessions()] == ["live"] * 3
        assert sum(1 for _ in store.answers()) == done.answers


def test_people_take_part_in_a_server_that_runs_already(short_study, tmp_path):
    from hmix_hub.suite.design.drawing import draw_design
    from hmix_hub.suite.study.reading import read_study_file

    frozen, _ = draw_design(short_study, read_study_file(short_study))
    folder = copy_study(short_study, frozen, tmp_path / "served")
    with running_server(folder) as address:
        first = simulate(short_study, url=address, people=2)
        second = simulate(short_study, url=address)
    assert (len(first.parts), first.is_full, first.folder) == (2, False, None)
    assert (len(second.parts), second.is_full) == (2, True)
    with Store.open(folder, read_only=True) as store:
        assert {session.task for session in store.sessions()} == {CONSTRUCT, SELECT}


def test_a_server_that_does_not_start_leaves_no_folder(short_study, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    with pytest.raises(OSError, match="no-python"):
        simulate(short_study, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_scripted_people_do_not_mix_with_real_ones(short_study, tmp_path, monkeypatch):
    monkeypatch.setattr(Connection, "call", lambda *_: (200, {"trial_run": False}))
    with pytest.raises(CollectionError, match="collects real answers"):
        simulate(short_study, url="http://127.0.0.1:1", people=1)


def test_pages_may_call_the_classes_otherwise(tmp_path):
    pictures = {"source": "sample/pictures", "class_names": {name: name[::-1] for name in CIFAR10.names}}
    study = study_file((INFER,), design={"batch_size": 3, "repeats": [], "batches": 1}, pictures=pictures)
    done = simulate(write_study(tmp_path / "study", study), tmp_path / "made", people=2)
    assert done.answers == 2 * 3
    rows = export_study(tmp_path / "made", tmp_path / "exported")
    assert rows.judgments
    text = (tmp_path / "exported" / "judgments" / f"{INFER}.csv").read_text(encoding="utf-8")
    assert not any(name[::-1] in text for name in CIFAR10.names)


def test_another_study_behind_the_address_is_found(short_study, tmp_path):
    other = write_study(tmp_path / "other", study_file((INFER,), design={"batch_size": 5, "repeats": []}))
    with running_server(other) as address, pytest.raises(CollectionError, match="study") as found:
        simulate(short_study, url=address, people=1)
    assert "is the server's study the one of this folder?" in found.value.hint


def test_who_stops_a_simulation_does_not_wait_for_people_in_the_middle(short_study, tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        simulate(short_study, tmp_path / "made", progress=interrupt)
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"target": "made", "url": "http://127.0.0.1:1"},
        {"target": "made", "dropouts": 2},
        {"target": "m", "people": 0},
    ],
)
def test_a_call_that_makes_no_sense_is_refused(short_study, tmp_path, options):
    if "target" in options:
        options = options | {"target": tmp_path / options["target"]}
    with pytest.raises(ConfigurationError):
        simulate(short_study, **options)


def test_a_target_that_is_there_is_refused(short_study, tmp_path):
    (tmp_path / "made").mkdir()
    with pytest.raises(ConfigurationError, match="exists"):
        simulate(short_study, tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


def test_a_server_that_does_not_start_says_why(tmp_path):
    with pytest.raises(CollectionError, match="did not start") as refused, running_server(tmp_path / "nowhere"):
        pass
    assert "nowhere" in str(refused.value)
