"""SQLite databases, as of psiTurk: one table, opened read-only and without running any of its code."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pyarrow as pa

from hmix_hub.errors import first_line
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.readers.raw_file import TEXT_LIMIT, RawFile, RowCollector
from hmix_hub.studies.rules import files as rules

_ENDINGS = (".db", ".sqlite", ".sqlite3", ".db3", "")
_CELL_LIMIT = 2**26
"""Maximum size of a cell in bytes; psiTurk stores a whole session in one."""
_STEPS, _STEP_LIMIT = 10**6, 10_000
"""Number of SQLite instructions between progress checks, and number of checks before it is stopped."""
_ORDINARY = "type = 'table' and name not like 'sqlite_%' and sql not like 'create virtual%'"


def is_database(raw: RawFile) -> bool:
    """Return whether a file is an SQLite database, from its first bytes."""
    return raw.head.startswith(b"SQLite format 3\0") and not raw.is_compressed


def read_database(raw: RawFile, outcome: Outcome) -> pa.Table:
    """Read the table of a database given by `layout`, or the only possible one."""
    if raw.ending not in _ENDINGS:
        raw.refuse("an SQLite database: rename it to end in .db or .sqlite", rule=rules.FOREIGN)
    if raw.path.with_name(f"{raw.path.name}-wal").is_file():
        outcome.remark(raw.path, "rows in its -wal file are not read: close the program that writes to the database")
    # Immutable: take no lock, replay no journal, and write no files.
    address = f"{raw.path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _CELL_LIMIT)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.execute("pragma trusted_schema = off")
            connection.execute("pragma cell_size_check = on")
            looks = iter(range(_STEP_LIMIT))
            connection.set_progress_handler(lambda: next(looks, None) is None, _STEPS)
            return _read(raw, connection, _table_name(raw, connection))
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raw.refuse(f"not a complete SQLite database: {first_line(error)}")


def _table_name(raw: RawFile, connection: sqlite3.Connection) -> str:
    names = [name for (name,) in connection.execute(f"select name from sqlite_schema where {_ORDINARY}")]

    def filled() -> list[str]:
        found = [name for name in names if connection.execute(f"select 1 from {_quoted(name)} limit 1").fetchone()]
        # psiTurk stores participants in one table, and internal data in others.
        of_psiturk = [name for name in found if "datastring" in _columns(connection, name)]
        return of_psiturk if len(of_psiturk) == 1 else found

    return raw.part("database", "table", names, filled)


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    # Skip generated columns, which could run forever.
    found = connection.execute(f"pragma table_xinfo({_quoted(table)})").fetchall()
    return [name for _, name, *_, hidden in found if not hidden]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read(raw: RawFile, connection: sqlite3.Connection, table: str) -> pa.Table:
    names = _columns(connection, table)
    if not names:
        raw.refuse(f"the table {table!r} has no readable column")
    collector = RowCollector(raw, names)
    size = raw.path.stat().st_size
    if size > 4 * TEXT_LIMIT:
        raw.refuse(f"the database has {size:,} bytes; export its table as CSV", rule=rules.TOO_LARGE)
    selected = ", ".join(map(_quoted, names))
    for number, row in enumerate(connection.execute(f"select {selected} from {_quoted(table)}")):
        collector.add([_text(raw, number, name, value) for name, value in zip(names, row, strict=True)])
    return collector.table()


def _text(raw: RawFile, row: int, name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        try:
            # psiTurk may store text as bytes.
            return value.decode()
        except UnicodeDecodeError:
            raw.refuse(f"the column {name!r} contains bytes that are not text", rule=rules.UNREADABLE, row=row)
    return value if isinstance(value, str) else repr(value)
