"""Replacing participant ids with pseudonyms in all files of a study, consistently for each participant."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from hmix_hub.contribute.privacy.patterns import masked_name, plain_texts
from hmix_hub.contribute.pseudonyms.ids import COMPUTED, ID, IdCopies, as_texts, rewrite_ids
from hmix_hub.contribute.pseudonyms.key import KEY_BYTES, PseudonymMaker, make_key, read_key
from hmix_hub.errors import SourceError, Where
from hmix_hub.files import PREFIX, new_name, sync_folder, write_beside
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import JUDGMENTS, PARTICIPANTS, StudyFolder, find_files
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.study import Study
from hmix_hub.tasks import TASKS, columns


@dataclass(frozen=True)
class PseudonymizedFile:
    """The changes to a file.

    Parameters
    ----------
    file
        Its path within the study.
    rows
        Number of rows.
    people
        Number of distinct ids.
    replaced
        How many of them were replaced; the others were already pseudonyms of this key.
    dropped
        Columns that were left out.
    """

    file: str
    rows: int
    people: int
    replaced: int
    dropped: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether the file was rewritten."""
        return bool(self.replaced or self.dropped)


@dataclass
class _Ids:
    """Ids of a file, as it is read."""

    path: Path
    rows: int = 0
    dropped: tuple[str, ...] = ()
    names: dict[str, None] = field(default_factory=dict)


def pseudonymize(study: Study, key_file: str | os.PathLike[str], *, dry_run: bool = False) -> list[PseudonymizedFile]:
    """Replace the participant ids of a study with pseudonyms that only the key links to them.

    A participant gets the same pseudonym in every file, and in every study that uses the same key. Existing pseudonyms
    of this key are kept, so that repeated or interrupted runs replace nothing twice. The column judgment_id, which
    contains the id, is left out, because it is computed when loading. Only judgment files and participants.csv are
    changed.

    Parameters
    ----------
    study
        The study, which need not be valid; open it again after files were written.
    key_file
        File outside the study with the key; created if it does not exist. With the key, the pseudonym of any id can be
        computed: keep it separate, and destroy it when nobody needs to be found any more.
    dry_run
        Whether to change no file and create no key.

    Returns
    -------
    list of PseudonymizedFile
        In the order of the tasks, then participants.csv.

    Raises
    ------
    ConfigurationError
        If the key file is in the study folder, is readable by others, or is not a key.
    SourceError
        If a file has errors, has no participant ids, or contains ids in other columns too; if ids are pseudonyms of
        another key; or if a file cannot be written. Nothing changes until all files have been prepared.
    """
    path = study.path
    key = read_key(key_file, path)
    folder = _found(path)
    ids = {name: _read_ids(folder.file(name), name) for name in _names(folder)}
    # In a dry run without a key, use a temporary one, which recognizes no pseudonym either.
    maker = PseudonymMaker(key or secrets.token_bytes(KEY_BYTES))
    new = maker.replacements(dict.fromkeys(name for file in ids.values() for name in file.names))
    for name, file in ids.items():
        _check_copies(folder, name, file, new)
    if key is None and new and not dry_run:
        maker = PseudonymMaker(make_key(key_file, path))
        new = maker.replacements(new)
    done = [
        PseudonymizedFile(name, file.rows, len(file.names), sum(one in new for one in file.names), file.dropped)
        for name, file in ids.items()
    ]
    if not dry_run:
        _replace(path, done, ids, new)
    return done


def _found(path: Path) -> StudyFolder:
    """Return the study's files; raise an error if other files could still contain ids."""
    report = Report()
    study = find_files(path, report)
    for finding in report:
        is_left = finding.rule is file_rules.UNKNOWN_FILE and not finding.file.startswith(f"{JUDGMENTS}/")
        if not is_left:
            msg = f"a file could still contain ids: {finding.rule.meaning}"
            raise SourceError(msg, where=Where(masked_name(finding.file)), hint=finding.rule.fix)
    if not _names(study):
        if study.judgments:
            raise _without_ids(study)
        msg = "the folder has neither judgment files nor participants.csv"
        raise SourceError(
            msg, where=Where(str(path)), hint="judgment files are named judgments/<task>.csv, or .jsonl, …"
        )
    return study


def _names(study: StudyFolder) -> list[str]:
    """Return the files that contain participant ids, or should."""
    of_people = [
        name for task, name in study.judgments.items() if TASKS[task].has_participants or _has_ids(study, name)
    ]
    return [*of_people, *([PARTICIPANTS] if study.has_participants else [])]


def _has_ids(study: StudyFolder, name: str) -> bool:
    """Return whether a file has a column of ids although its task has no participants."""
    first = next(read_chunks(study.file(name), name, Report()), None)
    return first is not None and ID in (first.names or first.columns)


