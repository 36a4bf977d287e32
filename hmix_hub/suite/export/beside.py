"""Beside the study: what is asked for expressly, in files of its own that are never published with the study."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.files import replace_file
from hmix_hub.suite.export.gathering import comments, set_aside
from hmix_hub.suite.export.places import new_place
from hmix_hub.suite.store.store import Store

if TYPE_CHECKING:
    from hmix_hub.suite.store.store import Store

Lines = list[dict[str, Any]]


def write_comments(folder: Path, file: str | os.PathLike[str], *, unfinished: bool = False) -> int:
    """Write the comments of the people whose answers are exported as JSON lines; gives their number.

    Parameters
    ----------
    folder
        The collection.
    file
        A new file, outside every study folder: in free text people may say who they are.
    unfinished
        As in `export_study`.
    """
    return _write(folder, file, lambda store: comments(store, unfinished=unfinished))


def write_aside(folder: Path, file: str | os.PathLike[str]) -> int:
    """Write what was kept aside, faulty and conflicting answers, as JSON lines; gives their number."""
    return _write(folder, file, set_aside)


def check_beside(file: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Check that a file is new, and lies outside the folder that is exported to.

    Raises
    ------
    ConfigurationError
        If it does not.
    """
    path = new_place(file)
    if path.resolve().is_relative_to(Path(os.path.expanduser(target)).resolve()):
        msg = "this would lie in the study folder, and be published with it"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a file elsewhere")


def check_apart(comments: str | os.PathLike[str], aside: str | os.PathLike[str]) -> None:
    """Check that comments and what was kept aside go to files of their own.

    Raises
    ------
    ConfigurationError
        If they are one file.
    """
    one, other = (Path(os.path.expanduser(file)).absolute() for file in (comments, aside))
    if one.resolve() == other.resolve():
        msg = "comments and what was kept aside would be written into one file"
        raise ConfigurationError(msg, where=Where(str(one)), hint="name two files")


def _write(folder: Path, file: str | os.PathLike[str], lines_of: Callable[[Store], Any]) -> int:
    path = new_place(file)
    with Store.open(folder, read_only=True) as store:
        lines: Lines = lines_of(store)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    # A browser may have sent half of a character.
    replace_file(path, text.encode("utf-8", "backslashreplace"))
    return len(lines)
