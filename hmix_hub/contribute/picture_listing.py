"""Listing of pictures: a study's stimuli/images.csv, made from a folder of pictures or a list of them."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import replace as with_changes
from pathlib import Path

import pyarrow as pa

from hmix_hub.errors import ConfigurationError, SourceError, SourceMissingError, Where
from hmix_hub.files import natural_order, replace_file, sha256_of
from hmix_hub.importing.patterns import check_pattern, group_of
from hmix_hub.sources.picture_file import measure_picture
from hmix_hub.sources.picture_list import (
    IMAGES,
    KNOWN,
    MIXTURES,
    PICTURES_LIMIT,
    Entry,
    ListForm,
    PictureList,
    check_name,
    read_file,
    read_picture_list,
)
from hmix_hub.studies.folder import IMAGE_LIST, STIMULI, StudyFolder, is_litter
from hmix_hub.studies.manifest import ELSEWHERE, OWN_PICTURES

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
"""Extensions of files that count as pictures, in any case."""
Progress = Callable[[int], None]


def list_pictures(
    place: str | os.PathLike[str],
    *,
    label_pattern: str | None = None,
    label: str | None = None,
    progress: Progress = lambda _: None,
) -> PictureList:
    """Return a list of pictures with the label, size and SHA-256 of each, without decoding pixels.

    Parameters
    ----------
    place
        A folder, whose pictures are listed in natural order (`2.png` before `10.png`), including subfolders; or a CSV
        file with the columns `file` and `label`, and optionally `width`, `height` and `sha256`, whose order is kept.
        Its files are next to it; for files that are elsewhere, it must give the size.
    label_pattern
        Regular expression (RE2) with one group that matches the label in a file's path within the folder; `None`: the
        label is the name of the picture's folder.
    label
        A single label for all pictures that have no classes, such as "face".
    progress
        Called with the number of pictures read so far.

    Raises
    ------
    SourceMissingError
        If the place does not exist, or contains no picture.
    SourceError
        If a picture cannot be shown, does not match the list, or is outside the folder; or a label is missing.
    ConfigurationError
        If the pattern is invalid, or is given together with a list or a label.
    """
    root = Path(os.path.expanduser(place)).absolute()
    if root.is_dir():
        found = _in_folder(root, label_pattern, label)
    elif root.is_file():
        if label_pattern is not None or label is not None:
            msg = "a list of pictures contains their labels, so a pattern or a label cannot be given"
            raise ConfigurationError(msg, where=Where(str(root)), hint="name the folder instead, or omit the option")
        found = read_picture_list(root.parent, ListForm(root.name, IMAGES.label))
    else:
        msg = "this folder or list does not exist"
        raise SourceMissingError(msg, where=Where(str(root)), hint="name a folder of pictures, or a CSV file of them")
    entries = []
    for row, entry in enumerate(found.entries):
        entries.append(_measured(entry, found, row))
        progress(row + 1)
    # Its labels are checked again when the list is read.
    _ = found.vocabulary
    return with_changes(found, form=IMAGES, content=_content(entries), entries=entries)


def _in_folder(root: Path, label_pattern: str | None, label: str | None) -> PictureList:
    if label_pattern is not None and label is not None:
        msg = "both a single label and a label pattern are given"
        raise ConfigurationError(msg, hint="remove one of them")
    names = sorted(_names_in(root), key=natural_order)
    if not names:
        msg = f"this folder contains no pictures (files that end in {', '.join(ENDINGS)})"
        raise SourceMissingError(msg, where=Where(str(root)), hint="name the folder that contains the pictures")
    labels = [Path(name).parent.name if label is None else label for name in names]
    if label_pattern is not None:
        try:
            check_pattern(label_pattern)
        except ValueError as error:
            msg = f"the label pattern is invalid: {error}"
            raise ConfigurationError(msg, hint=r"for example '^([a-z]+)_\d+' for cat_12.png") from None
        labels = [found or "" for found in group_of(label_pattern, pa.array(names, pa.string())).to_pylist()]
    unlabelled = [name for name, found in zip(names, labels, strict=True) if not found.strip()]
    if unlabelled:
        why = "the pattern matches no label in" if label_pattern else "there is no subfolder with the label of"
        msg = f"{why} {len(unlabelled):,} of {len(names):,} pictures; the first is {unlabelled[0]!r}"
        hint = (
            r"put the pictures into a folder for each label, or name a pattern: '^([a-z]+)_\d+' for cat_12.png; "
            "for pictures without classes, give one label for all: --label face"
        )
        raise SourceError(msg, where=Where(str(root)), hint=hint)
    entries = [Entry(name, found.strip()) for name, found in zip(names, labels, strict=True)]
    listed = PictureList(root, IMAGES, b"", entries)
    # Links are only followed within the folder.
    listed.paths()
    return listed


def _names_in(root: Path) -> Iterator[str]:
    # Mixtures, as shown to participants, have a separate list.
    ready = set(read_picture_list(root, MIXTURES).names) if (root / MIXTURES.file).is_file() else set()
    number = 0
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not is_litter(name)]
        for file in files:
            name = (Path(folder) / file).relative_to(root).as_posix()
            if is_litter(file) or not file.lower().endswith(ENDINGS) or name in ready:
                continue
            number += 1
            if number > PICTURES_LIMIT:
                msg = f"there are more than {PICTURES_LIMIT:,} pictures in this folder"
                raise SourceError(msg, where=Where(str(root)), hint="list only pictures that were shown")
            check_name(name, Where(str(root)))
            yield name


def _measured(entry: Entry, listed: PictureList, row: int) -> Entry:
    """Return a picture's entry with its size and hash, checked against the list."""
    path = listed.root / entry.name
    if not path.exists():
        if entry.size is None:
            msg = f"{entry.name!r} is missing, and its width and height are not listed"
            hint = "put the picture next to the list, or add its width and height"
            raise SourceMissingError(msg, where=listed.where(row, "file"), hint=hint)
        return entry
    resolved = listed.path_of(row)
    content = read_file(resolved, Where(str(resolved), row), "list files that are pictures")
    size = measure_picture(content, Where(str(resolved), row))
    sha256 = hashlib.sha256(content).hexdigest()
    if entry.size not in {None, size} or entry.sha256 not in {None, sha256}:
        msg = f"{entry.name!r} does not match the list: it is {size[0]} x {size[1]}, with the SHA-256 {sha256}"
        raise SourceError(msg, where=listed.where(row), hint="correct the list, or replace the file")
    return entry._replace(size=size, sha256=sha256)


