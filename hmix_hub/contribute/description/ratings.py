"""Ratings in a study's descriptions, separately for each scale: its ends, means, spread, agreement and retest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.cells import cells, with_squares
from hmix_hub.contribute.description.gathered import Gathered, Parts, UnitRows
from hmix_hub.contribute.description.markdown import Markdown, code, inline
from hmix_hub.contribute.description.markdown import table as markdown_table
from hmix_hub.schema.arrays import numbers
from hmix_hub.studies.manifest import Manifest
from hmix_hub.tallies import ShareCounts

SCALES = "scales"
"""Record set of the scales in a Croissant description."""


GIVEN = "given"
"""Prefix of the cells of answers on a scale, followed by its name."""


def rating_parts(rows: UnitRows) -> Parts:
    """Return a unit's part of the figures of each scale: counts, and cells by pile."""
    (facet,) = rows.task.facets
    values, names = numbers(rows.table[rows.task.answered]), rows.table[facet].to_numpy(zero_copy_only=False)
    counts: dict[str, Any] = {}
    piles: dict[str, pa.Table] = {}
    for name in set(names):
        own = np.flatnonzero(names == name)
        counts[GIVEN + name] = ShareCounts.of(values[own])
        piles[GIVEN + name] = cells(rows.units[own], with_squares(values[own]))
    return counts, piles


def rating_figures(found: Gathered) -> dict[str, list[dict[str, Any]]]:
    """Compute the figures of each scale separately, because means across different scales are meaningless.

    Returns
    -------
    dict
        `ratings`: by value of the facet, in increasing order: its name, `judgments`, `people`, `stimuli`, `mean` with
        its `interval`, `standard_deviation` (over N - 1), `histogram`, `agreement` and `retest` as for coefficients.
    """
    (facet,) = found.task.facets
    figures = []
    for name in found.scopes:
        given = found.fold(GIVEN + name, among=GIVEN + name)
        figures.append(
            {
                facet: name,
                "judgments": given.count,
                "people": given.n_present,
                "stimuli": found.stimulus_counts[f"judged{name}"],
                "mean": given.mean("value"),
                "interval": given.interval("value"),
                "standard_deviation": given.deviation(),
                "histogram": found.counts[GIVEN + name].histogram(),
                "agreement": found.agreement(name),
                "retest": found.retest(name, among=GIVEN + name),
            }
        )
    return {"ratings": figures}


def scale_table(manifest: Manifest, figures: dict[str, Any]) -> Markdown:
    """Return the scales of a study with the figures of their ratings, for its card; empty if it has none.

    Parameters
    ----------
    manifest
        The study's manifest, which defines its scales.
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
    """Return the scales of a study as a Croissant record set, to which the field `scale` refers."""
    fields = {
        "name": ("name of the scale", "sc:Text"),
        "question": ("what the participant was asked", "sc:Text"),
        "low": ("text at the low end, 0", "sc:Text"),
        "high": ("text at the high end, 1", "sc:Text"),
        "steps": ("number of possible answers, including both ends; 0: continuous", "sc:Integer"),
    }
    return {
        "@type": "cr:RecordSet",
        "@id": SCALES,
        "name": SCALES,
        "description": "The scales of the ratings.",
        "key": {"@id": f"{SCALES}/name"},
        "field": [
            {"@type": "cr:Field", "@id": f"{SCALES}/{name}", "name": name, "description": meaning, "dataType": kind}
            for name, (meaning, kind) in fields.items()
        ],
        "data": [
            {f"{SCALES}/{name}": getattr(scale, name) or 0 for name in fields} for scale in manifest.rated.values()
        ],
    }
