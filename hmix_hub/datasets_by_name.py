"""Datasets that can be loaded by name, and `hmix_hub.citation`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeGuard

from hmix_hub.errors import ConfigurationError, nearest

H_MIX = "h-mix"
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
"""Name of a repository on the Hub, ORG/NAME."""
STUDY_TAG = "h-mix-study"
"""Tag of every published study, in its card."""
ENTRIES = Path(__file__).with_name("registered")
"""Folder of the registered studies, with a file named after each."""


def registered_names() -> list[str]:
    """Return the names of the registered studies: pinned data of other labs, loaded by name."""
    return sorted(path.stem for path in ENTRIES.glob("*.yaml"))


def is_registered(name: object) -> TypeGuard[str]:
    """Whether a name is that of a registered study."""
    return isinstance(name, str) and name in registered_names()


def entry_file(name: str) -> Path:
    """Return the file of a registered study."""
    return ENTRIES / f"{name}.yaml"


def dataset_names() -> list[str]:
    """Return the names of all datasets that can be loaded by name."""
    return [H_MIX, *registered_names()]


def check_dataset(name: object) -> str:
    """Check that a dataset of this name exists."""
    if not isinstance(name, str):
        msg = f"load a dataset by name, or several as a list, not by {type(name).__name__}"
        raise ConfigurationError(msg, hint="to filter a loaded dataset, use hmix_hub.filter")
    names = dataset_names()
    if name not in names:
        msg = f"there is no dataset {name!r}"
        hint = f"{nearest(name, names, label='datasets')}; name a contributed study by its folder, or as org/name"
        raise ConfigurationError(msg, hint=hint)
    return name


def citation(name: str = H_MIX) -> str:
    """Return the BibTeX entry with which the authors of a dataset ask to be cited.

    Parameters
    ----------
    name
        Name of the dataset: "h-mix", or a registered study, such as "cifar10s".

    Raises
    ------
    ConfigurationError
        If there is no such dataset.

    Examples
    --------
    >>> import hmix_hub
    >>> hmix_hub.citation("cifar10s").splitlines()[0]
    '@inproceedings{collins2022eliciting,'
    """
    # Here, since this module is loaded by `import hmix_hub`.
    from importlib import resources

    from hmix_hub.yaml_file import read_yaml

    if check_dataset(name) != H_MIX:
        bibtex: str = read_yaml(entry_file(name)).content["manifest"]["citation"]["bibtex"]
        return bibtex
    return resources.files("hmix_hub.dataset_cards").joinpath(f"{H_MIX}.bib").read_text(encoding="utf-8")
