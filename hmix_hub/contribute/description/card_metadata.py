"""Metadata of a study's card: its YAML header, which the Hub and `datasets` read."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from hmix_hub.contribute.description.markdown import one_line
from hmix_hub.contribute.description.totals import study_statistics
from hmix_hub.contribute.description.wording import Wording
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.study import Study
from hmix_hub.yaml_file import plain_yaml

_CREATIVE_COMMONS = {
    "by": ("2.0", "2.5", "3.0", "4.0"),
    "by-sa": ("3.0", "4.0"),
    "by-nc": ("2.0", "3.0", "4.0"),
    "by-nd": ("4.0",),
    "by-nc-nd": ("3.0", "4.0"),
    "by-nc-sa": ("2.0", "3.0", "4.0"),
}
_OTHERS = """
cc0-1.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 etalab-2.0 ofl-1.1 apache-2.0 mit bsd-2-clause
bsd-3-clause bsd-3-clause-clear isc zlib unlicense wtfpl afl-3.0 artistic-2.0 bsl-1.0 ecl-2.0 epl-1.0 epl-2.0 eupl-1.1
lppl-1.3c ms-pl mpl-2.0 ncsa osl-3.0 postgresql
"""
LICENCES = frozenset(
    [f"cc-{kind}-{version}" for kind, versions in _CREATIVE_COMMONS.items() for version in versions] + _OTHERS.split()
)
"""SPDX identifiers, in lower case, that are also the Hub's names of these licences.

Source: https://huggingface.co/docs/hub/repositories-licenses
"""
_OTHER_NAMES = {
    "odc-by-1.0": "odc-by",
    "odbl-1.0": "odbl",
    "pddl-1.0": "pddl",
    "c-uda-1.0": "c-uda",
    **{
        f"{name}-{suffix}": name
        for name in ("agpl-3.0", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0")
        for suffix in ("only", "or-later")
    },
}
"""The Hub's names of licences with other SPDX identifiers."""


def card_metadata(study: Study) -> str:
    """Return the YAML of a card, without the delimiting lines.

    It contains the features of every configuration, but no sizes, which would make filtered loading fail.
    """
    manifest = study.manifest
    language, _, region = manifest.language.partition("-")
    values: dict[str, Any] = {
        "pretty_name": one_line(manifest.title),
        **_licence(manifest.licence),
        "language": [language],
        **({"language_bcp47": [manifest.language]} if region else {}),
        "size_categories": [size_category(study_statistics(study)["judgments"])],
        "task_categories": ["image-classification"],
        **({"annotations_creators": ["machine-generated"]} if manifest.synthetic else {}),
        "source_datasets": ["extended|other-cifar10" if _is_cifar10(manifest) else "original"],
        "tags": [*study.once(Wording.of).tags, *(["cifar-10"] if _is_cifar10(manifest) else [])],
        "configs": [
            {"config_name": name, "data_files": [{"split": "train", "path": f"{name}/train-*.parquet"}]}
            | ({"default": True} if name == study.default else {})
            for name in study.configurations
        ],
        "dataset_info": [
            {"config_name": name, "features": study.features(name)._to_yaml_list()} for name in study.configurations
        ],
    }
    # Wide, so that no value is wrapped.
    return plain_yaml(values, width=10**6).rstrip()


def size_category(n: int) -> str:
    """Return the Hub's category of a number of rows: "n<1K", "1K<n<10K", …."""
    edges = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
    names = ["n<1K", *(f"{low}<n<{high}" for low, high in pairwise(edges)), "n>1T"]
    return names[sum(n >= 10 ** (3 + place) for place in range(len(edges)))]


def licence_address(spdx: str) -> str:
    """Return the page of an SPDX licence, or the text itself for an expression or the authors' own licence."""
    return spdx if " " in spdx or spdx.startswith("LicenseRef") else f"https://spdx.org/licenses/{spdx}.html"


def _licence(spdx: str) -> dict[str, str]:
    name = spdx.lower()
    if name in LICENCES or name in _OTHER_NAMES:
        return {"license": _OTHER_NAMES.get(name, name)}
    return {"license": "other", "license_name": re.sub(r"[^a-z0-9.]+", "-", name).strip("-")}


def _is_cifar10(manifest: Manifest) -> bool:
    return manifest.stimuli.source.startswith("cifar10/")
