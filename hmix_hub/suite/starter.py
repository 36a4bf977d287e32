"""Starter of a collection: a commented collection.yaml of a preset, perhaps with the release's lists of pairs."""

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
    "starter": "small, over drawn pictures; nothing to fill in",
    PAPER: "the design of Human-in-the-Loop Mixup, its faults fixed",
}
"""Collections to begin with; the first is for who just tries."""
DEFAULT_PRESET = "starter"

_FOLDER = resources.files("hmix_hub.suite.presets")
_SHARED = "shared"
"""What every preset ends with: its tasks, and all that follows them."""
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
        What is worth knowing about them, in sentences.
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
    """Write a collection folder to begin with.

    Parameters
    ----------
    folder
        A folder that is empty, or not there yet; the study is called by its name.
    preset
        One of `PRESETS`.
    tasks
        Tasks to ask; if none is named, all that presets have, of the paper's preset those that the paper asked.
    pairs
        "release": the pairs and batches of the release, from the reader's own copy of it; `None`: drawn.
    source
        Where that copy lies; see `hmix_hub.load_dataset`.

    Raises
    ------
    ConfigurationError
        If there is no such preset or task, the folder holds something already, or the preset does not show the
        release's pictures.
    SourceError
        If the release is asked for, and cannot be had.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        msg = "this is there already, and not an empty folder"
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
                said = (
                    f"{released.doubles} pairs stood twice in a batch of the release; in {name} each stands there once"
                )
                notes.append(f"{task}: {said}")
    files = {COLLECTION: _joined(text, blocks).encode()} | files
    write_files(root, files)
    return Written(tuple(files), tuple(notes))


def preset_text(preset: str, name: str, tasks: Sequence[str] = ()) -> str:
    """Return the collection.yaml of a preset with some tasks, or all that presets have, for a study of that id.

    Raises
    ------
    ConfigurationError
        If there is no such preset or task, or the task has no preset.
    """
    return _joined(*_preset(preset, name, tasks))


def _preset(preset: str, name: str, tasks: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Read the file of a preset and what all presets end with, and the blocks of its tasks."""
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
            msg = f"the presets have no block of the task {task}"
            known = ", ".join(task for task in TASKS if (_FOLDER / f"{task}.yaml").is_file())
            hint = f"name another task ({known}), or begin with one and write what this one shows under `tasks`"
            raise ConfigurationError(msg, hint=hint)
    text = "".join((_FOLDER / f"{part}.yaml").read_text(encoding="utf-8") for part in (preset, _SHARED))
    return text.replace("@ID@", name), blocks


def _joined(text: str, blocks: dict[str, str]) -> str:
    headed = "".join(f"\n  # ---- {task} ----\n{block}" for task, block in blocks.items())
    return text.replace("@TASKS@\n", f"{headed}\n")


def _check_pairs(pairs: str, preset: str) -> None:
    if pairs != "release":
        msg = f"there are no pairs {pairs!r} to begin with"
        raise ConfigurationError(msg, hint='"release" takes those of the release; without it pairs are drawn')
    if preset != PAPER:
        msg = f"the preset {preset} shows other pictures than the release"
        raise ConfigurationError(msg, hint="the release's pairs go with the preset paper-2023")


@dataclass(frozen=True)
class _ReleasedPairs:
    """Pairs of a task as the release's people were given them: a list of pairs, and what it says."""

    table: str
    batches: int
    largest: int
    doubles: int


def _released_pairs(task: str, source: str | None) -> _ReleasedPairs:
    """Read the pairs of a task out of the reader's own copy of the release: the package holds none of its rows."""
    # A batch is known by its stimuli: the release's rounds share the numbers of conditions.
    loaded: Any = hmix_hub.load_dataset("h-mix", task, split="train", source=source)
    rows: pd.DataFrame = loaded.with_format("pandas")[:]
    if set(rows["image_set"]) != {RELEASE.image_set}:
        msg = "the source is not the release, whose pairs are asked for"
        raise ConfigurationError(msg, hint='name a folder that holds the released files, or "release", with --source')
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
    """Make a task's block read its pairs from a list, which also gives the coefficients and batches."""
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
