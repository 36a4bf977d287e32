"""Rules of generated files (HMX620 to HMX629)."""

from __future__ import annotations

from hmix_hub.studies.rules.changes import file_added
from hmix_hub.studies.rules.rule import Example, Rule, Severity

STALE = Rule(
    "HMX620",
    "stale",
    Severity.ERROR,
    "the file is generated, and is not what the study gives now: it was edited, or the study changed after it",
    "make it anew with `hmix contribute card`, `croissant` or `stats`; to change the card, change study.yaml",
    Example(file_added("README.md", b"# My study\n", "a README.md that was written by hand")),
    "makes it anew",
    fixed_in=("",),
)
