"""Checks of participants: number of rows, straightlining, claimed times, and one participant with two ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import lgamma, log
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.database import Database
from hmix_hub.schema.groups import Groups, encode, encode_key
from hmix_hub.studies.checks.rows import Ask, Places, answer_of, places, stimulus_of, tell
from hmix_hub.studies.findings import MOST_PLACES, Ints, Reporter
from hmix_hub.studies.rules import participants as rules
from hmix_hub.studies.rules import trials as trial_rules
from hmix_hub.tasks.flags import (
    CLOCK_DRIFT,
    CLOCK_SLACK_MS,
    STRAIGHTLINING_MINIMUM,
    STRAIGHTLINING_TENTHS,
    claimed_and_elapsed,
    times_disagree,
)

SHARED_ROWS = 5
"""Smallest number of shared rows (same stimulus, answer and time) for which two ids may be one participant."""
_BITS = 2
"""Bits of the answers' hashes used to find candidates: if most answers are equal, so are most values of each bit."""
_AT_ONCE = 1000
"""Number of participants whose rows are examined together."""
_NEAR = 1e-6


class Taking(NamedTuple):
    """Participation in a part of a file."""

    counted: pa.Table
    """By number of rows and whether all could be read: numbers of participants, of those with times, and of times."""
    alike: Places
    """Participants who always give the same answer."""
    claiming: Places
    """Participants whose response times add up to more time than passed on the server."""


_PEOPLE = """
    select participant, min(row) as seen, min(row) filter (is_good) as first_row, count(*) filter (is_good) as n,
        bool_and(is_read) as is_whole
    from rows where participant is not null group by participant"""


def taking_part(database: Database, task: str) -> Taking:
    """Return the participation in a part of a file."""
    answer = answer_of(task)
    bits = [f"count(*) filter (is_good and hash({answer}) & {1 << bit} <> 0)" for bit in range(_BITS)]
    alike = " and ".join(f"10 * greatest({n}, n - {n}) >= {STRAIGHTLINING_TENTHS} * n" for n in bits)
    counted = database.table(f"""
        with people as (
            select count(*) filter (is_good) as n, bool_and(is_read) as is_whole, count(time) filter (is_good) as timed,
                count(elapsed) as elapsed, n >= {STRAIGHTLINING_MINIMUM} and is_whole and {alike} as is_alike
            from rows where participant is not null group by participant)
        select n, is_whole, count(*) as people, count(*) filter (timed > 0) as timed, sum(timed)::bigint as times,
            bool_or(is_alike) as is_alike, bool_or(elapsed > 0) as is_claiming
        from people group by n, is_whole""")
    is_alike, is_claiming = (pc.any(counted[name]).as_py() for name in ("is_alike", "is_claiming"))
    found = _alike(database, task) if is_alike else Places()
    return Taking(counted, found, _claiming(database) if is_claiming else Places())


def _alike(database: Database, task: str) -> Places:
    """Find participants who always give the same answer."""
    return places(
        database,
        f"""with people as ({_PEOPLE}), most as (select participant, max(n) as most from (
            select participant, count(*) as n from rows where is_good and participant is not null
            group by participant, {answer_of(task)}) group by participant)
        select seen, first_row, participant, '' from people join most using (participant)
        where is_whole and n >= {STRAIGHTLINING_MINIMUM} and 10 * most >= {STRAIGHTLINING_TENTHS} * n""",
    )


def people_of_few_rows(database: Database, counts: list[int], said: str) -> Places:
    """Find participants whose rows could all be read and whose number of rows is in `counts`."""
    query = f"""select seen, first_row, participant, format('{{}} rows; {{}}', n, $2)
        from ({_PEOPLE}) where is_whole and n in (select unnest($1))"""
    return places(database, query, [counts, said])