def _content(entries: list[Entry]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*IMAGES.columns, *KNOWN])
    writer.writerows([entry.name, entry.label, *(entry.size or ("", "")), entry.sha256 or ""] for entry in entries)
    return stream.getvalue().encode()


def write_pictures(
    study: str | os.PathLike[str], listed: PictureList, *, copy: bool = False, replace: bool = False
) -> int:
    """Write the list of a study's pictures, and optionally copy them into the study.

    Parameters
    ----------
    study
        The study folder; created if it does not exist.
    listed
        The list, from `list_pictures`.
    copy
        Whether to copy the files into stimuli/, to be published with the study.
    replace
        Whether to overwrite a different list and different files.

    Returns
    -------
    int
        Number of files copied.

    Raises
    ------
    ConfigurationError
        If there is already a different list or file.
    SourceError
        If stimuli/ leads out of the study folder, or a file to copy is missing.
    """
    root = Path(os.path.expanduser(study)).absolute()
    stimuli, target = root / STIMULI, root / IMAGE_LIST
    sources: dict[Path, int] = {}
    if copy and listed.root.resolve() != stimuli.resolve():
        listed.paths()
        for row, entry in enumerate(listed.entries):
            sources.setdefault(stimuli / entry.name, row)
    for path in (target, *sources):
        if not path.resolve().is_relative_to(root.resolve()):
            msg = "this leads out of the study folder"
            raise SourceError(msg, where=Where(str(path)), hint="make stimuli/ a folder, not a link")
    if not replace and target.exists() and target.read_bytes() != listed.content:
        raise _is_there(target, "another list of pictures")
    for path, row in sources.items():
        if not replace and path.exists() and sha256_of(path) != listed.entries[row].sha256:
            raise _is_there(path, "another file of this name")
    for path, row in sources.items():
        replace_file(path, read_file(listed.path_of(row), listed.where(row), "copy pictures from where they are"))
    replace_file(target, listed.content)
    return len(sources)


def _is_there(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(f"the study already has {what}", where=Where(str(path)), hint="--replace overwrites it")


def source_of_listed(folder: StudyFolder) -> str | None:
    """Return the source of listed pictures for study.yaml: "own" if all are in stimuli/; `None` if none are listed."""
    if not folder.has_pictures:
        return None
    try:
        names = read_picture_list(folder.file(STIMULI)).names
    except SourceError:
        return None
    return OWN_PICTURES if all((folder.file(STIMULI) / name).is_file() for name in set(names)) else ELSEWHERE
