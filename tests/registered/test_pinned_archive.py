"""Archives of PyTorch among pinned files: numbers alone come out of them."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet
import pytest
import torch

from hmix_hub.errors import SourceError
from hmix_hub.loading.registered import as_table_file


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def saved(folder, content):
    torch.save(content, folder / "labels.pt")
    return as_table_file(folder / "labels.pt", folder)


def test_arrays_become_columns(tmp_path):
    made = saved(tmp_path, {"one": np.array([1, 2]), "two": np.array([3, 4])})
    assert pyarrow.parquet.read_table(made).to_pydict() == {"one": [1, 2], "two": [3, 4]}


def test_any_other_file_is_left_as_it_is(tmp_path):
    (tmp_path / "raw.csv").write_text("a\n1\n")
    assert as_table_file(tmp_path / "raw.csv", tmp_path) == tmp_path / "raw.csv"


def test_nothing_in_it_is_run(tmp_path):
    with pytest.raises(SourceError, match="cannot be read as arrays"):
        saved(tmp_path, {"one": Touch(tmp_path / "touched")})
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("content", [{"one": np.array([1]), "two": np.array([1, 2])}, [1, 2], {"one": 1}])
def test_what_is_no_table_is_told(content, tmp_path):
    with pytest.raises(SourceError, match=r"labels\.pt: the archive cannot be read as arrays"):
        saved(tmp_path, content)


def test_a_damaged_archive_is_told(tmp_path):
    (tmp_path / "labels.pt").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(SourceError, match="cannot be read as arrays"):
        as_table_file(tmp_path / "labels.pt", tmp_path)
