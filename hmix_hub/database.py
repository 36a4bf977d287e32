"""A database for data that do not fit in memory: DuckDB, in memory up to a limit, then in a temporary folder."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hmix_hub.errors import ConfigurationError, SpaceError, Where
from hmix_hub.files import try_lock

if TYPE_CHECKING:
    import duckdb

RESERVED = 850 * 10**6
"""Bytes of a process reserved for Python, Arrow and the current rows; a database gets the rest."""
_SHARE = 4
"""Minimum share of the memory for a database."""
_SMALL = 16 * 2**20
"""Size up to which one thread is as fast as several, and no folder is needed, in bytes."""
_PREFIX = "hmix-database-"
_LOCK, _FILE = "lock", "tables.db"
_ADDED = "_added"
_ON_DISK = "set search_path='disk.main,memory.main'"
"""Tables are created in a file, compressed, and read from there piece by piece."""
_UNITS = {"": 1} | {f"{unit}{i}": (1024 if i else 1000) ** n for n, unit in enumerate("kmgtp", 1) for i in ("", "i")}
_SIZE = re.compile(r"\s*([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([kmgtp]i?|)b?\s*", re.IGNORECASE)
_MOST = 2**50
"""More bytes than any machine has, but valid as a limit for a database."""
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_SPACE = re.compile("out of memory|no space left|could not write|file too large|failed to offload", re.IGNORECASE)

_IDLE: list[duckdb.DuckDBPyConnection] = []
"""An empty single-threaded connection for the next database: creating one takes longer than checking a study."""


class Database:
    """A private DuckDB database, opened on first use and deleted when closed.

    Parameters
    ----------
    memory
        Bytes that the whole process may use, including `RESERVED` bytes outside the database; `None`: half of the
        machine's or the container's memory.
    folder
        Where to create a temporary folder for what does not fit; `None`: the system's temporary folder. Folders left by
        killed processes are deleted.
    threads
        Number of threads; `None`: one per processor, but only one for little data.
    held
        Size up to which a table stays in Arrow's memory, in bytes: moving it takes longer than a few queries.
    """

    def __init__(
        self,
        memory: int | None = None,
        folder: str | Path | None = None,
        threads: int | None = None,
        *,
        held: int = _SMALL,
    ) -> None:
        self.memory = default_memory() if memory is None else memory
        self._folder = Path(tempfile.gettempdir() if folder is None else folder)
        self._threads = threads
        self._most_held = held
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._own: Path | None = None
        self._lock: int | None = None
        self._bytes = 0
        self._tables: set[str] = set()
        self._held: dict[str, pa.Table] = {}
        self._new: set[str] = set()
        self._is_sound = True

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete all tables and the content of the temporary folder; the empty database can be used again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if self._own is None and not _IDLE and self._is_sound:
                for name in self._held:
                    connection.unregister(name)
                for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall():
                    connection.execute(f'drop table "{name}"')
                _IDLE.append(connection)
            else:
                connection.close()
        if self._lock is not None:
            os.close(self._lock)
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)
        self._own, self._lock, self._bytes, self._is_sound = None, None, 0, True
        self._tables.clear()
        self._held.clear()
        self._new.clear()

    def insert(self, name: str, rows: pa.Table | pa.RecordBatch) -> None:
        """Append rows to a table, creating it if necessary; later rows must have the same columns.

        Raises
        ------
        SpaceError
            If there is no space for them.
        """
        added = pa.Table.from_batches([rows]) if isinstance(rows, pa.RecordBatch) else rows
        held = self._held.get(name)
        self._held[name] = added if held is None else pa.concat_tables([held, added.select(held.column_names)])
        self._bytes += rows.nbytes
        self._new.add(name)
        if self._held[name].nbytes > self._most_held:
            with self._explained() as connection:
                if name in self._held:
                    self._store(connection, name)

    def held(self, name: str) -> pa.Table | None:
        """Return the rows of a small table that were not moved; `None`: more rows, or none."""
        return None if name in self._tables else self._held.get(name)

    def _store(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Move held rows to their table; few rows stay, since queries can read them as they are."""
        held = self._held.pop(name)
        self._new.discard(name)
        connection.unregister(name)
        connection.register(_ADDED, held)
        verb = f'insert into "{name}" by name' if name in self._tables else f'create table "{name}" as'
        try:
            connection.execute(f"{verb} select * from {_ADDED}")
        finally:
            connection.unregister(_ADDED)
        self._tables.add(name)

    def drop(self, name: str) -> None:
        """Delete a table, if it exists."""
        self._new.discard(name)
        if self._held.pop(name, None) is not None and self._connection is not None:
            self._connection.unregister(name)
        if name in self._tables:
            self._tables.remove(name)
            with self._explained() as connection:
                connection.execute(f'drop table "{name}"')

    def rows(self, sql: str, params: Sequence[object] | Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query with a small result.

        Parameters
        ----------
        sql
            The query. Without an explicit order, rows may come in any order.
        params
            Values of its parameters `$1`, `$2`, or by name.

        Raises
        ------
        SpaceError
            If there is no space for them, or for intermediate results.
        """
        with self._explained() as connection:
            return connection.execute(sql, params).fetchall()

    def table(self, sql: str, params: Sequence[object] | Mapping[str, object] | None = None) -> pa.Table:
        """Return the rows of a query as an Arrow table; see `rows`."""
        with self._explained() as connection:
            return connection.sql(sql, params=params).to_arrow_table()

    def batches(
        self, sql: str, params: Sequence[object] | Mapping[str, object] | None = None, *, rows: int = 100_000
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query in batches of `rows`, the last one smaller; see `rows`.

        Yielded rows are not kept. Other queries and inserts may run in between.
        """
        with self._explained() as connection:
            cursor = connection.cursor()
            if self._own is not None:
                cursor.execute(_ON_DISK)
            for name, held in self._held.items():
                cursor.register(name, held)
        try:
            with self._explained():
                # Not `execute`, which loads all rows before returning the first.
                reader = cursor.sql(sql, params=params).to_arrow_reader(rows)
            while True:
                with self._explained():
                    batch = next(reader, None)
                if batch is None:
                    return
                yield batch
        finally:
            cursor.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            try:
                self._connection = _IDLE.pop()
            except IndexError:
                self._connection = _new_connection()
            limit = min(max(self.memory - RESERVED, self.memory // _SHARE), _MOST)
            threads = self._threads or 1
            self._connection.execute(f"set memory_limit='{limit}B'; set threads={threads}; set temp_directory=''")
        if self._own is None and self._bytes > _SMALL:
            self._grow(self._connection)
        while self._new:
            name = self._new.pop()
            if name in self._tables:
                self._store(self._connection, name)
            else:
                self._connection.register(name, self._held[name])
        return self._connection

    def _grow(self, connection: duckdb.DuckDBPyConnection) -> Path:
        """Use all processors and a temporary folder."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._own = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._folder))
            # Others see it when it is locked.
            new = self._own / f"{_LOCK}.new"
            self._lock = os.open(new, os.O_CREAT | os.O_RDWR, 0o600)
            with suppress(OSError):
                try_lock(self._lock)
            new.rename(self._own / _LOCK)
        except OSError as error:
            if _SPACE.search(str(error)):
                raise self._no_space(str(error)) from error
            msg = f"rows that do not fit in memory cannot be stored here: {error.strerror or error}"
            hint = "give a writable folder with --temporary-folder"
            raise SpaceError(msg, where=Where(str(self._folder)), hint=hint) from error
        for left in self._folder.glob(f"{_PREFIX}*"):
            _delete_left(left, but=self._own)
        place = str(self._own).replace("'", "''")
        threads = self._threads or processors()
        connection.execute(f"set temp_directory='{place}'; set threads={threads}")
        connection.execute(f"attach '{place}/{_FILE}' as disk; {_ON_DISK}")
        return self._own

    @contextmanager
    def room(self) -> Iterator[Path]:
        """Yield the temporary folder for other files, which are deleted when the database is closed.

        Raises
        ------
        SpaceError
            If there is no space for files written meanwhile.
        """
        with self._explained() as connection:
            yield self._own or self._grow(connection)

    @contextmanager
    def _explained(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the database, and convert its errors about space."""
        import duckdb

        try:
            yield self._open()
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            self._is_sound = False
            # Errors within a stream are Arrow's, and only have a message.
            if isinstance(error, duckdb.OutOfMemoryException) or _SPACE.search(str(error)):
                raise self._no_space(str(error)) from error
            raise

    def _no_space(self, said: str) -> SpaceError:
        message = f"there is not enough memory or disk for these rows: {said.strip().splitlines()[0]}"
        hint = (
            f"{self._free()}; give a folder with more space with --temporary-folder, or allow more memory "
            f"than {self.memory / 10**9:.2g} GB with --memory"
        )
        return SpaceError(message, where=Where(str(self._folder)), hint=hint)

    def _free(self) -> str:
        try:
            return f"the folder has {shutil.disk_usage(self._folder).free / 10**9:.2g} GB free"
        except OSError:
            return "the folder cannot be written"


def _new_connection() -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(
        config={
            "threads": 1,
            # Queries state their order; preserving insertion order takes memory.
            "preserve_insertion_order": False,
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("set enable_progress_bar=false")
    return connection


def _delete_left(left: Path, *, but: Path) -> None:
    """Delete the temporary folder of a process that no longer exists."""
    with suppress(OSError):
        handle = os.open(left / _LOCK, os.O_RDWR)
        try:
            if left != but and try_lock(handle):
                shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(handle)


def processors() -> int:
    """Return the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # pragma: no cover - not Linux
        return os.cpu_count() or 1


def default_memory() -> int:
    """Return half of the memory of the machine or container, in bytes."""
    sizes = [2**33]
    with suppress(AttributeError, ValueError, OSError):
        sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for place in _CGROUPS:
        # "max" is not a number.
        with suppress(OSError, ValueError):
            sizes.append(int(Path(place).read_text()))
    return min(sizes) // 2


def read_size(text: str) -> int:
    """Parse a size such as 2GB, 500 MB or 1.5GiB, and return it in bytes.

    Raises
    ------
    ConfigurationError
        If it is not a size.
    """
    found = _SIZE.fullmatch(text)
    size = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
    if not size:
        msg = f"{text!r} is not a size"
        raise ConfigurationError(msg, hint="write a number and a unit, such as 2GB or 500MB")
    return size
