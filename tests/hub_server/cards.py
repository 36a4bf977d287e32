"""What a Hub reads in the files of a repository: the card's metadata, and which files are large."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

import yaml

_FRONT_MATTER = re.compile(r"\A\s*---[\r\n]+(.*?)[\r\n]+---(\r\n|\n|\Z)", re.DOTALL)
_LARGE = ("arrow", "bin", "gz", "h5", "npy", "npz", "parquet", "pt", "safetensors", "tar", "zip", "jpg", "jpeg", "png")
# Fields of a card whose values become tags with the name of the field before them.
_TAG_FIELDS = ("task_categories", "task_ids", "language", "license", "size_categories", "annotations_creators")

GIT_ATTRIBUTES = "".join(f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in _LARGE)


def metadata(card: str) -> dict[str, Any]:
    """Return the YAML block of a card; ValueError says what is wrong with it."""
    match = _FRONT_MATTER.match(card)
    if match is None:
        return {}
    try:
        values = yaml.safe_load(match[1]) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"YAML: {error}") from error
    if not isinstance(values, dict):
        raise ValueError("the metadata must be a mapping")
    tags = values.get("tags") or []
    if not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise ValueError('"tags" must be an array of strings')
    return values


def tags(values: dict[str, Any]) -> list[str]:
    """Return the tags by which a dataset can be found."""
    found = []
    for name in _TAG_FIELDS:
        value = values.get(name) or []
        found += [f"{name}:{item}" for item in (value if isinstance(value, list) else [value])]
    return [*found, "region:us", *(values.get("tags") or [])]


def is_large(path: str, size: int, sample: bytes, attributes: str, threshold: int) -> bool:
    """Return whether a file belongs to the large ones: by its name, its size, or because it is binary."""
    patterns = [line.split()[0] for line in attributes.splitlines() if "filter=lfs" in line]
    return size > threshold or b"\0" in sample or any(_matches(path, pattern) for pattern in patterns)


def is_ignored(path: str, rules: str) -> bool:
    """Return whether the rules of a `.gitignore` leave a file out; negated rules are not known here."""
    patterns = [line.strip() for line in rules.splitlines() if line.strip() and not line.startswith("#")]
    parents = [str(parent) for parent in PurePosixPath(path).parents if str(parent) != "."]
    return any(_matches(name, pattern.rstrip("/")) for pattern in patterns for name in (path, *parents))


def _matches(path: str, pattern: str) -> bool:
    return fnmatch(path, pattern.lstrip("/")) or ("/" not in pattern and fnmatch(PurePosixPath(path).name, pattern))
