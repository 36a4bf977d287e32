"""Datasets that can be loaded by name, and `hmix_hub.citation`."""

from __future__ import annotations

import re

from hmix_hub.errors import ConfigurationError, nearest

H_MIX = "h-mix"
DATASETS = (H_MIX,)
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
"""Name of a repository of the Hub, ORG/NAME."""
STUDY_TAG = "h-mix-study"
"""Tag of every published study, in its card."""


def check_dataset(name: object) -> str:
    """Check that a dataset of this name exists."""
    if not isinstance(name, str):
        msg = f"a dataset is loaded by name, or several as a list, not by {type(name).__name__}"
        raise ConfigurationError(msg, hint="to filter a dataset that is there, hmix_hub.filter")
    if name not in DATASETS:
        msg = f"there is no dataset {name!r}"
        hint = (
            f"{nearest(name, DATASETS, label='datasets')}; a contributed study is named by its folder, or as org/name"
        )
        raise ConfigurationError(msg, hint=hint)
    return name


def citation(name: str = H_MIX) -> str:
    """Return the BibTeX entry that the authors of a dataset ask to be cited by.

    Parameters
    ----------
    name
        Name of the dataset.

    Raises
    ------
    ConfigurationError
        If there is no such dataset.
    """
    # Here, since this module is loaded by `import hmix_hub`.
    from importlib import resources

    return resources.files("hmix_hub.dataset_cards").joinpath(f"{check_dataset(name)}.bib").read_text(encoding="utf-8")
