"""Layouts of an export: a study folder for `hmix contribute`, or CSV files in the form of the release."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from hmix_hub.contribute.privacy.scan import DEFAULT_K
from hmix_hub.errors import CollectionError, ConfigurationError, Where
from hmix_hub.files import whole_folder
from hmix_hub.importing.gathering import write_judgments
from hmix_hub.judgments.derived_columns import with_derived_columns
from hmix_hub.judgments.migration import migrate
from hmix_hub.schema import CIFAR10, CURRENT, RELEASED, SYNTHETIC_FLAG
from hmix_hub.schema.vocabulary import LIST_MARK
from hmix_hub.sources import RELEASE
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.sources.picture_list import files_of
from hmix_hub.sources.released_csv import write_released_csv
from hmix_hub.sources.study import JUDGMENT_FILES
from hmix_hub.studies.folder import NOTES, PARTICIPANTS, STIMULI
from hmix_hub.studies.manifest import MANIFEST, OWN_PICTURES
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.export.gathering import Gathered, gather, new_place
from hmix_hub.suite.export.participants import ID, inattentive_people, notes_of, participant_table
from hmix_hub.suite.export.rows import OWN, amendment_notes, file_name, observed_table, written_table
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.store.writer import Times
from hmix_hub.suite.study.manifest import manifest_of
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks.flags import FAILED_ATTENTION
from hmix_hub.yaml_file import plain_yaml

_WIDTH = 100


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Parameters
    ----------
    judgments
        Number of judgments by file, path within the folder.
    gathered
        Their participants, and counts of what was left out.
    is_synthetic
        Whether scripted participants gave the answers.
    hidden
        Number of participants some of whose demographics are left out because too few share them; `None`: there is no
        participants.csv.
    """

    path: Path
    judgments: dict[str, int]
    gathered: Gathered
    is_synthetic: bool
    hidden: int | None


class Written(NamedTuple):
    """What a layout wrote: judgments by file, and the number of participants with hidden demographics."""

    judgments: dict[str, int]
    hidden: int | None = None


def export_study(
    folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    unfinished: bool = False,
    k: int = DEFAULT_K,
    months: tuple[str, str] | None = None,
) -> Exported:
    """Write the answers of a collection as a study folder, completely or not at all; it may be served meanwhile.

    Parameters
    ----------
    folder
        The collection.
    target
        New folder to write.
    unfinished
        Whether to include participants who have not finished; those who withdrew are never included.
    k
        Minimum number of participants who share each combination of demographics; cells of others are left empty.
    months
        Months of the first and the last answer, "2026-03"; `None`: as recorded by the server.

    Raises
    ------
    CollectionError
        If the collection cannot be read, has no answers to export, or lost its pictures; or if the last month is in the
        future.
    ConfigurationError
        If the target already exists.
    """
    return _export(folder, target, partial(_write_study, k=k, months=months), unfinished=unfinished)


def export_released(
    folder: str | os.PathLike[str], target: str | os.PathLike[str], *, unfinished: bool = False
) -> Exported:
    """Write the answers of a collection in the layout of the release, schema 1.0.0; see `export_study`.

    What that layout cannot store is left out: sides, paths, orders, what was touched, who was late; see
    `hmix_hub.judgments.migration.LOSSES`. If neither slider of infer_mixing_factor was touched, both are written as 50,
    as stored by the released interface, so that readers flag the row. Files with simulated answers have a column
    `synthetic`, which this package reads and readers of the release ignore.

    Raises
    ------
    CollectionError
        As in `export_study`.
    ConfigurationError
        As in `export_study`; and if the layout does not support the study's pictures, classes or tasks.
    """
    return _export(folder, target, _write_released, unfinished=unfinished, check=_check_sayable)


def _export(
    folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    write: Callable[[Store, Gathered, Path], Written],
    *,
    unfinished: bool,
    check: Callable[[FrozenStudy, Path], None] | None = None,
) -> Exported:
    root, place = Path(os.path.expanduser(folder)).absolute(), new_place(target)
    with Store.open(root, read_only=True) as store:
        if check is not None:
            check(store.frozen, root)
        gathered = gather(store, unfinished=unfinished)
        if not gathered.participants:
            waiting = f"; participants who have started: {gathered.unfinished}" if gathered.unfinished else ""
            msg = f"nobody has finished yet{waiting}" if not unfinished else "nobody has answered anything yet"
            hint = "include participants who have not finished with --unfinished" if gathered.unfinished else None
            raise CollectionError(msg, where=Where(str(root)), hint=hint)
        with whole_folder(place) as made:
            written = write(store, gathered, made)
            # The target may have been created in the meantime.
            new_place(target)
        return Exported(place, written.judgments, gathered, store.is_synthetic, written.hidden)


