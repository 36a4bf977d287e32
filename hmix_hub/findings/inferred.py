"""Finding: the coefficients that people infer, against those that were shown."""

from __future__ import annotations

import numpy as np

from hmix_hub.findings.finding import Finding, Series, Table
from hmix_hub.findings.judgments import SHARE, Tasks, shown_levels
from hmix_hub.findings.wording import counted, figure, level_name, listed, not_asked, with_interval
from hmix_hub.tasks import INFER

_COLUMNS = ("inferred_coefficient", "mixing_coefficient")


def inferred_against_shown(tasks: Tasks) -> Finding | str:
    """Compute the mean inferred coefficient at each shown one, and whether its interval contains the shown one.

    All judgments count, repeats too, as in the released figures.

    Source: Collins et al., *Human-in-the-Loop Mixup*, section 4.

    Returns
    -------
    Finding or str
        Why there is none: nobody inferred a coefficient.
    """
    judgments = tasks.get(INFER)
    if judgments is None:
        return not_asked(INFER)
    shown, inferred = judgments.column("mixing_coefficient"), judgments.column("inferred_coefficient")
    centres, levels = shown_levels(judgments)
    rows = np.arange(len(judgments))
    names = [level_name(centre) for centre in centres]
    means = judgments.means_by(
        [f"infer.mean.{name}" for name in names],
        [f"mean inferred coefficient where {name} was shown" for name in names],
        inferred,
        levels=levels,
        rows=rows,
        columns=_COLUMNS,
        unit=SHARE,
    )
    bias = judgments.mean("infer.bias", "mean of inferred less shown", inferred - shown, rows, _COLUMNS, unit=SHARE)
    error = judgments.mean(
        "infer.absolute_error",
        "mean absolute difference of inferred and shown",
        np.abs(inferred - shown),
        rows,
        _COLUMNS,
        unit=SHARE,
    )
    verdicts = [mean.contains(centre) for mean, centre in zip(means, centres, strict=True)]
    words = {True: "yes", False: "no", None: "no interval"}
    table = Table(
        "infer.means",
        "Mean inferred coefficient by shown coefficient",
        ("shown", "mean inferred", "interval contains the shown one", "judgments", "participants"),
        tuple(
            (name, mean, words[verdict], str(mean.n_judgments), str(mean.n_participants))
            for name, mean, verdict in zip(names, means, verdicts, strict=True)
        ),
    )
    series = Series.of(
        "infer.means",
        "mean inferred coefficient",
        ("shown coefficient (share of image 1)", "mean inferred coefficient (share of image 1)"),
        means,
        levels=centres,
        reference=centres,
    )
    said = [f"{with_interval(mean)} where {name} was shown" for mean, name in zip(means, names, strict=True)]
    outside = [name for name, verdict in zip(names, verdicts, strict=True) if verdict is False]
    inwards = [
        name
        for name, centre, mean in zip(names, centres, means, strict=True)
        if mean.value is not None and abs(mean.value - 0.5) < abs(centre - 0.5) - 1e-9
    ]
    text = (
        f"On average people infer {listed(said)}. "
        f"The interval excludes the shown coefficient at {listed(outside) if outside else 'none of them'}; "
        f"the mean lies nearer to one half than what was shown at {listed(inwards) if inwards else 'none of them'}. "
        f"Single answers are {figure(error.value)} off on average, "
        f"over {counted(error.n_judgments, 'judgment')} of {counted(error.n_participants, 'participant')}."
    )
    return Finding(
        "inferred-against-shown",
        "Inferred against shown coefficients",
        text,
        (*means, bias, error),
        (table,),
        (series,),
    )
