"""Rules of columns: which there are (HMX530 to HMX539), and what their values may be (HMX540 to HMX549)."""

from __future__ import annotations

from hmix_hub.studies.rules.changes import added, cell, content, dropped, every, replaced, table_path
from hmix_hub.studies.rules.rule import Example, error

_TABLE = table_path()

COLUMN_MISSING = error(
    "HMX530 column-missing",
    "a column that the task needs is missing",
    "add it; `hmix info <task>` describes the columns",
    Example(dropped("confidence")),
)
COLUMN_UNKNOWN = error(
    "HMX531 column-unknown",
    "the schema has no such column",
    "begin the name of a column of your own with x_; it is then kept as it is",
    Example(added("mood", "good"), added("x_mood", "good")),
)
COLUMN_TWICE = error(
    "HMX532 column-twice",
    "two columns have one name",
    "keep one of them, or rename the other",
    Example(content(_TABLE, lambda text: text.replace(b"confidence", b"trial_index", 1), "trial_index stands twice")),
    is_blocking=True,
)
COLUMN_UNTIDY = error(
    "HMX533 column-untidy",
    "the column is known, but its name is written otherwise: capitals, spaces or hyphens",
    "write it as the schema does",
    Example(replaced(_TABLE, "confidence", " Confidence")),
    "writes it as the schema does",
)
COMPUTED = error(
    "HMX534 computed-column",
    "the column is computed from others, and holds something else here",
    "leave the column out; or correct the columns that it is computed from",
    Example(added("study_id", "another-study"), added("study_id", "example-study")),
    "takes the column out",
)
MANY = error(
    "HMX535 too-many-columns",
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


MISSING = error(
    "HMX540 value-missing",
    "a value is missing where every row must have one",
    "write it; leave the row out where nobody answered",
    Example(cell("inferred_coefficient", ""), cell("confidence", "")),
)
TYPE = error(
    "HMX541 value-type",
    "the value is not of the column's type",
    "write numbers with a point and without unit, truths as true or false, lists as a|b",
    Example(cell("confidence", "very"), cell("confidence", "1e-1")),
)
RANGE = error(
    "HMX542 value-range",
    "the number is outside the column's range",
    "coefficients, confidences and probabilities are 0 to 1, times are in milliseconds from 0",
    Example(cell("inferred_coefficient", "1.2"), cell("inferred_coefficient", "1")),
)
PERCENT = error(
    "HMX543 percent",
    "the column seems to be in percent, and must be 0 to 1",
    "divide the column by 100",
    Example(every("confidence", "is in percent", lambda value: f"{100 * float(value):g}")),
    "divides the column by 100",
)
DECIMAL_COMMA = error(
    "HMX544 decimal-comma",
    "the number is written with a comma",
    "write a point",
    Example(cell("confidence", "0,7")),
    "writes a point",
)
NULL_WORD = error(
    "HMX545 null-word",
    "a word stands for a missing value",
    "leave the cell empty",
    Example(cell("confidence", "NA")),
    "empties the cell",
)
UNTIDY = error(
    "HMX546 value-untidy",
    "there is white space around the value, so that it equals no other",
    "take it away",
    Example(cell("participant_id", "p01 "), cell("participant_id", "p01")),
    "takes it away",
)
IDENTIFIER = error(
    "HMX547 identifier",
    "the id has characters that ids may not have, or too many of them",
    "use letters, digits, points, hyphens and underscores, at most 64, a letter or digit first",
    Example(cell("participant_id", "p/01"), cell("participant_id", "p01")),
)
FORMULA = error(
    "HMX548 formula",
    "the text would be run as a formula by a spreadsheet",
    "do not begin text with =, +, - or @",
    Example(added("x_note", '=HYPERLINK("http://example.org")', row=7), added("x_change", "-0.5", row=7)),
)
CHOICE = error(
    "HMX549 value-choice",
    "the text is none of those that the column may hold",
    "write one of them, in small letters; leave the cell empty where it is not known",
    Example(added("image_1_side", "top", row=7), added("image_1_side", "left", row=7)),
)
