"""The authors' split is verified before use; where they have none, every fifth picture of a class is tested on."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from hmix_hub.errors import SourceError, SourceMissingError
from hmix_hub.sources import SourceFile


@pytest.fixture
def splits(parts):
    return parts.splits


@pytest.fixture
def small(splits, tmp_path, monkeypatch):
    """A folder with a small split, which stands for the authors'."""
    folder = tmp_path / "splits"
    folder.mkdir()
    files = {}
    for name, rows in ((splits.TRAIN_FILE, [4, 0, 1]), (splits.TEST_FILE, [2, 3])):
        np.save(folder / name, np.array(rows))
        content = (folder / name).read_bytes()
        files[name] = SourceFile(name, len(content), hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(splits, "AUTHORS", replace(splits.AUTHORS, files=files))
    monkeypatch.setenv("HMIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(splits.ENVIRONMENT_VARIABLE, raising=False)
    return folder


def test_the_authors_train_on_7000_pictures_and_test_on_the_others(splits, root):
    folder = root.parent / "shared" / "splits"
    if not folder.is_dir():
        pytest.skip("the authors' split is not beside the project, in shared/splits")
    split = splits.authors_split(folder)
    assert (len(split.train), len(split.test)) == (7000, 3000)
    assert np.array_equal(np.sort(np.concatenate(split)), np.arange(10_000))


def test_a_folder_is_named_by_the_option_or_the_environment(splits, small, monkeypatch):
    named = splits.authors_split(small)
    monkeypatch.setenv(splits.ENVIRONMENT_VARIABLE, str(small))
    for split in (named, splits.authors_split()):
        assert [part.tolist() for part in split] == [[4, 0, 1], [2, 3]]


def test_a_changed_file_is_refused_by_name_and_hash(splits, small):
    np.save(small / splits.TEST_FILE, np.array([2, 4]))
    expected = splits.AUTHORS.files[splits.TEST_FILE].sha256
    with pytest.raises(SourceError, match=f"test_indices.npy is not the expected file: .*{expected}") as caught:
        splits.authors_split(small)
    assert "--splits or HMIX_SPLITS" in caught.value.hint


def test_a_missing_file_is_named(splits, small):
    (small / splits.TRAIN_FILE).unlink()
    with pytest.raises(SourceMissingError, match=r"train_indices\.npy cannot be read"):
        splits.authors_split(small)


def test_the_files_are_downloaded_once_and_verified(splits, small, monkeypatch):
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *words):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=small))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        monkeypatch.setattr(splits, "SPLIT_URL", f"http://127.0.0.1:{server.server_port}/")
        for _ in range(2):
            assert splits.authors_split().train.tolist() == [4, 0, 1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == [f"/{splits.TRAIN_FILE}", f"/{splits.TEST_FILE}"]


def test_nothing_is_downloaded_offline(splits, small, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(SourceMissingError, match="nothing is downloaded") as caught:
        splits.authors_split()
    assert splits.SPLIT_URL in caught.value.hint


def test_every_fifth_picture_of_a_class_is_tested_on_elsewhere(splits):
    split = splits.every_fifth(np.array([0, 0, 1, 0, 0, 1, 0, 0]))
    assert split.test.tolist() == [6]
    assert split.train.tolist() == [0, 1, 2, 3, 4, 5, 7]
