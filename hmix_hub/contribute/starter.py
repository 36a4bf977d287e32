"""Starter of a study folder: a commented study.yaml to fill in, and the columns of each task's judgment file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.schema import CURRENT
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.studies.detected import MOST_PLACES, Detected
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.folder import JUDGMENTS, PARTICIPANTS, SCHEMA_COPY, STIMULI
from hmix_hub.studies.manifest import MANIFEST, SINGLE
from hmix_hub.studies.manifest_fields import PLACEHOLDER, SCALE_NAME
from hmix_hub.studies.manifest_file import shipped_schema
from hmix_hub.tasks import DEFAULT_TASK, TASKS, check_task, observed_columns, required_columns
from hmix_hub.tasks.scale_rating import SCALE
from hmix_hub.tasks.soft_labels import ONE_HOT

_TEMPLATE = """\
# yaml-language-server: $schema=./study.schema.json
# Description of the study. Replace every TODO; `hmix contribute validate DIR --draft` lists what is missing.

schema_version: {schema_version}      # of the judgment table; do not change it
id: {id}      # prefix of every judgment_id; lower case, digits, hyphens
title: TODO the title in one line
version: 1.0.0             # of the data: raise it when values change
description: >
  TODO what participants were asked, and why. Several lines are one paragraph.

authors:
  - name: TODO
    # orcid: 0000-0002-1825-0097
    # affiliation: University

licence: TODO              # an SPDX expression such as CC-BY-4.0 or CC0-1.0

ethics:
  approval: TODO body and number of the approval, or why none was needed
  consent: TODO what participants were told and agreed to; did they agree to the publication of their answers?
recruitment: TODO how participants were recruited and paid, and who was excluded
collected:                 # months only, never days or times
  first: TODO              # 2025-01
  last: TODO
language: TODO             # of the interface, such as en or pt-BR

tasks:                     # each has a file judgments/<task>.csv, .jsonl or .parquet
{tasks}
stimuli:
  # {offered}; own: the pictures in stimuli/images.csv; elsewhere: listed there, but not published
  source: {source}
  # pixel-linear: lambda * image_1 + (1 - lambda) * image_2; or morph, cutmix, latent, other; none: single pictures
  mixing: {mixing}
  # mixing_note: how pictures were mixed, if not pixel-linear
  # cifar10, or a list: [cat, dog, ...]; labels are these names
  classes: {classes}
{asked}
citation:                  # a doi, a bibtex entry, or both
  bibtex: |
    @misc{{TODO,
      title = {{TODO}},
      author = {{TODO}},
      year = {{TODO}}
    }}
contact: TODO an email address or page for questions
"""

_SOFT_LABELS = """\

soft_labels:               # of categorical_soft_labels
  # what was asked besides the class: some of [probabilities, second_class, impossible_classes]; []: nothing else
  asked: {asked}
  # how answers become soft labels: released (as in H-Mix), cifar10s, or one_hot (1 for the class, 0 for others)
  procedure: {procedure}
"""
_SCALES = """\

scales:                    # of scale_rating: a rating is 0 at the low end and 1 at the high end
  # steps: number of possible answers, including both ends, such as 7; null: continuous
"""
_SCALE = """\
  - name: {name}
    question: TODO what was asked
    low: TODO the text at 0
    high: TODO the text at 1
    steps: TODO{seen}
