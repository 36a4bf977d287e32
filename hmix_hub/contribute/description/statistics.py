"""Statistics of a task's table, for the card of a study, its figures and statistics.json."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.cells import UNIT, cells, with_squares
from hmix_hub.comparisons import NO_CLASS, Values, dominant_classes
from hmix_hub.contribute.description.by_coefficient import bias_parts, inference_bias, mass_parts, soft_label_mass
from hmix_hub.contribute.description.gathered import (
    ALL,
    ANSWERS,
    ID,
    PEOPLE,
    PLACE,
    RETEST,
    SHOWN,
    TIMES,
    UNITS,
    Gathered,
    Part,
    Parts,
    UnitRows,
    answers_table,
    comparison_of,
)
from hmix_hub.contribute.description.pooled_votes import vote_figures, vote_parts
from hmix_hub.contribute.description.ratings import rating_figures, rating_parts
from hmix_hub.database import Database
from hmix_hub.piles import MOST_ROWS
from hmix_hub.schema import has_flag
from hmix_hub.schema.arrays import Ints, codes, numbers
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import Answers
from hmix_hub.tallies import (
    TIME_EDGES,
    ShareCounts,
    Tally,
    quantiles,
    rounded,
    time_counts,
)
from hmix_hub.tasks import TASKS, flags_of
from hmix_hub.tasks.task import Task

LONG_TIME_MS = 60_000
"""Response time from which an answer counts as long, since the participant may have been away."""

_MEASURED = (
    *("judgment_id", "is_repeat", "presentation", "response_time_ms", "image_set", "image_1_label", "image_2_label"),
    *("image_1_index", "image_2_index", SHOWN, "flags"),
)
"""Columns used for figures in all tasks that have them, besides ids."""


class Statistic(NamedTuple):
    """Figures that a task can name: their part from each unit, and their computation from all parts."""

    parts: Callable[[UnitRows], Parts]
    figures: Callable[[Gathered], dict[str, Any]]


def task_statistics(
    tables: Iterable[pa.Table], task: str, *, database: Database | None = None, most: int = MOST_ROWS
) -> dict[str, Any]:
    r"""Compute the statistics of the judgments of one task.

    A stimulus is a mixed picture, or a pair in the midpoint tasks. Repeats count as judgments everywhere except in
    `agreement`, which uses each participant's first answer to a stimulus. With several scales, answers to a stimulus
    are those on the same scale.

    Parameters
    ----------
    tables
        Judgment table of schema 2 of one study, in units of whole participants (in tasks without participants, of whole
        stimuli), by increasing participant; N rows, in any order within a unit. The choice of units does not matter.
    task
        Its task.
    database
        Stores what exceeds `most` rows; `None`: a temporary one.
    most
        See `hmix_hub.piles.Pile`.

    Returns
    -------
    dict
        * `judgments` (N), `repeats` (marked ones), `people`, `stimuli`, `pairs` (of pictures; a single picture counts),
          `of_single_pictures` (judgments);
        * `judgments_per_stimulus`, `judgments_per_person`, `people_per_stimulus`: `min`, `median`, `max`, `histogram`;
        * `coefficients`: `column`, the shown coefficient, or in midpoint tasks the selected one; its `mean`,
          `interval` (of the selected one), `standard_deviation` (over N - 1) and `histogram`;
        * `response_time_ms`: `known`, `missing`, `quantiles` by percent, `share_over_a_minute` of those known,
          `histogram`;
        * `agreement` between and `retest` within participants: see `hmix_hub.comparisons`; for chosen classes also
          `of_label`, their agreement with the class of the picture;
        * `bias` (only infer_mixing_factor): see `inference_bias`; `mass` (classes): see `soft_label_mass`;
        * `ratings` (only scales): see `rating_figures`;
        * `confidence`, if it can be asked: `known`, `missing`, `mean`, `interval`, `histogram` by tenth;
        * `flags`: `rows` and `people` by flag, including flags without rows.

        If rows pool their participants, a row counts as one judgment; there are no `repeats`, `people`,
        `judgments_per_person`, `people_per_stimulus` and `response_time_ms`, and intervals are over stimuli.

        Each `interval` of a mean contains the ends of its 95% bootstrap interval over participants (over stimuli in
        `agreement`); `None` if there are fewer than two.
    """
    if database is None:
        with Database() as own:
            return task_statistics(tables, task, database=own, most=most)
    parts = (unit_part(task, table) for table in tables)
    return statistics_of(Gathered(parts, TASKS[task], database, most=most))


def unit_part(task: str, table: pa.Table) -> Part:
    """Return the part of a task's statistics from one unit of its judgments; see `task_statistics`."""
    of = TASKS[task]
    # Sorted, because the last digit of sums depends on the order of their terms. Ids are replaced by numbers, so that
    # their texts, most of a table, are not copied.
    order = pc.sort_indices(table["judgment_id"]).to_numpy()
    named = ["participant_id"] if of.has_participants else ["judgment_id"]
    units, stimuli = (
        encode_key([encode_key([table[name] for name in names])[order]]) for names in (named, of.key_columns)
    )
    rows = UnitRows(table.select(_measured(of)).take(pa.array(order)), of, units)
    groups = Groups(units)
    ids = rows.table["judgment_id"].take(pa.array(groups.first))
    coefficients = numbers(rows.table[of.coefficient_column])
    counts: dict[str, Any] = {
        "judgments": table.num_rows,
        "of_single_pictures": table["image_2_label"].null_count,
        "coefficients": ShareCounts.of(coefficients),
        "flags": _flags(rows),
    }
    piles = {
        UNITS: pa.table({UNIT: np.arange(len(groups.sizes)), "n": groups.sizes, ID: ids}),
        "coefficients": cells(units, with_squares(coefficients)),
    }
    answers: dict[str, Any] = {}
    if of.has_participants:
        comparison = comparison_of(of)
        times, presentations = numbers(rows.table["response_time_ms"]), rows.table["presentation"].to_numpy()
        known = times[~np.isnan(times)]
        tally, is_repeat = Tally.of(known), rows.table["is_repeat"].to_numpy().astype(bool)
        counts |= {"repeats": int(is_repeat.sum()), "known": len(known), "times": time_counts(known)}
        counts["long"] = int((known > LONG_TIME_MS).sum())
        people = table.select(["participant_id", "collection_round"]).group_by(["participant_id", "collection_round"])
        piles[PEOPLE] = people.aggregate([([], "count_all")]).rename_columns(
            ["participant_id", "collection_round", "n"]
        )
        piles[TIMES] = pa.table({"time": tally.values, "n": tally.counts})
        given = comparison.answers(rows.table, of)
        first, again = Answers(units, stimuli, presentations, is_repeat).within_participants()
        for scope, own in _scopes(rows, first):
            within, counts[RETEST + scope] = comparison.within(_taken(given, first[own]), _taken(given, again[own]))
            piles[RETEST + scope] = cells(units[first[own]], within)
        answers = {UNIT: units, PLACE: groups.ranks(), "presentation": presentations}
        answers |= {f"_{name}": _column(values) for name, values in given.items()}
    for statistic in of.tools("statistics", STATISTICS):
        more, own_piles = statistic.parts(rows)
        counts, piles = counts | more, piles | own_piles
    piles[ANSWERS], names = answers_table(rows.table, of, answers)
    return Part(len(groups.sizes), counts, piles, names)


