"""Scripts that a person runs from a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hmix_hub
from hmix_hub.tasks import RELEASED_CONFIGURATIONS


def run(root, name, *words, **more):
    environment = os.environ | {"HMIX_VENV": str(sys.prefix), "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"} | more
    return subprocess.run(
        [sys.executable, root / "scripts" / name, *words], capture_output=True, text=True, check=False, env=environment
    )


SCRIPTS = (
    *("benchmark", "build", "build_h_mix", "docs", "house", "oracle_crowdkit", "picture", "quickstart", "release"),
    *("screens", "test", "train_reliability", "upload_study", "vendor"),
)


def test_every_script_is_known(root):
    runs = {path.stem for path in (root / "scripts").glob("*.py") if "run_script(main" in path.read_text("utf-8")}
    assert runs | {"test"} == set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_is_given_without_an_environment(name, root, tmp_path):
    ran = run(root, f"{name}.py", "--help", HMIX_VENV=str(tmp_path / "none"))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"usage: {name}.py")
    assert not (tmp_path / "none").exists()


# test.py hands on to pytest, which is asked in the environment, what it does not know.
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "test"])
def test_a_mistyped_option_is_refused_without_an_environment(name, root, tmp_path):
    needed = {"build_h_mix": ["out"], "release": ["0.2.0"], "upload_study": ["study", "--repo-id", "lab/x"]}
    ran = run(root, f"{name}.py", *needed.get(name, ()), "--chekc", HMIX_VENV=str(tmp_path / "none"))
    assert ran.returncode == 2
    assert "unrecognized arguments: --chekc" in ran.stderr
    assert not (tmp_path / "none").exists()


def test_the_quickstart_is_read_in_a_minute(root, monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import quickstart

    monkeypatch.setenv("HMIX_SOURCE", "sample")
    monkeypatch.chdir(tmp_path)
    quickstart.main(quickstart.options_of(None).parse_args([]))
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[0].startswith("Data: the built-in sample study (synthetic")
    assert len(lines) <= 30
    # Where the data are synthetic, what comes next is how to get real ones.
    assert "hmix doctor" in lines[lines.index("Next:") + 2]
    assert [path.name for path in tmp_path.iterdir()] == [quickstart.PICTURE]


def test_uploading_has_the_options_of_the_command(root, monkeypatch):
    from hmix_hub.cli.contribute import contribute

    monkeypatch.syspath_prepend(str(root / "scripts"))
    import upload_study

    ours = {word for action in upload_study.options()._actions for word in action.option_strings}
    theirs = {
        word for option in contribute.commands["publish"].params for word in (*option.opts, *option.secondary_opts)
    } - {"folder"}
    assert ours - {"-h", "--help"} == theirs


@pytest.fixture
def is_installed(root):
    """Skip where this environment was not made by the scripts, which would install into it."""
    stamps = [*Path(sys.prefix).glob("installed-*")]
    if not stamps:
        pytest.skip("these scripts would install into this environment: run the tests through scripts/test.py")


@pytest.mark.usefixtures("is_installed")
def test_h_mix_is_built_by_the_road_of_contributed_studies(root, release, tmp_path):
    ran = run(root, "build_h_mix.py", tmp_path / "out", "--source", release)
    assert ran.returncode == 0, ran.stderr
    assert "no stated licence" in ran.stdout
    for name in RELEASED_CONFIGURATIONS:
        built = hmix_hub.load_dataset(tmp_path / "out", name, split="train")
        expected = hmix_hub.load_dataset("h-mix", name, split="train", source=release)
        assert built.features == expected.features
        assert built.to_list() == expected.to_list()
    record = json.loads((tmp_path / "out" / "build.json").read_text())
    assert record["study"] == "collins2023"


@pytest.mark.usefixtures("is_installed")
def test_a_study_is_uploaded_from_a_checkout(root, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hmix_hub", "contribute", "init", tmp_path / "study", "--example"],
        check=True,
        capture_output=True,
    )
    ran = run(root, "upload_study.py", tmp_path / "study", "--repo-id", "lab/x", "--dry-run", "--synthetic")
    assert (ran.returncode, "nothing was uploaded" in ran.stdout) == (0, True), ran.stderr
