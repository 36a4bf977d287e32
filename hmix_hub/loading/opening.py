"""Opening of studies by name: a registered name, a folder, or a repository on the Hub; and where their files are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from hmix_hub.datasets_by_name import H_MIX, REPOSITORY, is_registered, registered_names
from hmix_hub.errors import ConfigurationError, SourceMissingError, Where, nearest
from hmix_hub.loading.hub import open_repository
from hmix_hub.loading.registered import open_registered
from hmix_hub.loading.studies import LoadableStudy, open_folder


def is_study(name: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a name can be that of a study: a registered name, a folder, or `org/name`."""
    if isinstance(name, os.PathLike) or is_registered(name):
        return True
    if not isinstance(name, str) or not name or name == H_MIX:
        return False
    is_path = name.startswith((".", "/", "~", os.sep)) or Path(name).is_absolute()
    return is_path or REPOSITORY.fullmatch(name) is not None or _is_folder(name)


def _is_folder(name: str | os.PathLike[str]) -> bool:
    # A name can be too long for a file.
    try:
        return Path(os.path.expanduser(name)).is_dir()
    except (OSError, ValueError):
        return False


def open_study(
    name: str | os.PathLike[str],
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    source: str | os.PathLike[str] | None = None,
) -> LoadableStudy:
    """Open a study by its name.

    Parameters
    ----------
    name
        A registered study, a study folder, a built study's folder, or a repository on the Hub, `org/name`.
    revision, token
        For the Hub: a tag (the study's version), branch or commit; and a token, as in `datasets.load_dataset`.
    source
        For a registered study: where its files come from; see `load_dataset`.

    Raises
    ------
    SourceMissingError
        If there is no such study.
    SchemaVersionError
        If it follows a schema unknown to this package.
    StudyError
        If its manifest cannot be understood.
    """
    if is_registered(name):
        return open_registered(name, source)
    # Not Path.expanduser, which fails if there is no such user.
    path = Path(os.path.expanduser(name))
    if _is_folder(name):
        return open_folder(path.absolute())
    if isinstance(name, str) and REPOSITORY.fullmatch(name):
        return open_repository(name, revision=revision, token=token)
    msg = "there is no such folder"
    hint = f"name a study folder, a repository as org/name, or a registered study: {', '.join(registered_names())}"
    raise SourceMissingError(msg, where=Where(str(path)), hint=hint)


def source_of(part: object, parts: Sequence[Any], source: Any) -> Any:
    """Return the source of one of several datasets.

    A dict gives a source for each dataset; a single source is that of "h-mix", or of the registered studies if "h-mix"
    is not among them.
    """
    if isinstance(source, Mapping):
        named = [name for name in parts if name == H_MIX or is_registered(name)]
        for name in source:
            if name not in named:
                msg = f"source= names {name!r}, which is not one of the datasets to load by name"
                raise ConfigurationError(msg, hint=nearest(name, named, label="datasets"))
        return source.get(part) if isinstance(part, str) else None
    is_meant = part == H_MIX if H_MIX in parts else is_registered(part)
    return source if is_meant else None