"""
_BEFORE = (STIMULI, PARTICIPANTS)
_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]*( [A-Za-z0-9_-]+)*")
_YAML_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def write_starter(
    folder: str | os.PathLike[str],
    tasks: Sequence[str] = (DEFAULT_TASK,),
    *,
    is_example: bool = False,
    source: str = PLACEHOLDER,
    mixing: str = PLACEHOLDER,
    seen: Detected | None = None,
) -> list[str]:
    """Write a study folder to fill in.

    Parameters
    ----------
    folder
        A folder that is new, empty, or only contains pictures and participants, which a study uses unchanged.
    tasks
        Tasks for which to write judgment files with only a header.
    is_example
        Whether to write a complete, valid, synthetic study of the first task instead.
    source, mixing
        Values for the stimuli in study.yaml, if known.
    seen
        What is known from the judgments about to be written; study.yaml leaves everything else open. `None`: nothing.

    Returns
    -------
    list of str
        The files that were written.

    Raises
    ------
    ConfigurationError
        If a task does not exist, or the folder contains something else.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    # An example has its own.
    before = () if is_example else _BEFORE
    if root.exists() and (not root.is_dir() or any(path.name not in before for path in root.iterdir())):
        msg = "this already exists and is not an empty folder"
        hint = "name a new folder" + (f", or one that contains at most {' and '.join(before)}" if before else "")
        raise ConfigurationError(msg, where=Where(str(root)), hint=hint)
    names = [check_task(task).name for task in tasks]
    files = example_study(names[0]) if is_example else {}
    if not is_example:
        files = {MANIFEST: _manifest(study_id(root.name), names, source, mixing, seen).encode()} | _headers(names)
    files[SCHEMA_COPY] = shipped_schema().encode()
    write_files(root, files)
    return list(files)


def study_id(name: str) -> str:
    """Return a study id derived from a folder's name."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
    return kept if len(kept) > 2 and kept[0].isalpha() else f"study-{kept}".rstrip("-")


def _manifest(name: str, tasks: Sequence[str], source: str, mixing: str, seen: Detected | None) -> str:
    """Return study.yaml, with TODO for everything unknown."""
    vocabulary = None if seen is None else seen.vocabulary
    if seen is not None and not seen.has_pairs and mixing == PLACEHOLDER:
        mixing = SINGLE
    soft_labels = ""
    if any(TASKS[task].asked_columns for task in tasks):
        asked = None if seen is None else seen.questions
        soft_labels = _SOFT_LABELS.format(
            asked=PLACEHOLDER if asked is None else f"[{', '.join(asked)}]",
            procedure=PLACEHOLDER if asked is None or asked else ONE_HOT,
        )
    asks_scales = any(SCALE in TASKS[task].facets for task in tasks)
    return _TEMPLATE.format(
        schema_version=CURRENT,
        id=name,
        tasks="".join(f"  - {task}\n" for task in tasks),
        source=source,
        offered=", ".join(name for name, known in IMAGE_SETS.items() if not known.is_synthetic),
        mixing=mixing,
        classes=PLACEHOLDER if vocabulary is None else _flow(vocabulary.names),
        asked=soft_labels + (_scales(seen) if asks_scales else ""),
    )


def _scales(seen: Detected | None) -> str:
    """Return the scales that occur in the rows, with the number of different ratings; one scale if there are none."""
    names = (seen.scales if seen is not None else {}) or {"": PLACEHOLDER}
    written = _SCALES
    for lower, name in names.items():
        is_name = re.fullmatch(SCALE_NAME, name) is not None
        places = len(seen.places.get(lower, ())) if seen is not None else 0
        said = f"            # the rows contain {places if places < MOST_PLACES else 'very many'} different ratings"
        written += _SCALE.format(name=name if is_name else PLACEHOLDER, seen=said if places else "")
    return written


def _flow(names: Sequence[str]) -> str:
    """Return class names as a YAML list, in lines of moderate length."""
    lines = ["["]
    for number, name in enumerate(names):
        is_plain = _PLAIN.fullmatch(name) and name.lower() not in _YAML_WORDS
        item = name if is_plain else json.dumps(name, ensure_ascii=False)
        item += "]" if number == len(names) - 1 else ", "
        lines += ["     "] if len(lines[-1]) + len(item) > _WIDTH else []
        lines[-1] += item
    return "\n".join(line.rstrip() for line in lines)


def _headers(tasks: Sequence[str]) -> dict[str, bytes]:
    files = {}
    for task in tasks:
        required = {column.name for column in required_columns(task)}
        named = {*required, "is_repeat", *TASKS[task].answer}
        wanted = [column.name for column in observed_columns(task) if column.name in named]
        files[f"{JUDGMENTS}/{task}.csv"] = (",".join(wanted) + "\n").encode()
    return files
