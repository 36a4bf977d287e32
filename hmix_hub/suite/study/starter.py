"""Starter of a collection: a commented study file of a preset, perhaps with the release's lists of pairs."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from hmix_hub.contribute.starter import study_id
from hmix_hub.errors import ConfigurationError, Where, nearest
from hmix_hub.studies.example import write_files
from hmix_hub.suite.design.pair_file import COEFFICIENT
from hmix_hub.suite.study.release_pairs import released_pairs
from hmix_hub.suite.study.study_text import TOML
from hmix_hub.tasks import TASKS, check_task

PRESETS = {
    "starter": "small, over drawn pictures; nothing to fill in",
    "paper-2023": "the design of Human-in-the-Loop Mixup, its faults fixed",
}
"""Study files to begin with; the first is for who just tries."""
DEFAULT_PRESET = "starter"

_ID = "@ID@"
_LONGEST_ID = 60
_BLOCK = re.compile(r"^# ---- (\w+) ----\n", re.MULTILINE)
_SAMPLER = re.compile(r"^per_class_pair = .*\n(?:coefficients_per_pair = .*\n)?", re.MULTILINE)


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
        Tasks to ask; all four, if none is named.
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
    text = preset_text(preset, study_id(root.name)[:_LONGEST_ID].rstrip("-_"), tasks)
    files: dict[str, bytes] = {}
    notes: list[str] = []
    if pairs is not None:
        _check_pairs(pairs, preset)
        for task in _chosen(tasks):
            text = _with_list(text, task, source, files, notes)
    files = {TOML: text.encode()} | files
    write_files(root, files)
    return Written(tuple(files), tuple(notes))


def preset_text(preset: str, name: str, tasks: Sequence[str] = ()) -> str:
    """Give the study file of a preset.

    Parameters
    ----------
    preset
        One of `PRESETS`.
    name
        The study's id.
    tasks
        Tasks to keep; all, if none is named.
    """
    if preset not in PRESETS:
        msg = f"there is no preset {preset!r}"
        raise ConfigurationError(msg, hint=nearest(preset, PRESETS, label="presets"))
    file = resources.files("hmix_hub.suite.study.presets") / f"{preset}.toml"
    head, *blocks = _BLOCK.split(file.read_text(encoding="utf-8").replace(_ID, name))
    chosen = _chosen(tasks)
    kept = [
        f"# ---- {block} ----\n{content}"
        for block, content in zip(blocks[::2], blocks[1::2], strict=True)
        if block in chosen or block not in TASKS
    ]
    return head + "".join(kept)


def _chosen(tasks: Sequence[str]) -> list[str]:
    named = {check_task(task).name for task in tasks} or set(TASKS)
    return [task for task in TASKS if task in named]


def _check_pairs(pairs: str, preset: str) -> None:
    if pairs != "release":
        msg = f"there are no pairs {pairs!r} to begin with"
        raise ConfigurationError(msg, hint='"release" takes those of the release; without it pairs are drawn')
    if preset != "paper-2023":
        msg = f"the preset {preset} shows other pictures than the release"
        raise ConfigurationError(msg, hint="the release's pairs go with the preset paper-2023")


def _with_list(text: str, task: str, source: str | None, files: dict[str, bytes], notes: list[str]) -> str:
    """Let a task take its pairs from a list, which says the coefficients and batches, too."""
    released = released_pairs(task, source)
    name = f"pairs/{task}.csv"
    files[name] = released.table.encode()
    if released.doubles:
        notes.append(
            f"{task}: {released.doubles} pairs stood twice in a batch of the release; in {name} each stands there once"
        )
    start = text.index(f"# ---- {task} ----\n")
    end = text.index("\n# ---- ", start)
    keys, tables = text[start:end].split(f"[tasks.{task}.pairs]\n")
    has_coefficients = COEFFICIENT in released.table.partition("\n")[0]
    changes = {
        r"^coefficients = .*\n": "",
        r"^batches = .*$": f"batches = {released.batches:<18}  # those of the list",
        r"^batch_size = \d+": f"batch_size = {released.largest}",
    }
    for pattern, written in changes.items():
        keys = re.sub(pattern, written, keys, flags=re.MULTILINE)
    what = "pairs, coefficients and batches" if has_coefficients else "pairs and batches"
    listed = f'[tasks.{task}.pairs]\nfile = "{name}" # {what} of the release\n'
    return text[:start] + keys + listed + _SAMPLER.sub("", tables, count=1) + text[end:]
