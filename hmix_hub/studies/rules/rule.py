"""A rule of the catalogue: what is asked of a contributed study, how to fix it, and an example of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from hmix_hub.tasks import INFER

Files = dict[str, bytes]
"""A study as the content of its files by path."""


class Severity(StrEnum):
    """How much a finding matters: an error keeps a study from being published, a warning asks to look again."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Change:
    """A change of the example study."""

    text: str
    """The change in words: "row 7, confidence: 70%"."""
    apply: Callable[[Files], None]
    """Changes the files in place."""
    rows: tuple[int, ...] = ()
    """Data rows that the rule names after it, if it is broken; empty where the finding is of the file as a whole."""


AS_IT_IS = Change("the example study as it is", lambda files: None)


@dataclass(frozen=True)
class Example:
    """An example of a rule, over the study that `hmix contribute init --example` writes."""

    failing: Change
    """A change that breaks the rule, and no other."""
    passing: Change = AS_IT_IS
    """A change that keeps it, however near it comes."""
    task: str = INFER


@dataclass(frozen=True)
class Rule:
    """One rule."""

    code: str
    """HMX and three digits; stays what it is for ever."""
    name: str
    severity: Severity
    meaning: str
    """What is wrong where the rule is broken."""
    fix: str
    """What to do about it, for a person."""
    example: Example = field(repr=False)
    """A study that breaks it, and one that does not."""
    automatic_fix: str = ""
    """What `hmix contribute fix` does about it; empty where a person must decide."""
    fixed_in: tuple[str, ...] = (".csv", ".csv.gz")
    """Endings of the files in which it does so."""
    is_blocking: bool = False
    """Whether a table that breaks it cannot be read whole, so that nothing in it is fixed."""

    def is_fixed_in(self, file: str) -> bool:
        """Whether `hmix contribute fix` does something about it in a file of this name."""
        return bool(self.automatic_fix) and file.endswith(self.fixed_in)


def _rule(
    heading: str,
    meaning: str,
    fix: str,
    example: Example,
    automatic_fix: str = "",
    *,
    severity: Severity,
    **options: Any,
) -> Rule:
    """Return a rule; its heading is code and name, as `hmix rules` prints them."""
    code, name = heading.split()
    return Rule(code, name, severity, meaning, fix, example, automatic_fix, **options)


error, warning = partial(_rule, severity=Severity.ERROR), partial(_rule, severity=Severity.WARNING)
