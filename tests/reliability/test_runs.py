"""Runs: on the sample study from end to end; what is stopped goes on, and nothing is trained twice."""

from __future__ import annotations

import json

import pytest

from hmix_hub.errors import HMixError

ARMS = ["synthetic", "human", "human_mixup"]


@pytest.fixture
def start(parts, tmp_path, monkeypatch):
    """Run the script on the sample study; return the arms and seeds that it trained."""
    trained = []
    train = parts.training.train

    def counted(arm, seeds, *rest):
        if counted.left == 0:
            raise KeyboardInterrupt
        counted.left -= 1
        trained.append((arm.name, list(seeds)))
        return train(arm, seeds, *rest)

    monkeypatch.setattr(parts.runs, "train", counted)

    def run(*words, stops_after=100):
        counted.left = stops_after
        trained.clear()
        quick = [
            "--quick",
            "--epochs",
            "1",
            "--seeds",
            "2",
            "--source",
            "sample",
            "--out",
            str(tmp_path / "out"),
            "--jobs",
            "1",
        ]
        parts.script.main(parts.script.options().parse_args([*quick, "--arms", *ARMS, *words]))
        return list(trained)

    run.folder = tmp_path / "out"
    return run


def test_a_run_that_was_stopped_goes_on_and_ends_as_if_it_had_not_been(start, parts, capsys):
    with pytest.raises(SystemExit, match="the same command resumes from there"):
        start(stops_after=2)
    assert {one.arm for one in parts.results.read_results(start.folder).values()} == {"synthetic", "human"}
    # A line that was being written when the power failed.
    with (start.folder / parts.results.FILE).open("a") as file:
        file.write('{"key": "00')
    assert start() == [("human_mixup", [0, 1])]
    results = parts.results.read_results(start.folder).values()
    assert {(one.arm, one.seed) for one in results} == {(arm, seed) for arm in ARMS for seed in (0, 1)}
    # More seeds are added to those that are there, and nothing is trained twice.
    assert start("--seeds", "3", "--at-once", "1") == [(arm, [2]) for arm in ARMS]
    printed = capsys.readouterr().out
    assert "these figures say nothing about people" in printed
    assert "| human labels - synthetic labels | human labels instead of synthetic ones | 3 |" in printed
    summary = json.loads((start.folder / parts.runs.SUMMARY).read_text())
    assert summary["n_compared"] == len(parts.metrics.METRICS)
    assert summary["settings"]["network"] == "small"
    assert (start.folder / parts.runs.FIGURE).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("device", ["cuda:99", "nonsense"])
def test_a_device_that_is_not_there_is_named(start, device):
    with pytest.raises(SystemExit, match=f"there is no device '{device}'"):
        start("--device", device)


def test_the_parts_of_the_material_share_no_picture(parts):
    material = parts.material.load_material(source="sample")
    sizes = [len(part) for part in (material.train, material.calibration, material.test)]
    assert sizes == [150, 10, 40]
    pictures = [
        picture.numpy().tobytes()
        for part in (material.train, material.calibration, material.test)
        for picture in part.images
    ]
    assert len(set(pictures)) == 200
    assert 0 < len(material.mixtures) < 360
    assert len(material.held_out) == 100


def test_other_settings_have_other_results(parts):
    settings = parts.settings.QUICK
    keys = {settings.key("a", 0), settings.key("a", 1), settings.key("b", 0), parts.settings.Settings().key("a", 0)}
    assert len(keys) == 4
    assert settings.key("a", 0) in keys


def test_a_line_that_is_no_result_is_named(parts, tmp_path):
    (tmp_path / parts.results.FILE).write_text('{"key": "a"}\n')
    with pytest.raises(HMixError, match="the line is not a result") as caught:
        parts.results.read_results(tmp_path)
    assert caught.value.where.line == 1


def test_the_release_has_1970_judged_mixtures_of_training_pictures(parts, release, cifar10, root):
    splits = root.parent / "shared" / "splits"
    if not splits.is_dir():
        pytest.skip("the authors' split is not beside the project, in shared/splits")
    material = parts.material.load_material(source=str(release), cifar10=str(cifar10), splits=str(splits))
    sizes = {name: len(getattr(material, name)) for name in ("train", "calibration", "test", "mixtures", "held_out")}
    assert sizes == {"train": 6500, "calibration": 500, "test": 3000, "mixtures": 1970, "held_out": 100}
    assert material.test.labels.bincount().tolist() == [300] * 10
    assert material.calibration.labels.bincount().tolist() == [50] * 10
