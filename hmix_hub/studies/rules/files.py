"""Rules of files: read as what they seem to be (HMX500 to HMX519); of generated ones, as they were made (HMX620)."""

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
    "save it as UTF-8; spreadsheets call it CSV UTF-8",
    Example(content(_TABLE, lambda text: text.replace(b"p01,10", b"p01\xe9,10", 1), "the byte E9 in row 0", rows=[0])),
    "reads it as Windows-1252 and writes UTF-8",
)
BYTE_ORDER_MARK = warning(
    "HMX501 byte-order-mark",
    "the file begins with a byte order mark, which some programs take for a part of the first column's name",
    "save it as UTF-8 without a byte order mark",
    Example(content(_TABLE, lambda text: b"\xef\xbb\xbf" + text, "a byte order mark in front")),
    "takes it away",
)
CONTROL_CHARACTER = error(
    "HMX502 control-character",
    "the file holds a NUL or another control character, which no text has",
    "export the file again; a NUL often means that a disk was full, or that it is no text",
    Example(content(_TABLE, lambda text: text.replace(b"p01,10", b"p01\x00,10", 1), "a NUL in row 0", rows=[0])),
    is_blocking=True,
)
DELIMITER = error(
    "HMX503 delimiter",
    "the columns are not divided by commas",
    "save it with commas between the columns, and with points in numbers",
    Example(content(_TABLE, lambda text: text.replace(b",", b";"), "semicolons for commas")),
    "writes commas",
)
LINE_ENDINGS = error(
    "HMX504 line-endings",
    "lines end in a carriage return alone, as forty years ago",
    "save it with line feeds",
    Example(
        content(_TABLE, lambda text: text.replace(b"\n", b"\r"), "carriage returns for line feeds"),
        content(_TABLE, lambda text: text.replace(b"\n", b"\r\n"), "carriage return and line feed, as Windows writes"),
    ),
    "writes line feeds",
)
GUESSED = (ENCODING, DELIMITER, LINE_ENDINGS)
"""Rules of a text whose form is not the expected one, but can be guessed: a tolerant reader reads it all the same."""
RAGGED = error(
    "HMX505 ragged-row",
    "the row has more or fewer cells than the header",
    "quote cells that hold a comma; write every cell, if only as nothing between two commas",
    Example(_lines(7, b"p01,24,false"), _lines(140, b"")),
    is_blocking=True,
)
UNREADABLE = error(
    "HMX506 unreadable",
    "the file cannot be read: it is damaged, cut off, or not what its ending says",
    "export or copy it again",
    Example(Change("a .csv.gz file that lacks its last bytes", _cut), Change("the table as .csv.gz", _compressed)),
    is_blocking=True,
)
TOO_LARGE = error(
    "HMX507 too-large",
    "a cell, a row or the file is larger than any judgment",
    "look what it holds; a missing quote makes one cell of half a file",
    Example(
        content(_TABLE, lambda text: text.replace(b"p01,10", b'"' + b"p" * 100_000 + b'",10', 1), "a cell of 100 kB")
    ),
    is_blocking=True,
)
EMPTY = error(
    "HMX508 no-rows",
    "the file has no row",
    "add the judgments, or take the file and its task out",
    Example(content(_TABLE, _only_header, "the header alone")),
)
TASK_TWICE = error(
    "HMX509 task-twice",
    "two files hold the judgments of one task",
    "keep one of them; rows of several exports go into one file",
    Example(file_added("judgments/infer_mixing_factor.jsonl", b"{}\n")),
)
UNKNOWN_FILE = error(
    "HMX510 unknown-file",
    "the file has no place in a study, and would not be published",
    "judgments are called <task>.csv, .jsonl, .parquet, .csv.gz or .jsonl.gz; keep raw exports elsewhere",
    Example(file_added("judgments/infer.csv", b"a,b\n1,2\n")),
)
OUTSIDE = error(
    "HMX511 outside",
    "the file is a link that leads out of the study folder, or is no plain file",
    "copy the file into the folder",
    Example(
        file_added(
            "judgments/construct_midpoint.csv", b"-> ../../elsewhere.csv", "a link judgments/construct_midpoint.csv"
        )
    ),
)
TASK_WITHOUT_FILE = error(
    "HMX512 task-without-file",
    "study.yaml names a task that has no file of judgments",
    "add judgments/<task>.csv, or take the task out of study.yaml",
    Example(file_removed(_TABLE)),
)
FILE_WITHOUT_TASK = error(
    "HMX513 file-without-task",
    "there is a file of judgments of a task that study.yaml does not name",
    "add the task to `tasks:` in study.yaml, or take the file out",
    Example(file_added("judgments/construct_midpoint.csv", lambda _: example_study(CONSTRUCT)[table_path(CONSTRUCT)])),
)
SAME_FILE = error(
    "HMX514 same-file-twice",
    "two judgment files have the same content",
    "one of them is a copy by mistake: put the right file in its place",
    Example(Change("judgments/construct_midpoint.csv is a copy of judgments/infer_mixing_factor.csv", _copied)),
)
FOREIGN = error(
    "HMX515 foreign-file",
    "the file is not in the expected format",
    "put the table in its place, as CSV in UTF-8",
    Example(content(_TABLE, lambda _: _WORKBOOK, "an Excel workbook under the name of a CSV file")),
)

TASK_TOO_NEW = error(
    "HMX516 task-too-new",
    "the task came with a later version of the schema than study.yaml states",
    "write the `schema_version` that is named, or a later one; what is there already stays valid",
    Example(
        replaced("study.yaml", f"schema_version: {CURRENT}", "schema_version: 2.1.0"),
        task=CHOICE,
    ),
)


STALE = error(
    "HMX620 stale",
    "the file is generated, and is not what the study gives now: it was edited, or the study changed after it",
    "make it anew with `hmix contribute card`, `croissant` or `stats`; to change the card, change study.yaml",
    Example(file_added("README.md", b"# My study\n", "a README.md that was written by hand")),
    "makes it anew",
    fixed_in=("",),
)
