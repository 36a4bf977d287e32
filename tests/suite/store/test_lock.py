"""The lock: one server per collection."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hmix_hub.suite.store import FolderLockedError, folder_lock, is_served

HOLD = "import sys,pathlib; from hmix_hub.suite.store.lock import folder_lock\n\
with folder_lock(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def test_a_second_server_is_refused_and_told_what_to_do(tmp_path):
    with folder_lock(tmp_path), pytest.raises(FolderLockedError, match="served already") as told, folder_lock(tmp_path):
        pass
    assert "stop it first" in str(told.value.hint)


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
