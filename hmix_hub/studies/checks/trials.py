"""Checks of trials across rows: each judgment once, repeats marked, one order of a pair, plausible times."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.studies.checks.rows import NOTE, Places, places, stimulus_of, tell
from hmix_hub.studies.columns.names import tidied
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.reading.arrays import as_text, plain_array
from hmix_hub.studies.rules import trials as rules
from hmix_hub.tasks import COMPUTED

FASTEST_MS, SLOWEST_MS = 100.0, 3_600_000.0
"""Response times that nobody is below or above."""
_MEDIAN_SECONDS = 90.0
"""A median response time below it is of seconds: milliseconds would be faster than nerves are."""
_MOST_MEDIANS = 200
"""Times the median that no answer takes: what is above it, among seconds, is in milliseconds."""
_SHARE_OF_SECONDS = 0.1
"""Share of answers below `_MEDIAN_SECONDS`, among milliseconds, from which they are seconds rather than accidents."""
_ORIGIN = frozenset({"source_file", "source_row"})


def telling_columns(names: Iterable[str]) -> list[str]:
    """Return the columns in which a row must differ from another one to be no copy of it.

    Where a row came from is none of them: it differs between two copies of one session in an export. What is computed
    from the other cells tells nothing beyond them.
    """
    return [name for name in names if tidied(name) not in _ORIGIN | COMPUTED]


_JUDGED = "from rows where participant is not null and trial >= 0"
_NTH = "row_number() over (partition by participant, trial order by row)"


def _sharing(key: str, rows: str) -> str:
    """Return the end of a query for rows that share a key: few, or none, that are quickly grouped, are compared."""
    return f"{rows} and hash({key}) in (select hash({key}) {rows} group by 1 having count(*) > 1) qualify"


def clashing(database: Database) -> pa.Table:
    """Find judgments that share a person and a trial, whether or not their stimulus is good."""
    shared, n = _sharing("participant, trial", _JUDGED), "count(*) over (partition by participant, trial)"
    return database.table(f"select row, participant, trial {shared} {n} > 1")


def check_clashes(found: Iterable[pa.Table], path: Path, reporter: Reporter, database: Database) -> None:
    """Report judgments whose person and trial an earlier row has, which `clashing` found in the parts of a file.

    Where there are any, the file's cells are read once more.
    """
    shared = pa.concat_tables(found).sort_by("row")
    if not len(shared):
        return
    database.drop("clashing")
    for part in _with_contents(shared, path, reporter.file):
        database.insert("clashing", part)
    copies = "row_number() over (partition by participant, trial, content order by row) > 1"
    for rule, column, chosen in ((rules.ROW_TWICE, "", copies), (rules.TWICE, "trial_index", f"not ({copies})")):
        query = f"select row, row, null, {NOTE} from clashing qualify {_NTH} > 1 and {chosen}"
        tell(reporter.of(column), rule, [places(database, query)])


def _with_contents(shared: pa.Table, path: Path, name: str) -> Iterable[pa.Table]:
    """Yield rows, which rise, with what stands in their cells, as it is written there."""
    rows = shared["row"].to_numpy()
    for chunk in read_chunks(path, name, Report()):
        first, last = np.searchsorted(rows, [chunk.rows[0], chunk.rows[-1] + 1]) if len(chunk) else (0, 0)
        if last > first:
            here = np.searchsorted(chunk.rows, rows[first:last])
            cells = [_written(plain_array(chunk.columns[name]).take(here)) for name in telling_columns(chunk.columns)]
            content = pa.StructArray.from_arrays(cells, [str(number) for number in range(len(cells))])
            yield shared.slice(first, last - first).append_column("content", content)
        if last == len(rows):
            return


def _written(values: pa.Array) -> pa.Array:
    # By bytes, since a text of Parquet may be no UTF-8.
    text = as_text(values)
    if text is None and pa.types.is_nested(values.type):
        text = pa.array([repr(value) for value in values.to_pylist()], pa.string())
    plain = values if text is None else text
    return (plain if pa.types.is_binary(plain.type) else plain.cast(pa.string()).cast(pa.binary())).fill_null(b"\0")


def wrong_repeats(database: Database, task: str, *, clashes: bool) -> tuple[Places, Places]:
    """Find repeats that are not marked, and marks on what is none; of people whose rows are all understood.

    Where some rows clash with earlier ones, `clashes`, these are left out.
    """
    shown, good = stimulus_of(task), "from rows where is_good"
    if clashes:
        good += f" and row not in (select row {_JUDGED} qualify {_NTH} > 1)"
    suspect = f"""select hash(participant, {shown}) {good} group by 1
        having count(*) filter (not is_repeat) <> 1 or min(trial) <> min(trial) filter (not is_repeat)"""
    database.rows(f"""
        create or replace table repeats as
        select row, {NOTE} as note, is_repeat,
            row_number() over (partition by participant, {shown} order by trial, row) > 1 as is_again
        {good} and hash(participant, {shown}) in ({suspect})
        and participant not in (select participant from rows where participant is not null and not is_read)
        qualify is_again <> is_repeat""")
    found = "select row, row, null, note from repeats where"
    return places(database, f"{found} not is_repeat"), places(database, f"{found} is_repeat")


def in_rarer_order(database: Database) -> Places:
    """Find the rows of pairs that stand in both orders, in the order that is rarer, or on a par, that comes second."""
    return places(database, f"select row, row, null, {NOTE} from ({RARER_ORDER})")


RARER_ORDER = """
    with pairs as (select least(first, second) as low, greatest(first, second) as high,
        2 * count(*) filter (first > second) - count(*) as more, arg_min(first > second, row) as is_first_turned
    from rows where is_good and second >= 0 group by all having bool_or(first > second) and bool_or(first < second))
    select row, participant from rows join pairs on least(first, second) = low and greatest(first, second) = high
    where is_good and second >= 0
        and (first > second) = case when more = 0 then not is_first_turned else more < 0 end"""
"""Query of such rows and their participants."""


def stimuli_twice(database: Database) -> Places:
    """Find rows whose stimulus an earlier row has; of votes, which are one row a stimulus."""
    shared = _sharing("first, second, shown", "from rows where first >= 0 and shown is not null")
    nth = "row_number() over (partition by first, second, shown order by row)"
    return places(database, f"select row, row, null, '' {shared} {nth} > 1")


def times_taken(database: Database) -> tuple[pa.Table, Places]:
    """Return how often each response time was taken, and rows whose time nobody takes."""
    times = "from rows where is_good and time is not null"
    counts = database.table(f"select time, count(*) as n {times} group by time")
    implausible = f"{times} and (time < {FASTEST_MS} or time > {SLOWEST_MS})"
    return counts, places(database, f"select row, row, format('{{:g}} ms', time), '' {implausible}")


def check_times(taken: Iterable[tuple[pa.Table, Places]], reporter: Reporter) -> None:
    """Report times that are of another unit, and those that nobody takes, from those of the parts of a file."""
    counts, implausible = zip(*taken, strict=True)
    merged = pa.concat_tables(counts).sort_by("time")
    times, n = merged["time"].to_numpy(), merged["n"].to_numpy()
    if not len(times):
        return
    here, upto, known = reporter.of("response_time_ms"), np.cumsum(n), int(n.sum())
    median = float(np.mean(times[np.searchsorted(upto, [(known - 1) // 2, known // 2], side="right")]))
    are_seconds = median < _MEDIAN_SECONDS
    others = int(n[times > _MOST_MEDIANS * median if are_seconds else times < _MEDIAN_SECONDS].sum())
    if others and (are_seconds or others >= max(2, _SHARE_OF_SECONDS * known)):
        note = f"{others:,} of {known:,} values are of another unit than the others, whose median is {median:g}"
        here.add(rules.UNITS, note=note)
    elif are_seconds:
        here.add(rules.SECONDS, value=median, note="the median")
    else:
        tell(here, rules.TOO_FAST, implausible)
