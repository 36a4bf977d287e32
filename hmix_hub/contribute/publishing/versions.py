"""Versions: which of two is newer, and which can be a tag."""

from __future__ import annotations

import re

from hmix_hub.studies.manifest import SEMVER

Precedence = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]

_LONGEST = 200
_NONE: Precedence = ((), 0, ())


def is_version(text: object) -> bool:
    """Say whether a text that somebody wrote is a version, and can be a tag."""
    return (
        isinstance(text, str)
        and len(text) <= _LONGEST
        and re.fullmatch(SEMVER, text) is not None
        and not text.endswith(".lock")
    )


def precedence(version: object) -> Precedence:
    """Give what versions are compared by, as semver.org 2.0.0 says; what is no version comes before all."""
    if not (isinstance(version, str) and is_version(version)):
        return _NONE
    core, _, before = version.partition("-")
    numbers = tuple(map(int, core.split(".")))
    return (numbers, 0, tuple(map(_field, before.split(".")))) if before else (numbers, 1, ())


def _field(text: str) -> tuple[int, int, str]:
    """Give what fields of a pre-release are compared by: numbers by size, and before words."""
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
