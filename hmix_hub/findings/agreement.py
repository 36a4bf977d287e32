"""Finding: how far different people agree about one stimulus."""

from __future__ import annotations

import numpy as np

from hmix_hub.findings.finding import Finding, Series, Table
from hmix_hub.findings.judgments import Judgments, Tasks, estimate_of
from hmix_hub.findings.number import Number
from hmix_hub.findings.wording import with_interval
from hmix_hub.schema.arrays import Floats
from hmix_hub.spread import Spread
from hmix_hub.tasks import TASKS


def agreement(tasks: Tasks) -> Finding | str:
    """Compute Krippendorff's alpha of first answers about stimuli that several people judged.

    For intervals where the answer is a number, nominal where it is a class.

    Source: Hayes and Krippendorff, https://doi.org/10.1080/19312450709336664.

    Returns
    -------
    Finding or str
        Why there is none: no stimulus was judged by two people.
    """
    found = {task: _alpha(tasks[task]) for task in TASKS if task in tasks}
    known = {task: number for task, number in found.items() if number is not None}
    if not known:
        return "no stimulus has first answers of two participants"
    table = Table(
        "agreement",
        "Krippendorff's alpha",
        ("task", "alpha", "judgments", "participants"),
        tuple((task, n, str(n.n_judgments), str(n.n_participants)) for task, n in known.items()),
    )
    axes = ("task", "Krippendorff's alpha")
    series = Series.of("agreement", "Krippendorff's alpha", axes, list(known.values()), names=tuple(known))
    said = [f"{with_interval(number)} in {task}" for task, number in known.items()]
    text = f"Krippendorff's alpha between people is {'; '.join(said)}. 1 is full agreement, 0 that of chance."
    method = (
        "First answers about stimuli that two people or more judged; for intervals, and nominal for the most probable "
        "class. Intervals resample participants; two copies of one participant are no pair."
    )
    return Finding("agreement", "Agreement between people", text, tuple(known.values()), (table,), (series,), method)


def _alpha(judgments: Judgments) -> Number | None:
    rows, groups = judgments.answers.between_participants()
    is_class = "class_agreement" in judgments.definition.statistics
    if not len(rows) or not (is_class or judgments.definition.answered):
        return None
    column = "top_class" if is_class else judgments.definition.answered
    if is_class:
        top = judgments.labels(column)[rows]
        values: list[Floats] = [(top == code).astype(np.float64) for code in np.unique(top)]
    else:
        values = [judgments.column(column)[rows]]
    spread = Spread(values, groups, judgments.people_of(rows))
    found = judgments.over_people(lambda weights: spread.krippendorff_alpha(weights)[:, None], spread)
    kind = "nominal" if is_class else "interval"
    label = f"Krippendorff's alpha ({kind}) of first answers, {judgments.task}"
    return judgments.number(f"agreement.alpha.{judgments.task}", label, estimate_of(found), rows, (column,))
