"""Rules for columns (HMX530 to HMX539) and their values (HMX540 to HMX549)."""

from __future__ import annotations

from hmix_hub.studies.rules.changes import added, cell, content, dropped, every, replaced, table_path
from hmix_hub.studies.rules.rule import Example, error

_TABLE = table_path()

COLUMN_MISSING = error(
    "HMX530 column-missing",
    "a required column of the task is missing",
    "add it; `hmix info <task>` describes the columns",
    Example(dropped("confidence")),
)
COLUMN_UNKNOWN = error(
    "HMX531 column-unknown",
    "the schema has no such column",
    "prefix columns of your own with x_; they are kept unchanged",
    Example(added("mood", "good"), added("x_mood", "good")),
)
COLUMN_TWICE = error(
    "HMX532 column-twice",
    "two columns have the same name",
    "remove or rename one of them",
    Example(content(_TABLE, lambda text: text.replace(b"confidence", b"trial_index", 1), "trial_index appears twice")),
    is_blocking=True,
)
COLUMN_UNTIDY = error(
    "HMX533 column-untidy",
    "the name of a known column has capitals, spaces or hyphens",
    "write the name as in the schema",
    Example(replaced(_TABLE, "confidence", " Confidence")),
    "writes the name as in the schema",
)
COMPUTED = error(
    "HMX534 computed-column",
    "the column is computed from other columns, and its values disagree with them",
    "omit the column, or correct the columns that it is computed from",
    Example(added("study_id", "another-study"), added("study_id", "example-study")),
    "removes the column",
)
MANY = error(
    "HMX535 too-many-columns",
    "the file has more columns than a study can have",
    "check the delimiter, and that the table is not transposed",
    Example(
        content(
            _TABLE,
            lambda text: b"\n".join(
                line + b"".join(b",x_%d" % i if not n else b"," for i in range(1000))
                for n, line in enumerate(text.rstrip(b"\n").split(b"\n"))
            ),
            "1,000 more columns",
        )
    ),
    is_blocking=True,
)


MISSING = error(
    "HMX540 value-missing",
    "a required value is missing",
    "add the value; omit the row if nobody answered",
    Example(cell("inferred_coefficient", ""), cell("confidence", "")),
)
TYPE = error(
    "HMX541 value-type",
    "the value does not have the column's type",
    "write numbers with a decimal point and no unit, booleans as true or false, lists as a|b",
    Example(cell("confidence", "very"), cell("confidence", "1e-1")),
)
RANGE = error(
    "HMX542 value-range",
    "the number is outside the column's range",
    "coefficients, confidences and probabilities are from 0 to 1; times are in milliseconds, 0 or more",
    Example(cell("inferred_coefficient", "1.2"), cell("inferred_coefficient", "1")),
)
PERCENT = error(
    "HMX543 percent",
    "the column seems to be in percent, but must be from 0 to 1",
    "divide the column by 100",
    Example(every("confidence", "is in percent", lambda value: f"{100 * float(value):g}")),
    "divides the column by 100",
)
DECIMAL_COMMA = error(
    "HMX544 decimal-comma",
    "the number has a decimal comma",
    "write a decimal point",
    Example(cell("confidence", "0,7")),
    "writes a decimal point",
)
NULL_WORD = error(
    "HMX545 null-word",
    "the cell has a word for a missing value, such as NA",
    "leave the cell empty",
    Example(cell("confidence", "NA")),
    "empties the cell",
)
UNTIDY = error(
    "HMX546 value-untidy",
    "the value has leading or trailing white space, so it does not equal the same value elsewhere",
    "remove the white space",
    Example(cell("participant_id", "p01 "), cell("participant_id", "p01")),
    "removes the white space",
)
IDENTIFIER = error(
    "HMX547 identifier",
    "the id is too long or has characters that are not allowed",
    "use at most 64 letters, digits, points, hyphens and underscores, beginning with a letter or digit",
    Example(cell("participant_id", "p/01"), cell("participant_id", "p01")),
)
FORMULA = error(
    "HMX548 formula",
    "a spreadsheet would run the text as a formula",
    "do not begin text with =, +, - or @",
    Example(added("x_note", '=HYPERLINK("http://example.org")', row=7), added("x_change", "-0.5", row=7)),
)
CHOICE = error(
    "HMX549 value-choice",
    "the text is not one of the column's allowed values",
    "write an allowed value, in lower case; leave the cell empty if it is unknown",
    Example(added("image_1_side", "top", row=7), added("image_1_side", "left", row=7)),
)