def statistics_of(found: Gathered) -> dict[str, Any]:
    """Compute the statistics of a task from the parts of its units, and close them; see `task_statistics`."""
    task, counts, stimuli = found.task, found.counts, found.stimulus_counts
    figures = {"judgments": counts["judgments"]}
    if task.has_participants:
        figures |= {"repeats": counts["repeats"], "people": found.n_units}
    figures |= {name: stimuli[name] for name in ("stimuli", "pairs")}
    figures |= {"of_single_pictures": counts["of_single_pictures"]}
    figures |= {"judgments_per_stimulus": stimuli["judgments"].summary()}
    if task.has_participants:
        figures["judgments_per_person"] = found.judgments_per_unit().summary()
        figures["people_per_stimulus"] = stimuli["people"].summary()
    figures["coefficients"] = _coefficients(found)
    if task.has_participants:
        figures["response_time_ms"] = _times(found)
    for statistic in task.tools("statistics", STATISTICS):
        figures |= statistic.figures(found)
    found.close()
    return figures | {"flags": counts["flags"]}


def _measured(task: Task) -> list[str]:
    """Return the columns of a task used for figures, besides ids; paths and similar columns are left out.

    If each row is a whole stimulus, its id is included, because figures name stimuli.
    """
    return [
        *([] if task.has_participants else [task.stimulus_column]),
        *(name for name in _MEASURED if name in {column.name for column in task.columns}),
        *(column.name for column in task.answer_columns if not column.since),
    ]


