"""Finding: which mixture people see as 50/50, by interface and start, with and without flagged participants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hmix_hub.findings.finding import Cell, Finding, Number, Series, Table
from hmix_hub.findings.judgments import SHARE, Judgments, Tasks, estimate_of
from hmix_hub.findings.wording import SHORT, level_name, not_asked, slugs, with_interval
from hmix_hub.resampling import levels_of
from hmix_hub.schema.arrays import Ints
from hmix_hub.schema.groups import Groups
from hmix_hub.tasks import CONSTRUCT, SELECT

SELECTED, START = "selected_coefficient", "start_coefficient"
STRAIGHTLINING, NOT_SHOWN = "straightlining", "endpoint_not_shown"


def midpoints(tasks: Tasks) -> Finding | str:
    """Compute the mean coefficient that people see as 50/50, in both interfaces.

    Means are given with and without participants flagged `straightlining` and answers flagged `endpoint_not_shown`.

    Source: Collins et al., *Human-in-the-Loop Mixup*, section 3.

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: nobody was asked for a midpoint.
    """
    asked = {task: tasks[task] for task in (CONSTRUCT, SELECT) if task in tasks}
    if not asked:
        return not_asked(CONSTRUCT, SELECT)
    numbers: list[Number] = []
    rows: list[tuple[Cell, ...]] = []
    said, overall = [], []
    for task, judgments in asked.items():
        found = _of_interface(judgments)
        numbers += [number for _, number in found]
        rows += [(task, what, n, *n.counts) for what, n in found]
        overall.append(found[0][1])
        said.append(_sentence(task, [number for _, number in found]))
    tables = [Table("midpoints", "Means", ("interface", "subset", "mean", "judgments", "participants"), tuple(rows))]
    series = [
        Series.of(
            "midpoints",
            "mean selected coefficient",
            ("interface", "mean coefficient seen as 50/50 (share of image 1)"),
            overall,
            names=tuple(asked),
            reference=np.full(len(overall), 0.5),
        )
    ]
    if CONSTRUCT in asked:
        starts, start_table, start_series, sentence = _by_start(asked[CONSTRUCT])
        numbers += starts
        tables.append(start_table)
        series.append(start_series)
        said.append(sentence)
    return Finding(
        "midpoints",
        "Where people see the 50/50 mixture",
        " ".join(said),
        tuple(numbers),
        tuple(tables),
        tuple(series),
        f"{STRAIGHTLINING}: the participant gave the same answer in at least 90 % of trials. "
        f"{NOT_SHOWN}: the answer is 0 or 1, which the released interface stored but did not show.",
    )


def _of_interface(judgments: Judgments) -> list[tuple[str, Number]]:
    """Return the means of one interface with their descriptions: all, by flag, and for each flagged participant."""
    short, values = SHORT[judgments.task], judgments.column(SELECTED)
    careless, unseen = judgments.flagged(STRAIGHTLINING), judgments.flagged(NOT_SHOWN)
    parts = {"all judgments": ("mean", np.full(len(values), True))}
    if careless.any():
        parts[f"without participants flagged {STRAIGHTLINING}"] = ("mean.attentive", ~careless)
    if unseen.any():
        parts[f"without answers flagged {NOT_SHOWN}"] = ("mean.seen", ~unseen)
        parts[f"only answers flagged {NOT_SHOWN}"] = ("mean.endpoint_not_shown", unseen)
    if careless.any() and unseen.any():
        parts["without both"] = ("mean.attentive_seen", ~careless & ~unseen)
    found = [
        (what, _mean(judgments, f"{short}.{name}", f"mean selected coefficient: {what}", np.flatnonzero(kept)))
        for what, (name, kept) in parts.items()
        if kept.any()
    ]
    flagged = _each(judgments.people, np.flatnonzero(careless))
    names = [judgments.table["participant_id"][int(rows[0])].as_py() for rows in flagged]
    for rows, who, slug in zip(flagged, names, slugs(names), strict=True):
        what = f"participant {who}, flagged {STRAIGHTLINING}"
        number = _mean(judgments, f"{short}.flagged.{slug}", f"mean selected coefficient of {what}", rows)
        found.append((what, number))
    return found


def _each(people: Ints, rows: Ints) -> list[Ints]:
    """Return the rows of each participant among some rows."""
    return [rows[people[rows] == person] for person in np.unique(people[rows])]


def _mean(judgments: Judgments, name: str, label: str, rows: Ints) -> Number:
    return judgments.mean(name, label, judgments.column(SELECTED)[rows], rows, (SELECTED,), unit=SHARE)


def _sentence(task: str, found: Sequence[Number]) -> str:
    mean = found[0]
    known = mean.contains(0.5)
    against = "no interval" if known is None else f"the interval {'contains' if known else 'excludes'} 0.5"
    sentence = f"The mean 50/50 point in {task} is {with_interval(mean)} ({against})"
    attentive = [number for number in found if number.id.endswith(".mean.attentive")]
    without = (
        f"; without participants flagged {STRAIGHTLINING} it is {with_interval(attentive[0])}" if attentive else ""
    )
    return f"{sentence}{without}."


@dataclass(frozen=True)
class _Part:
    """A subset of the judgments: the suffix of its numbers' ids, its description, and its rows, int64 (M,)."""

    suffix: str
    words: str
    rows: Ints
    note: str = ""


