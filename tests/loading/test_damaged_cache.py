"""Tables in the cache that are damaged, or cannot be written."""

from __future__ import annotations

import json
import os
import pathlib

import pytest
from datasets.arrow_writer import ArrowWriter

import hmix_hub
from hmix_hub.errors import CacheWarning, ConfigurationError, SourceMissingError


def load(folder, **options):
    return hmix_hub.load_dataset("h-mix", split="train", source="sample", cache_dir=folder, **options)


def cut(file, part):
    os.truncate(file, int(file.stat().st_size * part))


def without_rows(info):
    content = json.loads(info.read_text())
    content["splits"] = {}
    info.write_text(json.dumps(content))


DAMAGES = {
    "half": lambda file, _: cut(file, 0.5),
    "almost whole": lambda file, _: cut(file, 0.999),
    "empty": lambda file, _: cut(file, 0),
    "gone": lambda file, _: file.unlink(),
    "another file": lambda file, _: file.write_bytes(b"text" * 100),
    "description cut": lambda _, info: cut(info, 0.5),
    "description binary": lambda _, info: info.write_bytes(b"\xff\x00"),
    "description of another kind": lambda _, info: info.write_text("[1]"),
    "description without splits": lambda _, info: without_rows(info),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_prepared_again(damage, tmp_path):
    before = load(tmp_path)
    file = pathlib.Path(before.cache_files[0]["filename"])
    rows = before.select(range(3)).to_list()
    del before
    DAMAGES[damage](file, file.with_name("dataset_info.json"))
    with pytest.warns(CacheWarning, match=r"damaged(.|\n)*preparing it again"):
        after = load(tmp_path)
    assert (len(after), after.select(range(3)).to_list()) == (1236, rows)


def test_a_full_disk_is_told_with_what_to_do_and_nothing_is_left(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ArrowWriter, "finalize", full)
    with pytest.raises(SourceMissingError, match=r"No space left(.|\n)*free some space(.|\n)*HF_HOME"):
        load(tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.suffix != ".lock" and path.is_file()]
    monkeypatch.undo()
    assert len(load(tmp_path)) == 1236


def test_a_cache_that_is_no_folder_is_told(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SourceMissingError, match="another folder with cache_dir="):
        load(file)
    with pytest.raises(ConfigurationError, match="not a local folder"):
        load("s3://bucket/cache")
