"""The beginning of a collection: its key and its database, each whole or not there."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.files import sync_folder, take_place
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.store.connection import database_errors, sync_fully
from hmix_hub.suite.store.errors import StoreError
from hmix_hub.suite.store.keys import make_key
from hmix_hub.suite.store.layout import DATABASE_NAME, lay_out


def create_database(folder: Path, frozen: FrozenStudy, *, is_synthetic: bool) -> None:
    """Make the database of a collection, and its key unless there is one; nothing is written over.

    Raises
    ------
    StoreError
        If there is a database, or none can be made.
    """
    place = folder / DATABASE_NAME
    _check_new(place)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", suffix=".sqlite", dir=folder)
        os.close(handle)
    except OSError as error:
        msg = f"the collection cannot be made: {error.strerror}"
        raise StoreError(msg, where=Where(str(folder)), hint="name a folder that can be written") from error
    made = Path(name)
    try:
        key = make_key(folder)
        with database_errors(folder):
            connection = sqlite3.connect(made, isolation_level=None)
            try:
                sync_fully(connection)
                lay_out(connection, frozen, key, is_synthetic=is_synthetic)
            finally:
                connection.close()
        _take_place(made, place)
    finally:
        made.unlink(missing_ok=True)
        made.with_name(f"{made.name}-journal").unlink(missing_ok=True)
    sync_folder(folder)


def _check_new(place: Path) -> None:
    if os.path.lexists(place):
        msg = "there is a collection here already"
        hint = "serve it as it is, or begin the new study in another folder"
        raise StoreError(msg, where=Where(str(place)), hint=hint)


def _take_place(made: Path, place: Path) -> None:
    try:
        take_place(made, place)
    except FileExistsError:
        _check_new(place)
