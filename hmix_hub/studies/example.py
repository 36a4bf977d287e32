"""The example study: small, synthetic and valid. The examples of rules are changes of it."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hmix_hub.schema import CIFAR10, CURRENT
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.tasks import DEFAULT_TASK, TASKS
from hmix_hub.tasks.parts import ExampleTrial

PEOPLE, DISTINCT = 12, 11
"""Number of participants, and of stimuli for each; the third stimulus is repeated at the end."""
_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
_SEED = 20230731

_MANIFEST = """\
schema_version: {version}
id: example-study
title: Mixed pictures, an example study
version: 1.0.0
description: >
  A synthetic study that shows the layout of a study folder. A generator made the answers; no person gave them.
authors:
  - name: Ada Example
    orcid: 0000-0002-1825-0097
    affiliation: Example University
licence: CC0-1.0
synthetic: true
ethics:
  approval: None was needed, since no person took part.
  consent: Nobody was asked, since no person took part.
recruitment: Nobody was recruited; the people are simulated.
collected:
  first: 2025-03
  last: 2025-05
language: en
tasks:
  - {task}
stimuli:
  source: cifar10/test
  mixing: pixel-linear
  classes: cifar10
{asked}citation:
  doi: 10.5281/zenodo.1234567
contact: https://example.org/contact
"""


def example_study(task: str = DEFAULT_TASK) -> dict[str, bytes]:
    """Return the example study for a task: the content of its files by path."""
    return dict(_example_files(task))


@cache
def _example_files(task: str) -> dict[str, bytes]:
    rng = np.random.default_rng(_SEED)
    has_participants = TASKS[task].has_participants
    judged = _participant_rows if has_participants else _stimulus_rows
    rows = [row for participant in range(PEOPLE) for row in judged(task, participant, rng)]
    participants = [
        {
            "participant_id": _name(participant),
            "age_group": ("18-29", "30-44")[participant % 2],
            "normal_vision": ("yes", "yes", "corrected")[participant % 3],
        }
        for participant in range(PEOPLE)
    ]
    return {
        MANIFEST: _MANIFEST.format(
            version=CURRENT,
            task=task,
            asked=TASKS[task].example_manifest,
        ).encode(),
        f"judgments/{task}.csv": csv_bytes(rows),
        **({"participants.csv": csv_bytes(participants)} if has_participants else {}),
    }


def write_files(folder: Path, files: dict[str, bytes]) -> Path:
    """Write a study, given as the content of its files by path, into a folder, and return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def tiny_picture(*, width: int = 2) -> bytes:
    """Return a grey PNG, 2 pixels high."""
    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (width, 2), (128, 128, 128)).save(stream, "PNG")
    return stream.getvalue()


def csv_bytes(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as CSV in UTF-8."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def _name(participant: int) -> str:
    return f"p{participant + 1:02d}"


def _participant_rows(task: str, participant: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    shown = [_stimulus(stimulus + DISTINCT * (participant // 3)) for stimulus in range(DISTINCT)]
    trials = [*shown, shown[2]]
    return [
        {
            "participant_id": _name(participant),
            "trial_index": 10 + 2 * trial,
            "is_repeat": str(trial == DISTINCT).lower(),
            "response_time_ms": round(float(rng.lognormal(8.3, 0.4)), 1),
            **stimulus,
            **_answer(task, stimulus, trial, rng),
        }
        for trial, stimulus in enumerate(trials)
    ]


def _stimulus_rows(task: str, number: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return one row per stimulus, for as many stimuli as a participant judges, in a task without participants."""
    shown = [_stimulus(stimulus + DISTINCT * number) for stimulus in range(DISTINCT)]
    return [{**stimulus, **_answer(task, stimulus, trial, rng)} for trial, stimulus in enumerate(shown)]


def _answer(task: str, stimulus: dict[str, Any], number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return a trial's mixing coefficient, if it shows a mixture, and the answer; the last trial repeats the third."""
    share = _SHARES[(number if number < DISTINCT else 2) % len(_SHARES)]
    trial = ExampleTrial(number, (stimulus["image_1_label"], stimulus["image_2_label"]), share)
    shown = {"mixing_coefficient": share} if TASKS[task].shows == "mixture" else {}
    return {**shown, **TASKS[task].example(trial, rng)}


def _stimulus(number: int) -> dict[str, Any]:
    """Draw a pair of pictures of different classes, with the alphabetically first class as image 1."""
    from hmix_hub.sources.cifar10 import known_labels

    labels = known_labels()
    rng = np.random.default_rng((_SEED, number))
    first, second = sorted(rng.permutation(len(CIFAR10))[:2].tolist())
    stimulus: dict[str, Any] = {}
    for image, label in ((1, first), (2, second)):
        stimulus[f"image_{image}_label"] = CIFAR10.names[label]
        stimulus[f"image_{image}_index"] = int(rng.choice(np.flatnonzero(labels == label)))
    return stimulus
