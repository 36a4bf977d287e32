"""Datasets that can be loaded by name."""

from __future__ import annotations

from hmix_hub.errors import ConfigurationError, nearest

H_MIX = "h-mix"
DATASETS = (H_MIX,)


def check_dataset(name: str) -> str:
    """Check that a dataset exists.

    Raises
    ------
    ConfigurationError
        If there is no such dataset.
    """
    if name not in DATASETS:
        msg = f"there is no dataset {name!r}"
        raise ConfigurationError(msg, hint=nearest(name, DATASETS, label="datasets"))
    return name
