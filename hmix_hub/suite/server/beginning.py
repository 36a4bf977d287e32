"""Start of serving: the study file is checked and frozen once, and later only compared."""

from __future__ import annotations

from pathlib import Path

from hmix_hub.errors import CollectionError, Where
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.design.pair_file import hashes_of_lists
from hmix_hub.suite.design.pictures import open_pictures
from hmix_hub.suite.store.database import DATABASE_NAME
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.amending import Holds, changes
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import dotted, read_allowed, read_study_file


def begin_collection(folder: Path, *, trial_run: bool = False) -> tuple[Store, ImageSet]:
    """Open a collection; the first time, its study file is checked and frozen.

    Parameters
    ----------
    folder
        The collection folder; the caller holds its lock.
    trial_run
        Whether to allow placeholders in texts. A collection that began as a trial run stays one, and its answers are
        not data.

    Returns
    -------
    tuple
        The store, to be closed, and the pictures.

    Raises
    ------
    StudyFileError
        If the study file or its design is invalid.
    CollectionError
        If the study file, or a list of pairs, has changed since the collection began.
    """
    study = read_study_file(folder, allow_placeholders=trial_run)
    allowed = read_allowed(folder, study.recruiting)
    if not (folder / DATABASE_NAME).exists():
        frozen, image_set = draw_design(folder, study)
        store = Store.create(folder, frozen, is_synthetic=trial_run)
        if allowed:
            store.allow(allowed).result()
        return store, image_set
    store = Store.open(folder)
    try:
        refuse_changes(store.frozen.study, study, folder)
        refuse_other_lists(store.frozen, folder)
        if store.is_synthetic != trial_run:
            began = "a trial run or simulation, not for real data" if store.is_synthetic else "a study with real data"
            how = "continue with --trial-run" if store.is_synthetic else "omit --trial-run"
            msg = f"this collection began as {began}"
            raise CollectionError(msg, where=Where(str(folder)), hint=f"{how}, or start another one in a new folder")
        image_set, _ = open_pictures(folder, study)
        # Last, so that a refused collection is unchanged.
        if allowed:
            store.allow(allowed).result()
        return store, image_set
    except BaseException:
        store.close()
        raise


def refuse_changes(began: StudyFile, now: StudyFile, folder: Path) -> None:
    """Raise an error if a study file was changed after its collection began, with the first key that differs."""
    changed = next(iter(changes(began, now)), None)
    if changed is not None:
        differs = f"{dotted(changed.path)} is {changed.now_is}, was {changed.was}"
        msg = f"the study file was changed after collection began: {differs}"
        hint = "undo the change; for another design, copy the study file into a new folder and serve that"
        if isinstance(changed.rule, Holds):
            hint = "apply the change with `hmix collect amend`, or undo it"
        raise CollectionError(msg, where=Where(str(folder)), hint=hint)


def refuse_other_lists(began: FrozenStudy, folder: Path) -> None:
    """Check that lists of pairs have not changed since their collection began, when batches were drawn from them.

    Raises
    ------
    CollectionError
        If one has changed; the message names the first.
    StudyFileError
        If one cannot be read.
    """
    for (name, before), (_, now) in zip(began.lists, hashes_of_lists(folder, began.study), strict=True):
        if now != before:
            msg = f"the list of pairs {name} was changed after collection began"
            hint = "restore the list; for other pairs, start another collection in a new folder"
            raise CollectionError(msg, where=Where(str(folder)), hint=hint)
