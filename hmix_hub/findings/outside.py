"""Finding: the probability that soft labels put on classes of neither picture."""

from __future__ import annotations

import numpy as np

from hmix_hub.findings.finding import Finding, Series, Table
from hmix_hub.findings.judgments import Tasks, shown_levels
from hmix_hub.findings.wording import level_name, listed, not_asked, with_interval
from hmix_hub.resampling import class_masses
from hmix_hub.tasks import CATEGORICAL

_COLUMNS = ("soft_label", "mixing_coefficient")
_PARTS = {
    "image_1": "on the class of image 1",
    "image_2": "on the class of image 2",
    "outside": "on classes of neither picture",
}


def outside_mass(tasks: Tasks) -> Finding | str:
    """Compute the mean probability on the class of image 1, of image 2 and on all others, by shown coefficient.

    Source: Collins et al., *Human-in-the-Loop Mixup*, section 4.3.2.

    Returns
    -------
    Finding or str
        Why there is none: nobody gave soft labels.
    """
    judgments = tasks.get(CATEGORICAL)
    if judgments is None:
        return not_asked(CATEGORICAL)
    rows = np.arange(len(judgments))
    masses = class_masses(
        judgments.matrix("soft_label"), judgments.labels("image_1_label"), judgments.labels("image_2_label")
    )
    centres, levels = shown_levels(judgments)
    names = [level_name(centre) for centre in centres]
    found = {
        part: judgments.means_by(
            [f"soft.{part}.{name}" for name in names],
            [f"mean probability {words} where {name} was shown" for name in names],
            mass,
            levels=levels,
            rows=rows,
            columns=_COLUMNS,
            unit="probability",
        )
        for (part, words), mass in zip(_PARTS.items(), masses, strict=True)
    }
    whole = judgments.mean(
        "soft.outside", f"mean probability {_PARTS['outside']}", masses[2], rows, _COLUMNS, unit="probability"
    )
    table = Table(
        "soft.masses",
        "Mean probability by shown coefficient",
        ("shown", *_PARTS.values(), "judgments", "participants"),
        tuple(
            (name, *parts, str(parts[0].n_judgments), str(parts[0].n_participants))
            for name, *parts in zip(names, *found.values(), strict=True)
        ),
    )
    axes = ("shown coefficient (share of image 1)", "mean probability")
    synthetic = (centres, 1 - centres, np.zeros(len(centres)))
    series = tuple(
        Series.of(f"soft.{part}", words, axes, found[part], levels=centres, reference=reference, kind="bars")
        for (part, words), reference in zip(_PARTS.items(), synthetic, strict=True)
    )
    said = [
        f"{with_interval(number)} where {name} was shown" for name, number in zip(names, found["outside"], strict=True)
    ]
    text = (
        f"Soft labels put {with_interval(whole)} of their probability on classes of neither picture, where synthetic "
        f"labels put none: {listed(said)}."
    )
    numbers = (whole, *(number for part in found.values() for number in part))
    return Finding("soft-label-mass", "Soft labels outside the endpoints", text, numbers, (table,), series)
