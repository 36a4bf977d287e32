"""A rule of the catalogue: its meaning, how to fix violations, and a failing and a passing example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from hmix_hub.tasks import INFER

Files = dict[str, bytes]
"""A study: the content of its files by path."""


class Severity(StrEnum):
    """Severity of a rule: an error prevents publication; a warning asks for a second look."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Change:
    """A change of the example study."""

    text: str
    """Description of the change, such as "in row 7, `confidence` is `very`"."""
    apply: Callable[[Files], None]
    """Function that changes the files in place."""
    rows: tuple[int, ...] = ()
    """Data rows that the finding lists; empty if the finding is about the whole file."""


AS_IT_IS = Change("the example study, unchanged", lambda files: None)


@dataclass(frozen=True)
class Example:
    """A failing and a passing example of a rule: changes of the study that `hmix contribute init --example` writes."""

    failing: Change
    """A change that breaks this rule and no other."""
    passing: Change = AS_IT_IS
    """A similar change that breaks no rule."""
    task: str = INFER


@dataclass(frozen=True)
class Rule:
    """A rule for contributed studies."""

    code: str
    """HMX and three digits; never changes."""
    name: str
    severity: Severity
    meaning: str
    """The problem, in a clause."""
    fix: str
    """How to fix the problem by hand."""
    example: Example = field(repr=False)
    """A study that breaks the rule, and one that does not."""
    automatic_fix: str = ""
    """What `hmix contribute fix` does; empty if there is no automatic fix."""
    fixed_in: tuple[str, ...] = (".csv", ".csv.gz")
    """Extensions of the files that `hmix contribute fix` can change."""
    is_blocking: bool = False
    """Whether a table that breaks the rule cannot be read completely, so that no automatic fix is applied to it."""

    def is_fixed_in(self, file: str) -> bool:
        """Return whether `hmix contribute fix` fixes violations in a file with this name."""
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
    """Return a rule; `heading` is its code and name, as `hmix rules` prints them."""
    code, name = heading.split()
    return Rule(code, name, severity, meaning, fix, example, automatic_fix, **options)


error, warning = partial(_rule, severity=Severity.ERROR), partial(_rule, severity=Severity.WARNING)
