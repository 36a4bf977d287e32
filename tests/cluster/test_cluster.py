"""Work in pieces: the same results in this process and on workers, in order; what is said where a cluster fails."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from dask_workers import end_worker_once

from hmix_hub import cluster, connection
from hmix_hub.cluster import Held, exchange, map_pieces
from hmix_hub.connection import connected
from hmix_hub.errors import ClusterError, ConfigurationError, StudyError, Where


def test_results_come_in_the_order_of_the_pieces_whoever_computes_them(dask):
    def add(shared, piece):
        return shared["base"] + piece, os.getpid()

    here = list(map_pieces(add, {"base": 100}, range(40)))
    there = list(map_pieces(add, {"base": 100}, range(40), client=dask))

    assert [value for value, _ in there] == [value for value, _ in here] == list(range(100, 140))
    assert {process for _, process in here} == {os.getpid()}
    assert os.getpid() not in {process for _, process in there}


def test_pieces_are_taken_as_they_are_needed_and_progress_counts_those_done(dask):
    taken, seen = [], []

    def pieces():
        for number in range(1000):
            taken.append(number)
            yield number

    results = map_pieces(lambda shared, piece: piece, None, pieces(), client=dask, progress=seen.append)

    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert seen == [1, 2, 3]
    assert len(taken) < 20
    results.close()


def test_a_worker_that_is_killed_changes_no_result(dask, tmp_path):
    def work(mark, piece):
        if piece == 3:
            end_worker_once(mark)
        return piece**2

    found = list(map_pieces(work, tmp_path / "ended", range(12), client=dask))

    assert found == [piece**2 for piece in range(12)]
    assert (tmp_path / "ended").exists()


def test_an_error_of_ours_is_raised_here_with_all_that_it_says_and_tried_once(dask, tmp_path):
    def refuse(folder, piece):
        (folder / f"{piece}-{os.getpid()}-{threading.get_ident()}-{os.urandom(4).hex()}").touch()
        raise StudyError("too many classes", where=Where("study.yaml", 3), hint="write fewer")

    with pytest.raises(StudyError, match="too many classes") as caught:
        list(map_pieces(refuse, tmp_path, [7], client=dask))

    assert (caught.value.where, caught.value.hint) == (Where("study.yaml", 3), "write fewer")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failure_that_passes_is_tried_again(dask, tmp_path):
    def fail_once(mark: Path, piece):
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return piece
        raise ConnectionResetError

    assert list(map_pieces(fail_once, tmp_path / "failed", ["piece"], client=dask)) == ["piece"]


def test_a_result_may_take_longer_to_fetch_than_from_one_look_to_the_next(dask, monkeypatch):
    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.001)

    [found] = map_pieces(lambda shared, piece: bytes(shared), 2 * 10**7, ["piece"], client=dask)

    assert len(found) == 2 * 10**7


def test_what_is_held_is_made_again_after_a_failure_that_passes(dask, tmp_path):
    def fail_once(mark):
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return 3
        raise ConnectionResetError

    assert Held(fail_once, [tmp_path / "failed"], dask).map(lambda shared, piece: shared * piece, 2) == [6]


def test_an_address_gives_a_client_of_its_own_and_a_client_stays_open(dask, dask_address):
    with connected(dask_address) as client:
        assert list(map_pieces(lambda shared, piece: piece, None, "ab", client=client)) == ["a", "b"]
    with connected(dask) as same:
        assert same is dask
    assert (client.status, dask.status) == ("closed", "running")
    with connected(None) as nobody:
        assert nobody is None


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1", "nonsense://here:1"])
def test_an_address_where_no_scheduler_answers_says_how_one_is_started(dask, address):
    with pytest.raises(ClusterError, match="no Dask scheduler responds") as caught, connected(address, seconds=0.2):
        pass

    assert caught.value.where.file == address
    assert "dask scheduler" in caught.value.hint


def test_what_is_no_cluster_is_refused(dask):
    with pytest.raises(ConfigurationError, match="address of its scheduler"), connected(8786):
        pass


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"_PACKAGE": "no-such-package"}, "has no no-such-package, not 0.1.0 like this process, nor do [1-4] more"),
        ({"_PACKAGE": "distributed"}, "runs distributed 20"),
    ],
)
def test_workers_that_run_another_version_are_refused(dask, monkeypatch, changes, said):
    ours = connection.importlib.metadata.version("hmix-hub")
    monkeypatch.setattr(connection, "_our_version", lambda: ours)
    for name, value in changes.items():
        monkeypatch.setattr(connection, name, value)

    with pytest.raises(ClusterError, match=said) as caught, connected(dask):
        pass

    assert f"hmix-hub[dask]=={ours}" in caught.value.hint


def test_a_cluster_whose_workers_are_all_gone_is_told(dask, monkeypatch, tmp_path):
    def wait_for(mark, piece):
        while not mark.exists():
            threading.Event().wait(0.01)

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.0)
    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(dask, "nthreads", dict)
    mark = tmp_path / "mark"

    with pytest.raises(ClusterError, match="all workers are gone"):
        list(map_pieces(wait_for, mark, [0], client=dask))

    mark.touch()


def deal_by_remainder(shared, piece):
    return [[number for number in piece if number % shared == part] for part in range(shared)]


def join_lists(shared, parts):
    return [number for part in parts for number in part]


def test_every_part_is_joined_from_all_pieces_in_their_order(dask):
    pieces = [range(start, start + 7) for start in range(0, 70, 7)]

    found = list(exchange(deal_by_remainder, join_lists, 3, pieces, 3, client=dask))

    assert found == [list(range(part, 70, 3)) for part in range(3)]


def test_a_worker_that_is_killed_while_parts_are_joined_changes_none(dask, tmp_path):
    def join(shared, parts):
        if 1 in parts[0]:
            end_worker_once(tmp_path / "ended")
        return join_lists(shared, parts)

    found = list(exchange(deal_by_remainder, join, 3, [range(9), range(9, 20)], 3, client=dask))

    assert found == [list(range(part, 20, 3)) for part in range(3)]
    assert (tmp_path / "ended").exists()
    dask.wait_for_workers(4)


def test_an_error_of_ours_in_dealing_is_raised_here(dask):
    def refuse(shared, piece):
        raise StudyError("no such column")

    with pytest.raises(StudyError, match="no such column"):
        list(exchange(refuse, join_lists, 3, [range(3)], 2, client=dask))
