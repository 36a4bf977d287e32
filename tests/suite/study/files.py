"""Study files for tests: a small one that is right, and changes of it that are not, with the line that is."""

from __future__ import annotations

from pathlib import Path

from hmix_hub.suite.study.reading import COLLECTION

MARK = "#!"
"""Stands behind the line that a finding should name."""

STUDY = """\
format: 1
id: small-study
title: A small study
seed: 3

about:
  description: Some pictures are judged.
  authors: [{ name: Ada Example }]
  licence: CC0-1.0
  approval: None was needed.
  recruitment: Nobody yet.
  contact: https://example.org/contact

pictures:
  source: sample/pictures

consent:
  version: "1"
  text: Please take part.

session:
  timeout_minutes: 60
  resume_hours: 24

completion:
  text: Thank you.

tasks:
  construct_midpoint:
    question: Where is the middle?
    batch_size: 6
    batches: 2
    people_per_batch: 3
    repeats: [2, 5]
    pairs:
      per_class_pair: 1
    start:
      values: [0.1, 0.9]
    instructions:
      - text: Move it.
        examples:
          - image_1_index: 0
            image_2_index: 3
            coefficients: [0.9]
            text: Nearly all of the one.
    quiz:
      questions:
        - question: What is asked?
          choices: [The middle, The end]
          answer: 1

  infer_mixing_factor:
    question: How much of each?
    coefficients: [0.25, 0.5, 0.75]
    batch_size: 9
    people_per_batch: 2
    pairs:
      per_class_pair: 1
      coefficients_per_pair: 2
    instructions:
      - text: Slide.
"""


def write_study(folder: Path, text: str = STUDY) -> Path:
    """Write a study file into a folder; gives the folder."""
    folder.mkdir(exist_ok=True)
    (folder / COLLECTION).write_text(text)
    return folder


def changed(old: str, new: str) -> str:
    """Change the study file; what is changed stands there."""
    assert STUDY.count(old) >= 1, old
    return STUDY.replace(old, new, 1)


def marked_line(text: str) -> int:
    """Return the line that is marked as the wrong one."""
    [line] = [number for number, content in enumerate(text.split("\n"), start=1) if MARK in content]
    return line


def pair_study(columns: str, rows: list[str], *, task: str = "construct_midpoint", keys: str = "") -> tuple[str, str]:
    """Return a study file of one task with a list of pairs, and the list."""
    head = STUDY[: STUDY.index("  construct_midpoint:")]
    own = "".join(f"    {key}\n" for key in keys.split("\n") if key)
    study = f"""{head}  {task}:
    question: What?
    people_per_batch: 2
{own}    pairs:
      file: pairs.csv
    instructions:
      - text: Do.
"""
    return study, "\n".join([columns, *rows]) + "\n"
