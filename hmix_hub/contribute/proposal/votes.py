"""Tables of votes: a row for each picture, with a column of counts, or of shares, for each class; nobody is named."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from hmix_hub.contribute.proposal.families import families
from hmix_hub.contribute.proposal.proposed import VOTES, Proposal
from hmix_hub.contribute.proposal.raw_column import RawColumn, are_harmless
from hmix_hub.contribute.proposal.recognised import Found
from hmix_hub.schema.arrays import Mask

_FEWEST = 3
_SAME = 1e-6
_NO_CLASS = re.compile(r"(id|index|total|sum|n|count|votes|trial|width|height|size|age|year|mean|std|entropy|rt)$")


def propose_votes(columns: Sequence[RawColumn], picture: Found | None, rows: Mask) -> Proposal | None:
    """Propose a map of votes without people; `None` where a table is none of them.

    Parameters
    ----------
    columns
        The columns that may hold counts.
    picture
        The column that names the pictures, each in one row.
    rows
        bool (N,): all rows.
    """
    if picture is None or picture.column.n_distinct(rows) < len(rows):
        return None
    numeric = [column for column in columns if column.is_numeric(rows) and column.share(rows) == 1]
    named = [{word: of for word, of in one.items() if not _NO_CLASS.match(word.lower())} for one in families(numeric)]
    for family in sorted(named, key=len, reverse=True):
        if len(family) < _FEWEST or not are_harmless(list(family)):
            continue
        values = np.array([column.numbers for column in family.values()])
        are_shares = bool((abs(values.sum(axis=0) - 1) < _SAME).all())
        if (values < 0).any() or not (are_shares or (values == np.floor(values)).all()):
            continue
        what = "shares that sum to 1" if are_shares else "whole numbers"
        why = f"a row for each picture, {what} for each of {len(family)} classes, and nobody is named"
        proposal = Proposal(VOTES, why, summary=f"{len(rows):,} rows are pictures with their votes")
        proposal.add("image_1_file", picture.column.origin, picture.why)
        target = "class_frequencies" if are_shares else "class_counts"
        counts = {word: column.origin["column"] for word, column in family.items()}
        proposal.add(target, {"counts": counts}, f"{what}: check that each is a class")
        return proposal
    return None
