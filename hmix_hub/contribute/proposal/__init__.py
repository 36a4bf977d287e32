"""Proposals of column maps: what a raw file shows, column by column, as a commented map to check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from hmix_hub.contribute.proposal.proposed import written
from hmix_hub.contribute.proposal.proposer import ROWS, propose
from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.files import new_file
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.readers import read_raw

_FILES = 100


def read_sample(paths: Sequence[Path], layout: Mapping[str, Any] = MappingProxyType({})) -> tuple[pa.Table, list[str]]:
    """Read the first rows of raw files of one form, together.

    Parameters
    ----------
    paths
        The files; the first 100 are read.
    layout
        Where the table stands in each: `skip`, `header` and `sheet`, as in a column map.

    Returns
    -------
    tuple
        Columns of text, "" where a file has no such column; and how the files were read, where that is to be told.

    Raises
    ------
    SourceMissingError, ConfigurationError
        See `hmix_hub.importing.readers.read_raw`.
    SchemaError
        If a file cannot be read, or none has a row.
    """
    outcome = Outcome()
    # A session that was broken off has fewer rows than others, and may have none.
    parts = [read_raw(path, outcome, **layout).slice(0, ROWS) for path in paths[:_FILES]]
    parts = [part for part in parts if part.num_rows]
    if not parts:
        msg = "there is no row, of which a column map could be made"
        raise SchemaError(msg, where=Where(str(paths[0])), hint="name an export with answers in it")
    table = pa.concat_tables(parts, promote_options="default")
    filled = [column.fill_null("") if pa.types.is_string(column.type) else column for column in table.columns]
    return pa.table(filled, names=table.column_names), outcome.notes_on_files


def proposed_map(
    table: pa.Table, *, task: str | None = None, layout: Mapping[str, Any] = MappingProxyType({})
) -> tuple[str, int]:
    """Return a column map that is proposed for a raw table, as commented YAML, and how many lines are left to decide.

    Parameters
    ----------
    table
        Columns of text, from `read_sample`.
    task
        Name of the task; `None`: that which the answers are most like.
    layout
        Where the table stood, which the map is to say.
    """
    proposal = propose(table, task)
    return written(proposal, layout), len(proposal.open_lines)


def write_map(path: Path, text: str) -> None:
    """Write a column map as a new file.

    Raises
    ------
    ConfigurationError
        If something is there: it may hold decisions.
    OSError
        If it cannot be written.
    """
    try:
        new_file(path, text.encode(), mode=0o666)
    except FileExistsError:
        msg = "there is such a file already"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a new one with -o") from None