def _without_ids(study: StudyFolder) -> SourceError:
    """Return the error for a study without participants."""
    task, name = next(iter(study.judgments.items()))
    msg = "the study names no participants, so there is nothing to replace"
    return SourceError(msg, where=Where(name), hint=TASKS[task].without_participants)


def _read_ids(path: Path, name: str) -> _Ids:
    if path.is_symlink():
        msg = "the file is a link, and its target would keep its ids"
        raise SourceError(msg, where=Where(name), hint="replace the link by the file itself")
    found = _Ids(path)
    report = Report()
    for chunk in read_chunks(path, name, report):
        if len(set(chunk.names)) < len(chunk.names):
            raise SourceError(column_rules.COLUMN_TWICE.meaning, where=Where(name), hint=column_rules.COLUMN_TWICE.fix)
        if ID not in chunk.columns:
            msg = f"the file has no column {ID}"
            hint = "rename the column of ids; `hmix contribute validate` lists the columns"
            raise SourceError(msg, where=Where(name), hint=hint)
        texts = as_texts(chunk.columns[ID])
        if texts is None:
            msg = f"the ids are of the type {chunk.columns[ID].type}, which is neither text nor whole numbers"
            raise SourceError(msg, where=Where(name, column=ID), hint="write ids as text")
        found.rows += len(chunk)
        found.names |= dict.fromkeys(text for text in plain_texts(texts.unique()) if text)
        found.dropped = (COMPUTED,) if COMPUTED in chunk.columns else ()
    for finding in report.errors:
        msg = f"the file has errors and was not changed: {finding.rule.meaning}"
        row = finding.spots[0].row if finding.spots else None
        raise SourceError(msg, where=Where(name, row), hint=finding.rule.fix)
    if any(text != text.strip() for text in found.names):
        msg = "an id is surrounded by white space, so it is not certain whose it is"
        raise SourceError(msg, where=Where(name, column=ID), hint="remove it with `hmix contribute fix`")
    return found


def _check_copies(study: StudyFolder, name: str, file: _Ids, new: dict[str, str]) -> None:
    if not new or not file.rows:
        return
    tasks = [task for task, judgments in study.judgments.items() if judgments == name]
    copies = IdCopies(new, frozenset(column.name for task in tasks for column in columns(task)))
    for chunk in read_chunks(file.path, name, Report()):
        copies.add(chunk)
    if copies.columns:
        called = ", ".join(masked_name(column) for column in copies.columns)
        msg = "the column also contains participant ids and would undo the pseudonyms"
        hint = "remove the column, or the ids in it, and run this again"
        raise SourceError(msg, where=Where(name, column=called), hint=hint)


def _replace(path: Path, done: list[PseudonymizedFile], ids: dict[str, _Ids], new: dict[str, str]) -> None:
    with new_files(path, [file.path for file in ids.values()]) as write:
        for result in [result for result in done if result.is_changed]:
            file = ids[result.file]
            replacements = {name: new.get(name, name) for name in file.names}
            rows = write(file.path, partial(rewrite_ids, file.path, new=replacements, name=result.file))
            if rows != file.rows:
                msg = f"the file changed while it was read: it had {file.rows} rows and now has {rows}"
                raise SourceError(msg, where=Where(result.file), hint="close other programs that write to it")


@contextmanager
def new_files(folder: Path, places: Iterable[Path]) -> Iterator[Callable[[Path, Callable[[BinaryIO], int]], int]]:
    """Yield a function that writes a new file next to one of these places; at the end, all are moved to their places.

    Each is written with the mode of the existing file and synced to disk; the result of writing its content is
    returned. After a failure no file is moved; unmoved files, and those left over from a killed run, are discarded.
    Whenever this ends, each file is either the old or the new one.

    Raises
    ------
    SourceError
        If another program is at this in the folder, or a file cannot be written.
    """
    ready: dict[Path, Path] = {}

    def write(place: Path, content: Callable[[BinaryIO], int]) -> int:
        ready[place] = made = new_name(place)
        with write_beside(made, place) as stream:
            return content(stream)

    with _locked(folder):
        # While this run holds the lock, nobody else writes them.
        for left in [left for parent in {place.parent for place in places} for left in parent.glob(f"{PREFIX}*")]:
            left.unlink(missing_ok=True)
        try:
            yield write
            for place, made in ready.items():
                os.replace(made, place)
            for parent in {place.parent for place in ready}:
                sync_folder(parent)
        except OSError as error:
            msg = f"a file cannot be replaced: {error.strerror or error}"
            hint = "fix this, and run the command again with the same key: it continues where it stopped"
            raise SourceError(msg, where=Where(str(folder)), hint=hint) from error
        finally:
            for made in ready.values():
                made.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder against a second run, if the system supports such locks."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            msg = "another run is replacing files in this folder"
            raise SourceError(msg, where=Where(str(folder)), hint="wait until it has finished") from None
        except OSError:
            # Some network folders do not support locks.
            pass
        yield
    finally:
        os.close(handle)
