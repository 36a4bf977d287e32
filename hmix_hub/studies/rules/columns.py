"""Rules of columns: which there are, and that computed ones are right (HMX530 to HMX539)."""

from __future__ import annotations

from hmix_hub.studies.rules.changes import added, content, dropped, replaced, table_path
from hmix_hub.studies.rules.rule import Example, Rule, Severity

_TABLE = table_path()

MISSING = Rule(
    "HMX530",
    "column-missing",
    Severity.ERROR,
    "a column that the task needs is missing",
    "add it; `hmix info <task>` describes the columns",
    Example(dropped("confidence")),
)
UNKNOWN = Rule(
    "HMX531",
    "column-unknown",
    Severity.ERROR,
    "the schema has no such column",
    "begin the name of a column of your own with x_; it is then kept as it is",
    Example(added("mood", "good"), added("x_mood", "good")),
)
TWICE = Rule(
    "HMX532",
    "column-twice",
    Severity.ERROR,
    "two columns have one name",
    "keep one of them, or rename the other",
    Example(content(_TABLE, lambda text: text.replace(b"confidence", b"trial_index", 1), "trial_index stands twice")),
    is_blocking=True,
)
UNTIDY = Rule(
    "HMX533",
    "column-untidy",
    Severity.ERROR,
    "the column is known, but its name is written otherwise: capitals, spaces or hyphens",
    "write it as the schema does",
    Example(replaced(_TABLE, "confidence", " Confidence")),
    "writes it as the schema does",
)
COMPUTED = Rule(
    "HMX534",
    "computed-column",
    Severity.ERROR,
    "the column is computed from others, and holds something else here",
    "leave the column out; or fix the columns that it is computed from",
    Example(added("study_id", "another-study"), added("study_id", "example-study")),
    "takes the column out",
)
MANY = Rule(
    "HMX535",
    "too-many-columns",
    Severity.ERROR,
    "the file has more columns than any study",
    "check the delimiter, and that the table was not turned on its side",
    Example(
        content(
            _TABLE,
            lambda text: b"\n".join(
                line + b"".join(b",x_%d" % i if not n else b"," for i in range(1000))
                for n, line in enumerate(text.rstrip(b"\n").split(b"\n"))
            ),
            "a thousand columns of its own",
        )
    ),
    is_blocking=True,
)