def _claiming(database: Database) -> Places:
    """Find participants whose response times add up to more time than passed on the server."""
    known = "from rows where participant is not null and time is not null and elapsed is not null"
    # Sum candidates again, in the order of the rows.
    suspects = database.rows(f"""
        with people as ({_PEOPLE}), pages as (select distinct participant, time, elapsed {known})
        select participant, seen from pages join people using (participant) group by all
        having sum(time) > {1 + CLOCK_DRIFT - _NEAR} * max(elapsed) + {CLOCK_SLACK_MS - _NEAR}""")
    found = []
    for start in range(0, len(suspects), _AT_ONCE):
        seen = dict(suspects[start : start + _AT_ONCE])
        query = f"select participant, row, time, elapsed {known} and participant in (select unnest($1)) order by row"
        participant, rows, claimed, elapsed = database.table(query, [list(seen)]).columns
        people = Groups(encode(participant))
        times = {"claimed": claimed.to_numpy(), "elapsed": elapsed.to_numpy()}
        total, latest = claimed_and_elapsed(people.codes, **times)
        for one in np.flatnonzero(times_disagree(people.codes, **times)).tolist():
            note = f"{total[one] / 1000:.0f} s claimed, {latest[one] / 1000:.0f} s passed"
            row, name = (column[people.first[one]].as_py() for column in (rows, participant))
            found.append((seen[name], row, name, note))
    return Places(len(found), sorted(found)[:MOST_PLACES])


def check_participation(parts: Sequence[Taking], ask: Ask, task: str, reporter: Reporter) -> None:
    """Check the participation in a file.

    Parameters
    ----------
    parts
        Results of `taking_part` for its parts.
    ask
        Queries the parts.
    task, reporter
        Task of the file, and reporter for it.
    """
    if not reporter.report.has(trial_rules.SECONDS, trial_rules.UNITS, file=reporter.file):
        # Response times in the wrong unit are already reported.
        tell(reporter.of("participant_id"), rules.CLAIMED_TIMES, [part.claiming for part in parts])
    counted = pa.concat_tables(part.counted for part in parts).filter(pc.field("n") > 0)
    if not len(counted):
        return
    here = reporter.of("participant_id")
    n, is_whole, people, timed, times = (column.to_numpy() for column in counted.columns[:5])
    median = np.median(np.repeat(n, people))
    few = n[is_whole & (2 * n < median)].tolist()
    if few:
        said = f"the median participant has {median:g}"
        tell(here, rules.FEW_ROWS, ask("participant", people_of_few_rows, few, said))
    tell(here, rules.STRAIGHTLINING, [part.alike for part in parts])
    _check_ids(ask, task, here, n_people=int(timed.sum()), n_rows=int(times.sum()))


def shared_rows(database: Database, task: str, least: int) -> pa.Table:
    """Return the number of rows with the same content for each two participants who share at least `least`.

    For content that very many participants share, only pairs among the first of them are counted.
    """
    content = f"hash({stimulus_of(task)}, {answer_of(task)}, time)"
    timed = "from rows where is_good and time is not null"
    return database.table(f"""
        with shared as (select {content} as content {timed} group by 1 having count(*) > 1),
            members as (select {content} as content, participant, min(row) as row {timed}
                and {content} in (select content from shared) group by 1, 2),
            ranked as (select *, row_number() over (partition by content order by row) as nth from members
                qualify nth <= {_MOST_PARTICIPANTS_OF_A_ROW} and count(*) over (partition by content) > 1)
        select least(a.participant, b.participant) as one, greatest(a.participant, b.participant) as other,
            count(*) as n
        from ranked a join ranked b on a.content = b.content and a.nth < b.nth group by 1, 2 having n >= {least}""")


def people_named(database: Database, names: list[str]) -> list[tuple[str, int, int, int]]:
    """Return id, first row, first good row and number of good rows of each participant."""
    query = f"select participant, seen, first_row, n from ({_PEOPLE}) where participant in (select unnest($1))"
    return database.rows(query, [names])


def timed_rows(database: Database, task: str, names: list[str]) -> pa.Table:
    """Return the participants' good rows that have times: participant, stimulus, answer, time."""
    return database.table(
        f"""select participant, {stimulus_of(task)}, hash({answer_of(task)}) as answer, time from rows
        where is_good and time is not null and participant in (select unnest($1))""",
        [names],
    )


def like_rows(database: Database, task: str, rows: pa.Table) -> Ints:
    """Count the rows of a part with the same time, the same stimulus, and both, for each of N rows; int64 (N, 3)."""
    database.drop("asked")
    database.insert("asked", rows.append_column("number", pa.array(np.arange(len(rows)))))
    keys = ("time", stimulus_of(task), f"{stimulus_of(task)}, time")
    joins = [
        f"""left join (select {key}, count(*) as n_{number} from rows semi join asked using ({key})
            where is_good and time is not null group by all) using ({key})"""
        for number, key in enumerate(keys)
    ]
    counts = "coalesce(n_0, 0), coalesce(n_1, 0), coalesce(n_2, 0)"
    found = database.table(f"select {counts} from asked {' '.join(joins)} order by number")
    return np.stack([column.to_numpy() for column in found.columns], axis=1)


