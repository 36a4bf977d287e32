"""Faults: many at once, killed processes, damaged files, no network."""

import datasets
import pytest
from at_once import run_at_once

import hmix_hub
from hmix_hub.errors import SourceError
from hmix_hub.sources import JUDGMENT_FILES, SAMPLE, resolve_source

LOAD = """
import hmix_hub
ds = hmix_hub.load_dataset("h-mix", "infer_mixing_factor_by_stimulus", split="train")
print(len(ds), ds._fingerprint)
"""


def test_eight_at_once_on_empty_caches_all_load_the_same(tmp_path):
    places = {"HMIX_CACHE": str(tmp_path / "a"), "HF_HOME": str(tmp_path / "b")}
    lines = run_at_once(LOAD, "datasets", "hmix_hub.builders.h_mix", HMIX_SOURCE="sample", **places)
    assert [line.split()[0] for line in lines] == ["360"] * 8


def test_a_load_killed_half_way_leaves_the_next_one_right(run, tmp_path):
    script = (
        "import os, signal, hmix_hub\n"
        "from hmix_hub.builders.h_mix import HMix\n"
        "whole = HMix._generate_tables\n"
        "def half(self, **kwargs):\n"
        "    for key, table in whole(self, **kwargs):\n"
        "        yield key, table.slice(0, 10)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "HMix._generate_tables = half\n"
        f"hmix_hub.load_dataset('h-mix', split='train', cache_dir={str(tmp_path)!r})\n"
    )
    assert run(script).returncode == -9
    assert len(hmix_hub.load_dataset("h-mix", split="train", source="sample", cache_dir=tmp_path)) == 1236


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror that holds the sample's files under the release's hashes of them, so that it can be damaged."""
    from hmix_hub.sources import source

    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in SAMPLE.files:
        (folder / name).write_bytes(resolve_source("sample").path(name).read_bytes())
    monkeypatch.setattr(source, "RELEASE", SAMPLE)
    return folder


@pytest.mark.parametrize("damage", ["changed", "truncated", "missing"])
def test_a_damaged_source_leaves_no_partial_table(mirror, tmp_path, damage, task):
    path = mirror / JUDGMENT_FILES[task]
    whole = path.read_bytes()
    cache = tmp_path / "cache"
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[:-100] if damage == "truncated" else whole.replace(b"rerun", b"RERUN"))
    with pytest.raises(SourceError, match=path.name):
        hmix_hub.load_dataset("h-mix", task, split="train", source=mirror, cache_dir=cache)
    with pytest.raises(SourceError, match=path.name):
        list(hmix_hub.load_dataset("h-mix", task, split="train", source=mirror, streaming=True))
    assert not list(cache.rglob("*.arrow"))
    path.write_bytes(whole)
    assert len(hmix_hub.load_dataset("h-mix", task, split="train", source=mirror, cache_dir=cache)) > 200


@pytest.mark.parametrize("load", [datasets.load_dataset, hmix_hub.load_dataset])
@pytest.mark.parametrize("damage", ["changed", "truncated", "missing"])
def test_a_folder_whose_file_was_damaged_is_told_though_its_table_is_there(mirror, tmp_path, damage, load):
    path, options = mirror / JUDGMENT_FILES["infer_mixing_factor"], {"source": mirror, "cache_dir": str(tmp_path / "c")}
    whole = path.read_bytes()
    for _ in range(2):
        assert len(load("h-mix", split="train", **options)) == 1236
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(whole[:-100] if damage == "truncated" else whole.replace(b"rerun", b"RERUN"))
    for _ in range(2):
        with pytest.raises(SourceError, match=path.name):
            load("h-mix", split="train", **options)
    path.write_bytes(whole)
    assert len(load("h-mix", split="train", **options)) == 1236


def test_an_unreachable_release_never_becomes_the_sample(tmp_path, monkeypatch):
    import requests

    def refuse(*args, **kwargs):
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", refuse)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("HMIX_CACHE", str(tmp_path))
    with pytest.raises(SourceError) as caught:
        hmix_hub.load_dataset("h-mix", split="train", source="release", cache_dir=tmp_path)
    assert 'source="sample"' in caught.value.hint
