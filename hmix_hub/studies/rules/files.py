"""Rules for files (HMX500 to HMX519) and generated files (HMX620)."""

from __future__ import annotations

import gzip

from hmix_hub.schema import CURRENT
from hmix_hub.studies.example import example_study
from hmix_hub.studies.rules.changes import content, file_added, file_removed, replaced, table_path
from hmix_hub.studies.rules.rule import Change, Example, Files, error, warning
from hmix_hub.tasks import CHOICE, CONSTRUCT

_TABLE = table_path()


def _lines(change: int, line: bytes) -> Change:
    def edit(text: bytes) -> bytes:
        lines = text.split(b"\n")
        lines[change + 1] = line
        return b"\n".join(lines)

    return content(_TABLE, edit, f"row {change} is `{line.decode(errors='replace')[:40]}`", rows=[change])


def _only_header(text: bytes) -> bytes:
    return text.split(b"\n")[0] + b"\n"


def _compressed(files: Files) -> None:
    files[_TABLE + ".gz"] = gzip.compress(files.pop(_TABLE), mtime=0)


def _copied(files: Files) -> None:
    files[table_path(CONSTRUCT)] = files[_TABLE]
    files["study.yaml"] = files["study.yaml"].replace(b"  - infer", b"  - construct_midpoint\n  - infer")


def _cut(files: Files) -> None:
    _compressed(files)
    files[_TABLE + ".gz"] = files[_TABLE + ".gz"][:-20]


_WORKBOOK = b"PK\x03\x04" + b"\0" * 26 + b"xl/workbook.xml<workbook/>"

ENCODING = error(
    "HMX500 not-utf-8",
    "the file is not UTF-8 text",
    "save the file as UTF-8; in spreadsheets, choose CSV UTF-8",
    Example(content(_TABLE, lambda text: text.replace(b"p01,10", b"p01\xe9,10", 1), "the byte E9 in row 0", rows=[0])),
    "converts the file from Windows-1252 to UTF-8",
)
BYTE_ORDER_MARK = warning(
    "HMX501 byte-order-mark",
    "the file begins with a byte order mark, which some programs read as part of the first column's name",
    "save the file as UTF-8 without a byte order mark",
    Example(content(_TABLE, lambda text: b"\xef\xbb\xbf" + text, "begins with a byte order mark")),
    "removes the byte order mark",
)
CONTROL_CHARACTER = error(
    "HMX502 control-character",
    "the file contains NUL or another control character, which text files do not have",
    "export the file again; a NUL often means that the disk was full or that the file is not text",
    Example(content(_TABLE, lambda text: text.replace(b"p01,10", b"p01\x00,10", 1), "a NUL in row 0", rows=[0])),
    is_blocking=True,
)
DELIMITER = error(
    "HMX503 delimiter",
    "the columns are not separated by commas",
    "save the file with commas between columns and decimal points in numbers",
    Example(content(_TABLE, lambda text: text.replace(b",", b";"), "semicolons instead of commas")),
    "writes commas",
)
LINE_ENDINGS = error(
    "HMX504 line-endings",
    "lines end in a carriage return without a line feed, as on the classic Mac OS",
    "save the file with line feeds",
    Example(
        content(_TABLE, lambda text: text.replace(b"\n", b"\r"), "carriage returns instead of line feeds"),
        content(_TABLE, lambda text: text.replace(b"\n", b"\r\n"), "carriage return and line feed, as on Windows"),
    ),
    "writes line feeds",
)
GUESSED = (ENCODING, DELIMITER, LINE_ENDINGS)
"""Rules about text formats that can be guessed: a tolerant reader still reads the file."""
RAGGED = error(
    "HMX505 ragged-row",
    "the row has more or fewer cells than the header",
    "quote cells that contain a comma; write empty cells as nothing between two commas",
    Example(_lines(7, b"p01,24,false"), _lines(140, b"")),
    is_blocking=True,
)
UNREADABLE = error(
    "HMX506 unreadable",
    "the file cannot be read: it is damaged, truncated, or not in the format of its extension",
    "export or copy the file again",
    Example(Change("a .csv.gz file without its last bytes", _cut), Change("the table as .csv.gz", _compressed)),
    is_blocking=True,
)
TOO_LARGE = error(
    "HMX507 too-large",
    "a cell, a row or the file is too large for judgments",
    "look at the content; a missing quote can turn half a file into one cell",
    Example(
        content(_TABLE, lambda text: text.replace(b"p01,10", b'"' + b"p" * 100_000 + b'",10', 1), "a cell of 100 kB")
    ),
    is_blocking=True,
)
EMPTY = error(
    "HMX508 no-rows",
    "the file has no rows",
    "add the judgments, or remove the file and its task",
    Example(content(_TABLE, _only_header, "only the header")),
)
TASK_TWICE = error(
    "HMX509 task-twice",
    "two files hold judgments of the same task",
    "keep one file per task; put the rows of all exports into it",
    Example(file_added("judgments/infer_mixing_factor.jsonl", b"{}\n")),
)
UNKNOWN_FILE = error(
    "HMX510 unknown-file",
    "the file does not belong in a study folder and would not be published",
    "name judgment files <task>.csv, .jsonl, .parquet, .csv.gz or .jsonl.gz; keep raw exports elsewhere",
    Example(file_added("judgments/infer.csv", b"a,b\n1,2\n")),
)
OUTSIDE = error(
    "HMX511 outside",
    "the file is a link that points outside the study folder, or not a regular file",
    "copy the file into the folder",
    Example(
        file_added(
            "judgments/construct_midpoint.csv", b"-> ../../elsewhere.csv", "a link judgments/construct_midpoint.csv"
        )
    ),
)
TASK_WITHOUT_FILE = error(
    "HMX512 task-without-file",
    "study.yaml lists a task that has no judgment file",
    "add judgments/<task>.csv, or remove the task from study.yaml",
    Example(file_removed(_TABLE)),
)
FILE_WITHOUT_TASK = error(
    "HMX513 file-without-task",
    "study.yaml does not list the task of this judgment file",
    "add the task to `tasks:` in study.yaml, or remove the file",
    Example(file_added("judgments/construct_midpoint.csv", lambda _: example_study(CONSTRUCT)[table_path(CONSTRUCT)])),
)
SAME_FILE = error(
    "HMX514 same-file-twice",
    "two judgment files have the same content",
    "replace the file that was copied by mistake with the right one",
    Example(Change("judgments/construct_midpoint.csv is a copy of judgments/infer_mixing_factor.csv", _copied)),
)
FOREIGN = error(
    "HMX515 foreign-file",
    "the file is not in the expected format",
    "replace it with the table as CSV in UTF-8",
    Example(content(_TABLE, lambda _: _WORKBOOK, "an Excel workbook named as a CSV file")),
)

TASK_TOO_NEW = error(
    "HMX516 task-too-new",
    "the task needs a later version of the schema than study.yaml states",
    "set `schema_version` to the version in the message, or a later one; existing data stay valid",
    Example(
        replaced("study.yaml", f"schema_version: {CURRENT}", "schema_version: 2.1.0"),
        task=CHOICE,
    ),
)


STALE = error(
    "HMX620 stale",
    "the generated file is out of date: it was edited, or the study has changed since",
    "regenerate it with `hmix contribute card`, `croissant` or `stats`; to change the card, edit study.yaml",
    Example(file_added("README.md", b"# My study\n", "a README.md written by hand")),
    "regenerates the file",
    fixed_in=("",),
)
