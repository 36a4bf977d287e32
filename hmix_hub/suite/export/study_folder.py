"""Study folder: what a collection becomes for `hmix contribute`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import yaml

from hmix_hub.contribute.importing.importer import write_judgments
from hmix_hub.errors import CollectionError, Where
from hmix_hub.schema import SYNTHETIC_FLAG
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.sources.picture_list import files_of
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.manifest import MANIFEST, OWN_PICTURES
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.export.gathering import Gathered, gather
from hmix_hub.suite.export.places import new_folder, new_place
from hmix_hub.suite.export.rows import file_name, observed_table, written_table
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.manifest import manifest_of

if TYPE_CHECKING:
    from hmix_hub.suite.store.store import Store

_WIDTH = 100


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Parameters
    ----------
    path
        The folder.
    judgments
        Judgments by file, path within the folder.
    gathered
        Whose they are, and counts of what is not among them.
    is_synthetic
        Whether scripted people gave the answers.
    """

    path: Path
    judgments: dict[str, int]
    gathered: Gathered
    is_synthetic: bool


def export_study(
    folder: str | os.PathLike[str], target: str | os.PathLike[str], *, unfinished: bool = False
) -> Exported:
    """Write the answers of a collection as a study folder, whole or not at all; it may be served meanwhile.

    Parameters
    ----------
    folder
        The collection.
    target
        Folder to write, one that is not there yet.
    unfinished
        Whether answers of people who have not finished are taken, too; those of people who withdrew never are.

    Raises
    ------
    CollectionError
        If the collection cannot be read, has no answers to export, or lost its pictures.
    ConfigurationError
        If the target is there already.
    """
    root, place = Path(os.path.expanduser(folder)).absolute(), new_place(target)
    with Store.open(root, read_only=True) as store:
        gathered = gathered_answers(store, root, unfinished=unfinished)
        frozen = store.frozen
        with new_folder(place) as made:
            judgments = _write_judgments(frozen, gathered, made, is_synthetic=store.is_synthetic)
            _write_manifest(store, list(gathered.people), made)
            if frozen.study.pictures.source == OWN_PICTURES:
                _copy_pictures(frozen, root, made)
        return Exported(place, judgments, gathered, store.is_synthetic)


def gathered_answers(store: Store, root: Path, *, unfinished: bool) -> Gathered:
    """Gather the answers that are exported.

    Raises
    ------
    CollectionError
        If there are none.
    """
    gathered = gather(store, unfinished=unfinished)
    if not gathered.people:
        waiting = f"; people who have begun: {gathered.unfinished}" if gathered.unfinished else ""
        msg = f"nobody has finished yet{waiting}" if not unfinished else "nobody has answered anything yet"
        hint = "take answers of those who have not finished, too: --unfinished" if gathered.unfinished else None
        raise CollectionError(msg, where=Where(str(root)), hint=hint)
    return gathered


def _write_judgments(frozen: FrozenStudy, gathered: Gathered, made: Path, *, is_synthetic: bool) -> dict[str, int]:
    written = {}
    for task, people in gathered.people.items():
        observed = observed_table(frozen, task, people)
        table = written_table(observed, task, frozen.study.pictures.vocabulary)
        if is_synthetic:
            # In the file, too, so that it cannot be taken into a study of participants unmarked.
            table = table.append_column("flags", pa.repeat(SYNTHETIC_FLAG, table.num_rows))
        write_judgments(table, made / file_name(task))
        written[file_name(task)] = observed.num_rows
    return written


def _write_manifest(store: Store, tasks: list[str], made: Path) -> None:
    months = store.months()
    if months is None:
        msg = "the collection has answers, and does not know the months that they are of"
        raise CollectionError(msg, where=Where(str(store.folder)), hint="go back to a backup")
    first, last = months
    manifest = manifest_of(store.frozen.study, first=first, last=last, is_synthetic=store.is_synthetic)
    text = manifest_text(manifest | {"tasks": tasks})
    (made / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Write a manifest as plain YAML, which has no aliases."""

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return yaml.dump(dict(manifest), Dumper=Plain, sort_keys=False, allow_unicode=True, width=_WIDTH)


def _copy_pictures(frozen: FrozenStudy, root: Path, made: Path) -> None:
    """Copy the study's own pictures, those that the list names and nothing else."""
    source = root / STIMULI
    if open_picture_folder(source, frozen.image_set).fingerprint != frozen.pictures:
        msg = "the pictures are not those that the collection began with"
        raise CollectionError(msg, where=Where(str(source)), hint="bring the same pictures back, then export again")
    for name in files_of(source):
        copy = made / STIMULI / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((source / name).read_bytes())
