"""Ratings in a study's descriptions, each scale by itself: its ends, means, spread, agreement and retest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.contribute.description.agreement import Answers, coefficient_agreement, coefficient_retest
from hmix_hub.contribute.description.histograms import deviation, mean, mean_interval, share_histogram
from hmix_hub.contribute.description.markdown import Markdown, code, inline
from hmix_hub.contribute.description.markdown import table as markdown_table
from hmix_hub.schema.arrays import numbers
from hmix_hub.studies.manifest import Manifest
from hmix_hub.tasks.task import Task

SCALES = "scales"
"""Record set of the scales in a Croissant description."""


def rating_figures(table: pa.Table, task: Task, answers: Answers) -> list[dict[str, Any]]:
    """Describe the answers on each scale: apart, since a mean or a correlation over different scales means nothing.

    Parameters
    ----------
    table
        Judgment table of a task with a facet; N rows.
    task
        The task.
    answers
        N rows.

    Returns
    -------
    list of dict
        By the facet's value, rising: its name, `judgments`, `people`, `stimuli`, `mean` with its `interval`,
        `standard_deviation` (over N - 1), `histogram`, `agreement` and `retest` as of a coefficient.
    """
    (facet,) = task.facets
    values, names = numbers(table[task.answered]), table[facet].to_numpy(zero_copy_only=False)
    figures = []
    for name in sorted(set(names)):
        rows = np.flatnonzero(names == name)
        own, given = answers.of(rows), values[rows]
        figures.append(
            {
                facet: name,
                "judgments": len(rows),
                "people": len(np.unique(own.people)),
                "stimuli": len(np.unique(own.stimuli)),
                "mean": mean(given),
                "interval": mean_interval(given, own.people),
                "standard_deviation": deviation(given),
                "histogram": share_histogram(given),
                "agreement": coefficient_agreement(own, given),
                "retest": coefficient_retest(own, given),
            }
        )
    return figures


def scale_table(manifest: Manifest, figures: dict[str, Any]) -> Markdown:
    """Return the scales of a study with the figures of their ratings, for its card; empty: it has none.

    Parameters
    ----------
    manifest
        What the study says of its scales.
    figures
        Statistics of the task.
    """
    of_scale = {found["scale"]: found for found in figures.get("ratings", ())}
    return markdown_table(
        {
            "scale": code(name),
            "question": inline(scale.question),
            "0": inline(scale.low),
            "1": inline(scale.high),
            "steps": Markdown(scale.steps or "continuous"),
            "judgments": Markdown(of_scale[name]["judgments"]),
            "mean": _figure(of_scale[name]["mean"]),
            "SD": _figure(of_scale[name]["standard_deviation"]),
            "ICC(1)": _figure(of_scale[name]["agreement"]["icc_1"]),
            "Krippendorff's alpha": _figure(of_scale[name]["agreement"]["krippendorff_alpha"]),
        }
        for name, scale in manifest.rated.items()
        if name in of_scale
    )


def _figure(value: float | None) -> Markdown:
    return Markdown("" if value is None else f"{value:.3f}")


def scale_records(manifest: Manifest) -> dict[str, Any]:
    """Return the scales of a study as a record set of Croissant, to which the field `scale` refers."""
    fields = {
        "name": ("name of the scale", "sc:Text"),
        "question": ("what the participant was asked", "sc:Text"),
        "low": ("what stood at the low end, 0", "sc:Text"),
        "high": ("what stood at the high end, 1", "sc:Text"),
        "steps": ("how many places could be chosen, both ends among them; 0: any place", "sc:Integer"),
    }
    return {
        "@type": "cr:RecordSet",
        "@id": SCALES,
        "name": SCALES,
        "description": "The scales that ratings are on.",
        "key": {"@id": f"{SCALES}/name"},
        "field": [
            {"@type": "cr:Field", "@id": f"{SCALES}/{name}", "name": name, "description": meaning, "dataType": kind}
            for name, (meaning, kind) in fields.items()
        ],
        "data": [
            {f"{SCALES}/{name}": getattr(scale, name) or 0 for name in fields} for scale in manifest.rated.values()
        ],
    }
