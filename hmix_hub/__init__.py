"""Human judgments of mixed images: load, filter, convert to tensors.

Importing this package registers the name "h-mix" with `datasets.load_dataset`; it imports nothing heavy and does not
access the network. Everything below is imported on first use.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from hmix_hub.loading import registration

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hmix_hub.class_order import align_labels
    from hmix_hub.datasets_by_name import citation
    from hmix_hub.errors import HMixError
    from hmix_hub.explorer.writing import write_explorer
    from hmix_hub.filters import filter  # noqa: A004 - the verb that users look for
    from hmix_hub.findings.page.writing import write_report
    from hmix_hub.findings.report import report
    from hmix_hub.frames import features, from_pandas, to_pandas
    from hmix_hub.judgments.grammar import between
    from hmix_hub.loading.hub_client import list_studies
    from hmix_hub.loading.joining import join
    from hmix_hub.loading.labels import labels_of
    from hmix_hub.loading.pictures import add_images, add_picture_files
    from hmix_hub.loading.pooled import by_stimulus
    from hmix_hub.loading.road import load_dataset
    from hmix_hub.perception.aggregation import aggregate
    from hmix_hub.perception.human_fit import human_fit
    from hmix_hub.perception.human_mixup import HumanMixup
    from hmix_hub.perception.model import PerceptualModel
    from hmix_hub.plots.plotting import plot
    from hmix_hub.plots.showing import show
    from hmix_hub.rendering import mix, render
    from hmix_hub.scales import scales_of
    from hmix_hub.splits import split
    from hmix_hub.summaries import soft_labels
    from hmix_hub.tensors import to_tensors
    from hmix_hub.training.batches import batches
    from hmix_hub.training.judgment_dataset import JudgmentDataset

_HOMES = {
    "HMixError": "errors",
    "HumanMixup": "perception.human_mixup",
    "JudgmentDataset": "training.judgment_dataset",
    "PerceptualModel": "perception.model",
    "add_images": "loading.pictures",
    "add_picture_files": "loading.pictures",
    "aggregate": "perception.aggregation",
    "align_labels": "class_order",
    "batches": "training.batches",
    "between": "judgments.grammar",
    "by_stimulus": "loading.pooled",
    "citation": "datasets_by_name",
    "features": "frames",
    "filter": "filters",
    "from_pandas": "frames",
    "human_fit": "perception.human_fit",
    "join": "loading.joining",
    "labels_of": "loading.labels",
    "list_studies": "loading.hub_client",
    "load_dataset": "loading.road",
    "mix": "rendering",
    "plot": "plots.plotting",
    "render": "rendering",
    "report": "findings.report",
    "scales_of": "scales",
    "show": "plots.showing",
    "soft_labels": "summaries",
    "split": "splits",
    "to_pandas": "frames",
    "to_tensors": "tensors",
    "write_explorer": "explorer.writing",
    "write_report": "findings.page.writing",
}

__all__ = [
    "HMixError",
    "HumanMixup",
    "JudgmentDataset",
    "PerceptualModel",
    "__version__",
    "add_images",
    "add_picture_files",
    "aggregate",
    "align_labels",
    "batches",
    "between",
    "by_stimulus",
    "citation",
    "features",
    "filter",
    "from_pandas",
    "human_fit",
    "join",
    "labels_of",
    "list_studies",
    "load_dataset",
    "mix",
    "plot",
    "render",
    "report",
    "scales_of",
    "show",
    "soft_labels",
    "split",
    "to_pandas",
    "to_tensors",
    "write_explorer",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if importlib.util.find_spec(f"{__name__}.builders") is None:
    _msg = f"{__path__[0]} is in a checkout that is not installed: run `pip install --editable .` there, or leave it"
    raise ImportError(_msg)
registration.install()
