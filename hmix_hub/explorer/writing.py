"""Writes an explorer: a folder of static files, completely or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from hmix_hub.datasets_by_name import H_MIX
from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.explorer.asked import Name, ShownDataset, ShownTask, load_tasks
from hmix_hub.explorer.columns import stream_of
from hmix_hub.explorer.judgments import judgment_columns, number_participants
from hmix_hub.explorer.metadata import describe, describe_task, handing_script, mark_of, script_of
from hmix_hub.explorer.pictures import open_pictures
from hmix_hub.explorer.predictions import LEVEL, model_for, prediction_columns
from hmix_hub.explorer.stimuli import number_pictures, stimulus_columns
from hmix_hub.files import whole_folder
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.tasks import INFER

METADATA = "data/explorer.js"
"""The file that describes the others."""
MOST_FROM_DISK = 350 * 2**20
"""Maximum size in bytes of a file that a page opened from disk can load: strings have at most 2^29 characters."""


def write_explorer(
    datasets: Name | Sequence[Name],
    folder: str | os.PathLike[str],
    *,
    source: Any = None,
    model: str | os.PathLike[str] | None = None,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    repository: str | None = None,
    for_disk: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write an explorer of judgments: a page that works from disk and from any web server.

    Parameters
    ----------
    datasets
        "h-mix"; a registered study; a contributed study: its folder, or its repository on the Hub; or several of these.
    folder
        The folder to write; an existing explorer is replaced.
    source, revision, token
        See `hmix_hub.load_dataset`.
    model
        File of a saved `PerceptualModel` whose predictions are shown; `None`: fit one to the judgments.
    cifar10, image_sets
        Where pictures come from; see `hmix_hub.render`. If they are missing, tiles show only labels.
    repository
        Hub repository in which the dataset is published; the page's code loads it from there, and pictures that must
        not be published are left out. `None`: the page is not published.
    for_disk
        Whether the page must work from disk, which requires a second copy of every file, as a script.
    tell
        Called with progress messages.

    Returns
    -------
    pathlib.Path
        The page, index.html.

    Raises
    ------
    ConfigurationError, SchemaError, SourceError, PerceptionError
        If judgments or the model cannot be loaded, or the folder holds something else.
    OSError
        If the folder cannot be written; an existing explorer is left unchanged.

    Examples
    --------
    >>> import hmix_hub, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     hmix_hub.write_explorer("h-mix", f"{folder}/explorer", source="sample").name
    'index.html'
    """
    names = [datasets] if isinstance(datasets, str | os.PathLike) else list(datasets) or [H_MIX]
    target = Path(folder).absolute()
    _check_free(target)
    tell("loading judgments")
    shown, tasks = load_tasks(names, source=source, revision=revision, token=token, told=repository)
    tell("opening pictures")
    unpublished = {one.unpublished for one in shown} - {""}
    kept = unpublished if repository else set()
    opened, notes = open_pictures(tasks, kept, cifar10=cifar10, image_sets=image_sets, tell=tell)
    for name in sorted(unpublished & opened.keys()):
        notes.append(f"The pictures of {name} must not be published: do not share this page.")
        tell(f"the pictures of {name} must not be published: do not share the page")
    with whole_folder(target, replaces=True) as made:
        _copy_client(made)
        for name, content in _files(shown, tasks, opened, notes, model=model, tell=tell):
            path = made / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            if for_disk and len(content) > MOST_FROM_DISK:
                tell(f"{name} is too large for a page opened from disk: serve the folder with a web server")
            elif for_disk and name != METADATA:
                path.with_name(f"{path.name}.js").write_bytes(handing_script(name.removeprefix("data/"), content))
    return Path(folder) / "index.html"


def is_explorer(folder: Path) -> bool:
    """Whether a folder is an explorer."""
    return (folder / METADATA).is_file() and (folder / "index.html").is_file()


def _check_free(target: Path) -> None:
    """Refuse a folder that holds anything but an explorer."""
    if os.path.lexists(target) and not is_explorer(target) and not (target.is_dir() and not any(target.iterdir())):
        msg = "this is not an explorer, so it is not replaced"
        raise ConfigurationError(msg, where=Where(str(target)), hint="name a folder that does not exist yet")


def _copy_client(folder: Path) -> None:
    """Copy the page, its scripts and the libraries that it uses."""
    client = resources.files("hmix_hub.explorer").joinpath("client")
    with resources.as_file(client) as path:
        shutil.copytree(path, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.py"))


def _files(
    shown: Sequence[ShownDataset],
    tasks: Sequence[ShownTask],
    opened: Mapping[str, ImageSet],
    notes: Sequence[str],
    *,
    model: str | os.PathLike[str] | None,
    tell: Callable[[str], None],
) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every data file."""
    classes = tasks[0].vocabulary.union(task.vocabulary for task in tasks[1:])
    participants, of_rows = number_participants(tasks)
    pictures, endpoints = number_pictures(tasks, opened)
    described, said, told_model = [], list(notes), None
    for task, participant, pairs in zip(tasks, of_rows, endpoints, strict=True):
        name = task.task.name
        tell(f"writing {len(task.dataset):,} judgments of {name}")
        judgments = judgment_columns(task, classes, participant)
        stimuli = stimulus_columns(task, classes, pictures, pairs)
        if name == INFER:
            tell("predicting answers")
            found, why = model_for(task, model)
            said += [why] if why else []
            if found is not None:
                stimuli |= prediction_columns(found, stimuli, classes)
                told_model = {"task": name, "title": found.title, "level": LEVEL}
        n_participants = 0 if participant is None else len(np.unique(participant))
        described.append(describe_task(task, judgments, stimuli, n_participants))
        yield f"data/{name}.arrow", stream_of(judgments)
        yield f"data/{name}.stimuli.arrow", stream_of(stimuli)
    tables = {"participants": participants, "pictures": pictures.columns, "mixtures": pictures.mixture_columns}
    for name, columns in tables.items():
        if columns:
            yield f"data/{name}.arrow", stream_of(columns)
    if len(pictures):
        tell(f"writing {len(pictures):,} pictures")
    for number, sheet in enumerate(pictures.sheets()):
        yield f"data/pictures-{number:03}.png", sheet
    if pictures.has_originals:
        tell(f"writing {int(pictures.is_shrunk.sum()):,} pictures in full size")
    for number, picture in pictures.originals():
        yield f"pictures/{number}.png", picture
    metadata = describe(shown, described, classes, pictures, mark=mark_of(tasks), notes=said, model=told_model)
    yield METADATA, script_of("explorer", metadata)
