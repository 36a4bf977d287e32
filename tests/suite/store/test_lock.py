"""The lock: one server per collection."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time

import pytest
from suite.store.small_study import frozen_study

from hmix_hub.errors import CollectionError
from hmix_hub.suite.store.database import FolderLockedError, StoreError
from hmix_hub.suite.store.keys import folder_lock, is_served
from hmix_hub.suite.store.store import Store

HOLD = "import sys,pathlib; from hmix_hub.suite.store.keys import folder_lock\n\
with folder_lock(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def test_a_second_server_is_refused_and_told_what_to_do(tmp_path):
    with (
        folder_lock(tmp_path),
        pytest.raises(FolderLockedError, match="already being served") as told,
        folder_lock(tmp_path),
    ):
        pass
    assert "stop it first" in str(told.value.hint)


@pytest.mark.parametrize("name", [".lock", "collection.key"])
def test_deleting_a_file_makes_no_room_for_a_second_server(make_store, name):
    folder = make_store(1).folder
    with folder_lock(folder):
        (folder / name).unlink(missing_ok=True)
        with pytest.raises(CollectionError, match=r"already being served|key of this collection is missing"):
            folder_lock(folder).__enter__()


def test_it_is_held_while_others_ask_and_look(make_store):
    store = make_store(1)
    with folder_lock(store.folder), Store.open(store.folder, read_only=True) as looking:
        assert is_served(store.folder)
        assert looking.key.mark("x") == store.key.mark("x")


def test_who_asks_at_that_moment_keeps_nobody_from_serving(tmp_path):
    with folder_lock(tmp_path):
        pass
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            is_served(tmp_path)
            time.sleep(0.001)

    asking = threading.Thread(target=ask)
    with contextlib.ExitStack() as stack:
        Store.create(tmp_path, frozen_study(1)).close()
        asking.start()
        stack.callback(asking.join)
        stack.callback(stop.set)
        for _ in range(30):
            with folder_lock(tmp_path):
                pass


def test_a_folder_where_no_collection_was_begun_is_left_as_it_was(tmp_path):
    with folder_lock(tmp_path):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError), folder_lock(tmp_path / "nowhere"):
        pass


def test_another_path_to_the_same_folder_is_no_way_around(tmp_path):
    (tmp_path / "study").mkdir()
    (tmp_path / "link").symlink_to("study")
    with folder_lock(tmp_path / "study"), pytest.raises(FolderLockedError), folder_lock(tmp_path / "link"):
        pass


def test_it_is_free_again_afterwards(tmp_path):
    assert not is_served(tmp_path)
    with folder_lock(tmp_path):
        assert is_served(tmp_path)
    assert not is_served(tmp_path)


def test_a_process_that_was_killed_leaves_it_free(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(FolderLockedError), folder_lock(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with folder_lock(tmp_path):
        pass
