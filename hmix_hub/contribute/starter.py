"""Starter of a study folder: a commented study.yaml to fill in, and the columns of each task."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.schema import CURRENT, INFER, check_task
from hmix_hub.schema.observed import observed_columns, required_columns
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.folder import JUDGMENTS, SCHEMA_COPY
from hmix_hub.studies.json_schema import shipped_schema
from hmix_hub.studies.manifest import MANIFEST

_TEMPLATE = """\
# yaml-language-server: $schema=./study.schema.json
# What the study is. Write over every TODO; `hmix contribute validate DIR --draft` tells what is missing.

schema_version: {schema_version}      # of the judgment table; leave it
id: {id}      # begins every judgment_id; lower case, digits, hyphens
title: TODO the title in one line
version: 1.0.0             # of the data: raise it when values change
description: >
  TODO what was asked of whom, and why. Several lines are one paragraph.

authors:
  - name: TODO
    # orcid: 0000-0002-1825-0097
    # affiliation: University

licence: CC-BY-4.0         # SPDX: CC-BY-4.0, CC-BY-SA-4.0, CC0-1.0, ...

ethics:
  approval: TODO body and number of the approval, or why none was needed
  consent: TODO what people were told and agreed to; did they agree to the publication of their answers?
recruitment: TODO how people were found and paid, and who was excluded
collected:                 # to the month: never days or times
  first: 2025-01
  last: 2025-01
language: en               # of the interface

tasks:                     # each has a file judgments/<task>.csv, .jsonl or .parquet
{tasks}
stimuli:
  source: cifar10/test     # cifar10/test, cifar10/train, or own: stimuli/images.csv (file,label) and the pictures
  mixing: pixel-linear     # lambda * image_1 + (1 - lambda) * image_2; or morph, cutmix, latent, other, none
  # mixing_note: how pictures were mixed, where it is not pixel-linear
  classes: cifar10         # or a list: [cat, dog, ...]; labels are these names

citation:                  # a doi, a bibtex entry, or both
  bibtex: |
    @misc{{TODO,
      title = {{TODO}},
      author = {{TODO}},
      year = {{2025}}
    }}
contact: TODO an address, or a page, of those who answer questions
"""


def write_starter(
    folder: str | os.PathLike[str], tasks: Sequence[str] = (INFER,), *, is_example: bool = False
) -> list[str]:
    """Write a study folder to fill in.

    Parameters
    ----------
    folder
        A folder that is empty, or not there yet.
    tasks
        Tasks whose judgment files are begun, with their columns alone.
    is_example
        Whether to write a whole, valid, synthetic study of the first task instead.

    Returns
    -------
    list of str
        The files that were written.

    Raises
    ------
    ConfigurationError
        If there is no such task, or the folder holds something already.
    """
    root = Path(os.path.expanduser(folder)).absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        msg = "this is there already, and not an empty folder"
        raise ConfigurationError(msg, where=Where(str(root)), hint="name a new folder")
    names = [check_task(task).name for task in tasks]
    files = example_study(names[0]) if is_example else _starter(study_id(root.name), names)
    files[SCHEMA_COPY] = shipped_schema().encode()
    write_files(root, files)
    return list(files)


def study_id(name: str) -> str:
    """Make an id of a folder's name."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
    return kept if len(kept) > 2 and kept[0].isalpha() else f"study-{kept}".rstrip("-")


def _starter(name: str, tasks: Sequence[str]) -> dict[str, bytes]:
    listed = "".join(f"  - {task}\n" for task in tasks)
    files = {MANIFEST: _TEMPLATE.format(schema_version=CURRENT, id=name, tasks=listed).encode()}
    for task in tasks:
        required = {column.name for column in required_columns(task)}
        wanted = [c.name for c in observed_columns(task) if c.name in required or c.name == "is_repeat"]
        files[f"{JUDGMENTS}/{task}.csv"] = (",".join(wanted) + "\n").encode()
    return files
