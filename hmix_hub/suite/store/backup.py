"""Backups: a complete copy of a collection in a new folder, possibly made while it is served."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.files import is_plain_inside, sync_folder, whole_folder
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.store.database import (
    DATABASE_NAME,
    StoreError,
    database_errors,
    open_reading,
    sync_file,
    sync_fully,
)
from hmix_hub.suite.store.keys import KEY_NAME, read_key
from hmix_hub.suite.store.layout import check_integrity, read_about
from hmix_hub.suite.study.reading import COLLECTION

_FOLDERS = ("pairs", "stimuli")


def back_up(source: sqlite3.Connection, folder: Path, frozen: FrozenStudy, target: Path) -> None:
    """Copy a collection: study file, pairs, pictures, key and database. The copy is checked, and complete or absent.

    Raises
    ------
    StoreError
        If the target exists or is inside the collection, or the copy cannot be made or is damaged.
    """
    where = Where(str(target))
    if os.path.lexists(target):
        msg = "a backup never overwrites anything"
        raise StoreError(msg, where=where, hint="name a folder that does not exist yet")
    target = target.resolve()
    if target.is_relative_to(folder.resolve()):
        msg = "a backup cannot be inside the collection itself"
        raise StoreError(msg, where=where, hint="name a folder elsewhere, preferably on another disk")
    try:
        with whole_folder(target, mode=0o700) as made:
            _copy_database(source, made / DATABASE_NAME)
            _copy_files(folder, made, frozen)
            _check(made)
            _sync(made)
        sync_folder(target.parent)
    except OSError as error:
        msg = f"the backup cannot be written: {error.strerror or error}"
        raise StoreError(msg, where=where, hint="free some space, or name another folder") from error


def _copy_database(source: sqlite3.Connection, place: Path) -> None:
    with database_errors(place.parent), contextlib.closing(sqlite3.connect(place, isolation_level=None)) as copy:
        sync_fully(copy)
        # In a single step, to copy one state of the database whatever is written in the meantime.
        source.backup(copy, pages=-1)
        # A single file that can be copied as it is.
        copy.execute("PRAGMA journal_mode = DELETE").fetchone()
    place.chmod(0o600)


def _copy_files(folder: Path, made: Path, frozen: FrozenStudy) -> None:
    shutil.copyfile(folder / KEY_NAME, made / KEY_NAME)
    (made / KEY_NAME).chmod(0o600)
    pair_files = (design.pairs.file for design in frozen.study.tasks.values())
    for name in {COLLECTION, *filter(None, pair_files)}:
        path = folder / name
        if is_plain_inside(path, folder):
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, made / name)
    for name in _FOLDERS:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, made / name, copy_function=shutil.copyfile, dirs_exist_ok=True)


def _check(made: Path) -> None:
    with contextlib.closing(open_reading(made)) as database, database_errors(made):
        about = read_about(database, str(made / DATABASE_NAME), read_key(made))
        check_integrity(database, about.frozen, made)


def _sync(made: Path) -> None:
    for path in made.rglob("*"):
        if path.is_file():
            sync_file(path)
        elif path.is_dir():
            sync_folder(path)
    sync_folder(made)
