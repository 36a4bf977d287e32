"""Starter of a collection: a commented collection.yaml from a preset, optionally with the release's lists of pairs."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

import hmix_hub
from hmix_hub.contribute.starter import study_id
from hmix_hub.errors import ConfigurationError, Where, nearest
from hmix_hub.sources import RELEASE
from hmix_hub.studies.example import write_files
from hmix_hub.suite.design.pair_file import BATCH, COEFFICIENT, INDICES
from hmix_hub.suite.study.reading import COLLECTION
from hmix_hub.tasks import RELEASED_FORMS, TASKS, check_task

PAPER = "paper-2023"
PRESETS = {
    "starter": "small, with drawn pictures; nothing to fill in",
    PAPER: "the design of Human-in-the-Loop Mixup, with its faults fixed",
}
"""Collections to start from; the first is for trying things out."""
DEFAULT_PRESET = "starter"

_FOLDER = resources.files("hmix_hub.suite.presets")
_SHARED = "shared"
"""The shared end of every preset: its tasks, and everything that follows them."""
_LONGEST_ID = 60
_OF_PRESET = re.compile(r" *#: ([\w-]+)$")
_PAIRS = re.compile(r"^    pairs:.*\n(?:      .*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Written:
    """What was written.

    Parameters
    ----------
    files
        Paths within the folder.
    notes
        Remarks about them, one sentence each.
    """

    files: tuple[str, ...]
    notes: tuple[str, ...]


def write_collection(
    folder: str | os.PathLike[str],
    *,
    preset: str = DEFAULT_PRESET,
    tasks: Sequence[str] = (),
    pairs: str | None = None,
    source: str | None = None,
) -> Written:
    """Write a collection folder to start from.

    Parameters
    ----------
    folder
        An empty or new folder; the study gets its name.
    preset
        One of `PRESETS`.
    tasks
        Tasks to include; by default all tasks of the preset (for the paper's preset, those of the paper).
    pairs
        "release": the pairs and batches of the release, from the user's own copy of it; `None`: drawn.
    source
        Where that copy is; see `hmix_hub.load_dataset`.

    Raises
    ------
    ConfigurationError
        If the preset or task does not exist, the folder is not empty, or the preset does not show the release's
        pictures.
    SourceError
        If the release is requested but not available.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        msg = "this already exists and is not an empty folder"
        raise ConfigurationError(msg, where=Where(str(root)), hint="name a new folder")
    text, blocks = _preset(preset, study_id(root.name)[:_LONGEST_ID].rstrip("-_"), tasks)
    files: dict[str, bytes] = {}
    notes: list[str] = []
    if pairs is not None:
        _check_pairs(pairs, preset)
        for task, block in blocks.items():
            released = _released_pairs(task, source)
            name = f"pairs/{task}.csv"
            files[name] = released.table.encode()
            blocks[task] = _with_list(block, name, released)
            if released.doubles:
                said = f"{released.doubles} pairs occurred twice in a batch of the release; in {name} they occur once"
                notes.append(f"{task}: {said}")
    files = {COLLECTION: _joined(text, blocks).encode()} | files
    write_files(root, files)
    return Written(tuple(files), tuple(notes))


def preset_text(preset: str, name: str, tasks: Sequence[str] = ()) -> str:
    """Return the collection.yaml of a preset with some of its tasks, or all, for a study with the id `name`.

    Raises
    ------
    ConfigurationError
        If the preset or task does not exist, or the task has no preset.
    """
    return _joined(*_preset(preset, name, tasks))


def _preset(preset: str, name: str, tasks: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Read the file of a preset, joined with the shared end, and the blocks of its tasks."""
    if preset not in PRESETS:
        msg = f"there is no preset {preset!r}"
        raise ConfigurationError(msg, hint=nearest(preset, PRESETS, label="presets"))
    named = {check_task(task).name for task in tasks}
    blocks = {}
    for task in TASKS:
        file = _FOLDER / f"{task}.yaml"
        is_asked = task in named if named else preset != PAPER or task in RELEASED_FORMS
        if file.is_file() and is_asked:
            marked = [(line, _OF_PRESET.search(line)) for line in file.read_text(encoding="utf-8").splitlines()]
            kept = [_OF_PRESET.sub("", line) for line, mark in marked if mark is None or mark[1] == preset]
            blocks[task] = "\n".join(kept) + "\n"
        elif task in named:
            msg = f"the presets have no block for the task {task}"
            known = ", ".join(task for task in TASKS if (_FOLDER / f"{task}.yaml").is_file())
            hint = f"name another task ({known}), or start with one and add this one under `tasks`"
            raise ConfigurationError(msg, hint=hint)
    text = "".join((_FOLDER / f"{part}.yaml").read_text(encoding="utf-8") for part in (preset, _SHARED))
    return text.replace("@ID@", name), blocks


def _joined(text: str, blocks: dict[str, str]) -> str:
    headed = "".join(f"\n  # ---- {task} ----\n{block}" for task, block in blocks.items())
    return text.replace("@TASKS@\n", f"{headed}\n")


def _check_pairs(pairs: str, preset: str) -> None:
    if pairs != "release":
        msg = f"unknown pairs {pairs!r}"
        raise ConfigurationError(msg, hint='"release" uses those of the release; by default, pairs are drawn')
    if preset != PAPER:
        msg = f"the preset {preset} does not show the pictures of the release"
        raise ConfigurationError(msg, hint="the release's pairs need the preset paper-2023")


@dataclass(frozen=True)
class _ReleasedPairs:
    """Pairs of a task as shown to the release's participants: the list of pairs as CSV, and what it contains."""

    table: str
    batches: int
    largest: int
    doubles: int


def _released_pairs(task: str, source: str | None) -> _ReleasedPairs:
    """Read the pairs of a task from the user's own copy of the release; the package contains none of its rows."""
    # Batches are told apart by their stimuli, because the release's rounds reuse the numbers of conditions.
    loaded: Any = hmix_hub.load_dataset("h-mix", task, split="train", source=source)
    rows: pd.DataFrame = loaded.with_format("pandas")[:]
    if set(rows["image_set"]) != {RELEASE.image_set}:
        msg = "the source is not the release, whose pairs are requested"
        raise ConfigurationError(msg, hint='name a folder with the released files, or "release", with --source')
    key = TASKS[task].stimulus_column
    rounds = ["collection_round", "condition"]
    order = rows.groupby("batch_id")[rounds].first().sort_values(rounds)
    number = {batch: place for place, batch in enumerate(order.index)}
    unmarked = rows[(rows["presentation"] > 1) & ~rows["is_repeat"]]
    stimuli = rows.drop_duplicates(["batch_id", key]).assign(batch=lambda kept: kept["batch_id"].map(number))
    columns = [*INDICES, *([COEFFICIENT] if COEFFICIENT in stimuli else []), BATCH]
    stimuli = stimuli.sort_values([BATCH, *columns[:-1]])
    table = stimuli[columns].to_csv(index=False, lineterminator="\n")
    sizes = stimuli.groupby(BATCH).size()
    doubles = len(unmarked.drop_duplicates(["batch_id", key]))
    return _ReleasedPairs(table, len(number), int(sizes.max()), doubles)


def _with_list(block: str, name: str, released: _ReleasedPairs) -> str:
    """Change a task's block to read its pairs, batches and any coefficients from a list."""
    has_coefficients = COEFFICIENT in released.table.partition("\n")[0]
    what = "pairs, coefficients and batches" if has_coefficients else "pairs and batches"
    changes = {
        r"^    coefficients: .*\n": "",
        r"^    batches: .*$": f"    batches: {released.batches:<18} # those of the list",
        r"^    batch_size: \d+": f"    batch_size: {released.largest}",
        _PAIRS.pattern: f"    pairs:\n      file: {name} # {what} of the release\n",
    }
    for pattern, written in changes.items():
        block = re.sub(pattern, written, block, flags=re.MULTILINE)
    return block
