"""Threads of readers: Arrow's never run Python, which would abort a process that ends meanwhile."""

from __future__ import annotations

import re
import threading
import time

import pytest

from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading import csv_file, read_chunks
from hmix_hub.studies.reading.text import TableFile


@pytest.fixture
def threads(monkeypatch):
    """Threads that read a file's bytes, or are asked about a ragged row; reading takes its time."""
    seen = set()
    start, ask = TableFile.start, csv_file._Ragged.__call__

    def started(file):
        stream = start(file)
        read = stream.read

        class Slow:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                stream.close()

            def read(self, size=-1):
                seen.add(threading.get_ident())
                time.sleep(0.002)
                return read(size)

            closed, readable, seekable, writable = False, lambda _: True, lambda _: False, lambda _: False
            close = stream.close

        return Slow()

    def asked(self, row):
        seen.add(threading.get_ident())
        return ask(self, row)

    monkeypatch.setattr(TableFile, "start", started)
    monkeypatch.setattr(csv_file._Ragged, "__call__", asked)
    monkeypatch.setattr(csv_file, "CHUNK_BYTES", 64)
    return seen


@pytest.mark.parametrize("content", [b"a,b\n", b"a,b\n" + b"1,2\n3\n" * 400, b'a,b\n1,"' + b"x" * 4000])
@pytest.mark.parametrize("is_abandoned", [False, True])
def test_a_file_is_read_in_the_thread_that_asks_for_it(content, is_abandoned, threads, tmp_path):
    (tmp_path / "table.csv").write_bytes(content)
    for _ in read_chunks(tmp_path / "table.csv", "table.csv", Report()):
        if is_abandoned:
            break
    time.sleep(0.02)
    assert threads == {threading.get_ident()}


def test_readers_of_arrow_are_opened_in_one_place(root):
    found = {
        path.relative_to(root).as_posix()
        for folder in ("hmix_hub", "builders")
        for path in (root / folder).rglob("*.py")
        if re.search(r"\bopen_csv\(|ParquetFile\(|\.open_json\(|FileSystemDataset|ipc\.open_", path.read_text("utf-8"))
    }
    assert found == {"hmix_hub/arrow_files.py"}