def _by_start(judgments: Judgments) -> tuple[list[Number], Table, Series, str]:
    """Return the means by start and the difference between the highest and lowest start, with and without flags."""
    centres, levels = levels_of(judgments.column(START))
    names = [level_name(centre) for centre in centres]
    parts = _parts(judgments)
    means = [
        judgments.means_by(
            f"construct.start.{{}}{part.suffix}",
            f"mean selected coefficient from the start {{}}: {part.words}",
            judgments.column(SELECTED)[part.rows],
            levels=(centres, levels[part.rows]),
            rows=part.rows,
            columns=(SELECTED, START),
            unit=SHARE,
        )
        for part in parts
    ]
    numbers = [number for part in means for number in part]
    cells: list[tuple[Cell, ...]] = list(zip(names, *means, strict=True))
    sentence = "All trials began at the same coefficient."
    if len(centres) > 1:
        differences = [_difference(judgments, part, levels, len(centres)) for part in parts]
        numbers += differences
        cells.append(("highest start minus lowest", *differences))
        sentence = (
            f"From a start at {names[-1]} the mean is {with_interval(differences[0])} higher than from one at "
            f"{names[0]}"
        )
        if len(parts) > 1:
            sentence += f"; {parts[1].words}, the difference is {with_interval(differences[1])}"
        one = _weightiest(judgments, levels, len(centres))
        if one is not None:
            without_one = _difference(judgments, one, levels, len(centres))
            numbers.append(without_one)
            cells.append(("the same, without the most influential participant", without_one, *("-" for _ in parts[1:])))
            sentence += f"; {one.note} and has the largest influence, it is {with_interval(without_one)}"
        sentence += "."
    table = Table("construct.start", "Mean by start", ("start", *(part.words for part in parts)), tuple(cells))
    series = Series.of(
        "construct.start",
        "mean selected coefficient",
        ("start coefficient (share of image 1)", "mean coefficient taken as 50/50 (share of image 1)"),
        means[0],
        levels=centres,
        reference=np.full(len(centres), 0.5),
    )
    return numbers, table, series, sentence


def _parts(judgments: Judgments) -> list[_Part]:
    """Return all judgments and, if some but not all participants are flagged, those of the others."""
    careless = judgments.flagged(STRAIGHTLINING)
    parts = [_Part("", "all judgments", np.arange(len(judgments)))]
    if careless.any() and not careless.all():
        without = f"without participants flagged {STRAIGHTLINING}"
        parts.append(_Part(".attentive", without, np.flatnonzero(~careless)))
    return parts


def _weightiest(judgments: Judgments, levels: Ints, n_levels: int) -> _Part | None:
    """Return all judgments except those of the participant who influences the difference between starts most."""
    people = Groups(judgments.people)
    if len(people.sizes) < 2:
        return None
    without = []
    for level in (0, n_levels - 1):
        is_here = (levels == level).astype(np.float64)
        sums, counts = people.sum(is_here * judgments.column(SELECTED)), people.sum(is_here)
        with np.errstate(invalid="ignore", divide="ignore"):
            without.append((sums.sum() - sums) / (counts.sum() - counts) - sums.sum() / counts.sum())
    one = int(np.nan_to_num(np.abs(without[1] - without[0])).argmax())
    first = int(people.first[one])
    who, is_flagged = judgments.table["participant_id"][first].as_py(), judgments.flagged(STRAIGHTLINING)[first]
    note = f"without participant {who}, who is {'' if is_flagged else 'not '}flagged {STRAIGHTLINING}"
    rows = np.flatnonzero(judgments.people != one)
    return _Part(".without_one", "without the most influential participant", rows, note)


def _difference(judgments: Judgments, part: _Part, levels: Ints, n_levels: int) -> Number:
    """Return the mean from the highest start minus that from the lowest."""
    rows, values = part.rows, judgments.column(SELECTED)[part.rows]
    first, last = levels[rows] == 0, levels[rows] == n_levels - 1
    terms = np.stack([first, first * values, last, last * values], axis=1).astype(np.float64)
    found = judgments.moments(lambda s: (s[:, 3] / s[:, 2] - s[:, 1] / s[:, 0])[:, None], terms, rows)
    return judgments.number(
        f"construct.start.difference{part.suffix}",
        f"mean from the highest start minus that from the lowest: {part.words}",
        estimate_of(found),
        rows[first | last],
        (SELECTED, START),
        unit=SHARE,
        note=part.note,
    )