def _scopes(rows: UnitRows, of: Ints) -> list[tuple[str, Ints]]:
    """Return the scopes of rows with their row indices: one for all rows, and one for each value of the facet."""
    facets = [rows.table[name].to_numpy(zero_copy_only=False) for name in rows.task.facets]
    by_value = [(name, np.flatnonzero(values[of] == name)) for values in facets for name in set(values)]
    return [(ALL, np.arange(len(of))), *by_value]


def _taken(values: Values, rows: Ints) -> Values:
    return {name: of[rows] for name, of in values.items()}


def _column(values: np.ndarray) -> pa.Array:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def _nothing(_: UnitRows) -> Parts:
    return {}, {}


def _coefficients(found: Gathered) -> dict[str, Any]:
    name, folded = found.task.coefficient_column, found.fold("coefficients")
    return {
        "column": name,
        "mean": folded.mean("value"),
        # Shown coefficients are chosen by design, so there is no interval.
        "interval": None if name == SHOWN else folded.interval("value"),
        "standard_deviation": folded.deviation(),
        "histogram": found.counts["coefficients"].histogram(),
    }


def _times(found: Gathered) -> dict[str, Any]:
    known = found.counts["known"]
    return {
        "known": known,
        "missing": found.counts["judgments"] - known,
        "quantiles": quantiles(known, found.times()),
        "share_over_a_minute": rounded(found.counts["long"] / known) if known else None,
        "histogram": {"edges": list(TIME_EDGES), "counts": found.counts["times"].tolist()},
    }


def _compared(found: Gathered) -> dict[str, Any]:
    figures = {"agreement": found.agreement(), "retest": found.retest()}
    if len(found.scopes) > 1:
        # Differences between scales would look like differences between stimuli.
        figures["agreement"] |= {"icc_1": None, "krippendorff_alpha": None}
        figures["retest"] |= {"pearson_r": None}
    return figures


def _label_parts(rows: UnitRows) -> Parts:
    chosen, label = codes(rows.table[rows.task.class_column]), dominant_classes(rows.table)
    own = np.flatnonzero(label != NO_CLASS)
    return {}, {"of_label": cells(rows.units[own], {"same": (chosen[own] == label[own]).astype(np.float64)})}


def _choices(found: Gathered) -> dict[str, Any]:
    """Return agreement, and the share of comparable judgments that chose the class of the picture."""
    same = found.fold("of_label")
    of_label = {"judgments": same.count, "share": same.mean("same"), "interval": same.interval("same")}
    return _compared(found) | {"of_label": of_label}


def _confidence_parts(rows: UnitRows) -> Parts:
    confidence = numbers(rows.table["confidence"])
    known = np.flatnonzero(~np.isnan(confidence))
    found = {"confidence": cells(rows.units[known], {"value": confidence[known]})}
    return {"confidence": ShareCounts.of(confidence)}, found


def _confidence(found: Gathered) -> dict[str, Any]:
    known = found.fold("confidence")
    figures = {"known": known.count, "missing": found.counts["judgments"] - known.count, "mean": known.mean("value")}
    figures |= {"interval": known.interval("value"), "histogram": found.counts["confidence"].by_tenth()}
    return {"confidence": figures}


STATISTICS = {
    "agreement": Statistic(_nothing, _compared),
    "class_agreement": Statistic(_nothing, _compared),
    "choice_agreement": Statistic(_label_parts, _choices),
    "votes": Statistic(vote_parts, vote_figures),
    "bias": Statistic(bias_parts, inference_bias),
    "mass": Statistic(mass_parts, soft_label_mass),
    "confidence": Statistic(_confidence_parts, _confidence),
    "ratings": Statistic(rating_parts, rating_figures),
}
"""Figures that a task can name in `statistics`; `agreement` and `bias` are for numeric answers."""


def _flags(rows: UnitRows) -> dict[str, dict[str, int]]:
    counts = {}
    for flag in flags_of(rows.task.name):
        units = rows.units[has_flag(rows.table["flags"], flag)]
        counts[flag] = {"rows": len(units)} | ({"people": len(np.unique(units))} if rows.task.has_participants else {})
    return counts
