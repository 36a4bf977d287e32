"""Registration with `datasets`: either import order, other names untouched, and what happens when it fails."""

import datasets
import pytest

import hmix_hub  # noqa: F401 - registers "h-mix"


@pytest.mark.parametrize("first", ["datasets", "hmix_hub"])
def test_either_import_order_registers(run, first):
    second = {"datasets": "hmix_hub", "hmix_hub": "datasets"}[first]
    result = run(
        f"import {first}, {second}; import datasets; print(len(datasets.load_dataset('h-mix', split='train')))"
    )
    assert result.stdout.split()[-1:] == ["1236"], result.stderr


def test_from_datasets_import_load_dataset_before_hmix_hub_works(run):
    result = run("from datasets import load_dataset; import hmix_hub; print(len(load_dataset('h-mix', split='train')))")
    assert result.stdout.split()[-1:] == ["1236"], result.stderr


def test_other_names_still_reach_their_own_builders(tmp_path):
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    loaded = datasets.load_dataset(
        "csv", data_files=str(tmp_path / "a.csv"), split="train", cache_dir=str(tmp_path / "c")
    )
    assert loaded["x"] == [1, 2]


def test_the_working_directory_is_not_scanned(tmp_path, monkeypatch):
    (tmp_path / "train.csv").write_text("x\n1\n")
    (tmp_path / "h-mix").mkdir()
    (tmp_path / "h-mix" / "train.csv").write_text("x\n1\n")
    monkeypatch.chdir(tmp_path)
    assert len(datasets.load_dataset("h-mix", split="train", source="sample")) == 1236


def test_registration_can_be_switched_off(run):
    result = run(
        "import hmix_hub, datasets.load as l; print('h-mix' in l._PACKAGED_DATASETS_MODULES);"
        "print(len(hmix_hub.load_dataset('h-mix', split='train')))",
        HMIX_REGISTER="0",
    )
    assert result.stdout.split() == ["False", "1236"], result.stderr


def test_a_datasets_of_another_build_warns_and_our_road_still_works(run):
    # Everything private that the registration stands on is taken away, one at a time, each in a process of its own.
    names = ["PackagedDatasetModuleFactory", "_PACKAGED_DATASETS_MODULES", "DatasetModule", "DataFilesDict"]
    result = run(
        "import multiprocessing, sys, datasets.load as l\n"
        "def use(name):\n"
        "    delattr(l, name)\n"
        "    sys.stderr = sys.stdout\n"
        "    import hmix_hub\n"
        "    print(name, len(hmix_hub.load_dataset('h-mix', split='train')))\n"
        f"for name in {names}:\n"
        "    one = multiprocessing.get_context('fork').Process(target=use, args=[name])\n"
        "    one.start(); one.join()"
    )
    rest = result.stdout
    for name in names:
        told, loaded, rest = rest.partition(f"{name} 1236\n")
        assert loaded, result.stdout + result.stderr
        assert "RegistrationWarning" in told
        assert "use hmix_hub.load_dataset" in told


def test_an_import_of_hmix_hub_imports_nothing_heavy_and_opens_no_connection(run):
    result = run(
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "import hmix_hub\n"
        "heavy = {'datasets', 'torch', 'pandas', 'numpy', 'pyarrow', 'requests', 'matplotlib', 'click', 'pooch'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert result.stdout.strip() == "[]", result.stderr


def test_loading_the_sample_opens_no_connection(run, tmp_path):
    result = run(
        "import socket\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "import hmix_hub, datasets\n"
        "print(len(datasets.load_dataset('h-mix', split='train')))",
        HMIX_CACHE=str(tmp_path / "a"),
        HF_HOME=str(tmp_path / "b"),
    )
    assert result.stdout.split() == ["1236"], result.stderr
