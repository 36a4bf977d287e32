"""The whole road of a task, through the command line and the public calls alone, so that any task can walk it.

Run as a script, `python task_road.py TASK FOLDER`, it walks in a process of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import datasets
import pytest
from click.testing import CliRunner

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.schema import RELEASED, VERSIONS
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import TASKS


def command(*words: object, status: int = 0) -> str:
    """Run the command `hmix`, check its exit status, and return what it prints."""
    ran = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert ran.exit_code == status, f"hmix {' '.join(map(str, words))}: {ran.exit_code}\n{ran.output}"
    return ran.output


def contribute(task: str, folder: Path) -> Path:
    """Write an example study of the task, validate, describe and build it; return the built study."""
    study, built = folder / "study", folder / "built"
    command("contribute", "init", study, "--example", "--task", task)
    assert (study / f"judgments/{task}.csv").is_file()
    command("contribute", "validate", study)
    figures = json.loads(command("contribute", "stats", study, "--json"))["tasks"][task]
    assert figures["judgments"] > 0
    assert figures["agreement" if TASKS[task].has_participants else "votes"]
    command("contribute", "stats", study)
    assert (study / f"statistics/{task}.png").stat().st_size > 10_000
    command("contribute", "card", study)
    card = (study / "README.md").read_text(encoding="utf-8")
    assert f"config_name: {task}" in card
    command("contribute", "croissant", study)
    assert task in {part["name"] for part in json.loads((study / "croissant.json").read_text())["recordSet"]}
    command("contribute", "validate", study)
    command("contribute", "build", study, "-o", built)
    assert (built / task).is_dir()
    return built


def load(task: str, built: Path) -> None:
    """Load a built study in every schema version, by stimulus, as tensors, split, joined and as a data frame."""
    tables = {}
    for version in VERSIONS:
        if version not in TASKS[task].versions:
            with pytest.raises(hmix_hub.HMixError, match=task):
                hmix_hub.load_dataset(str(built), task, split="train", schema_version=version)
            continue
        tables[version] = hmix_hub.load_dataset(str(built), task, split="train", schema_version=version)
    assert len({len(table) for table in tables.values()}) == 1
    ds = tables[VERSIONS[-1]]
    assert len(ds) > 0
    by, name, value = _someone(task, ds)
    assert 0 < len(hmix_hub.load_dataset(str(built), task, split="train", **{name: value})) < len(ds)
    stimuli = hmix_hub.by_stimulus(ds)
    assert 0 < len(stimuli) <= len(ds)
    assert sum(stimuli["n_judgments"]) == len(ds)
    tensors = hmix_hub.to_tensors(ds)
    assert all(len(values) == len(ds) for values in tensors.values())
    parts = hmix_hub.split(ds, by=by, seed=0)
    assert sum(map(len, parts.values())) == len(ds)
    assert len(hmix_hub.join([parts["train"], parts["test"]])) == len(ds)
    frame = hmix_hub.to_pandas(ds)
    assert hmix_hub.from_pandas(frame).features == ds.features


def look(task: str, folder: Path, built: Path) -> None:
    """Print the task and draw it; of the release, one of its stimuli, too."""
    command("info", task)
    _, name, value = _someone(task, hmix_hub.load_dataset(str(built), task, split="train"))
    printed = command("load", task, "--dataset", built, f"--{name}", value, "--format", "csv")
    assert value in printed
    picture = folder / "plot.png"
    command("plot", task, "--dataset", built, "-o", picture)
    assert picture.stat().st_size > 10_000
    if RELEASED in TASKS[task].versions:
        stimulus = hmix_hub.load_dataset("h-mix", task, split="train", source="sample")[0]
        name = stimulus.get("stimulus_id") or stimulus["pair_id"]
        command("show", name, "--source", "sample", "-o", folder / "show.png")
        assert (folder / "show.png").stat().st_size > 10_000


def _someone(task: str, ds: datasets.Dataset) -> tuple[str, str, str]:
    """Return what to split by, and a filter with its value: a participant, or a stimulus where nobody is named."""
    if TASKS[task].has_participants:
        return "participant", "participants", ds[0]["participant_id"]
    return "stimulus", "stimuli", ds[0]["stimulus_id"]


def collect(task: str, folder: Path) -> None:
    """Begin a collection of the task, let scripted participants answer, and load the export with its pictures."""
    # Here, since most who give a command with `command` need no torch.
    import torch

    collection, simulated, exported = folder / "collection", folder / "simulated", folder / "exported"
    command("collect", "init", collection, "--task", task)
    assert task in command("collect", "check", collection)
    command("collect", "simulate", collection, simulated, "--people", 4)
    command("collect", "export", simulated, exported)
    command("contribute", "validate", exported, "--draft")
    ds = hmix_hub.load_dataset(str(exported), task, split="train")
    assert len(set(ds["participant_id"])) == 4
    assert all("synthetic" in flags for flags in ds["flags"])
    assert hmix_hub.add_images(ds, "endpoints")[0]["image_1"].size == (32, 32)
    assert len(hmix_hub.render(ds)) == len(ds)
    # Ratings are taught scale by scale.
    taught = hmix_hub.filter(ds, scale=ds[0]["scale"]) if "scale" in ds.column_names else ds
    batch = next(iter(hmix_hub.batches(taught, batch_size=4, targets="auto")))
    (target,) = (values for name, values in batch.items() if name in {"human", "soft_label", "rating"})
    assert ((target >= 0) & (target <= 1)).all()
    assert target.dim() == 1 or torch.allclose(target.sum(1), torch.ones(len(target)))


def walk(task: str, folder: Path, *, tell: Callable[[str], None] = print) -> None:
    """Walk the whole road of a task; the part of collecting, where the suite has an interface of it.

    Parameters
    ----------
    task
        Name of a registered task.
    folder
        An empty folder to work in.
    tell
        Called with each part of the road.
    """
    tell("contribute")
    built = contribute(task, folder)
    tell("load")
    load(task, built)
    tell("look")
    look(task, folder, built)
    if task in SUITE_TASKS:
        tell("collect")
        collect(task, folder)


if __name__ == "__main__":
    datasets.disable_progress_bars()
    walk(sys.argv[1], Path(sys.argv[2]))