def _write_study(store: Store, gathered: Gathered, made: Path, *, k: int, months: tuple[str, str] | None) -> Written:
    frozen, written = store.frozen, {}
    inattentive = inattentive_people(frozen, gathered.people)
    for task, participants in gathered.participants.items():
        table = written_table(observed_table(frozen, task, participants), task, frozen.study.pictures.vocabulary)
        write_judgments(_flagged(table, inattentive, is_synthetic=store.is_synthetic), made / file_name(task), task)
        written[file_name(task)] = table.num_rows
    first, last = _months(store, months)
    manifest = manifest_of(
        frozen.study, first=first, last=last, is_synthetic=store.is_synthetic, consents=store.versions.consents
    )
    text = plain_yaml(manifest | {"tasks": list(gathered.participants)}, width=_WIDTH)
    (made / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    if frozen.study.pictures.source == OWN_PICTURES:
        _copy_pictures(frozen, store.folder, made)
    table = participant_table(frozen, gathered.people, k=k)
    if table is not None:
        (made / PARTICIPANTS).write_text(table.to_csv(), encoding="utf-8", newline="\n")
    notes = (notes_of(frozen) if table else "", amendment_notes(store.versions))
    if text := "\n".join(filter(None, notes)):
        (made / NOTES).write_text(text, encoding="utf-8", newline="\n")
    return Written(written, None if table is None else table.hidden)


def _flagged(table: pa.Table, inattentive: set[str], *, is_synthetic: bool) -> pa.Table:
    """Add the flags that do not follow from other columns, if any row has one."""
    # Simulated answers are also marked in the file, so that they cannot get unmarked into a real study.
    marks = [SYNTHETIC_FLAG] if is_synthetic else []
    of_inattentive = LIST_MARK.join([FAILED_ATTENTION.name, *marks])
    flags = [of_inattentive if name in inattentive else LIST_MARK.join(marks) for name in table[ID].to_pylist()]
    return table.append_column("flags", pa.array(flags, pa.string())) if any(flags) else table


def _months(store: Store, given: tuple[str, str] | None) -> tuple[str, str]:
    """Return the months of the first and the last answer: the given ones, otherwise those recorded by the server.

    Raises
    ------
    CollectionError
        If the last month is in the future, or none was given or recorded.
    """
    where, noted = Where(str(store.folder)), given or store.months()
    if noted is None:
        msg = "the months of the collection's answers are unknown"
        raise CollectionError(msg, where=where, hint="give them with --months 2026-03:2026-05")
    if noted[1] > (now := Times().month()):
        msg = f"the last answer was recorded in {noted[1]}, but the clock of this computer says {now}"
        hint = "one of the clocks was wrong: correct this one, or give the months with --months 2026-03:2026-05"
        raise CollectionError(msg, where=where, hint=hint)
    return noted


def _copy_pictures(frozen: FrozenStudy, root: Path, made: Path) -> None:
    """Copy the study's own pictures, only those in the list."""
    source = root / STIMULI
    if open_picture_folder(source, frozen.image_set).fingerprint != frozen.pictures:
        msg = "the pictures are not those that the collection began with"
        raise CollectionError(msg, where=Where(str(source)), hint="restore the same pictures, then export again")
    for name in files_of(source):
        copy = made / STIMULI / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((source / name).read_bytes())


def _write_released(store: Store, gathered: Gathered, made: Path) -> Written:
    frozen, written = store.frozen, {}
    for task, participants in gathered.participants.items():
        observed = observed_table(frozen, task, participants)
        observed = observed.drop_columns([name for name in OWN if name in observed.column_names])
        judgments = with_derived_columns(
            SUITE_TASKS[task].released(observed),
            task,
            study_id=frozen.study.id,
            vocabulary=CIFAR10,
            is_synthetic=store.is_synthetic,
        )
        released = migrate(judgments, task, start=CURRENT, target=RELEASED)
        name = JUDGMENT_FILES[task]
        written[name] = write_released_csv(made / name, task, released.to_pylist())
    return Written(written)


def _check_sayable(frozen: FrozenStudy, root: Path) -> None:
    """Check that the released layout, which names neither pictures nor classes, supports a study and its tasks.

    Raises
    ------
    ConfigurationError
        If it is not about the ten classes of the CIFAR-10 test set, or has a task that the release does not have.
    """
    hint = "export without --layout released"
    if unknown := [task for task in frozen.study.tasks if task not in JUDGMENT_FILES]:
        msg = f"the released layout has no file for {unknown[0]}"
        raise ConfigurationError(msg, where=Where(str(root)), hint=hint)
    classes = frozen.study.pictures.vocabulary
    if frozen.image_set == RELEASE.image_set and classes == CIFAR10:
        return
    found = frozen.image_set if frozen.image_set != RELEASE.image_set else f"the classes {', '.join(classes.names)}"
    msg = f"the released layout only supports {RELEASE.image_set} and its ten classes; this study has {found}"
    raise ConfigurationError(msg, where=Where(str(root)), hint=hint)
