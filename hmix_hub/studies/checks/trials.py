"""Checks of trials across rows: unique judgments, marked repeats, consistent order of pairs, plausible times."""

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
"""Plausible range of response times."""
_MEDIAN_SECONDS = 90.0
"""A median response time below this is in seconds: as milliseconds, it would be faster than human reactions."""
_MOST_MEDIANS = 200
"""Multiple of a median in seconds above which a response time is in milliseconds."""
_SHARE_OF_SECONDS = 0.1
"""Share of times below `_MEDIAN_SECONDS`, in a column of milliseconds, above which they are in seconds."""
_ORIGIN = frozenset({"source_file", "source_row"})


def telling_columns(names: Iterable[str]) -> list[str]:
    """Return the columns that determine whether a row is a copy of another.

    Columns about a row's origin are not among them, since they differ between two copies of one session in an export;
    neither are computed columns, which follow from the others.
    """
    return [name for name in names if tidied(name) not in _ORIGIN | COMPUTED]


_JUDGED = "from rows where participant is not null and trial >= 0"
_NTH = "row_number() over (partition by participant, trial order by row)"


def _sharing(key: str, rows: str) -> str:
    """Return the end of a query for rows that share a key; hashes, which are fast to group, select the candidates."""
    return f"{rows} and hash({key}) in (select hash({key}) {rows} group by 1 having count(*) > 1) qualify"


def clashing(database: Database) -> pa.Table:
    """Find judgments with the same participant and trial, whether or not their stimulus is valid."""
    shared, n = _sharing("participant, trial", _JUDGED), "count(*) over (partition by participant, trial)"
    return database.table(f"select row, participant, trial {shared} {n} > 1")


def check_clashes(found: Iterable[pa.Table], path: Path, reporter: Reporter, database: Database) -> None:
    """Report judgments with the same participant and trial as an earlier row, as found by `clashing` in the parts.

    If there are any, the file's cells are read again.
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
    """Yield rows, in ascending order, with the content of their cells as written in the file."""
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
    # Compare bytes, since Parquet does not guarantee UTF-8.
    text = as_text(values)
    if text is None and pa.types.is_nested(values.type):
        text = pa.array([repr(value) for value in values.to_pylist()], pa.string())
    plain = values if text is None else text
    return (plain if pa.types.is_binary(plain.type) else plain.cast(pa.string()).cast(pa.binary())).fill_null(b"\0")


def wrong_repeats(database: Database, task: str, *, clashes: bool) -> tuple[Places, Places]:
    """Find unmarked repeats, and marks on rows that are not repeats, of participants whose rows could all be read.

    If some rows clash with earlier ones (`clashes`), they are ignored.
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
    """Find rows of pairs that occur in both orders: those in the rarer order or, if tied, the later one."""
    return places(database, f"select row, row, null, {NOTE} from ({RARER_ORDER})")


RARER_ORDER = """
    with pairs as (select least(first, second) as low, greatest(first, second) as high,
        2 * count(*) filter (first > second) - count(*) as more, arg_min(first > second, row) as is_first_turned
    from rows where is_good and second >= 0 group by all having bool_or(first > second) and bool_or(first < second))
    select row, participant from rows join pairs on least(first, second) = low and greatest(first, second) = high
    where is_good and second >= 0
        and (first > second) = case when more = 0 then not is_first_turned else more < 0 end"""
"""Query for these rows and their participants."""


def stimuli_twice(database: Database) -> Places:
    """Find rows with the same stimulus as an earlier row, for votes, which have one row per stimulus."""
    shared = _sharing("first, second, shown", "from rows where first >= 0 and shown is not null")
    nth = "row_number() over (partition by first, second, shown order by row)"
    return places(database, f"select row, row, null, '' {shared} {nth} > 1")


def times_taken(database: Database) -> tuple[pa.Table, Places]:
    """Return the frequency of each response time, and the rows with implausible times."""
    times = "from rows where is_good and time is not null"
    counts = database.table(f"select time, count(*) as n {times} group by time")
    implausible = f"{times} and (time < {FASTEST_MS} or time > {SLOWEST_MS})"
    return counts, places(database, f"select row, row, format('{{:g}} ms', time), '' {implausible}")


def check_times(taken: Iterable[tuple[pa.Table, Places]], reporter: Reporter) -> None:
    """Report times in the wrong unit, or implausible times, given the results of `times_taken` for the parts."""
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
        note = f"{others:,} of {known:,} values seem to be in another unit than the rest; the median is {median:g}"
        here.add(rules.UNITS, note=note)
    elif are_seconds:
        here.add(rules.SECONDS, value=median, note="the median")
    else:
        tell(here, rules.TOO_FAST, implausible)
