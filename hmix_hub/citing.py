"""Citations of datasets."""

from __future__ import annotations

from importlib import resources

from hmix_hub.datasets_by_name import check_dataset


def citation(name: str = "h-mix") -> str:
    """Give the BibTeX entry that the authors of a dataset ask to be cited by.

    Parameters
    ----------
    name
        Name of the dataset.

    Raises
    ------
    ConfigurationError
        If there is no such dataset.
    """
    return resources.files("hmix_hub.dataset_cards").joinpath(f"{check_dataset(name)}.bib").read_text(encoding="utf-8")