def _check_ids(ask: Ask, task: str, reporter: Reporter, *, n_people: int, n_rows: int) -> None:
    """Report participants who share rows with another, with times that chance does not explain."""
    least = SHARED_ROWS if ask.n_parts == 1 else 1
    found = pa.concat_tables(ask("content", shared_rows, task, least))
    shared = found.group_by(["one", "other"]).aggregate([("n", "sum")]).filter(pc.field("n_sum") >= SHARED_ROWS)
    pairs = {(row["one"], row["other"]): row["n_sum"] for row in shared.to_pylist()}
    if not pairs:
        return
    names = sorted({name for pair in pairs for name in pair})
    people = {name: about for part in ask("participant", people_named, names) for name, *about in part}
    suspects = []
    for pair, n in pairs.items():
        one, other = sorted(pair, key=lambda name: people[name])
        if 2 * n >= min(people[one][2], people[other][2]):
            suspects.append((people[other][1], people[one][0], people[other][0], one, other, n))
    if not suspects:
        return
    names = sorted({name for suspect in suspects for name in suspect[3:5]})
    rows = pa.concat_tables(ask("participant", timed_rows, task, names)).sort_by("time")
    alike = np.sum(ask("participant", like_rows, task, rows), axis=0)
    evidence = _coincidence(rows, alike, n_people=n_people, n_rows=n_rows)
    for _, _, _, one, other, n in sorted(suspects):
        if evidence(one, other) >= LEAST_EVIDENCE:
            note = f"{n} rows are the same as those of {one}, from row {people[one][1]}"
            reporter.add(rules.SAME_PARTICIPANT, row=people[other][1], value=other, note=note)


LEAST_EVIDENCE = 3.0
"""Evidence above which two ids are reported as one participant: by chance, one file in a thousand reaches it."""
_MOST_PARTICIPANTS_OF_A_ROW = 20
_FEWEST_OTHERS = 10
"""Number of participants needed to know which times a stimulus takes; among fewer, some may be copies themselves."""


def _coincidence(rows: pa.Table, like: Ints, *, n_people: int, n_rows: int) -> Callable[[str, str], float]:
    """Return a function that computes, from two ids, the evidence (as a power of ten) that they are one participant.

    The evidence is minus the logarithm of the probability that any two participants of the file share as many rows.
    Only times count, since everybody may give the same answer to an easy stimulus. The probability of a time is its
    frequency among other participants (for all stimuli, or for this one) or among the two participants' other rows,
    whichever is highest. A time that occurs in several rows counts once, since stimuli on one page share their time.

    Parameters
    ----------
    rows
        N rows of the participants to compare, as returned by `timed_rows`, in ascending order of time.
    like
        int64 (N, 3): rows of the file with the same time, stimulus, and both.
    n_people, n_rows
        Numbers of participants with times in the file, and of rows with times.
    """
    participant, time = rows["participant"], rows["time"].to_numpy()
    content = encode_key([rows[name] for name in rows.column_names if name != "participant"])
    groups = Groups(encode(participant))
    rows_of = dict(zip(participant.unique().to_pylist(), np.split(groups.order, groups.offsets[1:-1]), strict=True))

    def evidence(one: str, other: str) -> float:
        both = rows_of[one], rows_of[other]
        shared = both[0][np.isin(content[both[0]], content[both[1]])]
        times, first, position = np.unique(time[shared], return_index=True, return_inverse=True)
        begin, end = (np.stack([np.searchsorted(time[own], times, side) for own in both]) for side in ("left", "right"))
        own = end - begin
        in_file = (like[shared[first], 0] - own.sum(axis=0) + 1) / (n_rows + 1)
        again = ((own - 1) / np.array([[len(own)] for own in both])).max(axis=0)
        # Exclude the two themselves: each has seen the stimulus at least once, and both took this time.
        _, of_stimulus, at_time = np.maximum(like[shared].T - 2, 0)
        at_stimulus = np.zeros(len(times))
        np.maximum.at(at_stimulus, position, at_time / np.maximum(of_stimulus, _FEWEST_OTHERS))
        n, k = min(map(len, both)), min(len(shared), *map(len, both))
        choices = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + log(n_people * (n_people - 1) / 2)
        return float(-(np.log(np.maximum.reduce([in_file, again, at_stimulus])).sum() + choices) / log(10))

    return evidence
